"""The pages of payments and refunds, which machines write, and of the CPO's gateway and refund terms."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from cpo_portal.accounts.models import User
from cpo_portal.adminkit.accounts_admin import shown_once
from cpo_portal.adminkit.actions import ActionVariant, object_action
from cpo_portal.adminkit.bases import ReadOnlyMixin, TenantAdmin, TenantExportMixin
from cpo_portal.adminkit.display import EMPTY, Tone, chip, column, money, when
from cpo_portal.adminkit.filters import ChoicesDropdownFilter
from cpo_portal.adminkit.forms import DialogForm
from cpo_portal.charging.export_columns import PAYMENT_COLUMNS, REFUND_COLUMNS
from cpo_portal.charging.models import Payment, PaymentGateway, Refund, RefundStatus, RefundTerm
from cpo_portal.charging.panels import paid_back_text, paid_text, payment_chip, refund_chip
from cpo_portal.charging.payments.refunds import NotDue, PaidBack, mark_paid_back
from cpo_portal.charging.payments.reports import give_secret, rotate_secret
from cpo_portal.charging.wording import notice_outcome, refund_reason


@admin.register(Payment)
class PaymentAdmin(ReadOnlyMixin, TenantExportMixin, TenantAdmin):
    """What is asked for and what was paid."""

    list_display = ("asked", "order", "type", "state", "due", "paid", "gateway_reference")
    list_filter = (("status", ChoicesDropdownFilter), ("type", ChoicesDropdownFilter))
    list_select_related = ("cpo", "order")
    search_fields = ("id__iexact", "order__id__iexact", "gateway_reference__iexact")
    search_help_text = "A whole payment id, order id or gateway's reference."
    export_columns = PAYMENT_COLUMNS
    fields = ("id", "order", ("type", "state"), ("due", "paid"), "gateway_reference", "asked", "paid_when", "reports")
    readonly_fields = ("state", "due", "paid", "asked", "paid_when", "reports")

    @column(description="State", ordering="status")
    def state(self, obj: Payment) -> SafeString:
        return payment_chip(obj)

    @column(description="Asked", ordering="created_at")
    def asked(self, obj: Payment) -> str:
        return when(obj.created_at, obj.cpo.time_zone)

    @column(description="Paid at", ordering="paid_at")
    def paid_when(self, obj: Payment) -> str:
        return when(obj.paid_at, obj.cpo.time_zone)

    @column(description="Amount", ordering="amount")
    def due(self, obj: Payment) -> str:
        return money(obj.amount, obj.currency)

    @column(description="Paid", ordering="paid_amount")
    def paid(self, obj: Payment) -> str:
        return paid_text(obj)

    @column(description="Reports")
    def reports(self, obj: Payment) -> str:
        zone = obj.cpo.time_zone
        return "; ".join(
            f"{when(notice.received_at, zone)} {notice.event_id}: {notice_outcome(notice.outcome)}, "
            f"{money(notice.received_amount, notice.received_currency)} {notice.reference}".rstrip()
            for notice in obj.notices.order_by("id")
        )


class PaidBackForm(DialogForm):
    """How the money went back."""

    reference = forms.CharField(max_length=100, help_text="Of the bank transfer or of the gateway's refund.")


@admin.register(Refund)
class RefundAdmin(ReadOnlyMixin, TenantExportMixin, TenantAdmin):
    """What drivers get back."""

    list_display = ("made", "order", "why", "state", "back", "due")
    list_filter = (("status", ChoicesDropdownFilter),)
    list_select_related = ("cpo", "order")
    search_fields = ("order__id__iexact",)
    search_help_text = "A whole order id."
    export_columns = REFUND_COLUMNS
    fields = ("order", ("why", "state"), "back", "description", ("made", "due"), ("paid", "paid_reference"))
    readonly_fields = ("why", "state", "back", "made", "due", "paid")
    actions_detail = ("mark_paid_back",)

    @object_action(
        description="Mark as paid back",
        confirm="The money has left the CPO's account or gateway; the driver's app is told.",
        icon="payments",
        form_class=PaidBackForm,
        offered=lambda refund: refund.status == RefundStatus.DUE,
    )
    def mark_paid_back(self, request: HttpRequest, refund: Refund, data: dict[str, Any]) -> str:
        by = request.user if isinstance(request.user, User) else None
        try:
            mark_paid_back(refund, PaidBack(by=by, at=timezone.now(), reference=data["reference"]))
        except NotDue as error:
            raise ValidationError(str(error)) from error
        return f"{money(refund.amount, refund.currency)} is noted as paid back."

    @column(description="Reason", ordering="reason")
    def why(self, obj: Refund) -> str:
        return refund_reason(obj.reason)

    @column(description="State", ordering="status")
    def state(self, obj: Refund) -> SafeString:
        return refund_chip(obj)

    @column(description="Amount", ordering="amount")
    def back(self, obj: Refund) -> str:
        return money(obj.amount, obj.currency)

    @column(description="Made", ordering="created_at")
    def made(self, obj: Refund) -> str:
        return when(obj.created_at, obj.cpo.time_zone)

    @column(description="Due by", ordering="due_by")
    def due(self, obj: Refund) -> str:
        return when(obj.due_by, obj.cpo.time_zone)

    @column(description="Paid back", ordering="paid_at")
    def paid(self, obj: Refund) -> str:
        return paid_back_text(obj, obj.cpo.time_zone)


@admin.register(RefundTerm)
class RefundTermAdmin(TenantAdmin):
    """What comes back when an order is cancelled; buyer apps see it before they pay."""

    list_display = ("fulfillment_state", "notice", "comes_back", "within_minutes")
    fields = (
        ("fulfillment_state", "notice_minutes"),
        "refund_eligible",
        ("percent", "amount"),
        "within_minutes",
        "description",
    )

    @column(description="Notice", ordering="notice_minutes")
    def notice(self, obj: RefundTerm) -> str:
        return f"{obj.notice_minutes} min or more" if obj.notice_minutes else "any"

    @column(description="Comes back")
    def comes_back(self, obj: RefundTerm) -> SafeString:
        if not obj.refund_eligible:
            return chip("Nothing", Tone.NEUTRAL)
        text = f"{obj.percent.normalize():f} %" if obj.percent is not None else money(obj.amount, obj.cpo.currency)
        return chip(text, Tone.GOOD)


class GatewayForm(forms.ModelForm):  # type: ignore[type-arg]
    """Where drivers pay."""

    def clean_pay_url(self) -> str:
        url: str = self.cleaned_data["pay_url"].strip()
        if not url.startswith(("https://", "http://")) or "$transaction_id" not in url:
            raise ValidationError("Write an address that begins with https:// and holds $transaction_id.")
        return url


@admin.register(PaymentGateway)
class PaymentGatewayAdmin(TenantAdmin):
    """The CPO's payment gateway; its secret is shown when it is made and never again."""

    form = GatewayForm
    list_display = ("name", "pay_url", "reports_to")
    fields = ("name", "pay_url", ("bank_code", "bank_account_number"), "reports_to")
    readonly_fields = ("reports_to",)
    list_select_related = ("cpo",)
    actions_detail = ("new_secret",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.secret_text = give_secret(obj)
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return self._show(request, obj, obj.secret_text)

    @object_action(
        description="New secret",
        confirm="The old secret stops working at once: reports signed with it are refused.",
        icon="key",
        variant=ActionVariant.DANGER,
    )
    def new_secret(self, request: HttpRequest, obj: PaymentGateway) -> HttpResponse:
        return self._show(request, obj, rotate_secret(obj))

    @column(description="Reports go to")
    def reports_to(self, obj: PaymentGateway) -> str:
        return f"POST /api/payments/{obj.cpo.provider_id}/notices" if obj.pk else EMPTY

    def _show(self, request: HttpRequest, obj: PaymentGateway, secret: str) -> HttpResponse:
        advice = "Copy the secret into the payment gateway, which signs its reports with it. It is shown only now."
        return shown_once(self, request, f"Secret of “{obj.name}”", secret, advice)
