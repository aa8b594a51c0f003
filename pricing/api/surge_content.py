"""What a version of a surge says, as the API reads and writes it; everything is named by the CPO's ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

from rest_framework import serializers

from cpo_portal.network.api_fields import BoundedListField, InstantField, OneOfField
from cpo_portal.network.api_strict import StrictSerializer
from cpo_portal.network.models import ConnectorType
from pricing.api.parts import WholeSerializer, WindowsField
from pricing.engine.values import SurgeBasis
from pricing.models import SignalKindChoice, SurgeBasisChoice
from pricing.surges.content import LONGEST_NAME, MOST_DATES, MOST_IDS, Exemptions, Scope, SurgeContent
from pricing.surges.kinds import SignalKind

#: Where the domain's fields stand in a request.
CONTENT_PATHS: dict[str, tuple[str, ...]] = {
    **{x.name: ("content", x.name) for x in fields(SurgeContent)},
    **{x.name: ("content", "scope", x.name) for x in fields(Scope)},
    **{x.name: ("content", "exemptions", x.name) for x in fields(Exemptions)},
}


def _names(length: int, help_text: str) -> BoundedListField:
    child = serializers.CharField(max_length=length)
    return BoundedListField(child=child, max_length=MOST_IDS, required=False, help_text=help_text)


def _number(help_text: str) -> serializers.IntegerField:
    return serializers.IntegerField(required=False, allow_null=True, help_text=help_text)


class ScopeSerializer(WholeSerializer):
    """Where a surge applies: at connectors that fit all that is named, of each list one; {} is everywhere."""

    location_ids = _names(100, "Ids of your locations.")
    location_tags = _names(30, "Tags of locations, such as highway or airport.")
    item_ids = _names(100, "Item ids of your connectors.")
    charger_ids = _names(100, "EVSE ids of your chargers.")
    connector_types = BoundedListField(
        child=OneOfField(choices=ConnectorType.choices), max_length=len(ConnectorType), required=False
    )
    min_power_w = _number("The connector's rating in W, this one included.")
    max_power_w = _number("The connector's rating in W, this one included.")
    product_ids = _names(100, "Of sessions that order one of these products alone.")


class ExemptionsSerializer(WholeSerializer):
    """Who does not pay a surge: whoever fits any of these; {} is nobody."""

    segment_ids = _names(60, "Ids of your segments.")
    bap_ids = _names(LONGEST_NAME, "Subscriber ids of buyer apps.")
    organisations = _names(LONGEST_NAME, "Organisations as your records of customers name them.")
    vehicle_makes = _names(LONGEST_NAME, "Makes of cars, as the buyer app or your records say.")
    below_charge_percent = _number("Cars whose battery is below this percentage, as the buyer app says.")
    first_session = serializers.BooleanField(required=False, help_text="A driver's first session.")


class SurgeContentSerializer(StrictSerializer):
    """What a version of a surge says."""

    basis = OneOfField(choices=SurgeBasisChoice.choices, required=False)
    value = serializers.DecimalField(
        max_digits=14,
        decimal_places=4,
        required=False,
        help_text="Percent of the energy price, or money per kWh or per session, as the basis says.",
    )
    maximum_amount = serializers.DecimalField(
        max_digits=14, decimal_places=2, required=False, allow_null=True, help_text="The most that a session pays."
    )
    stacking_group = serializers.CharField(
        max_length=40, required=False, allow_blank=True, help_text="Of the surges of a group the largest counts alone."
    )
    explanation = serializers.CharField(
        max_length=300, required=False, allow_blank=True, help_text="Why drivers pay it, in a sentence for them."
    )
    weekly_windows = WindowsField(required=False, help_text="Its hours; [] is at all hours.")
    holiday_calendar = serializers.CharField(
        max_length=60, required=False, allow_blank=True, help_text="The id of a calendar, on whose days it holds."
    )
    dates = BoundedListField(
        child=serializers.DateField(),
        max_length=MOST_DATES,
        required=False,
        help_text="Days on which it holds, beside those of the calendar; with neither it holds on all.",
    )
    signal_kinds = BoundedListField(
        child=OneOfField(choices=SignalKindChoice.choices),
        max_length=len(SignalKindChoice),
        required=False,
        help_text="It holds while a signal of one of these kinds counts; [] is without a signal.",
    )
    scope = ScopeSerializer(required=False)
    exemptions = ExemptionsSerializer(required=False)
    valid_from = InstantField(required=False, allow_null=True, help_text="Energy that flows before then is not surged.")
    valid_until = InstantField(
        required=False, allow_null=True, help_text="Energy that flows from then on is not surged."
    )


def content_from(body: Mapping[str, Any], before: SurgeContent | None = None) -> SurgeContent:
    """Return the content that the validated body asks for; what it leaves out stays as before."""
    values = _with_tuples(body)
    if "basis" in values:
        values["basis"] = SurgeBasis(values["basis"])
    if "signal_kinds" in values:
        values["signal_kinds"] = tuple(map(SignalKind, values["signal_kinds"]))
    if "scope" in values:
        values["scope"] = Scope(**_with_tuples(values["scope"]))
    if "exemptions" in values:
        values["exemptions"] = Exemptions(**_with_tuples(values["exemptions"]))
    return replace(before or SurgeContent(), **values)


def _with_tuples(body: Mapping[str, Any]) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in body.items()}
