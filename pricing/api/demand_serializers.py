"""Demand policies as the API takes and answers them: their rules, and the level at each location with its reason."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields
from datetime import timedelta
from decimal import Decimal
from typing import Any

from rest_framework import serializers

from cpo_portal.accounts.models import Cpo
from cpo_portal.network.api_fields import BoundedListField, InstantField, OneOfField
from cpo_portal.network.api_strict import StrictSerializer
from cpo_portal.network.models import Location
from pricing.api.parts import WholeSerializer
from pricing.demand.describe import rules_in_words, scope_in_words
from pricing.demand.rules import rules_in_force, rules_of
from pricing.engine.demand import DemandLevel
from pricing.engine.demand import DemandPolicy as Rules
from pricing.models import DemandPolicy, DemandReasonChoice
from pricing.surges.ceilings import SurgeCeilings
from pricing.surges.content import MOST_IDS
from pricing.surges.links import policy_page_urls
from pricing.surges.policies import policy_of

MOST_LEVELS = 9
_LONGEST_MINUTES = 7 * 24 * 60
_HUNDRED = Decimal(100)
_MINUTE = timedelta(minutes=1)
#: The engine's spans of time, which the API has in minutes.
_SPANS = {
    "half_life": "half_life_minutes",
    "dwell_up": "dwell_up_minutes",
    "dwell_down": "dwell_down_minutes",
    "notice": "notice_minutes",
    "stale_after": "stale_after_minutes",
    "surcharged_per_day": "surcharged_minutes_per_day",
}
#: Where the domain's fields stand in a request.
RULE_PATHS: dict[str, tuple[str, ...]] = {x.name: ("rules", _SPANS.get(x.name, x.name)) for x in fields(Rules)}


def _percent(help_text: str, *, digits: int = 6, **kwargs: Any) -> serializers.DecimalField:
    return serializers.DecimalField(max_digits=digits, decimal_places=2, help_text=help_text, **kwargs)


def _minutes(help_text: str, **kwargs: Any) -> serializers.IntegerField:
    return serializers.IntegerField(max_value=_LONGEST_MINUTES, required=False, help_text=help_text, **kwargs)


class LevelSerializer(WholeSerializer):
    """A level, in percent."""

    on = _percent("It begins when so many percent of the connectors are in use.")
    off = _percent("It ends when fewer are.")
    percent = _percent("What it adds, of the energy price.")


class RulesSerializer(StrictSerializer):
    """The rules of the levels; a list of levels is written as a whole, the lowest first."""

    levels = BoundedListField(child=LevelSerializer(), max_length=MOST_LEVELS)
    cap_percent = _percent("The most that is added, whatever a level asks.", digits=9)
    highest_rate = _percent(
        "The most that a kWh costs with the surcharge, before tax; null: no limit.",
        digits=9,
        required=False,
        allow_null=True,
    )
    half_life_minutes = _minutes("After so long an old load counts half.")
    dwell_up_minutes = _minutes("So long a level has held before the next one is announced.")
    dwell_down_minutes = _minutes("So long a level has held before it falls.")
    notice_minutes = _minutes("So long ahead a rise is announced; at least what the surge policy promises.")
    stale_after_minutes = _minutes("What was heard of longer ago says nothing, and the level falls.")
    surcharged_minutes_per_day = _minutes("With a surcharge per day, at most; null: no limit.", allow_null=True)
    changes_per_day = serializers.IntegerField(
        max_value=1000, required=False, allow_null=True, help_text="Changes of the level, at most; null: no limit."
    )
    least_reporting = serializers.IntegerField(
        max_value=10_000, required=False, help_text="Of fewer connectors that report nothing is concluded."
    )
    grid_weight = _percent("A grid-stress signal counts as this load, from 0 to 1.", digits=3, required=False)


class DemandPolicyChangeSerializer(StrictSerializer):
    """What a policy says; what is left out stays as it was."""

    name = serializers.CharField(max_length=100, help_text="Drivers read it on the bill, such as Busy station fee.")
    explanation = serializers.CharField(
        max_length=300, required=False, allow_blank=True, help_text="Why it is charged, as buyer apps are told."
    )
    stacking_group = serializers.CharField(
        max_length=40, required=False, allow_blank=True, help_text="Of the surges of a group the largest counts alone."
    )
    location_ids = BoundedListField(
        child=serializers.CharField(max_length=100),
        max_length=MOST_IDS,
        required=False,
        help_text="Ids of your locations; [] is all of them.",
    )
    location_tags = BoundedListField(
        child=serializers.CharField(max_length=30),
        max_length=MOST_IDS,
        required=False,
        help_text="Tags of locations, of which one is enough; [] is all locations.",
    )
    rules = RulesSerializer()


class DemandPolicyInSerializer(DemandPolicyChangeSerializer):
    """A new policy, which is switched off."""

    policy_id = serializers.CharField(max_length=60)


class DemandPolicySerializer(DemandPolicyInSerializer):
    """A policy with its rules in words, and the ceilings that its highest level is above."""

    is_active = serializers.BooleanField(help_text="Whether it is switched on and prices sessions.")
    number = serializers.IntegerField(help_text="It rises with each change of what is charged and each switching.")
    words = serializers.ListField(child=serializers.CharField(), help_text="What the rules say.")
    where = serializers.CharField(help_text="Where it applies, in words.")
    warnings = serializers.ListField(child=serializers.CharField(), help_text="Price ceilings that it is above.")
    page_url = serializers.CharField(help_text="Its public page; empty until it is switched on.")
    created_at = InstantField()


class RiseSerializer(serializers.Serializer[Any]):
    """A level that is announced; a load that falls before withdraws it."""

    level = serializers.IntegerField()
    percent = serializers.DecimalField(max_digits=8, decimal_places=4)
    starts_at = InstantField()


class ReasonSerializer(serializers.Serializer[Any]):
    """The last decision that was kept: each that changed something or had another reason, and one every ten minutes."""

    code = OneOfField(choices=DemandReasonChoice.choices)
    words = serializers.CharField()
    at = InstantField()


class LevelNowSerializer(serializers.Serializer[Any]):
    """What is charged at a location now, and why."""

    location_id = serializers.CharField()
    name = serializers.CharField()
    level = serializers.IntegerField(help_text="0 is no surcharge.")
    percent = serializers.DecimalField(
        max_digits=8,
        decimal_places=4,
        help_text="Of the energy price, at most; a highest rate leaves dear tariffs less.",
    )
    since = InstantField(help_text="Since when the level holds.")
    announced = RiseSerializer(allow_null=True)
    is_known = serializers.BooleanField(help_text="False where the last decision is stale: nothing is charged then.")
    load = serializers.DecimalField(
        max_digits=13, decimal_places=12, allow_null=True, help_text="The smoothed share of connectors in use, 0 to 1."
    )
    decided_at = InstantField(help_text="When the level was decided on last.")
    reason = ReasonSerializer(allow_null=True)


def answers_of(policies: Collection[DemandPolicy], cpo: Cpo) -> list[dict[str, Any]]:
    """Return policies in the shape of DemandPolicySerializer; inside the CPO's scope."""
    promise, ceilings, pages = policy_of(cpo), SurgeCeilings(), policy_page_urls(policies)
    names = dict(Location.objects.values_list("location_id", "name")) if policies else {}
    columns = (*DemandPolicyInSerializer().fields, "is_active", "number", "created_at")
    return [
        {name: getattr(x, name) for name in columns}
        | {
            "rules": _numbers_of(rules_of(x)),
            "words": [f"{name}: {said}" for name, said in rules_in_words(rules_in_force(x, promise), cpo.currency)],
            "where": scope_in_words(x, names),
            "warnings": [found.sentence for found in ceilings.above_level(x)],
            "page_url": pages[x.pk],
        }
        for x in policies
    ]


def numbers_from(body: Mapping[str, Any], before: Rules | None = None) -> dict[str, Any]:
    """Return the engine's values that the validated body asks for; what it leaves out stays as before, or as usual."""
    if before is not None:
        numbers = {x.name: getattr(before, x.name) for x in fields(Rules)}
    else:
        numbers = {x.name: x.default for x in fields(Rules) if x.default is not MISSING}
    for name, (_, key) in RULE_PATHS.items():
        if key not in body:
            continue
        value = body[key]
        if name == "levels":
            value = tuple(DemandLevel(x["on"] / _HUNDRED, x["off"] / _HUNDRED, x["percent"]) for x in value)
        numbers[name] = value * _MINUTE if name in _SPANS and value is not None else value
    return numbers


def _numbers_of(rules: Rules) -> dict[str, Any]:
    """Return rules in the shape of RulesSerializer."""
    said: dict[str, Any] = {}
    for name, (_, key) in RULE_PATHS.items():
        value = getattr(rules, name)
        said[key] = value // _MINUTE if isinstance(value, timedelta) else value
    said["levels"] = [{"on": x.on * _HUNDRED, "off": x.off * _HUNDRED, "percent": x.percent} for x in rules.levels]
    return said
