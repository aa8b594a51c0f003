"""The staff API's routes of an order's price: why it is what it is, and the proof that it still is."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cpo_portal.accounts.tokens import TokenScopedMixin
from cpo_portal.charging.models import Order
from cpo_portal.network.api_fields import InstantField, RefusedSerializer
from cpo_portal.network.api_limits import StaffThrottle
from offers.api.adjustment_answers import AdjustmentSerializer, adjustment_to_response, adjustments_of
from offers.api.price_answers import LineSerializer, TraceSerializer, line_to_response, trace_to_response
from offers.api.serializers import AMOUNT, amount_text
from offers.explaining import StoredPrice, prices_of
from offers.models import LedgerEntry, Redemption
from offers.proofs import Reproof, reproof_in_words, reprove
from pricing.engine.codec import line_from_json


class StoredQuoteSerializer(serializers.Serializer[Any]):
    """A quote of the order as it was given."""

    quote_id = serializers.UUIDField()
    stage = serializers.CharField(help_text="SELECT, INIT, CONFIRM (priced again there) or SETTLEMENT (the bill).")
    in_force = serializers.BooleanField(help_text="Whether the order stands on it.")
    created_at = InstantField()
    valid_until = InstantField()
    total = serializers.DecimalField(**AMOUNT)
    currency = serializers.CharField()
    energy_wh = serializers.IntegerField()
    tariff_id = serializers.CharField()
    tariff_version = serializers.IntegerField()
    engine_version = serializers.CharField()
    lines = LineSerializer(many=True)
    trace = TraceSerializer()


class HeldOfferSerializer(serializers.Serializer[Any]):
    """What the order holds or has used of an offer."""

    offer_id = serializers.CharField()
    version = serializers.IntegerField()
    state = serializers.CharField()
    reserved = serializers.DecimalField(**AMOUNT)
    committed = serializers.DecimalField(**AMOUNT)
    reversed = serializers.DecimalField(**AMOUNT)
    reserved_until = InstantField()


class EntrySerializer(serializers.Serializer[Any]):
    """One entry of the offers' ledger."""

    at = InstantField()
    kind = serializers.CharField()
    offer_id = serializers.CharField()
    version = serializers.IntegerField()
    amount = serializers.DecimalField(**AMOUNT)
    uses = serializers.IntegerField()
    reference = serializers.CharField()


class ExplanationSerializer(serializers.Serializer[Any]):
    """Why an order costs what it costs, from select to settlement."""

    order_id = serializers.UUIDField()
    state = serializers.CharField()
    quotes = StoredQuoteSerializer(many=True)
    held = HeldOfferSerializer(many=True)
    ledger = EntrySerializer(many=True)
    adjustments = AdjustmentSerializer(many=True)


class DifferenceSerializer(serializers.Serializer[Any]):
    """One part of a price that is another now."""

    what = serializers.CharField(help_text="PRICE, ENERGY, LINE, OFFER, CHOICE or PROOF.")
    name = serializers.CharField()
    stored = serializers.CharField()
    now = serializers.CharField()


class ProvenQuoteSerializer(serializers.Serializer[Any]):
    """A stored quote, priced again."""

    quote_id = serializers.UUIDField()
    stage = serializers.CharField()
    verdict = serializers.CharField(help_text="IDENTICAL, DIFFERS, or NOT_KEPT for quotes from before proofs.")
    stored_engine = serializers.CharField()
    engine = serializers.CharField()
    words = serializers.CharField()
    differences = DifferenceSerializer(many=True)


class OrderProofSerializer(serializers.Serializer[Any]):
    """Every quote of an order and its bill, priced again."""

    order_id = serializers.UUIDField()
    quotes = ProvenQuoteSerializer(many=True)


class OrderView(TokenScopedMixin, APIView):
    """A route of one order of the token's CPO."""

    throttle_classes = [StaffThrottle]

    def find(self, order_id: str) -> Order:
        """Return the order; 404 where the CPO has none of this id."""
        try:
            order = Order.objects.filter(pk=UUID(order_id)).first()
        except ValueError:
            order = None
        if order is None:
            raise NotFound("You have no such order: copy the id from its page.")
        return order


class OrderExplainView(OrderView):
    """Why an order costs what it costs."""

    @extend_schema(
        operation_id="explain_order",
        summary="Explain an order's price",
        responses={200: ExplanationSerializer, 404: RefusedSerializer},
    )
    def get(self, request: Request, order_id: str) -> Response:
        order = self.find(order_id)
        body = {
            "order_id": order.pk,
            "state": order.state,
            "quotes": [_quote(price) for price in prices_of(order)],
            "held": [_held(row) for row in _redemptions(order)],
            "ledger": [_entry(row) for row in _entries(order)],
            "adjustments": [adjustment_to_response(row) for row in adjustments_of(order)],
        }
        return Response(ExplanationSerializer(body).data)


class OrderProofView(OrderView):
    """The proof that an order's prices are what the engine makes of what was kept with them."""

    @extend_schema(
        operation_id="prove_order",
        summary="Prove an order's quotes and bill again",
        responses={200: OrderProofSerializer, 404: RefusedSerializer},
    )
    def get(self, request: Request, order_id: str) -> Response:
        order = self.find(order_id)
        proven = [_proven(price, reprove(price.quote)) for price in prices_of(order)]
        return Response(OrderProofSerializer({"order_id": order.pk, "quotes": proven}).data)


def _quote(price: StoredPrice) -> dict[str, Any]:
    quote = price.quote
    return {
        "quote_id": quote.pk,
        "stage": price.stage.value,
        "in_force": price.in_force,
        "created_at": quote.created_at,
        "valid_until": quote.valid_until,
        "total": amount_text(quote.total),
        "currency": quote.currency,
        "energy_wh": quote.energy_wh,
        "tariff_id": quote.terms["tariff_id"],
        "tariff_version": quote.terms["tariff_version"],
        "engine_version": quote.engine_version,
        "lines": [line_to_response(line_from_json(line)) for line in quote.lines],
        "trace": trace_to_response(price.trace),
    }


def _proven(price: StoredPrice, answer: Reproof) -> dict[str, Any]:
    return {
        "quote_id": price.quote.pk,
        "stage": price.stage.value,
        "verdict": answer.verdict.value,
        "stored_engine": answer.stored_engine,
        "engine": answer.engine,
        "words": reproof_in_words(answer),
        "differences": answer.differences,
    }


def _redemptions(order: Order) -> Any:
    return Redemption.objects.filter(order=order).select_related("offer", "version").order_by("created_at", "pk")


def _held(row: Redemption) -> dict[str, Any]:
    return {
        "offer_id": row.offer.offer_id,
        "version": row.version.number,
        "state": row.state,
        "reserved": row.reserved,
        "committed": row.committed,
        "reversed": row.reversed,
        "reserved_until": row.reserved_until,
    }


def _entries(order: Order) -> Any:
    return LedgerEntry.objects.filter(redemption__order=order).select_related("offer").order_by("pk")


def _entry(row: LedgerEntry) -> dict[str, Any]:
    return {
        "at": row.at,
        "kind": row.kind,
        "offer_id": row.offer.offer_id,
        "version": row.version_number,
        "amount": row.amount,
        "uses": row.uses,
        "reference": row.reference,
    }
