"""How the API says what was changed of a sale after its bill."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers

from cpo_portal.charging.models import Order
from cpo_portal.network.api_fields import InstantField
from offers.models import Adjustment, AdjustmentKind
from offers.ordering.refund import ownerless_of
from pricing.engine.money import Money, zero


class UnitsSerializer(serializers.Serializer[Any]):
    """Units of a product."""

    item_id = serializers.CharField()
    units = serializers.IntegerField()


class AdjustmentSerializer(serializers.Serializer[Any]):
    """One change of a sale after its bill."""

    kind = serializers.CharField(help_text="TAKEN_BACK, BILL_REFUNDED or EXCHANGE_VALUED.")
    offer_id = serializers.CharField(allow_null=True)
    amount = serializers.CharField()
    items = UnitsSerializer(many=True, help_text="The products that were taken back.")
    owed = serializers.CharField(help_text="What the driver pays for an offer taken back, with its tax.")
    currency = serializers.CharField()
    payment_id = serializers.UUIDField(allow_null=True)
    refund_id = serializers.IntegerField(allow_null=True)
    balance_id = serializers.UUIDField(allow_null=True, help_text="The balance that was credited.")
    ownerless = serializers.CharField(
        help_text="Of a refunded bill: what a prepaid balance had paid that nobody has any more. It is in the refund."
    )
    reference = serializers.CharField()
    reason = serializers.CharField()
    at = InstantField()


def adjustments_of(order: Order) -> QuerySet[Adjustment]:
    """Return the changes of an order, the first one first."""
    return Adjustment.objects.filter(order=order).select_related("redemption__offer").order_by("pk")


def adjustment_to_response(row: Adjustment) -> dict[str, Any]:
    """Return a change as the API says it."""
    figures = {
        name: f"{Money(value, row.currency).rounded().amount:f}"
        for name, value in (("amount", row.amount), ("owed", row.owed))
    }
    refunded = row.kind == AdjustmentKind.BILL_REFUNDED
    ownerless = ownerless_of(row.order) if refunded else zero(row.currency)
    return figures | {
        "ownerless": f"{ownerless.amount:f}",
        "kind": row.kind,
        "offer_id": row.redemption.offer.offer_id if row.redemption else None,
        "items": row.items,
        "currency": row.currency,
        "payment_id": row.payment_id,
        "refund_id": row.refund_id,
        "balance_id": row.balance_id,
        "reference": row.reference,
        "reason": row.reason,
        "at": row.at,
    }
