"""The staff API's routes that change a sale after its bill: take an offer back, refund it, value an exchange."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from cpo_portal.charging.models import Order
from cpo_portal.network.api_fields import OneOfField, RefusedSerializer
from cpo_portal.network.api_strict import StrictSerializer
from offers.api.adjustment_answers import AdjustmentSerializer, adjustment_to_response
from offers.api.orders import OrderView
from offers.models import Adjustment, Redemption, RedemptionState
from offers.ordering.adjusting import AdjustmentRefused, Said
from offers.ordering.exchange import CreditTo, value_exchange
from offers.ordering.recovering import wanted_of
from offers.ordering.refund import refund_bill
from offers.ordering.reverse import take_back
from pricing.api.refusals import Conflict, body_of, token_prefix

REFUSED = {400: RefusedSerializer, 404: RefusedSerializer, 409: RefusedSerializer}


class SaidSerializer(StrictSerializer):
    """Why, and under which reference: the same one again changes nothing."""

    reference = serializers.CharField(max_length=80)
    reason = serializers.CharField(max_length=200, help_text="Told to the driver's app.")


class TakeBackSerializer(SaidSerializer):
    """Of which offer, and how much."""

    offer_id = serializers.CharField(max_length=80)
    amount = serializers.DecimalField(
        max_digits=14,
        decimal_places=3,
        required=False,
        allow_null=True,
        default=None,
        help_text="Of the discount, before tax; null for all that is left. Products that were given come back by "
        "`units`.",
    )
    units = serializers.IntegerField(
        required=False,
        allow_null=True,
        default=None,
        help_text="Of a product that the offer gave: they go back to the stock, and what was paid for them is owed "
        "back; null for all that are left.",
    )
    item_id = serializers.CharField(
        max_length=100,
        required=False,
        allow_blank=True,
        default="",
        help_text="Which product, where the offer gave several.",
    )


class ExchangeSerializer(SaidSerializer):
    """What a returned thing is worth, and where that goes."""

    offer_id = serializers.CharField(max_length=80)
    value = serializers.DecimalField(max_digits=14, decimal_places=3)
    credit_to = OneOfField(choices=CreditTo.choices, default=CreditTo.BALANCE)


class ChangedSerializer(AdjustmentSerializer):
    """The change that was made, or that this reference made before."""

    repeated = serializers.BooleanField()


class _AdjustView(OrderView):
    """A route that changes a billed order."""

    def answer(self, done: Adjustment) -> Response:
        """Answer with the change; `repeated` says that it had been made before."""
        repeated = done.repeated
        done = Adjustment.objects.select_related("redemption__offer").get(pk=done.pk)
        return Response(ChangedSerializer(adjustment_to_response(done) | {"repeated": repeated}).data)


class OrderTakeBackView(_AdjustView):
    """Takes an offer's benefit back."""

    @extend_schema(
        operation_id="take_offer_back",
        summary="Take an offer of a billed order back",
        request=TakeBackSerializer,
        responses={200: ChangedSerializer, **REFUSED},
    )
    def post(self, request: Request, order_id: str) -> Response:
        order, data = self.find(order_id), body_of(TakeBackSerializer, request)
        with adjusting({"offer": "offer_id"}):
            wanted = wanted_of(data["amount"], data["units"], data["item_id"])
            done = take_back(used_offer(order, data["offer_id"]), wanted, said(request, data), now=timezone.now())
        return self.answer(done)


class OrderRefundView(_AdjustView):
    """Pays a bill back."""

    @extend_schema(
        operation_id="refund_order",
        summary="Refund a bill whole",
        description="A referral that it earned waits for another session; one that was rewarded already stays.",
        request=SaidSerializer,
        responses={200: ChangedSerializer, **REFUSED},
    )
    def post(self, request: Request, order_id: str) -> Response:
        order, data = self.find(order_id), body_of(SaidSerializer, request)
        with adjusting({}):
            done = refund_bill(order, said(request, data), now=timezone.now())
        return self.answer(done)


class OrderExchangeView(_AdjustView):
    """Values an exchange at its return."""

    @extend_schema(
        operation_id="value_exchange",
        summary="Value an exchange at its return",
        request=ExchangeSerializer,
        responses={200: ChangedSerializer, **REFUSED},
    )
    def post(self, request: Request, order_id: str) -> Response:
        order, data = self.find(order_id), body_of(ExchangeSerializer, request)
        with adjusting({"offer": "offer_id"}):
            given, to = used_offer(order, data["offer_id"]), data["credit_to"]
            done = value_exchange(given, data["value"], to, said(request, data), now=timezone.now())
        return self.answer(done)


def said(request: Request, data: dict[str, Any]) -> Said:
    """Say that a token asked, as no person did."""
    return Said(data["reference"], data["reason"], source=token_prefix(request))


def used_offer(order: Order, offer_id: str) -> Redemption:
    """Return what the order was given of an offer; raises 400 where it was not given it."""
    rows = Redemption.objects.filter(order=order, offer__offer_id=offer_id)
    found = rows.filter(state__in=(RedemptionState.COMMITTED, RedemptionState.REVERSED)).first()
    if found is None:
        raise ValidationError({"offer_id": ["This order was given no such offer: its explanation lists what it was."]})
    return found


@contextmanager
def adjusting(names: dict[str, str]) -> Iterator[None]:
    """Answer a refusal at its field, by the name that the body has for it; a state that forbids it with 409."""
    try:
        yield
    except AdjustmentRefused as refused:
        if refused.field == "order":
            raise Conflict(str(refused)) from refused
        raise ValidationError({names.get(refused.field, refused.field): [str(refused)]}) from refused
