"""The staff API of the network: locations, chargers, connectors, products of the token's CPO."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.mixins import (
    CreateModelMixin,
    DestroyModelMixin,
    ListModelMixin,
    RetrieveModelMixin,
    UpdateModelMixin,
)
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cpo_portal.accounts.tokens import TokenScopedMixin
from cpo_portal.network.api_fields import RefusedSerializer
from cpo_portal.network.api_filters import OneOfFilter, Pages, YesNoFilter
from cpo_portal.network.api_limits import StaffThrottle
from cpo_portal.network.models import (
    Charger,
    Connector,
    ConnectorType,
    Location,
    PowerType,
    Product,
    ProductKind,
    StatusChoice,
)
from cpo_portal.network.serializers import (
    ChargerSerializer,
    ConnectorSerializer,
    LocationSerializer,
    ProductSerializer,
    SavedProductSerializer,
)
from cpo_portal.network.usage import InUse, lock_for_delete, refuse_used


class Conflict(APIException):
    """What is asked for cannot be while other rows are as they are."""

    status_code = status.HTTP_409_CONFLICT
    default_detail = "Someone else has just changed this; read it again and repeat."
    default_code = "conflict"


class KeptViewSet(  # type: ignore[misc]
    TokenScopedMixin,
    CreateModelMixin,
    RetrieveModelMixin,
    UpdateModelMixin,
    ListModelMixin,
    GenericViewSet[Any],
):
    """Rows of the token's CPO by the CPO's own ids, which are never deleted."""

    throttle_classes = [StaffThrottle]
    pagination_class = Pages
    lookup_value_regex = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}"
    #: For the API's description alone: the rows themselves come from `get_queryset`, inside the scope.
    model: Any

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return self.model.objects.none()
        return self.rows()

    def rows(self) -> QuerySet[Any]:
        """Return the CPO's rows with what a page of them needs."""
        raise NotImplementedError

    def get_object(self) -> Any:
        if self.action in {"update", "partial_update"}:
            # Before it is read, so that of two changes of different fields none is lost.
            self.lock_row()
        return super().get_object()

    def lock_row(self) -> None:
        """Keep others from changing the row that is asked for, until the transaction ends."""
        rows = self.model.objects.select_for_update(of=("self",), no_key=True)
        list(rows.filter(**{self.lookup_field: self.kwargs[self.lookup_field]}).values_list("pk"))

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change a row, in one transaction from its reading on."""
        with transaction.atomic():
            return super().update(request, *args, **kwargs)

    def perform_create(self, serializer: Any) -> None:
        self._save(serializer)

    def perform_update(self, serializer: Any) -> None:
        self._save(serializer)

    def _save(self, serializer: Any) -> None:
        try:
            with transaction.atomic():
                serializer.save()
        except IntegrityError as error:
            raise Conflict from error


class OwnViewSet(KeptViewSet, DestroyModelMixin):
    """Rows of the token's CPO by the CPO's own ids; a row that is in use is not deleted."""

    @extend_schema(responses={204: None, 404: RefusedSerializer, 409: RefusedSerializer})
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete a row that nothing refers to; what is in use answers 409 with what uses it."""
        return super().destroy(request, *args, **kwargs)

    def perform_destroy(self, instance: Any) -> None:
        try:
            with transaction.atomic():
                lock_for_delete(instance)
                refuse_used(instance)
                instance.delete()
        except InUse as error:
            raise Conflict(error.message, "in_use") from error
        except (IntegrityError, ProtectedError) as error:
            raise Conflict from error


class LocationFilter(filters.FilterSet):
    name = filters.CharFilter(lookup_expr="icontains")
    city = filters.CharFilter(lookup_expr="iexact")
    city_code = filters.CharFilter()
    state = filters.CharFilter(lookup_expr="iexact")
    tag = filters.CharFilter(field_name="tags", method="having_tag", label="One of the location's tags.")
    is_published = YesNoFilter()

    def having_tag(self, queryset: QuerySet[Location], name: str, value: str) -> QuerySet[Location]:
        return queryset.filter(tags__contains=[value])


class ChargerFilter(filters.FilterSet):
    location = filters.CharFilter(field_name="location__location_id")
    name = filters.CharFilter(lookup_expr="icontains")


class ConnectorFilter(filters.FilterSet):
    charger = filters.CharFilter(field_name="charger__evse_id")
    location = filters.CharFilter(field_name="charger__location__location_id")
    connector_type = OneOfFilter(choices=ConnectorType.choices)
    power_type = OneOfFilter(choices=PowerType.choices)
    status = OneOfFilter(field_name="status_row__status", choices=StatusChoice.choices)
    min_power_w = filters.NumberFilter(
        field_name="max_power_w", lookup_expr="gte", min_value=0, max_value=2_147_483_647
    )
    is_published = YesNoFilter()


class ProductFilter(filters.FilterSet):
    name = filters.CharFilter(lookup_expr="icontains")
    kind = OneOfFilter(choices=ProductKind.choices)
    category = filters.CharFilter()
    location = filters.CharFilter(field_name="locations__location_id")
    is_published = YesNoFilter()


class LocationViewSet(OwnViewSet):
    """Sites."""

    model = Location
    serializer_class = LocationSerializer
    filterset_class = LocationFilter
    lookup_field = "location_id"

    def rows(self) -> QuerySet[Location]:
        return Location.objects.order_by("location_id")


class ChargerViewSet(OwnViewSet):
    """EVSEs."""

    model = Charger
    serializer_class = ChargerSerializer
    filterset_class = ChargerFilter
    lookup_field = "evse_id"

    def rows(self) -> QuerySet[Charger]:
        return Charger.objects.select_related("location", "system").order_by("evse_id")


class ConnectorViewSet(OwnViewSet):
    """Connectors: the items that buyer apps see."""

    model = Connector
    serializer_class = ConnectorSerializer
    filterset_class = ConnectorFilter
    lookup_field = "item_id"

    def rows(self) -> QuerySet[Connector]:
        return Connector.objects.select_related("charger__location", "status_row").order_by("item_id")


class ProductViewSet(OwnViewSet):
    """Goods and services."""

    model = Product
    serializer_class = ProductSerializer
    filterset_class = ProductFilter
    lookup_field = "product_id"

    def get_serializer_class(self) -> Any:
        return SavedProductSerializer if self.action in {"create", "update", "partial_update"} else ProductSerializer

    def rows(self) -> QuerySet[Product]:
        return Product.objects.select_related("stock_row").prefetch_related("locations").order_by("product_id")
