"""The price check: what a session would cost, line by line, with the whole trace in words; it writes nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cpo_portal.accounts.models import TokenScope
from cpo_portal.accounts.tokens import TokenScopedMixin
from cpo_portal.charging.models import Customer
from cpo_portal.network.api_fields import BoundedListField, InstantField, OneOfField, RefusedSerializer
from cpo_portal.network.api_limits import StaffThrottle
from cpo_portal.network.api_strict import StrictSerializer
from cpo_portal.network.models import Connector
from offers.api.price_answers import PriceSerializer, quote_to_response
from offers.asking import of_customer
from offers.explaining import full_trace
from offers.quoting import SessionAsk, price_session
from offers.refusals import Refusal, RefusalKind
from pricing.api.refusals import body_of
from pricing.engine.values import (
    AmountMeasure,
    Basis,
    Delivery,
    DurationMeasure,
    EnergyMeasure,
    Measure,
    PricingError,
    ProductOrder,
    Reading,
)


class MeasureSerializer(StrictSerializer):
    """How much: money, energy or time."""

    value = serializers.DecimalField(max_digits=14, decimal_places=3, min_value=Decimal("0.001"))
    unit = serializers.CharField(max_length=3, help_text="The currency (INR), kWh or min.")
    basis = OneOfField(
        choices=[basis.value for basis in Basis], required=False, help_text="For money only; the CPO's if left out."
    )


class ProductOrderSerializer(StrictSerializer):
    """Units of a product that the driver adds."""

    product_id = serializers.CharField(max_length=100)
    count = serializers.IntegerField(min_value=1, max_value=1000)


_OF_KINDS = {
    RefusalKind.ITEM_NOT_FOUND: "item_id",
    RefusalKind.PRODUCT_NOT_FOUND: "products",
    RefusalKind.QUANTITY_UNAVAILABLE: "products",
}
_OF_CODES = {"NO_RATE": "starts_at", "UNKNOWN_PRODUCT": "products"} | dict.fromkeys(
    (
        "AMOUNT_TOO_LARGE",
        "BUDGET_TOO_SMALL",
        "CURRENCY",
        "MAXIMUM_QUANTITY",
        "MINIMUM_QUANTITY",
        "NO_ENERGY_PRICE",
        "NO_EXACT_AMOUNT",
        "PLAN_TOO_LONG",
        "QUANTITY",
    ),
    "measure",
)


class RegisterReadingSerializer(StrictSerializer):
    """The meter's cumulative register at an instant."""

    at = InstantField()
    register_wh = serializers.IntegerField(min_value=0, max_value=2**53)


class PriceCheckSerializer(StrictSerializer):
    """A session to be priced."""

    item_id = serializers.CharField(max_length=100)
    measure = MeasureSerializer()
    starts_at = InstantField()
    ends_at = InstantField(required=False, allow_null=True)
    products = BoundedListField(child=ProductOrderSerializer(), max_length=100, required=False)
    customer = serializers.UUIDField(required=False, allow_null=True, help_text="A customer's id, as orders show it.")
    opted_in = BoundedListField(child=serializers.CharField(max_length=100), max_length=100, required=False)
    declined = BoundedListField(child=serializers.CharField(max_length=100), max_length=100, required=False)
    codes = BoundedListField(child=serializers.CharField(max_length=100), max_length=100, required=False)
    bap_id = serializers.CharField(max_length=255, required=False, help_text="The buyer app, for segments.")
    battery_percent = serializers.IntegerField(
        required=False, allow_null=True, min_value=0, max_value=100, help_text="The car's charge, for surges."
    )
    as_of = InstantField(
        required=False,
        allow_null=True,
        help_text="Price with the tariffs, surges, offers and limits that were published at that instant, and what "
        "was used then; taxes, products, segments, holiday calendars and the policies are today's. No signal counts.",
    )
    explain = OneOfField(
        choices=["candidates", "full"],
        required=False,
        help_text="“full” names every offer of the CPO, drafts as well, with the conditions that fail.",
    )
    readings = BoundedListField(
        child=RegisterReadingSerializer(),
        max_length=1000,
        required=False,
        help_text="At least two: price what was delivered instead of the plan.",
    )

    def validate_as_of(self, value: datetime | None) -> datetime | None:
        if value is not None and value > timezone.now():
            raise ValidationError("Give an instant that has passed, or leave it out for the price of now.")
        return value


class PriceCheckView(TokenScopedMixin, APIView):
    """Prices a session as `select` would, for the token's CPO."""

    write_scopes = frozenset({TokenScope.STAFF, TokenScope.STAFF_READ})
    throttle_classes = [StaffThrottle]
    #: A thousand readings.
    longest_body = 131_072

    @extend_schema(
        summary="Check a price",
        request=PriceCheckSerializer,
        responses={
            200: PriceSerializer,
            400: OpenApiResponse(RefusedSerializer, description="What is wrong, by field."),
        },
    )
    def post(self, request: Request) -> Response:
        data = body_of(PriceCheckSerializer, request)
        connector = Connector.objects.select_related("cpo", "charger__location").filter(item_id=data["item_id"]).first()
        if connector is None:
            raise ValidationError({"item_id": [f"You have no connector “{data['item_id']}”: name one of yours."]})
        as_of = data.get("as_of")
        ask = ask_from(data, connector.cpo.currency)
        try:
            priced = price_session(connector, ask, now=as_of or timezone.now(), as_of=as_of)
        except (PricingError, Refusal) as refusal:
            raise ValidationError({_field_of(refusal): [str(refusal)]}) from refusal
        quote = priced.quote
        if data.get("explain") == "full":
            quote = replace(quote, trace=full_trace(priced, connector.cpo, as_of=as_of))
        return Response(quote_to_response(quote))


def _field_of(refusal: PricingError | Refusal) -> str:
    """Return the field that a refused price is about."""
    if isinstance(refusal, Refusal):
        return _OF_KINDS.get(refusal.kind, "non_field_errors")
    return _OF_CODES.get(refusal.code, "non_field_errors")


def ask_from(data: dict[str, Any], currency: str) -> SessionAsk:
    """Return the validated body as the question that a buyer app would ask."""
    wanted = {name.casefold() for name in data.get("opted_in", [])}
    both = next((name for name in data.get("declined", []) if name.casefold() in wanted), None)
    if both is not None:
        raise ValidationError({"declined": [f"“{both}” is wanted as well: name it in one of the two lists."]})
    ask = SessionAsk(
        measure=_measure(data["measure"], currency),
        planned_start=data["starts_at"],
        planned_end=_end(data),
        products=tuple(ProductOrder(entry["product_id"], entry["count"]) for entry in data.get("products", [])),
        opted_in=tuple(data.get("opted_in", [])),
        declined=tuple(data.get("declined", [])),
        codes=tuple(data.get("codes", [])),
        bap_id=data.get("bap_id", ""),
        delivery=_delivery(data.get("readings", [])),
        basis=Basis(data["measure"]["basis"]) if "basis" in data["measure"] else None,
        charge_percent=data.get("battery_percent"),
    )
    customer = _customer(data.get("customer"))
    return ask if customer is None else of_customer(ask, customer)


def _measure(data: dict[str, Any], currency: str) -> Measure:
    value, unit = data["value"], data["unit"]
    if "basis" in data and unit != currency:
        raise ValidationError({"measure": {"basis": ["A basis goes with an amount of money only: leave it out."]}})
    if unit == currency:
        return AmountMeasure(value, currency)
    if unit == "kWh":
        return EnergyMeasure(int(value * 1000))
    if unit == "min":
        if value != int(value):
            raise ValidationError({"measure": {"value": ["Give whole minutes."]}})
        return DurationMeasure(int(value))
    raise ValidationError({"measure": {"unit": [f"Use {currency}, kWh or min."]}})


def _end(data: dict[str, Any]) -> datetime | None:
    start, end = data["starts_at"], data.get("ends_at")
    if end is not None and not start < end <= start + timedelta(days=7):
        raise ValidationError({"ends_at": ["The session ends after it starts and within seven days."]})
    found: datetime | None = end
    return found


def _customer(key: Any) -> Customer | None:
    if key is None:
        return None
    customer = Customer.objects.filter(pk=key).first()
    if customer is None:
        raise ValidationError({"customer": ["You have no such customer: copy the id from one of your orders."]})
    return customer


def _delivery(entries: list[dict[str, Any]]) -> Delivery | None:
    if not entries:
        return None
    if len(entries) < 2:
        raise ValidationError({"readings": ["Give at least two readings: the first and the last."]})
    readings = tuple(sorted((Reading(entry["at"], entry["register_wh"]) for entry in entries), key=lambda x: x.at))
    return Delivery(readings[0].at, readings[-1].at, readings)
