"""Tariffs as the API reads and writes them; places and tariffs are named by their Beckn ids."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from cpo_portal.network.api_fields import MOST_FAULTS, BoundedListField, InstantField, OneOfField
from cpo_portal.network.api_strict import StrictSerializer
from cpo_portal.network.models import Connector, ConnectorType, Location
from pricing.api.parts import BasedOnSerializer, RevisionField, WholeSerializer, WindowsField
from pricing.authoring import Place, TariffContent, content_of
from pricing.authoring.claims import coming_of, holding, live_now, place_of
from pricing.authoring.components import LONGEST_GRACE, MOST_COMPONENTS
from pricing.authoring.content import WHEELING_TITLE
from pricing.describe import tariff_in_words
from pricing.engine.values import Dimension, Fee, PriceComponent, PricingModel, Wheeling, WheelingBasis
from pricing.models import PricingModelChoice, Tariff, TariffState, TariffVersion
from pricing.versions.revisions import revision_of
from pricing.windows import read_window, written_window

_AMOUNT: dict[str, Any] = {"max_digits": 14, "decimal_places": 2}


class FeeSerializer(WholeSerializer):
    """A fee per session."""

    code = serializers.CharField(max_length=100, required=False, allow_blank=True, help_text="Made from the title.")
    title = serializers.CharField(max_length=100)
    amount = serializers.DecimalField(**_AMOUNT)


class ComponentSerializer(WholeSerializer):
    """A price per kWh at certain hours, per minute of charging (TIME) or standing after it (IDLE), or per session.

    Charging lasts until the register rose for the last time, pauses before it included.
    """

    dimension = OneOfField(choices=[x.value for x in Dimension])
    rate = serializers.DecimalField(max_digits=14, decimal_places=4)
    windows = WindowsField(required=False, help_text="Its hours; none is at all other times.")
    grace_minutes = serializers.IntegerField(
        required=False, min_value=0, max_value=LONGEST_GRACE, help_text="Of IDLE: minutes that are free."
    )

    def to_representation(self, part: PriceComponent) -> dict[str, Any]:
        said: dict[str, Any] = super().to_representation(part)
        return said | {"windows": [written_window(window) for window in part.windows]}


class WheelingSerializer(WholeSerializer):
    """A charge that is passed through: neither surged nor discounted."""

    title = serializers.CharField(max_length=100, required=False, default=WHEELING_TITLE)
    amount = serializers.DecimalField(max_digits=14, decimal_places=4)
    basis = OneOfField(choices=[x.value for x in WheelingBasis], required=False, default="ORDER")


class TariffContentSerializer(StrictSerializer):
    """What a version of a tariff says."""

    model = OneOfField(choices=PricingModelChoice.choices, required=False)
    rate = serializers.DecimalField(
        max_digits=14,
        decimal_places=4,
        required=False,
        allow_null=True,
        help_text="Price of a kWh, before tax, wherever no component names another.",
    )
    components = BoundedListField(
        child=ComponentSerializer(), max_length=MOST_COMPONENTS, required=False, help_text="All other prices."
    )
    fees = BoundedListField(child=FeeSerializer(), max_length=50, required=False)
    minimum_wh = serializers.IntegerField(required=False, allow_null=True)
    maximum_wh = serializers.IntegerField(required=False, allow_null=True)
    minimum_price = serializers.DecimalField(
        **_AMOUNT, required=False, allow_null=True, help_text="Least that energy, charging time and session cost."
    )
    maximum_price = serializers.DecimalField(
        **_AMOUNT, required=False, allow_null=True, help_text="Most that energy, charging time and session cost."
    )
    wheeling = WheelingSerializer(required=False, allow_null=True)
    valid_from = InstantField(required=False, allow_null=True, help_text="For sessions that start from then.")
    valid_until = InstantField(required=False, allow_null=True, help_text="For sessions that start before then.")
    currency = serializers.CharField(max_length=3, required=False, help_text="The CPO's; it may be left out.")


class PlaceSerializer(StrictSerializer):
    """Where a tariff applies: one connector, else a location and/or a connector type; {} is everywhere."""

    location_id = serializers.CharField(max_length=100, required=False, allow_blank=True)
    item_id = serializers.CharField(max_length=100, required=False, allow_blank=True)
    connector_type = OneOfField(choices=ConnectorType.choices, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs.get("item_id") and (attrs.get("location_id") or attrs.get("connector_type")):
            raise serializers.ValidationError("Name either one connector, or a location and a connector type.")
        return attrs


class TariffInSerializer(StrictSerializer):
    """A new tariff: its draft is made, nothing is published."""

    tariff_id = serializers.CharField(max_length=60)
    name = serializers.CharField(max_length=200)
    content = TariffContentSerializer()
    assignments = BoundedListField(child=PlaceSerializer(), max_length=500, required=False)


class TariffChangeSerializer(BasedOnSerializer):
    """What to change; prices and places go into a draft, a name applies at once."""

    name = serializers.CharField(max_length=200, required=False)
    content = TariffContentSerializer(required=False)
    assignments = BoundedListField(child=PlaceSerializer(), max_length=500, required=False)


class TariffVersionSerializer(serializers.Serializer[Any]):
    """A version of a tariff."""

    number = serializers.IntegerField()
    revision = RevisionField()
    content = TariffContentSerializer()
    assignments = PlaceSerializer(many=True, help_text="Where it applies once it is published.")
    words = serializers.CharField(help_text="The price in plain words.")
    warnings = serializers.ListField(child=serializers.CharField(), help_text="Which price ceilings it is above.")
    published_at = InstantField(allow_null=True)

    def to_representation(self, version: TariffVersion) -> dict[str, Any]:
        content = content_of(version)
        tax = self.context["tax"]
        return {
            "number": version.number,
            "revision": revision_of(version.number, content),
            "content": TariffContentSerializer(content).data,
            "assignments": [_place(place) for place in content.places],
            "words": tariff_in_words(content, tax),
            "warnings": [found.sentence for found in self.context["ceilings"].above(content)],
            "published_at": InstantField().to_representation(version.published_at) if version.published_at else None,
        }


class TariffSerializer(serializers.Serializer[Any]):
    """A tariff with the version that is the price now, those to come, the draft, and where it applies."""

    tariff_id = serializers.CharField()
    name = serializers.CharField()
    state = serializers.CharField(help_text="DRAFT, APPROVED (published) or ENDED.")
    live = TariffVersionSerializer(allow_null=True, help_text="Of an ended tariff the last that was published.")
    coming = TariffVersionSerializer(many=True, help_text="Versions that were published to hold later on.")
    draft = TariffVersionSerializer(allow_null=True)
    assignments = PlaceSerializer(many=True, help_text="Where it applies now.")
    created_at = InstantField()

    def to_representation(self, tariff: Tariff) -> dict[str, Any]:
        def version(row: TariffVersion | None) -> Any:
            return TariffVersionSerializer(row, context=self.context).data if row is not None else None

        now = timezone.now()
        live = live_now(tariff, now)
        coming = dict.fromkeys(span.version for span in coming_of(tariff, now) if span.version != live)
        published = tariff.state == TariffState.APPROVED
        places = map(place_of, holding(tariff.assignments.all(), now)) if published else ()
        return {
            "tariff_id": tariff.tariff_id,
            "name": tariff.name,
            "state": tariff.state,
            "live": version(live),
            "coming": [version(row) for row in coming],
            "draft": version(next(iter(tariff.drafts), None)),  # type: ignore[attr-defined]
            "assignments": [_place(place) for place in dict.fromkeys(places)],
            "created_at": InstantField().to_representation(tariff.created_at),
        }


def _place(place: Place) -> dict[str, str]:
    return {key: value for key, value in asdict(place).items() if value}


def content_from(body: dict[str, Any], before: TariffContent | None = None) -> TariffContent:
    """Return the content and places that the request asks for; what it leaves out stays as before."""
    values: dict[str, Any] = dict(body.get("content", {}))
    if "assignments" in body:
        values["places"] = places_from(body["assignments"])
    if "model" in values:
        values["model"] = PricingModel(values["model"])
    if "components" in values:
        values["components"] = tuple(_component(part) for part in values["components"])
    if values.get("wheeling") is not None:
        values["wheeling"] = Wheeling(**values["wheeling"] | {"basis": WheelingBasis(values["wheeling"]["basis"])})
    if "fees" in values:
        values["fees"] = tuple(Fee(fee.get("code", ""), fee["title"], fee["amount"]) for fee in values["fees"])
    return TariffContent(**values) if before is None else replace(before, **{"currency": ""} | values)


def _component(part: dict[str, Any]) -> PriceComponent:
    windows = tuple(read_window(window) for window in part.get("windows", ()))
    return PriceComponent(Dimension(part["dimension"]), part["rate"], windows, part.get("grace_minutes", 0))


def places_from(entries: list[dict[str, Any]]) -> tuple[Place, ...]:
    """Return the places that the request names; an id that is not the CPO's is refused."""
    known = {
        "location_id": set(
            Location.objects.filter(location_id__in=_ids("location_id", entries)).values_list("location_id", flat=True)
        ),
        "item_id": set(
            Connector.objects.filter(item_id__in=_ids("item_id", entries)).values_list("item_id", flat=True)
        ),
    }
    things = {"location_id": "location", "item_id": "connector"}
    faults: dict[str, dict[str, list[str]]] = {}
    for index, entry in enumerate(entries):
        for key, thing in things.items():
            name = entry.get(key, "")
            if name and name not in known[key] and len(faults) < MOST_FAULTS:
                faults.setdefault(str(index), {})[key] = [f"You have no {thing} “{name}”: name one of yours."]
    if faults:
        raise serializers.ValidationError({"assignments": faults})
    return tuple(Place(**entry) for entry in entries)


def _ids(key: str, entries: list[dict[str, Any]]) -> set[str]:
    return {entry[key] for entry in entries if entry.get(key)}
