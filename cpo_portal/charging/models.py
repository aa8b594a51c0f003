"""Who bought and what happened: customers, orders, their events, sessions, readings, payments and refunds.

Amounts are stored with their currency; nothing in this room calculates one.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django_scopes import ScopedManager

from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.network.models import ChargingSystem, Connector

MONEY: dict[str, Any] = {"max_digits": 14, "decimal_places": 4}


class Customer(TenantModel):
    """A driver of one CPO, known by keyed hashes of contacts only."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    forgotten_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"customer {str(self.id)[:8]}"


class CustomerKey(TenantModel):
    """One keyed hash under which a customer is recognised; at a rotation the new key's is added beside the old."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="keys")
    hmac_key_id = models.CharField(max_length=20)
    hmac = models.BinaryField(max_length=32)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cpo", "hmac_key_id", "hmac"], name="customer_key_once")]

    def __str__(self) -> str:
        return f"{self.hmac_key_id}:{bytes(self.hmac).hex()[:8]}"


class CustomerContact(models.Model):
    """Personal data, apart from everything else so that it can be dropped."""

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, primary_key=True, related_name="contact")
    name = models.CharField(max_length=200, blank=True)
    phone = models.CharField(max_length=40, blank=True)
    email = models.CharField(max_length=254, blank=True)
    organization = models.CharField(max_length=200, blank=True)
    tax_id = models.CharField(max_length=40, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ScopedManager(cpo="customer__cpo")

    def __str__(self) -> str:
        return self.name or str(self.customer)


class OrderState(models.TextChoices):
    """Beckn's order states; INITIALISED is ours: quoted and reserved, not yet confirmed."""

    INITIALISED = "INITIALISED", "Initialised"
    ACTIVE = "ACTIVE", "Active"
    COMPLETE = "COMPLETE", "Complete"
    CANCELLED = "CANCELLED", "Cancelled"


class FulfillmentState(models.TextChoices):
    PENDING = "PENDING", "Pending"
    ACTIVE = "ACTIVE", "Charging"
    INTERRUPTED = "CONNECTION-INTERRUPTED", "Interrupted"
    COMPLETED = "COMPLETED", "Completed"


class Order(TenantModel):
    """One sale of a charging session; made at init, priced by the quote that `quote_ref` names."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    transaction_id = models.CharField(max_length=255)
    bap_id = models.CharField("buyer app", max_length=255)
    sandbox = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=OrderState, default=OrderState.INITIALISED)
    fulfillment_state = models.CharField(
        "fulfillment", max_length=24, choices=FulfillmentState, default=FulfillmentState.PENDING
    )
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, related_name="orders")
    connector = models.ForeignKey(Connector, on_delete=models.PROTECT, related_name="orders")
    planned_start = models.DateTimeField()
    planned_end = models.DateTimeField(null=True)
    quote_ref = models.UUIDField()
    quoted_amount = models.DecimalField(**MONEY)
    billed_amount = models.DecimalField(**MONEY, null=True)
    currency = models.CharField(max_length=3)
    payment_until = models.DateTimeField()
    vehicle_make = models.CharField(max_length=200, blank=True)
    vehicle_model = models.CharField(max_length=200, blank=True)
    buyer_finder_fee_type = models.CharField(max_length=20, blank=True)
    buyer_finder_fee_value = models.DecimalField(max_digits=12, decimal_places=4, null=True)
    otp_digest = models.BinaryField(null=True)
    otp_failures = models.PositiveSmallIntegerField(default=0)
    start_authorized_at = models.DateTimeField(null=True)
    charger_failed_at = models.DateTimeField(
        null=True, help_text="Since when its connector is out of order and keeps it from charging."
    )
    confirmed_at = models.DateTimeField(null=True)
    cancelled_at = models.DateTimeField(null=True)
    cancelled_by = models.CharField(max_length=20, blank=True)
    cancellation_reason = models.CharField(max_length=300, blank=True)
    settled_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["bap_id", "transaction_id"], condition=~Q(state="CANCELLED"), name="one_open_order"
            )
        ]
        indexes = [
            models.Index(fields=["cpo", "-created_at"], name="order_cpo_created"),
            models.Index(fields=["state", "payment_until"], name="order_state_due"),
            models.Index(fields=["bap_id", "transaction_id"], name="order_transaction"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class OrderContact(models.Model):
    """What the buyer wrote about itself in this order, echoed in every callback; personal data."""

    order = models.OneToOneField(Order, on_delete=models.CASCADE, primary_key=True, related_name="contact")
    billing = models.JSONField(default=dict)
    customer = models.JSONField(default=dict)

    objects = ScopedManager(cpo="order__cpo")

    def __str__(self) -> str:
        return f"contact of {self.order_id}"


class OrderLineKind(models.TextChoices):
    """The kinds of `pricing.engine.LineKind`; a test holds the two equal."""

    ENERGY = "ENERGY", "Energy"
    TIME = "TIME", "Time"
    FLAT = "FLAT", "Flat"
    PRODUCT = "PRODUCT", "Product"
    IDLE = "IDLE", "Idle"
    FEE = "FEE", "Fee"
    SURGE = "SURGE", "Surge"
    DISCOUNT = "DISCOUNT", "Discount"
    WHEELING = "WHEELING", "Wheeling"
    TAX = "TAX", "Tax"
    ROUND_OFF = "ROUND_OFF", "Round-off"


class LineStage(models.TextChoices):
    QUOTED = "QUOTED", "Quoted"
    BILLED = "BILLED", "Billed"


class OrderLine(models.Model):
    """One printed line of the order's quote or of its bill."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    stage = models.CharField(max_length=6, choices=LineStage)
    position = models.PositiveSmallIntegerField()
    line_id = models.CharField(max_length=40)
    kind = models.CharField(max_length=10, choices=OrderLineKind)
    title = models.CharField(max_length=300)
    amount = models.DecimalField(**MONEY)
    currency = models.CharField(max_length=3)
    quantity = models.DecimalField(max_digits=14, decimal_places=4, null=True)
    unit = models.CharField(max_length=12, blank=True)
    rate = models.DecimalField(max_digits=14, decimal_places=6, null=True)
    item_id = models.CharField(max_length=100, blank=True)
    code = models.CharField(max_length=100, blank=True)
    shares = models.JSONField(default=list)

    objects = ScopedManager(cpo="order__cpo")

    class Meta:
        ordering = ["order", "stage", "position"]
        constraints = [models.UniqueConstraint(fields=["order", "stage", "position"], name="order_line_position")]

    def __str__(self) -> str:
        return self.title


class PricedSlice(models.Model):
    """A stretch of a settled session with one rate: the proof of its ENERGY lines."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="slices")
    position = models.PositiveIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    energy_wh = models.PositiveBigIntegerField()
    rate = models.DecimalField(max_digits=14, decimal_places=6)
    currency = models.CharField(max_length=3)
    quality = models.CharField(max_length=12)

    objects = ScopedManager(cpo="order__cpo")

    class Meta:
        ordering = ["order", "position"]
        constraints = [models.UniqueConstraint(fields=["order", "position"], name="priced_slice_position")]

    def __str__(self) -> str:
        return f"{self.energy_wh} Wh @ {self.rate}"


class EventKind(models.TextChoices):
    """The facts of an order; each is written in the transaction that makes it true."""

    PLACED = "PLACED", "Placed"
    PAYMENT_REPORTED = "PAYMENT_REPORTED", "Payment reported"
    PAYMENT_UNASKED = "PAYMENT_UNASKED", "Payment not asked for"
    CONFIRMED = "CONFIRMED", "Confirmed"
    CHARGING_STARTED = "CHARGING_STARTED", "Charging started"
    INTERRUPTED = "INTERRUPTED", "Connection interrupted"
    RESUMED = "RESUMED", "Resumed"
    CHARGER_FAILED = "CHARGER_FAILED", "Charger out of order"
    CHARGING_STOPPED = "CHARGING_STOPPED", "Charging stopped"
    SETTLED = "SETTLED", "Settled"
    CANCELLED = "CANCELLED", "Cancelled"
    REFUNDED = "REFUNDED", "Refund due"
    REFUND_PAID = "REFUND_PAID", "Paid back"
    REVERSED = "REVERSED", "Offer reversed"
    HELD = "HELD", "Held for review"


class OrderEvent(models.Model):
    """The one way up: append-only; `settled_at`, `announced_at`, `counted_at` are the consumers' own claims."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="events")
    kind = models.CharField(max_length=20, choices=EventKind)
    occurred_at = models.DateTimeField()
    recorded_at = models.DateTimeField(auto_now_add=True)
    detail = models.JSONField(default=dict)
    settled_at = models.DateTimeField(null=True)
    announced_at = models.DateTimeField(null=True)
    counted_at = models.DateTimeField(null=True)

    objects = ScopedManager(cpo="order__cpo")

    class Meta:
        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["id"],
                condition=Q(settled_at=None, kind__in=["CHARGING_STOPPED", "PAYMENT_REPORTED", "PAYMENT_UNASKED"]),
                name="event_to_settle",
            ),
            models.Index(fields=["id"], condition=Q(announced_at=None), name="event_to_announce"),
            models.Index(fields=["id"], condition=Q(counted_at=None), name="event_to_count"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.order_id}"


class SessionState(models.TextChoices):
    ACTIVE = "ACTIVE", "Charging"
    INTERRUPTED = "INTERRUPTED", "Interrupted"
    STOPPED = "STOPPED", "Stopped"


class ChargingSession(TenantModel):
    """What a charging system reported of one order: times as the session counts them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="session")
    system = models.ForeignKey(ChargingSystem, on_delete=models.PROTECT, related_name="sessions")
    connector = models.ForeignKey(Connector, on_delete=models.PROTECT, related_name="sessions")
    session_id = models.CharField(max_length=100, help_text="The charging system's own id.")
    state = models.CharField(max_length=12, choices=SessionState, default=SessionState.ACTIVE)
    started_at = models.DateTimeField()
    stopped_at = models.DateTimeField(null=True)
    stop_requested_at = models.DateTimeField(null=True)
    stop_reason = models.CharField(max_length=60, blank=True)
    start_register_wh = models.PositiveBigIntegerField()
    last_register_wh = models.PositiveBigIntegerField()
    last_reading_at = models.DateTimeField()
    heard_at = models.DateTimeField(
        default=timezone.now, db_default=Now(), help_text="When the charging system last spoke of it."
    )
    given_up_at = models.DateTimeField(null=True, help_text="When it was ended here, without a stop of the charger.")
    late_stop_at = models.DateTimeField(null=True, help_text="The stop reported after it was given up.")
    late_register_wh = models.PositiveBigIntegerField(null=True)

    class Meta:
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(fields=["system", "session_id"], name="session_id_per_system"),
            models.UniqueConstraint(
                fields=["connector"], condition=~Q(state="STOPPED"), name="one_session_per_connector"
            ),
        ]

    def __str__(self) -> str:
        return self.session_id


class MeterReading(models.Model):
    """The meter's cumulative register at an instant; partitioned by month of `measured_at`."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.ForeignKey(ChargingSession, on_delete=models.PROTECT, related_name="readings")
    measured_at = models.DateTimeField()
    register_wh = models.PositiveBigIntegerField()
    power_w = models.PositiveIntegerField(null=True)
    soc_percent = models.PositiveSmallIntegerField(null=True)
    received_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(cpo="session__cpo")

    class Meta:
        ordering = ["measured_at", "received_at"]
        indexes = [models.Index(fields=["session", "measured_at"], name="reading_session_time")]

    def __str__(self) -> str:
        return f"{self.register_wh} Wh"


class PaymentStatus(models.TextChoices):
    NOT_PAID = "NOT-PAID", "Not paid"
    PAID = "PAID", "Paid"


class PaymentType(models.TextChoices):
    PRE_FULFILLMENT = "PRE-FULFILLMENT", "Before charging"
    POST_FULFILLMENT = "POST-FULFILLMENT", "After charging"


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
            models.UniqueConstraint(fields=["order", "type"], name="one_payment_per_type"),
            models.UniqueConstraint(
                fields=["cpo", "gateway_reference"], condition=~Q(gateway_reference=""), name="gateway_reference_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount} {self.currency} {self.get_status_display()}"


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
    paid_reference = models.CharField(max_length=100, blank=True, db_default="")
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
        return f"{self.amount} {self.currency} ({self.reason})"


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
        return self.description or f"{self.fulfillment_state} −{self.notice_minutes} min"


class Rating(models.Model):
    """A driver's rating of an order, by category."""

    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="ratings")
    category = models.CharField(max_length=40)
    value = models.DecimalField(max_digits=3, decimal_places=1)
    comment = models.CharField(max_length=1000, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager(cpo="order__cpo")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "category"], name="rating_once_per_category")]

    def __str__(self) -> str:
        return f"{self.category}: {self.value}"
