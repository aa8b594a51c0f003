"""What staff changed of a sale after its bill: offers taken back, bills refunded, exchanges valued."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.charging.models import MONEY, Balance, Order, Payment, Refund
from offers.models.columns import NO_ROWS
from offers.models.ledger import Redemption


class AdjustmentKind(models.TextChoices):
    """Part of the API, never renamed."""

    TAKEN_BACK = "TAKEN_BACK", "Offer taken back"
    BILL_REFUNDED = "BILL_REFUNDED", "Bill refunded"
    EXCHANGE_VALUED = "EXCHANGE_VALUED", "Exchange valued"


class Adjustment(TenantModel):
    """One change, by whom and why; append-only but for the words, which a forgotten driver takes along.

    `amount` is what the offer gave less, what comes back of the bill, or what the returned thing is worth; `owed` is
    what the driver pays for an offer taken back, with its tax. What follows is the payment that is asked for, the
    refund, or the balance that was credited.
    """

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="adjustments")
    redemption = models.ForeignKey(Redemption, on_delete=models.PROTECT, null=True, related_name="adjustments")
    #: The units that were taken back of what an offer gave, as rows of `item_id` and `units`.
    items = models.JSONField(default=list, db_default=NO_ROWS)
    kind = models.CharField(max_length=16, choices=AdjustmentKind)
    amount = models.DecimalField(**MONEY)
    owed = models.DecimalField(**MONEY, default=0)
    currency = models.CharField(max_length=3)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, null=True, related_name="+")
    refund = models.ForeignKey(Refund, on_delete=models.PROTECT, null=True, related_name="+")
    balance = models.ForeignKey(Balance, on_delete=models.PROTECT, null=True, related_name="+")
    reference = models.CharField(max_length=100)
    reason = models.CharField(max_length=200)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    source = models.CharField(max_length=40, blank=True, help_text="The API token that asked, where no person did.")
    at = models.DateTimeField(db_default=Now())
    #: Set, never stored, on what answers a change whose reference had been written before.
    repeated = False

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["order", "kind", "reference"], name="adjustment_once_per_reference"),
            models.UniqueConstraint(fields=["order"], condition=Q(kind="BILL_REFUNDED"), name="bill_refunded_once"),
            models.UniqueConstraint(
                fields=["redemption"], condition=Q(kind="EXCHANGE_VALUED"), name="exchange_valued_once"
            ),
            models.CheckConstraint(condition=Q(amount__gte=0, owed__gte=0), name="adjustment_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.order_id}"
