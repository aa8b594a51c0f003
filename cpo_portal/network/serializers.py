"""Locations, chargers, connectors and products as the staff API shows and takes them."""

from __future__ import annotations

from copy import copy
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import transaction
from rest_framework import serializers

from cpo_portal.accounts.tenancy import current_cpo
from cpo_portal.network.api_fields import BoundedListField, OwnRelatedField
from cpo_portal.network.api_strict import Strict
from cpo_portal.network.catalogue import Sold, sold_as, status_of
from cpo_portal.network.item_ids import id_fault
from cpo_portal.network.models import (
    Charger,
    ChargingSystem,
    Connector,
    Location,
    Product,
    ProductStock,
    StatusChoice,
)
from cpo_portal.network.stock import below_held, locked_stock
from cpo_portal.network.usage import effects_of


class OwnSerializer(Strict, serializers.ModelSerializer[Any]):
    """A row of the token's CPO, known by an id of the CPO's own (`own_id`), which never changes."""

    own_id: str

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        own_id = attrs.get(self.own_id)
        if self.instance is not None:
            if own_id is not None and own_id != getattr(self.instance, self.own_id):
                raise serializers.ValidationError({self.own_id: "This id cannot be changed; make a new one instead."})
        elif self.Meta.model.objects.filter(**{self.own_id: own_id}).exists():
            raise serializers.ValidationError({self.own_id: "This id is in use; choose another one."})
        self._check_whole(attrs)
        return attrs

    def _check_whole(self, attrs: dict[str, Any]) -> None:
        """Check the fields together, as the forms do; a related list and the stock have no part in it."""
        row = copy(self.instance) if self.instance is not None else self.Meta.model(cpo=current_cpo())
        own = {field.name for field in row._meta.concrete_fields}
        for name in own & set(attrs):
            setattr(row, name, attrs[name])
        try:
            row.clean()
        except DjangoValidationError as refusal:
            raise serializers.ValidationError(refusal.message_dict) from refusal

    def create(self, validated_data: dict[str, Any]) -> Any:
        own = {"cpo": current_cpo(), self.own_id: validated_data[self.own_id]}
        # Once more, now within the transaction: nobody else can take the id before the row is there.
        if fault := id_fault(self.Meta.model(**own)):
            raise serializers.ValidationError(fault)
        return super().create(validated_data | own)

    class Meta:
        model: Any = None


class CoordinateField(serializers.DecimalField):
    """Degrees; more than six decimals, a hand's breadth, are rounded."""

    def validate_precision(self, value: Decimal) -> Decimal:
        return super().validate_precision(round(value, 6) if abs(value) < 1000 else value)


class LocationSerializer(OwnSerializer):
    """A site."""

    own_id = "location_id"
    latitude = CoordinateField(9, 6, validators=Location._meta.get_field("latitude").validators)
    longitude = CoordinateField(9, 6, validators=Location._meta.get_field("longitude").validators)
    tags = BoundedListField(
        child=serializers.CharField(max_length=30),
        max_length=50,
        required=False,
        help_text="Such as highway, airport, urban.",
    )

    class Meta:
        model = Location
        fields = [
            "location_id",
            "name",
            "address",
            "city",
            "city_code",
            "state",
            "postal_code",
            "country",
            "latitude",
            "longitude",
            "time_zone",
            "instructions",
            "opening_hours",
            "opened_on",
            "tags",
            "image_url",
            "is_published",
        ]


class ChargerSerializer(OwnSerializer):
    """An EVSE."""

    own_id = "evse_id"
    location = OwnRelatedField(Location, slug_field="location_id", help_text="The location's id.")
    system = OwnRelatedField(
        ChargingSystem, slug_field="name", required=False, allow_null=True, help_text="The charging system's name."
    )

    class Meta:
        model = Charger
        fields = ["evse_id", "name", "short_desc", "location", "system"]


class ConnectorSerializer(OwnSerializer):
    """What is sold."""

    own_id = "item_id"
    charger = OwnRelatedField(Charger, slug_field="evse_id", help_text="The charger's EVSE id.")
    location = serializers.CharField(source="charger.location.location_id", read_only=True)
    status = serializers.SerializerMethodField(help_text="The last reported state.")

    class Meta:
        model = Connector
        fields = [
            "item_id",
            "charger",
            "location",
            "connector_id",
            "connector_type",
            "connector_format",
            "power_type",
            "max_power_w",
            "charging_speed",
            "is_published",
            "status",
        ]

    def get_status(self, connector: Connector) -> StatusChoice:
        return status_of(connector)


class ProductSerializer(OwnSerializer):
    """A good or service; `stock` is what is on the shelf, null where units are not counted.

    Who sends `stock_read`, what they read before, writes no stock where orders or staff have moved it since.
    """

    own_id = "product_id"
    locations = OwnRelatedField(
        Location, slug_field="location_id", many=True, required=False, help_text="Where it is sold; [] is everywhere."
    )
    stock = serializers.IntegerField(min_value=0, max_value=2_147_483_647, required=False, allow_null=True)
    stock_read = serializers.IntegerField(
        min_value=0,
        max_value=2_147_483_647,
        required=False,
        allow_null=True,
        write_only=True,
        help_text="The stock that you read before: where it is another one by now, nothing is written.",
    )

    class Meta:
        model = Product
        fields = [
            "product_id",
            "name",
            "short_desc",
            "kind",
            "category",
            "price",
            "currency",
            "locations",
            "is_published",
            "stock",
            "stock_read",
        ]

    def to_representation(self, instance: Product) -> dict[str, Any]:
        # The stock is no attribute of the product: it has a table of its own.
        row = getattr(instance, "stock_row", None)
        instance.stock = None if row is None else row.units  # type: ignore[attr-defined]
        return super().to_representation(instance)

    @transaction.atomic
    def create(self, validated_data: dict[str, Any]) -> Any:
        stock = validated_data.pop("stock", None)
        validated_data.pop("stock_read", None)
        return keep_stock(super().create(validated_data), stock)

    @transaction.atomic
    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        given, stock = "stock" in validated_data, validated_data.pop("stock", None)
        if "stock_read" in validated_data:
            refuse_moved_stock(instance, validated_data.pop("stock_read"))
        saved = super().update(instance, validated_data)
        return keep_stock(saved, stock) if given else reread(saved)


class SavedProductSerializer(ProductSerializer):
    """A product that was saved; `warnings` say which published offers cannot be given since this change of it."""

    before: Sold | None = None
    warnings = serializers.SerializerMethodField()

    class Meta(ProductSerializer.Meta):
        fields = [*ProductSerializer.Meta.fields, "warnings"]

    def update(self, instance: Any, validated_data: dict[str, Any]) -> Any:
        self.before = sold_as(instance)
        return super().update(instance, validated_data)

    def get_warnings(self, product: Product) -> list[str]:
        return effects_of(product, self.before)


def refuse_moved_stock(product: Product, read: int | None) -> None:
    """Raise where the stock is not what the caller read; until the transaction ends it stays as it is."""
    row = locked_stock(product.pk)
    now = None if row is None else row.units
    if now != read:
        said = "is not counted any more" if now is None else f"is {now} by now"
        sentence = f"The stock {said}, and not what you read: read it again, then send what it is to be."
        raise serializers.ValidationError({"stock_read": [sentence]})


def keep_stock(product: Product, units: int | None) -> Product:
    """Write how many units are on the shelf; None stops the counting. Returns the product as it is now."""
    if units is None:
        ProductStock.objects.filter(product=product, reserved=0).delete()
        held = ProductStock.objects.filter(product=product).first()
        if held is not None:
            sentence = f"Orders hold {held.reserved} of it: give a number, and stop counting once they are done."
            raise serializers.ValidationError({"stock": [sentence]})
    else:
        if sentence := below_held(locked_stock(product.pk), units):
            raise serializers.ValidationError({"stock": [sentence]})
        ProductStock.objects.update_or_create(product=product, defaults={"units": units})
    return reread(product)


def reread(product: Product) -> Product:
    """Return the product as it is now, with its stock."""
    return Product.objects.select_related("stock_row").prefetch_related("locations").get(pk=product.pk)
