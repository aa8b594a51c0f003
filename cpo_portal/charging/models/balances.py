"""Prepaid balances, the groups that share one, what orders hold of them, and every movement."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Floor, Now

from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.charging.balances.units import ENERGY, in_words
from cpo_portal.charging.models.columns import MONEY
from cpo_portal.charging.models.customers import Customer
from cpo_portal.charging.models.orders import Order
from cpo_portal.network.models import BECKN_ID


class CustomerGroup(TenantModel):
    """Customers who share what is theirs together: a family, an organisation's fleet."""

    name = models.CharField(max_length=100, help_text="For example Rao family, or Acme Logistics.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["cpo", "name"], name="customer_group_name")]

    def __str__(self) -> str:
        return self.name


class CustomerGroupMember(TenantModel):
    """One customer in one group, once; a customer may be in several groups."""

    group = models.ForeignKey(CustomerGroup, on_delete=models.CASCADE, related_name="members")
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="memberships")
    added_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["added_at", "pk"]
        verbose_name = "member"
        constraints = [models.UniqueConstraint(fields=["group", "customer"], name="one_membership_per_group")]

    def __str__(self) -> str:
        return f"{self.customer} in {self.group}"


class Balance(TenantModel):
    """What a customer or a group has paid ahead: money in the CPO's currency, or energy of a subscription.

    A balance of energy, a pool, is in whole Wh, which stands as its `currency`; one with a `plan` is for the
    subscription tariff of that id alone. `amount` may be used, `held` is set aside for orders; both are caches of the
    entries, which the guarded UPDATE tests. A balance past `expires_at` is not used any more; what is left of it is
    taken off.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=100, help_text="What the driver reads, for example Prepaid credit.")
    currency = models.CharField(max_length=3, editable=False)
    plan = models.CharField(
        "subscription",
        max_length=60,
        blank=True,
        db_default="",
        default="",
        validators=[BECKN_ID],
        help_text="The tariff id of the subscription that the energy is for; empty: of any subscription.",
    )
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, blank=True, related_name="balances")
    group = models.ForeignKey(CustomerGroup, on_delete=models.PROTECT, null=True, blank=True, related_name="balances")
    amount = models.DecimalField(**MONEY, default=0, editable=False)
    held = models.DecimalField(**MONEY, default=0, editable=False)
    expires_at = models.DateTimeField("expires", null=True, blank=True)
    valid_days = models.PositiveSmallIntegerField(
        "days after a top-up",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Each top-up lets the whole balance live so long; empty: until the date above.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(customer=None, group__isnull=False) | Q(customer__isnull=False, group=None),
                name="balance_of_customer_or_group",
                violation_error_message="Choose a customer or a group, and not both.",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="balance_never_below_zero"),
            models.CheckConstraint(condition=Q(held__gte=0), name="balance_held_never_below_zero"),
            models.CheckConstraint(
                condition=Q(plan="") | Q(currency=ENERGY),
                name="balance_of_money_for_any_tariff",
                violation_error_message="Only energy is for one subscription: leave it empty for money.",
            ),
            models.CheckConstraint(
                condition=~Q(currency=ENERGY) | Q(amount=Floor("amount"), held=Floor("held")),
                name="balance_of_energy_in_whole_wh",
            ),
        ]
        indexes = [
            models.Index(fields=["expires_at"], condition=Q(amount__gt=0), name="balance_due"),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.group or self.customer}"

    @property
    def shown(self) -> str:
        """Return what may be used, in words."""
        return in_words(self.amount, self.currency)


class EntryKind(models.TextChoices):
    """What moves a balance; HOLD, TAKE and RETURN are the three steps of an order that draws on it."""

    TOP_UP = "TOP_UP", "Topped up"
    HOLD = "HOLD", "Held for an order"
    TAKE = "TAKE", "Drawn by an order"
    RETURN = "RETURN", "Given back by an order"
    EXPIRE = "EXPIRE", "Expired"
    REFUND = "REFUND", "Paid back"
    CREDIT = "CREDIT", "Credited"


class BalanceEntry(TenantModel):
    """One movement of a balance; append-only, the truth that the balance's two figures are derived from."""

    balance = models.ForeignKey(Balance, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=6, choices=EntryKind)
    reference = models.CharField(max_length=100)
    amount = models.DecimalField(**MONEY)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, null=True, related_name="balance_entries")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    note = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField(db_default=Now())
    #: Set, never stored, on the entry that answers a movement whose reference had been written before.
    repeated = False

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "balance entries"
        constraints = [
            models.UniqueConstraint(fields=["balance", "kind", "reference"], name="balance_entry_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="balance_entry_moves_something"),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {in_words(self.amount, self.balance.currency)}"


class HoldState(models.TextChoices):
    HELD = "HELD", "Held"
    ENDED = "ENDED", "Ended"


class BalanceHold(TenantModel):
    """What one order holds, and in the end took, of one balance."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    balance = models.ForeignKey(Balance, on_delete=models.PROTECT, related_name="holds")
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="balance_holds")
    state = models.CharField(max_length=5, choices=HoldState, default=HoldState.HELD)
    amount = models.DecimalField(**MONEY)
    taken = models.DecimalField(**MONEY, default=0)
    held_until = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["created_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["order", "balance"], condition=Q(state="HELD"), name="one_hold_per_order"),
            models.CheckConstraint(
                condition=Q(amount__gt=0, taken__gte=0) & Q(taken__lte=F("amount")), name="taken_within_hold"
            ),
        ]
        indexes = [models.Index(fields=["held_until"], condition=Q(state="HELD"), name="balance_hold_due")]

    def __str__(self) -> str:
        return f"{in_words(self.amount, self.balance.currency)} {self.get_state_display().lower()}"
