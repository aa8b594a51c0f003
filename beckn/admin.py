"""The network's pages: the CPO's profile, and the message log for operators and for the CPOs concerned."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from beckn import bodies, hold, resending
from beckn.admin_order_panel import TONES
from beckn.admin_order_panel import messages as order_messages
from beckn.admin_subscribers import SigningKeyInline, SubscriberAdmin
from beckn.models import (
    DeliveryAttempt,
    DeliveryHold,
    InboundMessage,
    NetworkProfile,
    OutboundCallback,
    OutboundState,
)
from beckn.readable import pretty
from cpo_portal.accounts.access import Right
from cpo_portal.accounts.sealing import SealBroken
from cpo_portal.adminkit.actions import object_action
from cpo_portal.adminkit.bases import PlatformAdmin, PortalAdmin, ReadOnlyMixin
from cpo_portal.adminkit.display import EMPTY, chip, column, table, when
from cpo_portal.adminkit.rules import cpo_of, is_operator, rights
from cpo_portal.charging.panels import ORDER_PANELS
from pricing.admin.single import SingleRowAdmin

__all__ = [
    "InboundMessageAdmin",
    "NetworkProfileAdmin",
    "OutboundCallbackAdmin",
    "SigningKeyInline",
    "SubscriberAdmin",
]

ORDER_PANELS.append(order_messages)


@admin.register(NetworkProfile)
class NetworkProfileAdmin(SingleRowAdmin):
    """How the CPO appears to buyer apps."""

    fields = ("otp_required", "surge_consent_required", "offer_codes", "show_buyer_finder_fee")


#: Why a CPO's list is shorter than the platform's.
NOT_LISTED = (
    "These messages concern your own connectors and orders. A search asks every CPO of the platform at once, and a "
    "message that was refused before it was clear whom it concerns belongs to none: the platform's operator sees "
    "those. What is malformed or wrongly signed is refused at the door and stands in the log alone."
)


class MessageLogAdmin(ReadOnlyMixin, PortalAdmin):
    """Messages belong to no CPO until their handler knows it: members see their CPO's, operators all of them.

    Bodies hold people's data and are shown to those who operate, not to those who only look.
    """

    search_fields = ("transaction_id__exact",)
    search_help_text = "A whole transaction id."
    list_filter = ("state",)
    show_full_result_count = False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        if is_operator(request):
            return rows
        cpo = cpo_of(request)
        return rows.filter(cpo=cpo) if cpo is not None and Right.VIEW in rights(request) else rows.none()

    @column(description="Buyer app", ordering="bap_id")
    def buyer_app(self, obj: Any) -> str:
        return str(obj.bap_id)

    def list_note(self, request: HttpRequest) -> str:
        return "" if is_operator(request) else NOT_LISTED

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._may(request, Right.VIEW)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, Right.VIEW, obj)

    def has_operate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, Right.CHANGE, obj)

    def _may(self, request: HttpRequest, right: Right, obj: Any = None) -> bool:
        if is_operator(request):
            return True
        cpo = cpo_of(request)
        return (
            cpo is not None
            and right in rights(request)
            and (not isinstance(obj, Model) or getattr(obj, "cpo_id", None) == cpo.pk)
        )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        hidden = () if self.has_operate_permission(request, obj) else ("message_body",)
        return [name for name in self.fields or () if name not in hidden]

    @column(description="State", ordering="state")
    def state_chip(self, obj: Any) -> SafeString:
        return chip(obj.get_state_display(), TONES[obj.state])

    @column(description="Message")
    def message_body(self, obj: Any) -> SafeString:
        if obj.body_dropped_at is not None:
            return format_html(
                "The body was dropped on {}, when it needed to be kept no longer. Its hash is kept: {}",
                when(obj.body_dropped_at),
                bytes(obj.body_hash).hex(),
            )
        try:
            raw = bodies.load(obj.body_id, obj.body_at)
        except SealBroken as error:
            return format_html("The body cannot be read. {}", error)
        if raw is None:
            return SafeString("The body is missing.")
        return format_html('<pre class="portal-body">{}</pre>', pretty(raw))


@admin.register(InboundMessage)
class InboundMessageAdmin(MessageLogAdmin):
    """What buyer apps asked."""

    list_display = ("received", "action", "buyer_app", "transaction_id", "state_chip", "attempts")
    ordering = ("-id",)
    fields = (
        ("action", "state_chip"),
        ("buyer_app", "subscriber"),
        ("transaction_id", "message_id"),
        ("received", "finished"),
        "attempts",
        "error",
        "answers",
        "message_body",
    )
    readonly_fields = ("buyer_app", "state_chip", "received", "finished", "answers", "message_body")

    @column(description="Received", ordering="id")
    def received(self, obj: InboundMessage) -> str:
        return when(obj.received_at, seconds=True)

    @column(description="Finished")
    def finished(self, obj: InboundMessage) -> str:
        return when(obj.finished_at, seconds=True)

    @column(description="Answered by")
    def answers(self, obj: InboundMessage) -> str:
        answers = obj.callbacks.order_by("sequence")
        return ", ".join(f"{answer.action} ({answer.get_state_display()})" for answer in answers) or EMPTY


@admin.register(OutboundCallback)
class OutboundCallbackAdmin(MessageLogAdmin):
    """What buyer apps were told."""

    list_display = ("created", "action", "buyer_app", "transaction_id", "state_chip", "attempts", "last_error")
    ordering = ("-sequence",)
    fields = (
        ("action", "state_chip"),
        "buyer_app",
        ("transaction_id", "message_id"),
        ("created", "finished"),
        "expires",
        "last_error",
        "attempts_made",
        "message_body",
    )
    readonly_fields = ("buyer_app", "state_chip", "created", "finished", "expires", "attempts_made", "message_body")
    actions = ("send_chosen_again",)
    actions_detail = ("send_again",)

    @column(description="Written", ordering="sequence")
    def created(self, obj: OutboundCallback) -> str:
        return when(obj.created_at, seconds=True)

    @column(description="Finished")
    def finished(self, obj: OutboundCallback) -> str:
        return when(obj.finished_at, seconds=True)

    @column(description="Expires")
    def expires(self, obj: OutboundCallback) -> str:
        return when(obj.expires_at, seconds=True)

    @column(description="Attempts")
    def attempts_made(self, obj: OutboundCallback) -> SafeString:
        attempts = DeliveryAttempt.objects.filter(callback_id=obj.pk, at__gte=obj.body_at)[:100]
        rows = [
            (
                when(a.at, seconds=True),
                a.outcome.replace("_", " ").capitalize(),
                a.http_status or EMPTY,
                f"{a.duration_ms} ms",
                a.error or a.response or EMPTY,
            )
            for a in attempts
        ]
        headers = ("When", "Outcome", "HTTP status", "Took", "Answer")
        return table(headers, rows, numbers=(3,)) if rows else SafeString(EMPTY)

    @object_action(description="Send again", confirm="The buyer app gets the same message once more.")
    def send_again(self, request: HttpRequest, obj: OutboundCallback) -> str:
        if obj.body_dropped_at is not None:
            raise ValidationError("Its body was dropped: it cannot be sent again.")
        return "It is on its way." if resending.send_again(obj) else "It is on its way already."

    @admin.action(description="Send dead ones again")
    def send_chosen_again(self, request: HttpRequest, queryset: QuerySet[OutboundCallback]) -> None:
        sent = resending.send_all_again(queryset.filter(state=OutboundState.DEAD))
        messages.success(request, f"{sent} of the chosen callbacks are on their way again.")


@admin.register(DeliveryHold)
class DeliveryHoldAdmin(ReadOnlyMixin, PlatformAdmin):
    """Why no callback goes out; empty while all is well."""

    list_display = ("reason", "held_since")
    fields = ("reason", "held_since")
    readonly_fields = ("held_since",)
    actions_detail = ("release",)

    @column(description="Since", ordering="since")
    def held_since(self, obj: DeliveryHold) -> str:
        return when(obj.since)

    @object_action(
        description="Release callbacks",
        confirm="Everything that has waited is sent now. After a restore, reconcile first (docs/operations.md).",
    )
    def release(self, request: HttpRequest, obj: DeliveryHold) -> str:
        return "Callbacks go out again." if hold.release_callbacks() else "No callback was held."
