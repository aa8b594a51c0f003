"""Offers with their immutable versions and states."""

from __future__ import annotations

from decimal import Decimal

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from cpo_portal.accounts.models import Membership, Role, User
from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.network.models import BECKN_ID
from offers.engine import values as engine
from offers.models.columns import MONEY
from offers.models.conditions import CONDITION_CONSTRAINTS, Conditions
from offers.models.days import DAYS_CONSTRAINTS, Days
from offers.models.where import WHERE_CONSTRAINTS, Where

GROUP_SHAPE = r"^[a-z0-9]+(-[a-z0-9]+)*$"
GROUP_SENTENCE = "Name the group with small letters, digits and single hyphens, such as night-offers."
STACK_SENTENCE = "Give 1 or more, or leave it empty for no limit."
ABOVE_0_SENTENCE = "Give a percentage above 0, or leave it empty for no limit."
AT_MOST_100_SENTENCE = "A percentage is at most 100: lower it."
GROUP_NAME = RegexValidator(GROUP_SHAPE, GROUP_SENTENCE)


class OfferState(models.TextChoices):
    """What is stored; SCHEDULED, LIVE, ENDED by time and EXHAUSTED are derived at any instant."""

    DRAFT = "DRAFT", "Draft"
    IN_REVIEW = "IN_REVIEW", "In review"
    APPROVED = "APPROVED", "Published"
    PAUSED = "PAUSED", "Paused"
    WITHDRAWN = "WITHDRAWN", "Withdrawn"
    ENDED = "ENDED", "Ended"
    ARCHIVED = "ARCHIVED", "Archived"


class CampaignKind(models.TextChoices):
    """The campaigns of DEG use case 6, sent as offer-type."""

    HAPPY_HOUR = "HAPPY_HOUR", "Happy hour"
    WEEKEND_SPECIAL = "WEEKEND_SPECIAL", "Weekend special"
    HOLIDAY_PROMOTION = "HOLIDAY_PROMOTION", "Holiday promotion"
    EARLY_BIRD = "EARLY_BIRD", "Early bird"
    BULK_CHARGING = "BULK_CHARGING", "Bulk charging"
    NEW_STATION = "NEW_STATION", "New station launch"
    HIGHWAY_SPECIAL = "HIGHWAY_SPECIAL", "Highway special"
    URBAN_RURAL = "URBAN_RURAL", "Urban or rural pricing"
    REGIONAL = "REGIONAL", "Regional promotion"
    OTHER = "OTHER", "Other"


class ObjectiveChoice(models.TextChoices):
    MAX_SAVING = engine.Objective.MAX_SAVING.value, "The largest saving for the driver"
    PRIORITY = engine.Objective.PRIORITY.value, "The offers' priority"


class BasisChoice(models.TextChoices):
    BEFORE = "BEFORE_SURGE_OFFER_TAX", "Energy and fees, before surge, offer and tax"
    ALL_IN = "ALL_IN", "Everything included"


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
        ]

    def __str__(self) -> str:
        return "Quotes and offers"

    def clean(self) -> None:
        authors = Membership.objects.filter(cpo=self.cpo_id, role__in=(Role.OWNER, Role.MANAGER))
        if self.review_required and authors.count() < 2:
            raise ValidationError(
                {"review_required": "Four eyes need two people: invite another owner or manager first."}
            )


class Offer(TenantModel):
    """An offer: identity, state and limits. What it gives stands in its versions; limits go on across them."""

    offer_id = models.CharField("offer id", max_length=80, validators=[BECKN_ID])
    state = models.CharField(max_length=10, choices=OfferState, default=OfferState.DRAFT, editable=False)
    live_version = models.ForeignKey(
        "OfferVersion", on_delete=models.PROTECT, null=True, related_name="+", editable=False
    )
    total_uses = models.PositiveIntegerField("uses in total", null=True, blank=True, validators=[MinValueValidator(1)])
    uses_per_customer = models.PositiveIntegerField(null=True, blank=True, validators=[MinValueValidator(1)])
    budget = models.DecimalField(**MONEY, null=True, blank=True, validators=[MinValueValidator(0.01)])
    redemption_cap = models.DecimalField(
        "most per redemption", **MONEY, null=True, blank=True, validators=[MinValueValidator(0.01)]
    )
    created_at = models.DateTimeField(auto_now_add=True)
    uses_per_customer_day = models.PositiveIntegerField(
        "uses per customer and day", null=True, blank=True, validators=[MinValueValidator(1)]
    )
    uses_per_customer_week = models.PositiveIntegerField(
        "uses per customer and week", null=True, blank=True, validators=[MinValueValidator(1)]
    )
    uses_per_customer_month = models.PositiveIntegerField(
        "uses per customer and month", null=True, blank=True, validators=[MinValueValidator(1)]
    )
    budget_per_day = models.DecimalField(**MONEY, null=True, blank=True, validators=[MinValueValidator(0.01)])
    give_use_back = models.BooleanField("give the use back when it is reversed", default=False, db_default=False)

    #: Set, never stored, where pages are to call it by its name.
    shown_as = ""

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["cpo", "offer_id"], name="offer_id_per_cpo"),
            models.CheckConstraint(
                condition=Q(budget_per_day=None) | Q(redemption_cap__isnull=False),
                name="day_budget_needs_redemption_cap",
                violation_error_message="A budget needs a limit per redemption: set “most per redemption”.",
            ),
            models.CheckConstraint(
                condition=Q(budget=None) | Q(redemption_cap__isnull=False),
                name="budget_needs_redemption_cap",
                violation_error_message="A budget needs a limit per redemption: set “most per redemption”.",
            ),
        ]

    def __str__(self) -> str:
        return self.shown_as or self.offer_id


class BenefitKindChoice(models.TextChoices):
    DISCOUNT = engine.BenefitKind.DISCOUNT.value, "Discount"


class ValueTypeChoice(models.TextChoices):
    PERCENT = engine.ValueType.PERCENT.value, "Percent"
    AMOUNT = engine.ValueType.AMOUNT.value, "Amount"


class DiscountBaseChoice(models.TextChoices):
    ITEMS = engine.DiscountBase.ITEMS.value, "Energy, time and products"
    ITEMS_AND_SURGE = engine.DiscountBase.ITEMS_AND_SURGE.value, "Energy, time, products and surge"


class OfferVersion(Where, Days, Conditions, TenantModel):
    """What an offer says from one publication to the next; immutable once published (a trigger sees to it).

    Places and things are Beckn ids; windows are lists in the form of `offers.engine.codec`.
    """

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    short_desc = models.CharField("short description", max_length=300, blank=True)
    long_desc = models.TextField("long description", blank=True)
    image_url = models.URLField("image address", blank=True)
    campaign_kind = models.CharField(max_length=20, choices=CampaignKind, default=CampaignKind.OTHER)
    display_code = models.CharField(max_length=40, blank=True, help_text="A label such as WEEKEND25.")
    requires_code = models.BooleanField("the buyer must send the code", default=False)
    benefit_kind = models.CharField("type", max_length=12, choices=BenefitKindChoice, default="discount")
    value_type = models.CharField(max_length=10, choices=ValueTypeChoice, default="percent")
    value = models.DecimalField(**MONEY, validators=[MinValueValidator(0.01)])
    value_cap = models.DecimalField("at most", **MONEY, null=True, blank=True, validators=[MinValueValidator(0.01)])
    base = models.CharField("taken of", max_length=16, choices=DiscountBaseChoice, default="ITEMS")
    min_value = models.DecimalField(
        "minimum session value", **MONEY, null=True, blank=True, validators=[MinValueValidator(0)]
    )
    currency = models.CharField(max_length=3, default="INR")
    location_ids = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    item_ids = ArrayField(models.CharField(max_length=100), default=list, blank=True)
    categories = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    segment_ids = ArrayField(models.CharField(max_length=60), default=list, blank=True, db_default=[])
    valid_from = models.DateTimeField()
    valid_until = models.DateTimeField()
    weekly_windows = models.JSONField(default=list, blank=True)
    additive = models.BooleanField("may combine with other offers", default=False)
    auto = models.BooleanField("applied automatically", default=True)
    priority = models.SmallIntegerField(default=0, help_text="Breaks ties; the larger goes first.")
    exclusivity_group = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        validators=[GROUP_NAME],
        help_text="At most one offer of a group is applied; any name, such as night-offers.",
    )
    excludes = ArrayField(
        models.CharField(max_length=80),
        default=list,
        db_default=models.Value([], output_field=ArrayField(models.CharField(max_length=80))),
        blank=True,
        verbose_name="never together with",
        help_text="Offer ids; it holds both ways.",
    )
    created_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True)
    single_use_codes = models.BooleanField("each buyer must send a code of their own", default=False, db_default=False)
    #: Who wrote the draft, as `offers.authoring.review` names people and tokens.
    authors = ArrayField(models.CharField(max_length=40), null=True, blank=True, editable=False)
    submitted_at = models.DateTimeField(null=True, editable=False)
    submitted_by = models.CharField(max_length=40, default="", db_default="", editable=False)

    class Meta:
        ordering = ["offer", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["offer", "number"], name="offer_version_number"),
            models.UniqueConstraint(fields=["offer"], condition=Q(published_at=None), name="one_draft_per_offer"),
            models.CheckConstraint(
                condition=Q(valid_until__gt=F("valid_from")),
                name="offer_ends_after_it_starts",
                violation_error_message="The offer ends before it starts: choose a later end.",
            ),
            models.CheckConstraint(
                condition=Q(value__gt=0) & (Q(value_type="amount") | Q(value__lte=100)),
                name="offer_percent_at_most_100",
                violation_error_message="A percentage lies above 0 and is at most 100.",
            ),
            models.CheckConstraint(
                condition=Q(requires_code=False) | ~Q(display_code="") | Q(single_use_codes=True),
                name="required_code_is_given",
                violation_error_message="Give the code that the buyer must send.",
            ),
            models.CheckConstraint(
                condition=Q(exclusivity_group="") | Q(exclusivity_group__regex=GROUP_SHAPE),
                name="exclusivity_group_is_a_name",
                violation_error_message=GROUP_SENTENCE,
            ),
            # The release before knows no single-use codes: a code that must be sent and is empty opens nothing there.
            models.CheckConstraint(
                condition=Q(single_use_codes=False) | Q(requires_code=True, display_code=""),
                name="single_use_codes_alone",
                violation_error_message="Each buyer sends a code of their own: leave the display code empty.",
            ),
            *WHERE_CONSTRAINTS,
            *DAYS_CONSTRAINTS,
            *CONDITION_CONSTRAINTS,
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.number}"

    def clean(self) -> None:
        is_amount = self.value_type == ValueTypeChoice.AMOUNT and self.value is not None
        if is_amount and self.value_cap is not None and self.value_cap < self.value:
            raise ValidationError({"value_cap": "The cap is below the amount: raise it or leave it empty."})


class OfferStateChange(models.Model):
    """Who moved an offer from which state to which, and which version and limits held from then on; append-only."""

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="state_changes")
    from_state = models.CharField(max_length=10)
    to_state = models.CharField(max_length=10)
    version = models.ForeignKey(OfferVersion, on_delete=models.PROTECT, null=True, related_name="+")
    by = models.ForeignKey(User, on_delete=models.PROTECT, null=True, related_name="+")
    by_token = models.CharField(max_length=12, blank=True)
    at = models.DateTimeField()
    note = models.CharField(max_length=300, blank=True)
    limits = models.JSONField(null=True)
    #: What was done: a move of `offers.states`, "limits" or "edit"; "" in entries from before it was kept.
    move = models.CharField(max_length=10, default="", db_default="")

    objects = ScopedManager(cpo="offer__cpo")

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.from_state} → {self.to_state}"


class BookRevision(models.Model):
    """The state of a CPO's offer book; triggers raise it with every statement that changes an offer."""

    cpo = models.OneToOneField("accounts.Cpo", on_delete=models.CASCADE, primary_key=True, related_name="+")
    revision = models.BigIntegerField()

    def __str__(self) -> str:
        return str(self.revision)
