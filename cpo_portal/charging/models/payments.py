"""Payments, what gateways reported of them, and what is paid back."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q

from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.adminkit.display import money
from cpo_portal.charging.models.columns import MONEY
from cpo_portal.charging.models.orders import FulfillmentState, Order


class PaymentStatus(models.TextChoices):
    NOT_PAID = "NOT-PAID", "Not paid"
    PAID = "PAID", "Paid"
    #: Its order was paid back whole before anybody paid it.
    VOID = "VOID", "Not asked for any more"


class PaymentType(models.TextChoices):
    PRE_FULFILLMENT = "PRE-FULFILLMENT", "Before charging"
    POST_FULFILLMENT = "POST-FULFILLMENT", "After charging"
    #: One for each offer that was taken back; buyer apps see it as POST-FULFILLMENT.
    RECOVERY = "RECOVERY", "For an offer taken back"


class Payment(TenantModel):
    """Money asked for an order, and what the gateway reported of it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    type = models.CharField(max_length=20, choices=PaymentType, default=PaymentType.PRE_FULFILLMENT)
    amount = models.DecimalField(**MONEY, validators=[MinValueValidator(0)])
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=10, choices=PaymentStatus, default=PaymentStatus.NOT_PAID)
    paid_amount = models.DecimalField(**MONEY, default=0)
    paid_at = models.DateTimeField(null=True)
    gateway_reference = models.CharField(max_length=100, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "type"], condition=~Q(type="RECOVERY"), name="one_payment_per_type_but_recovery"
            ),
            models.UniqueConstraint(
                fields=["cpo", "gateway_reference"], condition=~Q(gateway_reference=""), name="gateway_reference_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{money(self.amount, self.currency)} {self.get_status_display().lower()}"

    @property
    def is_void(self) -> bool:
        """Tell whether it is not asked for any more, and nobody paid it.

        Refunds of bills wrote that as paid, of no amount and at no time, before there was a status for it. A first
        payment that is so had nothing to ask for: a balance or an offer paid it all.
        """
        if self.status == PaymentStatus.VOID:
            return True
        is_nothing = self.status == PaymentStatus.PAID and self.paid_at is None and not self.amount
        return is_nothing and self.type != PaymentType.PRE_FULFILLMENT


class GatewayNotice(TenantModel):
    """A verified report of the payment gateway, kept once per event id: a replay changes nothing.

    `received_…` and `reference` are as the gateway reported them, whatever became of it: money that was not asked for
    is seen here. Of a report that is no payment (NOT_PAID) the amount is what was tried.
    """

    event_id = models.CharField(max_length=100)
    body_hash = models.BinaryField(max_length=32)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="notices")
    outcome = models.CharField(max_length=40)
    received_amount = models.DecimalField(**MONEY)
    received_currency = models.CharField(max_length=100)
    reference = models.CharField(max_length=100, blank=True)
    received_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cpo", "event_id"], name="gateway_event_once")]

    def __str__(self) -> str:
        return self.event_id


class PaymentGateway(TenantModel):
    """Where drivers pay and how the gateway signs its reports; one per CPO."""

    name = models.CharField(max_length=100)
    pay_url = models.CharField(
        "payment link",
        max_length=300,
        help_text="With $transaction_id and $amount, for example https://pay.example/?t=$transaction_id&a=$amount.",
    )
    bank_code = models.CharField(max_length=40, blank=True)
    bank_account_number = models.CharField(max_length=40, blank=True)
    sealed_secret = models.BinaryField(editable=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cpo"], name="one_gateway_per_cpo")]

    def __str__(self) -> str:
        return self.name


class RefundStatus(models.TextChoices):
    DUE = "DUE", "Due"
    PAID = "PAID", "Paid back"
    VOID = "VOID", "Not owed after all"


class Refund(TenantModel):
    """Money owed back to the driver; one per reason and order, and one per report of money that was not asked for."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    reason = models.CharField(max_length=40)
    amount = models.DecimalField(**MONEY, validators=[MinValueValidator(0)])
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=6, choices=RefundStatus, default=RefundStatus.DUE)
    description = models.CharField(max_length=300, blank=True)
    due_by = models.DateTimeField(null=True)
    notice = models.OneToOneField(GatewayNotice, on_delete=models.PROTECT, null=True, related_name="refund")
    paid_at = models.DateTimeField(null=True)
    paid_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    paid_reference = models.CharField("reference", max_length=100, blank=True, db_default="")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["order", "reason"], condition=Q(notice=None), name="one_refund_per_reason_of_order"
            ),
            models.CheckConstraint(
                condition=Q(status="PAID", paid_at__isnull=False) | ~Q(status="PAID") & Q(paid_at=None),
                name="refund_paid_with_its_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{money(self.amount, self.currency)} {self.get_status_display().lower()}"


class RefundTerm(TenantModel):
    """What comes back at a cancellation, by fulfillment state and notice; shown in on_init, applied by on_cancel."""

    fulfillment_state = models.CharField(
        max_length=24, choices=FulfillmentState, help_text="The state of the session when it is cancelled."
    )
    notice_minutes = models.PositiveIntegerField(
        "notice (minutes)", default=0, help_text="Applies when cancelled at least this long before the planned start."
    )
    refund_eligible = models.BooleanField(default=True)
    percent = models.DecimalField("percent of what was paid", max_digits=5, decimal_places=2, null=True, blank=True)
    amount = models.DecimalField(**MONEY, null=True, blank=True)
    within_minutes = models.PositiveIntegerField("paid back within (minutes)", default=120)
    description = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["fulfillment_state", "-notice_minutes"]
        constraints = [
            models.UniqueConstraint(fields=["cpo", "fulfillment_state", "notice_minutes"], name="refund_term_tier"),
            models.CheckConstraint(
                condition=Q(refund_eligible=False, percent=None, amount=None)
                | Q(refund_eligible=True, percent__isnull=False, amount=None, percent__gte=0, percent__lte=100)
                | Q(refund_eligible=True, percent=None, amount__isnull=False, amount__gte=0),
                name="refund_term_percent_or_amount",
                violation_error_message="Give a percentage (0–100) or an amount, and neither if nothing comes back.",
            ),
        ]

    def __str__(self) -> str:
        return self.description or f"{self.get_fulfillment_state_display()}, {self.notice_minutes} min or more"
