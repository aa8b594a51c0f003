"""The API's route of the linter, and its findings in what a save is answered."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from cpo_portal.charging.segments.rules import CustomerFacts
from cpo_portal.network.api_fields import InstantField, OneOfField
from cpo_portal.network.api_strict import StrictSerializer
from offers.api.serializers import OfferSerializer, amount_text
from offers.authoring.linting import lint_offer
from offers.engine.lint import Finding, FindingCode, Severity
from offers.lint_words import HOW, example_in_words, outcome_in_words, tried_in_words
from offers.models import Offer
from offers.reasons.names import names_of
from pricing.api.refusals import REFUSED
from pricing.engine.codec import encode


class CustomerSerializer(StrictSerializer):
    """A customer that was made up: sessions before this one, the facts that segments ask for, the buyer app."""

    sessions = serializers.IntegerField()
    facts = serializers.SerializerMethodField()
    bap_id = serializers.CharField()

    @extend_schema_field({"type": "object"})
    def get_facts(self, person: Any) -> Any:
        return _given(person.facts)


class LintProductSerializer(serializers.Serializer[Any]):
    """A product that the driver adds."""

    product_id = serializers.CharField()
    count = serializers.IntegerField()


class ExampleSerializer(serializers.Serializer[Any]):
    """A session that shows the finding; `value` is of its energy, time and products, before fees and tax.

    `paid` is what the driver pays of it with the offer, where the finding is about that.
    """

    location_id = serializers.CharField()
    item_id = serializers.CharField()
    starts_at = InstantField()
    energy_wh = serializers.IntegerField()
    value = serializers.SerializerMethodField()
    paid = serializers.SerializerMethodField()
    currency = serializers.CharField()
    products = LintProductSerializer(many=True)
    customer = CustomerSerializer(source="person", allow_null=True)
    busy_percent = serializers.IntegerField(allow_null=True)
    words = serializers.SerializerMethodField()

    def get_value(self, example: Any) -> str:
        return amount_text(example.value)

    def get_paid(self, example: Any) -> str | None:
        return None if example.paid is None else amount_text(example.paid)

    def get_words(self, example: Any) -> str:
        return example_in_words(example)


class FigureSerializer(serializers.Serializer[Any]):
    """A number of the finding."""

    name = serializers.CharField()
    value = serializers.SerializerMethodField()
    currency = serializers.CharField(help_text="Empty where it is no amount.")

    def get_value(self, figure: Any) -> str:
        return amount_text(figure.value)


class LintRivalSerializer(serializers.Serializer[Any]):
    """Another offer: in so many of the sessions tried, drivers save `least` to `most` more with it."""

    offer_id = serializers.CharField()
    name = serializers.CharField()
    sessions = serializers.IntegerField()
    least = serializers.SerializerMethodField()
    most = serializers.SerializerMethodField()

    def get_least(self, rival: Any) -> str:
        return amount_text(rival.least)

    def get_most(self, rival: Any) -> str:
        return amount_text(rival.most)


class FindingSerializer(serializers.Serializer[Any]):
    """One finding; a CONTRADICTION keeps the draft from being published."""

    code = OneOfField(choices=[(x.value, x.value) for x in FindingCode])
    severity = OneOfField(choices=[(x.value, x.value) for x in Severity])
    at = serializers.CharField(source="field", help_text="A field of the content or the limits, or nothing.")
    sentence = serializers.CharField()
    example = ExampleSerializer(allow_null=True)
    outcome = serializers.SerializerMethodField(help_text="What comes of the example.")
    figures = FigureSerializer(many=True)
    offers = LintRivalSerializer(source="rivals", many=True)

    def get_outcome(self, finding: Finding) -> str:
        return outcome_in_words(finding, names_of(finding.failed))


class SampledSerializer(serializers.Serializer[Any]):
    """How much was tried, for the findings that say “in the sessions tried”."""

    sessions = serializers.IntegerField()
    combinations = serializers.IntegerField()
    connectors = serializers.IntegerField(source="sites")
    connectors_in_scope = serializers.IntegerField(source="in_scope")
    other_offers = serializers.IntegerField(source="rivals")
    cut = serializers.BooleanField(help_text="Whether in some session more offers combine than were compared.")


class OfferCheckSerializer(serializers.Serializer[Any]):
    """What the linter finds in the offer's latest version."""

    findings = FindingSerializer(many=True)
    sampled = SampledSerializer()
    notes = serializers.SerializerMethodField()

    def get_notes(self, report: Any) -> list[str]:
        tried = tried_in_words(report)
        return [tried, *HOW] if tried else []


class SavedOfferSerializer(OfferSerializer):
    """An offer that was saved, with what the linter finds in it."""

    findings = FindingSerializer(many=True)

    def to_representation(self, offer: Offer) -> dict[str, Any]:
        found = lint_offer(offer, self.context["now"]).findings
        return super().to_representation(offer) | {"findings": FindingSerializer(found, many=True).data}


class LintRoutes:
    """Actions of the offers' routes."""

    @extend_schema(
        summary="Check an offer",
        description="Tries the latest version, as if it were live, in sessions that are made up for it.",
        responses={200: OfferCheckSerializer, 404: REFUSED[404]},
    )
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def lint(self: Any, request: Request, offer_id: str) -> Response:
        return Response(OfferCheckSerializer(lint_offer(self.get_object(), timezone.now())).data)


def _given(facts: CustomerFacts) -> dict[str, Any]:
    """Return the facts that say something."""
    said: dict[str, Any] = encode(facts)
    return {name: value for name, value in said.items() if value not in ("", None, [], 0)}
