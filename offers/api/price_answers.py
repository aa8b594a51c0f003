"""A price, its lines and its trace as the API answers them, for the price check and for stored quotes alike."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from offers.api.serializers import AMOUNT, amount_text
from offers.api.surge_answers import SurgedSerializer, surged_to_response
from offers.engine.values import OfferTrace
from offers.reasons.names import names_for
from offers.reasons.traces import OUTCOMES, choice_in_words, outcome_in_words
from offers.reasons.words import check_in_words
from pricing.engine.surge_outcomes import surged
from pricing.engine.values import Quote, QuoteLine


class LineSerializer(serializers.Serializer[Any]):
    """One line of the price."""

    line_id = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    amount = serializers.DecimalField(**AMOUNT)
    quantity = serializers.CharField(allow_null=True)
    unit = serializers.CharField()
    rate = serializers.CharField(allow_null=True)
    code = serializers.CharField(
        help_text="The fee, tax or offer; of energy, time or a product, the offer that gives it."
    )
    item_id = serializers.CharField()


class CheckSerializer(serializers.Serializer[Any]):
    """One condition of an offer as numbers and in words."""

    code = serializers.CharField()
    field = serializers.CharField()
    expected = serializers.CharField()
    actual = serializers.CharField()
    passed = serializers.BooleanField()
    margin = serializers.CharField()
    words = serializers.CharField(allow_null=True)


class OutcomeSerializer(serializers.Serializer[Any]):
    """What became of one offer."""

    offer_id = serializers.CharField()
    version = serializers.IntegerField()
    name = serializers.CharField()
    outcome = serializers.CharField()
    saving = serializers.DecimalField(**AMOUNT)
    words = serializers.CharField()
    checks = CheckSerializer(many=True)


class TraceSerializer(serializers.Serializer[Any]):
    """Every candidate's outcome, the chosen set and the runner-up."""

    words = serializers.CharField()
    chosen = serializers.ListField(child=serializers.CharField())
    runner_up = serializers.ListField(child=serializers.CharField())
    difference = serializers.DecimalField(**AMOUNT, allow_null=True)
    certificate = serializers.CharField()
    gap = serializers.DecimalField(**AMOUNT)
    cut = serializers.DecimalField(**AMOUNT, allow_null=True)
    offers = OutcomeSerializer(many=True)


class PriceSerializer(serializers.Serializer[Any]):
    """A price with its lines and its trace."""

    total = serializers.DecimalField(**AMOUNT)
    currency = serializers.CharField()
    energy_wh = serializers.IntegerField()
    basis = serializers.CharField(allow_null=True)
    tariff_id = serializers.CharField()
    tariff_version = serializers.IntegerField()
    engine_version = serializers.CharField()
    flags = serializers.ListField(child=serializers.CharField())
    lines = LineSerializer(many=True)
    surges = SurgedSerializer(many=True, help_text="Those that apply there around that time.")
    trace = TraceSerializer()


def quote_to_response(quote: Quote) -> dict[str, Any]:
    """Return a quote in the shape of PriceSerializer."""
    trace: OfferTrace = quote.trace or OfferTrace()
    return {
        "total": amount_text(quote.total.amount),
        "currency": quote.total.currency,
        "energy_wh": quote.energy_wh,
        "basis": quote.basis.value if quote.basis else None,
        "tariff_id": quote.terms.tariff_id,
        "tariff_version": quote.terms.tariff_version,
        "engine_version": quote.engine_version,
        "flags": list(quote.flags),
        "lines": [line_to_response(line) for line in quote.lines],
        "surges": [surged_to_response(found) for found in surged(quote)],
        "trace": trace_to_response(trace),
    }


def line_to_response(line: QuoteLine) -> dict[str, Any]:
    """Return a line in the shape of LineSerializer."""
    return {
        "line_id": line.line_id,
        "kind": line.kind.value,
        "title": line.title,
        "amount": amount_text(line.amount.amount),
        "quantity": amount_text(line.quantity) if line.quantity is not None else None,
        "unit": line.unit,
        "rate": amount_text(line.rate) if line.rate is not None else None,
        "code": line.code,
        "item_id": line.item_id,
    }


def trace_to_response(trace: OfferTrace) -> dict[str, Any]:
    """Return a trace in the shape of TraceSerializer; inside the CPO's scope."""
    names = names_for(trace.outcomes)
    return {
        "words": choice_in_words(trace, names.offers),
        "chosen": list(trace.chosen),
        "runner_up": list(trace.runner_up),
        "difference": amount_text(trace.difference.amount) if trace.difference is not None else None,
        "certificate": trace.certificate.value,
        "gap": amount_text(trace.gap),
        "cut": amount_text(trace.cut.amount) if trace.cut is not None else None,
        "offers": [
            {
                "offer_id": outcome.offer_id,
                "version": outcome.version,
                "name": outcome.name,
                "outcome": outcome.outcome.value,
                "saving": amount_text(outcome.saving.amount),
                "words": f"{OUTCOMES[outcome.outcome]}. {outcome_in_words(outcome, names)}",
                "checks": [
                    {
                        "code": check.code.value,
                        "field": check.field,
                        "expected": check.expected,
                        "actual": check.actual,
                        "passed": check.passed,
                        "margin": check.margin,
                        "words": None if check.passed else check_in_words(check, names),
                    }
                    for check in outcome.checks
                ],
            }
            for outcome in trace.outcomes
        ],
    }
