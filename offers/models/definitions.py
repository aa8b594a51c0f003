"""Offers with their immutable versions and states."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q
from django_scopes import ScopedManager

from cpo_portal.accounts.models import User
from cpo_portal.accounts.tenancy import TenantModel
from cpo_portal.database.instants import FAR, near
from cpo_portal.network.models import BECKN_ID
from offers.engine import values as engine
from offers.models.columns import MONEY, NO_ITEMS, NO_ROWS
from offers.models.conditions import CONDITION_CONSTRAINTS, Conditions
from offers.models.days import DAYS_CONSTRAINTS, Days
from offers.models.giving import GIVING_CONSTRAINTS, Giving
from offers.models.types import type_constraints
from offers.models.where import WHERE_CONSTRAINTS, Where

GROUP_SHAPE = r"^[a-z0-9]+(-[a-z0-9]+)*$"
GROUP_SENTENCE = "Name the group with small letters, digits and single hyphens, such as night-offers."
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
    MONTHLY_PACKAGE = "MONTHLY_PACKAGE", "Monthly package"
    MEMBER_EXCLUSIVE = "MEMBER_EXCLUSIVE", "Member exclusive"
    TIER_PRICING = "TIER_PRICING", "Tier pricing"
    ANNIVERSARY = "ANNIVERSARY", "Anniversary reward"
    NEW_STATION = "NEW_STATION", "New station launch"
    HIGHWAY_SPECIAL = "HIGHWAY_SPECIAL", "Highway special"
    URBAN_RURAL = "URBAN_RURAL", "Urban or rural pricing"
    REGIONAL = "REGIONAL", "Regional promotion"
    FAMILY_PLAN = "FAMILY_PLAN", "Family plan"
    OTHER = "OTHER", "Other"


NOTHING_TO_SHARE = "Only a limit per customer is shared: set one, or leave this off."


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
    shared_in_groups = models.BooleanField("members of a group share these uses", default=False, db_default=False)

    #: Set, never stored, where pages are to call it by its name.
    shown_as = ""

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["cpo", "offer_id"], name="offer_id_per_cpo"),
            models.CheckConstraint(
                condition=Q(shared_in_groups=False)
                | Q(uses_per_customer__isnull=False)
                | Q(uses_per_customer_day__isnull=False)
                | Q(uses_per_customer_week__isnull=False)
                | Q(uses_per_customer_month__isnull=False),
                name="sharing_needs_limit_per_customer",
                violation_error_message=NOTHING_TO_SHARE,
            ),
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
    BUY_X_GET_Y = engine.BenefitKind.BUY_X_GET_Y.value, "Buy X, get Y more"
    FREEBIE = engine.BenefitKind.FREEBIE.value, "Free product"
    SLAB = engine.BenefitKind.SLAB.value, "Slabs of kWh"
    COMBO = engine.BenefitKind.COMBO.value, "Combination"
    DELIVERY = engine.BenefitKind.DELIVERY.value, "Off the fee"
    EXCHANGE = engine.BenefitKind.EXCHANGE.value, "Exchange"
    FINANCING = engine.BenefitKind.FINANCING.value, "Financing"


class ValueTypeChoice(models.TextChoices):
    PERCENT = engine.ValueType.PERCENT.value, "Percent"
    AMOUNT = engine.ValueType.AMOUNT.value, "Amount"
    PER_KWH = engine.ValueType.PER_KWH.value, "Amount per kWh"


class DiscountBaseChoice(models.TextChoices):
    ITEMS = engine.DiscountBase.ITEMS.value, "Energy, time and products"
    ITEMS_AND_SURGE = engine.DiscountBase.ITEMS_AND_SURGE.value, "Energy, time, products and surge"


class OfferVersion(Where, Days, Conditions, Giving, TenantModel):
    """What an offer says from one publication to the next; immutable once published (a trigger sees to it).

    Places and things are Beckn ids; windows are lists in the form of `offers.engine.codec`.
    """

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=200)
    short_desc = models.CharField("short description", max_length=300, blank=True)
    long_desc = models.TextField("long description", blank=True)
    terms_text = models.TextField(
        "terms",
        blank=True,
        default="",
        db_default="",
        help_text="The small print: on the public page, and behind the long description in buyer apps.",
    )
    image_url = models.URLField("image address", blank=True)
    campaign_kind = models.CharField(max_length=20, choices=CampaignKind, default=CampaignKind.OTHER)
    display_code = models.CharField(max_length=40, blank=True, help_text="A label such as WEEKEND25.")
    requires_code = models.BooleanField("the buyer must send the code", default=False)
    benefit_kind = models.CharField("type", max_length=12, choices=BenefitKindChoice, default="discount")
    value_type = models.CharField(max_length=10, choices=ValueTypeChoice, default="percent", blank=True)
    value = models.DecimalField(**MONEY, null=True, blank=True, validators=[MinValueValidator(0.01)])
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
    qualifier_item_ids = ArrayField(
        models.CharField(max_length=100), default=list, db_default=NO_ITEMS, blank=True, verbose_name="together with"
    )
    slabs = models.JSONField(default=list, db_default=NO_ROWS, blank=True)
    finance_terms = models.JSONField("ways to pay over time", default=list, db_default=NO_ROWS, blank=True)
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
    #: The first characters of the token that wrote the draft last; "" where a person did, or the platform itself.
    created_by_token = models.CharField(max_length=12, default="", db_default="", editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    published_at = models.DateTimeField(null=True)
    single_use_codes = models.BooleanField("each buyer must send a code of their own", default=False, db_default=False)
    #: Who wrote the draft, as `pricing.versions.review` names people and tokens.
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
                condition=near("valid_from") & near("valid_until"),
                name="offer_times_are_near",
                violation_error_message=FAR,
            ),
            models.CheckConstraint(
                condition=Q(value=None) | (Q(value__gt=0) & (~Q(value_type="percent") | Q(value__lte=100))),
                name="offer_percent_in_bounds",
                violation_error_message="A percentage lies above 0 and is at most 100.",
            ),
            *type_constraints(),
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
            *GIVING_CONSTRAINTS,
        ]

    def __str__(self) -> str:
        return f"{self.name} v{self.number}"

    def clean(self) -> None:
        value = self.value if self.value_type == ValueTypeChoice.AMOUNT else None
        if value is not None and self.value_cap is not None and self.value_cap < value:
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
    #: What was done: a move of `offers.states`, "limits", "edit" or "restore"; "" in entries from before it was kept.
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
