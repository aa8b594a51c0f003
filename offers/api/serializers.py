"""Offers as the API reads and writes them; everything is named by its Beckn id."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from cpo_portal.network.api_fields import BoundedListField, InstantField, OneOfField
from cpo_portal.network.api_strict import Strict, StrictSerializer
from offers.api.conditions import ConditionsSerializer
from offers.api.days import DaysSerializer
from offers.api.giving import GivingSerializer
from offers.api.types import AMOUNT, BenefitSerializer
from offers.api.where import WhereSerializer
from offers.authoring import OfferContent, content_of, limits_of
from offers.authoring.content import CONTENT_FIELDS, LEAST_PRIORITY, LISTS, MOST_PRIORITY, NO_PRIORITY, ROWS
from offers.authoring.limits import LIMIT_FIELDS
from offers.authoring.stacking import MOST_EXCLUDED
from offers.authoring.types import without_leftovers
from offers.engine.describe import summary
from offers.engine.values import OfferLimits
from offers.mapping import offer_terms
from offers.models import CampaignKind, Offer, OfferVersion
from offers.states import again_at, counter_of, day_counter_of, derived_state
from pricing.api.parts import BasedOnSerializer, RevisionField, WindowSerializer
from pricing.versions.revisions import revision_of


class OfferContentSerializer(
    Strict, WhereSerializer, DaysSerializer, ConditionsSerializer, BenefitSerializer, GivingSerializer
):
    """What a version of an offer says, in the terms of the ONDC construct, whose matrix says which type has what."""

    name = serializers.CharField(max_length=200)
    short_desc = serializers.CharField(max_length=300, required=False, allow_blank=True)
    long_desc = serializers.CharField(max_length=5000, required=False, allow_blank=True)
    terms_text = serializers.CharField(
        max_length=5000, required=False, allow_blank=True, help_text="The small print that drivers can read."
    )
    image_url = serializers.URLField(required=False, allow_blank=True)
    campaign_kind = OneOfField(choices=CampaignKind.choices, required=False)
    display_code = serializers.CharField(max_length=40, required=False, allow_blank=True)
    requires_code = serializers.BooleanField(required=False)
    single_use_codes = serializers.BooleanField(
        required=False, help_text="Each buyer sends a code of their own, made with code-batches."
    )
    location_ids = BoundedListField(child=serializers.CharField(max_length=100), max_length=500, required=False)
    item_ids = BoundedListField(child=serializers.CharField(max_length=100), max_length=2000, required=False)
    categories = BoundedListField(child=serializers.CharField(max_length=60), max_length=100, required=False)
    segment_ids = BoundedListField(
        child=serializers.CharField(max_length=60), max_length=50, required=False, help_text="Its customers; OR."
    )
    valid_from = InstantField()
    valid_until = InstantField(help_text="The first instant that is too late.")
    weekly_windows = BoundedListField(child=WindowSerializer(), max_length=50, required=False)
    min_value = serializers.DecimalField(**AMOUNT, required=False, allow_null=True)
    additive = serializers.BooleanField(required=False)
    auto = serializers.BooleanField(required=False)
    priority = serializers.IntegerField(
        min_value=LEAST_PRIORITY,
        max_value=MOST_PRIORITY,
        required=False,
        error_messages={"min_value": NO_PRIORITY, "max_value": NO_PRIORITY},
    )
    currency = serializers.CharField(max_length=3, required=False, help_text="The CPO's; it may be left out.")
    exclusivity_group = serializers.CharField(
        max_length=40, required=False, allow_blank=True, help_text="At most one offer of a group is applied."
    )
    excludes = BoundedListField(
        child=serializers.CharField(max_length=80),
        max_length=MOST_EXCLUDED,
        required=False,
        help_text="Ids of offers that it is never combined with; it holds both ways.",
    )


class LimitsSerializer(StrictSerializer):
    """Limits of an offer, across its versions; null is no limit."""

    total_uses = serializers.IntegerField(required=False, allow_null=True)
    uses_per_customer = serializers.IntegerField(required=False, allow_null=True)
    budget = serializers.DecimalField(**AMOUNT, required=False, allow_null=True)
    redemption_cap = serializers.DecimalField(**AMOUNT, required=False, allow_null=True)
    uses_per_customer_day = serializers.IntegerField(
        required=False, allow_null=True, help_text="A day, week (from Monday) or month of the CPO's calendar."
    )
    uses_per_customer_week = serializers.IntegerField(required=False, allow_null=True)
    uses_per_customer_month = serializers.IntegerField(required=False, allow_null=True)
    budget_per_day = serializers.DecimalField(**AMOUNT, required=False, allow_null=True)
    give_use_back = serializers.BooleanField(
        required=False, help_text="Whether a use that is reversed as a whole may be used again."
    )
    shared_in_groups = serializers.BooleanField(
        required=False, help_text="Whether the members of a customer group use up the limits per customer together."
    )


class UsedSerializer(serializers.Serializer[Any]):
    """What is reserved and used of a limited offer."""

    uses_reserved = serializers.IntegerField()
    uses_committed = serializers.IntegerField()
    budget_reserved = serializers.DecimalField(**AMOUNT)
    budget_committed = serializers.DecimalField(**AMOUNT)


class UsedTodaySerializer(serializers.Serializer[Any]):
    """What is reserved and spent of a budget per day, today on the CPO's calendar."""

    day = serializers.DateField()
    budget_reserved = serializers.DecimalField(**AMOUNT)
    budget_committed = serializers.DecimalField(**AMOUNT)


class OfferInSerializer(StrictSerializer):
    """A new offer: its draft is made, nothing is published."""

    offer_id = serializers.CharField(max_length=80)
    content = OfferContentSerializer()
    limits = LimitsSerializer(required=False)


class OfferChangeSerializer(BasedOnSerializer):
    """What to change: content goes into a draft, limits apply at once; what is left out stays."""

    content = OfferContentSerializer(required=False)
    limits = LimitsSerializer(required=False)


class OfferVersionSerializer(serializers.Serializer[Any]):
    """A version of an offer."""

    number = serializers.IntegerField()
    revision = RevisionField()
    content = OfferContentSerializer()
    summary = serializers.CharField(help_text="The offer in one sentence.")
    published_at = InstantField(allow_null=True)
    submitted_at = InstantField(allow_null=True, help_text="Since when it is in review.")


class OfferSerializer(serializers.Serializer[Any]):
    """An offer with the version that buyers get, the draft, its limits and what is used of them."""

    offer_id = serializers.CharField()
    state = serializers.CharField(help_text="What it is now: also SCHEDULED, LIVE, ENDED or EXHAUSTED.")
    stored_state = serializers.CharField(help_text="What staff made it.")
    live = OfferVersionSerializer(allow_null=True)
    draft = OfferVersionSerializer(allow_null=True)
    limits = LimitsSerializer()
    used = UsedSerializer(allow_null=True)
    used_today = UsedTodaySerializer(allow_null=True)
    again_at = InstantField(
        allow_null=True, help_text="When an offer is given again that is EXHAUSTED by its budget of today."
    )
    created_at = InstantField()

    def to_representation(self, offer: Offer) -> dict[str, Any]:
        counter, now = counter_of(offer), self.context["now"]
        day = day_counter_of(offer, now)
        return {
            "offer_id": offer.offer_id,
            "state": derived_state(offer, offer.live_version, counter, now),
            "stored_state": offer.state,
            "live": _version(offer, offer.live_version),
            "draft": _version(offer, next(iter(offer.drafts), None)),  # type: ignore[attr-defined]
            "limits": LimitsSerializer(limits_of(offer)).data,
            "used": UsedSerializer(counter).data if counter is not None else None,
            "used_today": UsedTodaySerializer(day).data if day is not None else None,
            "again_at": _instant(again_at(offer, offer.live_version, now)),
            "created_at": _instant(offer.created_at),
        }


def content_from(data: dict[str, Any], before: OfferContent | None = None) -> OfferContent:
    """Return the content that the request asks for; what it leaves out stays as before."""
    values: dict[str, Any] = {name: tuple(value) if name in LISTS else value for name, value in data.items()}
    for name in ROWS:
        if name in values:
            values[name] = tuple(dict(row) for row in values[name])
    if before is not None:
        values = {name: getattr(before, name) for name in CONTENT_FIELDS} | values
    return OfferContent(**without_leftovers(values, data))


def limits_from(data: dict[str, Any], before: OfferLimits | None = None) -> OfferLimits:
    """Return the limits that the request asks for; what it leaves out stays as before."""
    kept = {name: getattr(before, name) for name in LIMIT_FIELDS} if before is not None else {}
    return OfferLimits(**kept | data)


def _version(offer: Offer, version: OfferVersion | None) -> dict[str, Any] | None:
    if version is None:
        return None
    content = content_of(version)
    return {
        "number": version.number,
        "revision": revision_of(version.number, content),
        "content": OfferContentSerializer(content).data,
        "summary": summary(offer_terms(offer, version), offer.cpo.time_zone),
        "published_at": _instant(version.published_at),
        "submitted_at": _instant(version.submitted_at),
    }


def _instant(value: datetime | None) -> Any:
    return InstantField().to_representation(value) if value is not None else None


def amount_text(amount: Decimal) -> str:
    """Return an amount as the API writes it: a string with its decimals."""
    return f"{amount:f}"
