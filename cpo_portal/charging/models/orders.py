"""Orders with their lines, priced slices, events and ratings."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django_scopes import ScopedManager

from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.charging.models.columns import MONEY, NO_ROWS
from cpo_portal.charging.models.customers import Customer
from cpo_portal.network.models import Connector


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
    #: The products that it buys, as `offers.stock` writes them: held in stock until the bill, and sold with it.
    products = models.JSONField(default=list, db_default=NO_ROWS, editable=False)
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
    BILL_REFUNDED = "BILL_REFUNDED", "Bill refunded"
    EXCHANGED = "EXCHANGED", "Exchange valued"
    REFERRED = "REFERRED", "Referral rewarded"


#: After these money moves: `offers` bills or pays back, and claims the event by `settled_at`.
FOLLOWED = (EventKind.CHARGING_STOPPED, EventKind.PAYMENT_REPORTED, EventKind.PAYMENT_UNASKED)


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
                condition=Q(settled_at=None, kind__in=[kind.value for kind in FOLLOWED]),
                name="event_to_settle",
            ),
            models.Index(fields=["id"], condition=Q(announced_at=None), name="event_to_announce"),
            models.Index(fields=["id"], condition=Q(counted_at=None), name="event_to_count"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.order_id}"


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
