"""The buttons of an offer's page that move it from state to state, each with what it leads to and a note."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from cpo_portal.adminkit.actions import ActionVariant, object_action
from offers import authoring
from offers.admin.pages import published_in_words
from offers.admin.publish import PublishForm
from offers.models import Offer, OfferState
from offers.states import Move
from pricing.admin.drafts import NoteForm


def move_button(
    move: Move,
    *,
    confirm: str,
    icon: str,
    done: str = "",
    label: str = "",
    offered: Callable[[Any], bool] | None = None,
) -> Callable[..., Any]:
    """Return a button that makes a move with a note; publishing says itself what it led to."""
    variant = ActionVariant.DANGER if move is Move.WITHDRAW else ActionVariant.DEFAULT

    @object_action(
        description=label or move.value.capitalize(),
        confirm=confirm,
        icon=icon,
        variant=variant,
        form_class=PublishForm if move is Move.PUBLISH else NoteForm,
        offered=offered,
    )
    def press(self: Any, request: HttpRequest, offer: Offer, data: dict[str, Any]) -> str:
        user: Any = request.user
        moved = authoring.perform(move, offer, by=user, note=data["note"], expected=data.get("draft") or None)
        return published_in_words(moved, timezone.now()) if move is Move.PUBLISH else done

    return press


class MovesMixin:
    """The moves of an offer; which of them are shown depends on its state."""

    publish_offer = move_button(
        Move.PUBLISH,
        confirm="The draft is frozen as a version and takes the place of the published one. Buyer apps see it and "
        "quotes use it from now on, but a paused offer stays paused; what is reserved keeps its own version.",
        icon="publish",
        offered=lambda offer: offer.state != OfferState.ENDED,
    )
    republish_offer = move_button(
        Move.PUBLISH,
        label="Publish again",
        confirm="The offer was ended. Published again it is given once more, by the draft's terms and within what is "
        "left of its limits.",
        icon="publish",
        offered=lambda offer: offer.state == OfferState.ENDED,
    )
    pause_offer = move_button(
        Move.PAUSE,
        confirm="No new quote or order gets this offer until you resume it. Orders that hold it keep it.",
        icon="pause_circle",
        done="The offer is paused.",
    )
    resume_offer = move_button(
        Move.RESUME,
        confirm="Quotes and orders get this offer again, within its validity and limits.",
        icon="play_circle",
        done="The offer goes on.",
    )
    end_offer = move_button(
        Move.END,
        confirm="The offer ends now, before its time. Orders that hold it keep it.",
        icon="stop_circle",
        done="The offer has ended.",
    )
    withdraw_offer = move_button(
        Move.WITHDRAW,
        confirm="Emergency stop, for good: no quote gets this offer any more, and orders that hold it but are not yet "
        "confirmed are refused it. It cannot be published again.",
        icon="block",
        done="The offer is withdrawn.",
    )
    archive_offer = move_button(
        Move.ARCHIVE,
        confirm="The offer leaves the working lists and its code becomes free. Its history stays.",
        icon="archive",
        done="The offer is archived.",
    )
