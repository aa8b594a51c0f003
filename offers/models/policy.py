"""How a CPO's offers and quotes behave."""

from __future__ import annotations

from decimal import Decimal

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.adminkit.display import plain_amount, too_fine
from offers.engine import values as engine
from offers.models.columns import MONEY
from pricing.versions.review import check_two_people

STACK_SENTENCE = "Give 1 or more, or leave it empty for no limit."
ABOVE_0_SENTENCE = "Give a percentage above 0, or leave it empty for no limit."
AT_MOST_100_SENTENCE = "A percentage is at most 100: lower it."
FRIENDS_SENTENCE = "Give 1 or more, or leave it empty for any number."
BOTH_SENTENCE = "A referral rewards both sides: give both rewards an amount above 0, or neither."


class ObjectiveChoice(models.TextChoices):
    MAX_SAVING = engine.Objective.MAX_SAVING.value, "The largest saving for the driver"
    PRIORITY = engine.Objective.PRIORITY.value, "The offers' priority"


class BasisChoice(models.TextChoices):
    BEFORE = "BEFORE_SURGE_OFFER_TAX", "Energy and fees, before surge, offer and tax"
    ALL_IN = "ALL_IN", "Everything included"


def coinless(amount: Decimal | None, currency: str) -> str:
    """Return the sentence that refuses an amount which nobody could be credited, "" where there is none."""
    whole = amount is None or amount == plain_amount(amount, currency)
    return "" if whole else too_fine(currency)


class OfferPolicy(TenantModel):
    """How a CPO's offers and quotes behave; one row per CPO."""

    objective = models.CharField("choose offers by", max_length=12, choices=ObjectiveChoice, default="MAX_SAVING")
    amount_basis = models.CharField(
        "“charge me for ₹100” means", max_length=24, choices=BasisChoice, default="BEFORE_SURGE_OFFER_TAX"
    )
    quote_minutes = models.PositiveSmallIntegerField(
        "a quote is valid for (minutes)", default=15, validators=[MinValueValidator(1), MaxValueValidator(1440)]
    )
    payment_minutes = models.PositiveSmallIntegerField(
        "time to pay (minutes)", default=15, validators=[MinValueValidator(1), MaxValueValidator(1440)]
    )
    early_start_minutes = models.PositiveSmallIntegerField("may start early by (minutes)", default=15)
    late_start_minutes = models.PositiveSmallIntegerField("no-show after (minutes)", default=30)
    breakdown_minutes = models.PositiveSmallIntegerField(
        "wait for a broken charger (minutes)",
        default=5,
        db_default=5,
        help_text="So long after a charger was reported out of order, its session is billed by the last reading "
        "and an order that waits for it is cancelled and paid back.",
    )
    silent_minutes = models.PositiveSmallIntegerField(
        "end a silent session after (minutes)",
        default=60,
        db_default=60,
        validators=[MinValueValidator(5)],
        help_text="A session whose charger is not heard of for so long, or does not stop when it is told to, "
        "is billed by the last reading.",
    )
    longest_hours = models.PositiveSmallIntegerField(
        "stop a session after (hours)",
        default=24,
        db_default=24,
        validators=[MinValueValidator(1), MaxValueValidator(167)],
        help_text="The charger is told to stop then.",
    )
    review_required = models.BooleanField(
        "offers are reviewed before they are published",
        default=False,
        db_default=False,
        help_text="Four eyes: somebody else than who wrote or submitted a draft approves it.",
    )

    max_stack = models.PositiveSmallIntegerField(
        "offers in one session, at most",
        null=True,
        blank=True,
        validators=[MinValueValidator(1, STACK_SENTENCE)],
        help_text="How many offers may be combined; empty means any number.",
    )
    max_discount_percent = models.DecimalField(
        "all discounts together, at most (%)",
        max_digits=5,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[
            MinValueValidator(Decimal("0.01"), ABOVE_0_SENTENCE),
            MaxValueValidator(Decimal(100), AT_MOST_100_SENTENCE),
        ],
        help_text="Of energy, time and products before fees, surge and tax. What offers give beyond it is cut.",
    )

    referrer_reward = models.DecimalField(
        "for who refers",
        **MONEY,
        null=True,
        blank=True,
        help_text="Credited to their balance once the friend's first session is billed; empty: no referrals.",
    )
    friend_reward = models.DecimalField(
        "for the new customer", **MONEY, null=True, blank=True, help_text="Credited at the same moment."
    )
    referrals_per_customer = models.PositiveSmallIntegerField(
        "friends of one customer, at most",
        null=True,
        blank=True,
        validators=[MinValueValidator(1, FRIENDS_SENTENCE)],
        help_text="Empty means any number.",
    )
    referral_days = models.PositiveSmallIntegerField(
        "rewards live (days)",
        null=True,
        blank=True,
        validators=[MinValueValidator(1, "Give 1 or more, or leave it empty: they never expire.")],
        help_text="Empty: they never expire.",
    )

    class Meta:
        verbose_name = "quote and offer policy"
        verbose_name_plural = "quote and offer policies"
        constraints = [
            models.UniqueConstraint(fields=["cpo"], name="one_offer_policy_per_cpo"),
            models.CheckConstraint(
                condition=Q(max_stack=None) | Q(max_stack__gte=1),
                name="policy_stack_of_at_least_one",
                violation_error_message=STACK_SENTENCE,
            ),
            models.CheckConstraint(
                condition=Q(max_discount_percent=None)
                | Q(max_discount_percent__gt=0) & Q(max_discount_percent__lte=100),
                name="policy_discount_at_most_100",
                violation_error_message="A percentage lies above 0 and is at most 100.",
            ),
            models.CheckConstraint(
                condition=Q(referrer_reward=None, friend_reward=None) | Q(referrer_reward__gt=0, friend_reward__gt=0),
                name="policy_rewards_both_sides",
                violation_error_message=BOTH_SENTENCE,
            ),
        ]

    def __str__(self) -> str:
        return "Quotes and offers"

    def clean(self) -> None:
        for name in ("referrer_reward", "friend_reward"):
            if sentence := coinless(getattr(self, name), self.cpo.currency):
                raise ValidationError({name: sentence})
        check_two_people(self)
