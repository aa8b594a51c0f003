"""What an offer of each type gives, as the API reads and writes it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from cpo_portal.network.api_fields import BoundedListField, OneOfField
from cpo_portal.network.api_strict import StrictSerializer
from offers.models import BenefitKindChoice, DiscountBaseChoice, ValueTypeChoice

AMOUNT: dict[str, Any] = {"max_digits": 14, "decimal_places": 2}


class OpenEndField(serializers.IntegerField):
    """A whole number, or null for an open end, which the ONDC construct writes as an empty text."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        return super().run_validation(None if data == "" else data)


class SlabSerializer(StrictSerializer):
    """A band of whole kWh, both ends inside, and what it takes off."""

    item_count = serializers.IntegerField(help_text="From so many whole kWh.")
    item_count_upper = OpenEndField(allow_null=True, help_text="To so many; null, or an empty text, is open.")
    value = serializers.DecimalField(**AMOUNT)
    value_type = serializers.CharField(max_length=10, help_text="percent or amount.")
    value_cap = serializers.DecimalField(**AMOUNT, help_text="The most that the driver saves.")


class FinanceTermSerializer(StrictSerializer):
    """A way to pay over time, beside the order."""

    provider = serializers.CharField(max_length=100, help_text="Who lends.")
    method = serializers.CharField(max_length=10, help_text="EMI or PAY_LATER.")
    months = serializers.IntegerField()
    annual_percent = serializers.DecimalField(max_digits=5, decimal_places=2)
    subvention_percent = serializers.DecimalField(
        max_digits=5, decimal_places=2, help_text="The share of the interest that the CPO bears."
    )


class BenefitSerializer(serializers.Serializer[Any]):
    """The type of an offer and what it gives; the matrix of the ONDC construct says which type has what."""

    benefit_kind = OneOfField(choices=BenefitKindChoice.choices, required=False)
    value_type = OneOfField(choices=ValueTypeChoice.choices, required=False, allow_blank=True)
    value = serializers.DecimalField(**AMOUNT, required=False, allow_null=True)
    value_cap = serializers.DecimalField(**AMOUNT, required=False, allow_null=True)
    base = OneOfField(choices=DiscountBaseChoice.choices, required=False)
    qualifier_item_ids = BoundedListField(
        child=serializers.CharField(max_length=100),
        max_length=100,
        required=False,
        help_text="A combo's secondary items: all of them must be in the session.",
    )
    slabs = BoundedListField(child=SlabSerializer(), max_length=50, required=False)
    finance_terms = BoundedListField(child=FinanceTermSerializer(), max_length=50, required=False)
