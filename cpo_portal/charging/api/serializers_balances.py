"""Bodies of the staff API of balances and groups; amounts are text in the currency, of energy in Wh."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rest_framework import serializers

from cpo_portal.adminkit.display import plain_amount
from cpo_portal.charging.balances.plans import fault_of_plan
from cpo_portal.charging.balances.units import ENERGY
from cpo_portal.charging.models import Balance, BalanceEntry, CustomerGroup
from cpo_portal.charging.people.groups import MOST_CONTACTS
from cpo_portal.network.api_fields import BoundedListField, InstantField, OneOfField
from cpo_portal.network.api_strict import StrictSerializer
from cpo_portal.network.models import BECKN_ID


def _text(amount: Decimal, unit: str) -> str:
    return f"{amount.to_integral_value() if unit == ENERGY else plain_amount(amount, unit):f}"


class BalanceSerializer(serializers.ModelSerializer[Balance]):
    """A balance: what may be used, and what orders hold."""

    left = serializers.SerializerMethodField()
    held = serializers.SerializerMethodField()
    expires_at = InstantField(read_only=True, allow_null=True)
    created_at = InstantField(read_only=True)

    class Meta:
        model = Balance
        fields = (
            "id", "name", "currency", "plan", "customer", "group", "left", "held", "expires_at", "valid_days",
            "created_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_left(self, balance: Balance) -> str:
        return _text(balance.amount, balance.currency)

    def get_held(self, balance: Balance) -> str:
        return _text(balance.held, balance.currency)


class BalanceInSerializer(StrictSerializer):
    """A new balance, of the driver with this contact or of a group."""

    name = serializers.CharField(max_length=100)
    currency = OneOfField(
        choices=[ENERGY],
        required=False,
        help_text="“Wh” for energy of a subscription; left out, the CPO's currency.",
        error_messages={"invalid_choice": "There is no “{input}” here: use Wh for energy, or leave it out for money."},
    )
    plan = serializers.CharField(
        max_length=60,
        required=False,
        allow_blank=True,
        default="",
        validators=[BECKN_ID],
        help_text="Of energy: the tariff id of the one subscription that it is for; empty for any.",
    )
    contact = serializers.CharField(max_length=254, required=False, help_text="A phone number or an e-mail address.")
    group: Any = serializers.PrimaryKeyRelatedField(queryset=CustomerGroup.objects.none(), required=False)
    expires_at = InstantField(required=False, allow_null=True, default=None)
    valid_days = serializers.IntegerField(min_value=1, max_value=32767, required=False, allow_null=True, default=None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "cpo" in self.context:
            self.fields["group"].queryset = CustomerGroup.objects.all()  # type: ignore[attr-defined]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if bool(attrs.get("contact")) == bool(attrs.get("group")):
            sentence = "Give the driver's phone or e-mail, or a group, and not both."
            raise serializers.ValidationError({"contact": [sentence]})
        if fault := fault_of_plan(attrs["plan"], attrs.get("currency", "")):
            raise serializers.ValidationError({"plan": [fault]})
        return attrs


class MovedSerializer(StrictSerializer):
    """A movement by staff, of energy in whole Wh; the same reference again changes nothing."""

    amount = serializers.DecimalField(max_digits=14, decimal_places=3, min_value=Decimal("0.001"))
    reference = serializers.CharField(max_length=100)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class BalanceNoteSerializer(StrictSerializer):
    """Why a balance is ended."""

    note = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class BalanceEntrySerializer(serializers.ModelSerializer[BalanceEntry]):
    """One movement."""

    amount = serializers.SerializerMethodField()
    at = InstantField(read_only=True)

    class Meta:
        model = BalanceEntry
        fields = ("id", "kind", "amount", "reference", "order", "note", "at")
        read_only_fields = fields

    def get_amount(self, entry: BalanceEntry) -> str:
        return _text(entry.amount, entry.balance.currency)


class GroupSerializer(serializers.ModelSerializer[CustomerGroup]):
    """A group with its members' customer ids."""

    members = serializers.SerializerMethodField()

    class Meta:
        model = CustomerGroup
        fields = ("id", "name", "members")
        read_only_fields = fields

    def get_members(self, group: CustomerGroup) -> list[str]:
        return [str(member.customer_id) for member in group.members.all()]


class GroupInSerializer(StrictSerializer):
    """A new group."""

    name = serializers.CharField(max_length=100)


class ContactsSerializer(StrictSerializer):
    """Phone numbers and e-mail addresses."""

    contacts = BoundedListField(child=serializers.CharField(max_length=254), max_length=MOST_CONTACTS)


class CustomerSerializer(StrictSerializer):
    """One customer."""

    customer = serializers.UUIDField()


class ImportSerializer(StrictSerializer):
    """A CSV file as text, and whether it is to be checked alone."""

    csv = serializers.CharField(max_length=250_000, trim_whitespace=False)
    dry_run = serializers.BooleanField(default=False)


class ImportedSerializer(serializers.Serializer[Any]):
    """What became of a file."""

    rows = serializers.IntegerField()
    repeated = serializers.IntegerField(help_text="How many an earlier file had brought.")
    written = serializers.BooleanField()
