"""The buttons of a surge's page that move it from state to state, each with what it leads to and a note."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.http import HttpRequest
from django.utils import timezone

from cpo_portal.adminkit.actions import ActionVariant, object_action
from cpo_portal.adminkit.display import when
from pricing.admin.drafts import NoteForm
from pricing.admin.reviews import RejectForm, ReviewedFormMixin, SeenForm, shown_moves
from pricing.admin.surge_page import effect_in_words
from pricing.models import SurgeSchedule, SurgeState
from pricing.surges.layers import begins_of
from pricing.surges.policies import notice_of
from pricing.surges.reviews import REVIEWS
from pricing.surges.schedules import DRAFTS, NAMES, TRANSITIONS, Move, perform, refusal_of
from pricing.versions.review import REVIEWED, Actor

_KEPT = "Quotes, orders and sessions that have it keep it."


class PublishForm(NoteForm):
    """Asks for a note, and knows which draft was read."""

    draft = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        schedule = SurgeSchedule.objects.filter(pk=self.object_id).first()
        working: Any = DRAFTS.working(schedule) if schedule is not None else None
        self.fields["draft"].initial = working.number if working is not None else None


class ApproveForm(SeenForm):
    """Asks for a note, and knows which submission was read."""

    reviews = REVIEWS


_FORMS: dict[Move, type[NoteForm | RejectForm]] = {
    Move.PUBLISH: PublishForm,
    Move.APPROVE: ApproveForm,
    Move.REJECT: RejectForm,
}


def published_in_words(schedule: SurgeSchedule) -> str:
    """Say what publishing has led to: of a schedule as it is since then."""
    version = schedule.live_version
    begins = begins_of(version, schedule.prices_from) if version is not None else None
    if version is None or version.published_at is None or begins is None:
        raise ValueError("A schedule that was published has a live version.")
    if schedule.state == SurgeState.PAUSED:
        return f"“{schedule}” has its new version and stays paused: resume it when drivers are to pay it."
    if begins <= version.published_at:
        return f"“{schedule}” is published: version {version.number} holds from now on."
    start = when(begins, schedule.cpo.time_zone)
    return (
        f"“{schedule}” is published: version {version.number} takes effect for sessions planned to start from {start}."
    )


def _resumed(schedule: SurgeSchedule) -> str:
    start = when(schedule.prices_from, schedule.cpo.time_zone)
    return f"“{schedule}” is resumed: it is back for sessions planned to start from {start}."


def _publishing(request: HttpRequest, schedule: SurgeSchedule) -> str:
    draft: Any = DRAFTS.working(schedule)
    effect = effect_in_words(schedule, draft, timezone.now())
    kept = "Quotes, orders and sessions keep the version that they have."
    return f"Draft {draft.number} is frozen as a version and {effect}. {kept}"


def _resuming(request: HttpRequest, schedule: SurgeSchedule) -> str:
    now = timezone.now()
    back = when(now + notice_of(schedule.cpo, now), schedule.cpo.time_zone)
    return f"Sessions planned to start from {back} have it again: drivers are told as long before as of any rise."


def move_button(
    move: Move,
    *,
    confirm: str | Callable[[HttpRequest, Any], str],
    icon: str,
    done: Callable[[SurgeSchedule], str],
    label: str = "",
) -> Callable[..., Any]:
    """Return a button that makes a move with a note, offered where the state allows it."""

    def offered(schedule: SurgeSchedule) -> bool:
        working: Any = DRAFTS.working(schedule) if move is Move.PUBLISH else None
        drafted = move is not Move.PUBLISH or (working is not None and working.published_at is None)
        return (schedule.state, move) in TRANSITIONS and drafted

    def refused(request: HttpRequest, schedule: SurgeSchedule) -> str:
        if (schedule.state, move) not in TRANSITIONS:
            return refusal_of(schedule.state, move)
        why = REVIEWS.refusal_of_move(schedule, move, _actor(request)) if move in REVIEWED else ""
        return why or ("" if offered(schedule) else f"It cannot be {NAMES[move]} as it is.")

    @object_action(
        description=label or move.value.capitalize(),
        confirm=confirm,
        icon=icon,
        variant=ActionVariant.DANGER if move is Move.END else ActionVariant.DEFAULT,
        form_class=_FORMS.get(move, NoteForm),
        offered=offered,
        refusal=refused,
    )
    def press(self: Any, request: HttpRequest, schedule: SurgeSchedule, data: dict[str, Any]) -> str:
        expected = data.get("seen" if move is Move.APPROVE else "draft")
        return done(perform(move, schedule, _actor(request), note=data["note"], expected=expected))

    return press


def _actor(request: HttpRequest) -> Actor:
    user: Any = request.user
    return Actor(by=user)


class SurgeMovesMixin(ReviewedFormMixin):
    """The moves of a surge; which of them are shown depends on its state and on the review of its draft."""

    reviews = REVIEWS

    publish_surge = move_button(Move.PUBLISH, confirm=_publishing, icon="publish", done=published_in_words)
    pause_surge = move_button(
        Move.PAUSE,
        confirm=f"No new quote has this surge until you resume it, and then after a notice. {_KEPT}",
        icon="pause_circle",
        done=lambda schedule: f"“{schedule}” is paused.",
    )
    resume_surge = move_button(Move.RESUME, confirm=_resuming, icon="play_circle", done=_resumed)
    end_surge = move_button(
        Move.END,
        confirm=f"No new quote has this surge any more. {_KEPT}",
        icon="stop_circle",
        done=lambda schedule: f"“{schedule}” has ended.",
    )
    archive_surge = move_button(
        Move.ARCHIVE,
        confirm="The surge can be neither changed nor published any more. Its id stays taken, and its history stays.",
        icon="archive",
        done=lambda schedule: f"“{schedule}” is archived.",
    )
    submit_surge = move_button(
        Move.SUBMIT,
        label="Submit for review",
        confirm="Somebody else than who wrote or submitted the draft reads it and approves it or sends it back. A "
        "change meanwhile begins the review anew.",
        icon="rate_review",
        done=lambda schedule: "The draft is submitted: somebody else approves it.",
    )
    approve_surge = move_button(
        Move.APPROVE, label="Approve and publish", confirm=_publishing, icon="verified", done=published_in_words
    )
    reject_surge = move_button(
        Move.REJECT,
        label="Send back",
        confirm="It becomes a draft again, with your note in the history.",
        icon="undo",
        done=lambda schedule: "It is a draft again; your note stands in the history.",
    )

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        schedule = self.get_object(request, str(object_id))  # type: ignore[attr-defined]
        buttons: list[Any] = super().get_actions_detail(request, object_id)  # type: ignore[misc]
        if schedule is None:
            return buttons
        kept = shown_moves(REVIEWS, schedule, _actor(request), {move.value for move in Move})
        return [button for button in buttons if _move_of(button) in kept]


def _move_of(button: Any) -> str:
    name: str = button.action_name
    return name.rpartition("_surgeschedule_")[2].removesuffix("_surge")
