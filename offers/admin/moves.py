"""The buttons of an offer's page that move it from state to state, each with what it leads to and a note.

Chosen offers of the list are paused and resumed together: the two moves that can be taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
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


#: Each is a move of its own with its own history: so many take a few seconds.
MOST_CHOSEN = 500
_NAMED = 3


def chosen_action(move: Move, *, done: str) -> Callable[..., Any]:
    """Return an action of the list that makes a move with each of the chosen offers, and says which it leaves."""

    @admin.action(description=f"{move.value.capitalize()} the chosen offers", permissions=["operate"])
    def press(self: Any, request: HttpRequest, queryset: QuerySet[Offer]) -> None:
        user: Any = request.user
        offers = list(queryset.order_by("pk")[: MOST_CHOSEN + 1])
        if len(offers) > MOST_CHOSEN:
            messages.error(request, f"Choose {MOST_CHOSEN} offers or fewer at a time; nothing has changed.")
            return
        left: list[str] = []
        for offer in offers:
            try:
                authoring.perform(move, offer, by=user)
            except ValidationError as refused:
                left.append(f"“{offer}”: {' '.join(refused.messages)}")
        if moved := len(offers) - len(left):
            messages.success(request, f"{moved} {'offer is' if moved == 1 else 'offers are'} {done}.")
        if left:
            more = f" And {len(left) - _NAMED} more." if len(left) > _NAMED else ""
            messages.warning(request, f"Left as they are: {' '.join(left[:_NAMED])}{more}")

    press.__name__ = f"{move.value}_chosen"
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
    pause_chosen = chosen_action(Move.PAUSE, done="paused")
    resume_chosen = chosen_action(Move.RESUME, done="resumed")
