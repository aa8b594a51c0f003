"""The registry's pages: participants, their keys, and how buyer apps take their callbacks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from beckn import upkeep
from beckn.admin_forms import SigningKeyForm
from beckn.circuit import Circuit, state_of
from beckn.models import Replay, SigningKey, Subscriber, SubscriberHealth, SubscriberRole
from beckn.subscriber_health import Backlog, backlogs, probe_now
from cpo_portal.adminkit.actions import object_action
from cpo_portal.adminkit.bases import PlatformAdmin, PlatformTabularInline
from cpo_portal.adminkit.display import EMPTY, Tone, chip, column, when
from cpo_portal.adminkit.forms import DialogForm
from cpo_portal.adminkit.widgets import Checkbox

TONES = {
    Circuit.CLOSED: Tone.GOOD,
    Circuit.SUSPECT: Tone.WARN,
    Circuit.OPEN: Tone.BAD,
    Circuit.HALF_OPEN: Tone.WARN,
}
WORDS = {
    Circuit.CLOSED: "Answers",
    Circuit.SUSPECT: "Failed last",
    Circuit.OPEN: "Left alone",
    Circuit.HALF_OPEN: "Being probed",
}
REPLAYS_SHOWN = 10


#: What a buyer app's page shows of its health.
HEALTH = (
    ("health_chip", "since"),
    ("next_probe", "failures"),
    ("last_success", "last_error"),
    ("pending", "oldest", "dead"),
    "replays",
)
SHOWN = frozenset(name for entry in HEALTH for name in ((entry,) if isinstance(entry, str) else entry))


class SigningKeyInline(PlatformTabularInline):
    """A participant's keys: added and revoked, never changed or deleted."""

    model = SigningKey
    form = SigningKeyForm
    extra = 0
    can_delete = False
    fields = ("key_id", "public_key_text", "valid_from", "valid_until", "revoked_at")


class SendDeadForm(DialogForm):
    """Says how many callbacks it is about before they go."""

    agreed = forms.BooleanField(widget=Checkbox)

    def __init__(self, *args: Any, object_id: str = "", **kwargs: Any) -> None:
        super().__init__(*args, object_id=object_id, **kwargs)
        subscriber = Subscriber.objects.filter(pk=object_id).first() if str(object_id).isdecimal() else None
        dead = _backlog(subscriber).dead if subscriber else 0
        self.fields["agreed"].label = f"Send {dead} callbacks to {subscriber} again."


@admin.register(Subscriber)
class SubscriberAdmin(PlatformAdmin):
    """The embedded registry."""

    list_display = ("subscriber_id", "role", "state", "orders", "health_chip", "pending", "oldest", "dead")
    list_filter = ("role", "is_active", "sandbox")
    list_select_related = ("health",)
    search_fields = ("subscriber_id", "callback_url")
    inlines = (SigningKeyInline,)
    actions_detail = ("send_dead_again", "stop_sending", "probe")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = [name for name in self.get_fields(request, obj) if name not in SHOWN]
        fields.sort(key=lambda name: name != "subscriber_id")
        sections: list[tuple[str | None, dict[str, Any]]] = [(None, {"fields": fields})]
        if obj is not None and obj.role == SubscriberRole.BAP:
            sections.append(("How it takes its callbacks", {"fields": HEALTH}))
        return sections

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("subscriber_id", "registered", *sorted(SHOWN)) if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # messages name it for ever; it can be switched off

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        page = super().get_changelist_instance(request)
        _keep_backlogs(page.result_list)
        return page

    @column(description="State", ordering="is_active")
    def state(self, obj: Subscriber) -> SafeString:
        return chip("Active", Tone.GOOD) if obj.is_active else chip("Switched off", Tone.BAD)

    @column(description="Orders", ordering="sandbox")
    def orders(self, obj: Subscriber) -> SafeString | str:
        if obj.role != SubscriberRole.BAP:
            return EMPTY
        return chip("Trials", Tone.WARN) if obj.sandbox else chip("Real", Tone.NEUTRAL)

    @column(description="Registered")
    def registered(self, obj: Subscriber) -> str:
        return when(obj.created_at)

    @column(description="Health")
    def health_chip(self, obj: Subscriber) -> SafeString | str:
        if obj.role != SubscriberRole.BAP:
            return EMPTY
        row = _health(obj)
        state = state_of(failures=row.failures, open_until=row.open_until, now=timezone.now())
        return chip(WORDS[state], TONES[state])

    @column(description="Since")
    def since(self, obj: Subscriber) -> str:
        row = _health(obj)
        return when(row.since) if row.last_success_at or row.last_failure_at else EMPTY

    @column(description="Next probe")
    def next_probe(self, obj: Subscriber) -> str:
        return when(_health(obj).open_until)

    @column(description="Failures in a row")
    def failures(self, obj: Subscriber) -> int:
        return _health(obj).failures

    @column(description="Last success")
    def last_success(self, obj: Subscriber) -> str:
        return when(_health(obj).last_success_at)

    @column(description="Last error")
    def last_error(self, obj: Subscriber) -> str:
        row = _health(obj)
        return f"{when(row.last_failure_at)}: {row.last_error}" if row.last_failure_at else EMPTY

    @column(description="Pending")
    def pending(self, obj: Subscriber) -> int:
        return _backlog(obj).pending

    @column(description="Oldest")
    def oldest(self, obj: Subscriber) -> str:
        return when(_backlog(obj).oldest)

    @column(description="Dead")
    def dead(self, obj: Subscriber) -> int:
        return _backlog(obj).dead

    @column(description="Sent again")
    def replays(self, obj: Subscriber) -> SafeString:
        rows = (_in_words(replay) for replay in obj.replays.all()[:REPLAYS_SHOWN])
        return format_html_join("", "<div>{}</div>", ((text,) for text in rows)) or SafeString(EMPTY)

    @object_action(
        description="Send all dead letters again",
        confirm="The buyer app gets, in their order, all callbacks that were given up, however old they are.",
        form_class=SendDeadForm,
        offered=lambda obj: obj.role == SubscriberRole.BAP and _backlog(obj).dead > 0,
    )
    def send_dead_again(self, request: HttpRequest, obj: Subscriber, choices: Any) -> str:
        replay = upkeep.request_replay(obj, by=request.user.get_username())
        if replay is None:
            raise ValidationError("Nothing is dead, or the dead ones are being sent already.")
        self.log_change(request, obj, f"Ordered {replay.total} dead callbacks to be sent again.")
        return f"{replay.total} callbacks are being sent again; this page says how far it is."

    @object_action(
        description="Stop sending",
        confirm="What has not gone out stays dead; what is on its way still arrives, or waits again if it fails.",
        offered=lambda obj: obj.role == SubscriberRole.BAP and upkeep.is_replaying(obj),
    )
    def stop_sending(self, request: HttpRequest, obj: Subscriber) -> str:
        back = upkeep.stop_replay(obj, by=request.user.get_username())
        if back is None:
            raise ValidationError("No dead letters are being sent again.")
        self.log_change(request, obj, f"Stopped sending dead callbacks again; {back} that waited are dead again.")
        return f"No more dead letters are sent again; {back} that waited are dead again."

    @object_action(
        description="Probe now",
        confirm="The next callback goes out at once, whatever the pause.",
        offered=lambda obj: obj.role == SubscriberRole.BAP,
    )
    def probe(self, request: HttpRequest, obj: Subscriber) -> str:
        sent = probe_now(obj)
        self.log_change(request, obj, "Ended the pause and probed." if sent else "Ended the pause.")
        return "A callback is on its way." if sent else "No callback waits; the next one goes out at once."


def _health(subscriber: Subscriber) -> SubscriberHealth:
    found: SubscriberHealth | None = getattr(subscriber, "health", None)
    return found or SubscriberHealth(subscriber=subscriber)


def _keep_backlogs(subscribers: Iterable[Subscriber] | QuerySet[Subscriber]) -> None:
    """Ask once for all rows of a page."""
    rows = list(subscribers)
    found = backlogs([row.subscriber_id for row in rows])
    for row in rows:
        row.backlog = found.get(row.subscriber_id, Backlog())  # type: ignore[attr-defined]


def _backlog(subscriber: Subscriber) -> Backlog:
    if not hasattr(subscriber, "backlog"):
        _keep_backlogs([subscriber])
    backlog: Backlog = subscriber.backlog  # type: ignore[attr-defined]
    return backlog


def _in_words(replay: Replay) -> SafeString:
    end = "under way"
    if replay.stopped_at:
        end = f"stopped by {replay.stopped_by} {when(replay.stopped_at)}"
    elif replay.finished_at:
        end = f"finished {when(replay.finished_at)}"
    return format_html(
        "{} of {}, ordered by {} {}, {}", replay.sent, replay.total, replay.requested_by, when(replay.requested_at), end
    )
