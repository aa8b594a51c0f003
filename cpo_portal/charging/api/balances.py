"""The staff API of balances and of the groups that share them: a thin shell around the room's functions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError as DjangoInvalid
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.viewsets import GenericViewSet

from cpo_portal.accounts.tokens import TokenScopedMixin
from cpo_portal.charging.api import serializers_balances as forms
from cpo_portal.charging.balances import changes as balances
from cpo_portal.charging.balances.files import import_top_ups
from cpo_portal.charging.balances.moves import BalanceRefused, Moved
from cpo_portal.charging.imports.csv_files import MOST_FAULTS, NotRead
from cpo_portal.charging.models import Balance, BalanceEntry, CustomerGroup, CustomerGroupMember
from cpo_portal.charging.people.groups import RowsRefused, add_members, customer_by_contact
from cpo_portal.network.api_fields import RefusedSerializer
from cpo_portal.network.api_filters import Pages
from cpo_portal.network.api_limits import StaffThrottle

REFUSED = {400: RefusedSerializer, 404: RefusedSerializer}


class _OwnRows(TokenScopedMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Any]):
    """Rows of the token's CPO, by their key; what is no key of one is not there."""

    pagination_class = Pages
    throttle_classes = [StaffThrottle]
    lookup_value_regex = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}"
    missing = ""

    def get_object(self) -> Any:
        key = self.kwargs[self.lookup_url_kwarg or ""]
        try:
            found = self.get_queryset().filter(pk=key).first() if len(key) < 37 else None
        except (ValueError, OverflowError, DjangoInvalid):
            found = None
        if found is None:
            raise NotFound(self.missing)
        return found

    def read(self, form: type[Serializer[Any]]) -> dict[str, Any]:
        """Return the body's checked values; raises 400 with the fields at fault."""
        serializer = form(data=self.request.data, context={"cpo": self.cpo})
        serializer.is_valid(raise_exception=True)
        values: dict[str, Any] = serializer.validated_data
        return values


class BalanceViewSet(_OwnRows):
    """Balances of the token's CPO."""

    serializer_class = forms.BalanceSerializer
    longest_body = 262_144
    lookup_url_kwarg = "balance_id"
    missing = "There is no such balance."

    def get_queryset(self) -> QuerySet[Balance]:
        if getattr(self, "swagger_fake_view", False):
            return Balance.objects.none()
        return Balance.objects.order_by("-created_at", "pk")

    @extend_schema(request=forms.BalanceInSerializer, responses={201: forms.BalanceSerializer, **REFUSED})
    def create(self, request: Request) -> Response:
        """Make an empty balance of a customer, who is made where new, or of a group."""
        values = self.read(forms.BalanceInSerializer)
        contact = values.pop("contact", "")
        with transaction.atomic():
            if contact:
                with _at("contact"):
                    values["customer"] = customer_by_contact(self.cpo, contact)
            made = Balance.objects.create(**{"cpo": self.cpo, "currency": self.cpo.currency, **values})
        made.refresh_from_db()
        return Response(forms.BalanceSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(responses={200: forms.BalanceEntrySerializer(many=True), **REFUSED})
    @action(detail=True)
    def entries(self, request: Request, **key: str) -> Response:
        """List the movements of a balance, the newest first."""
        rows = BalanceEntry.objects.filter(balance=self.get_object()).select_related("balance")
        page: Any = self.paginate_queryset(rows)
        return self.get_paginated_response(forms.BalanceEntrySerializer(page, many=True).data)

    @extend_schema(request=forms.MovedSerializer, responses={200: forms.BalanceSerializer, **REFUSED})
    @action(detail=True, methods=["post"], url_path="top-up")
    def top_up(self, request: Request, **key: str) -> Response:
        """Add what the customer has paid; the same reference again adds nothing."""
        balance = self.get_object()
        with _refusals():
            balances.top_up(balance, self._moved(), now=timezone.now())
        return self._answer(balance)

    @extend_schema(request=forms.MovedSerializer, responses={200: forms.BalanceSerializer, **REFUSED})
    @action(detail=True, methods=["post"], url_path="pay-back")
    def pay_back(self, request: Request, **key: str) -> Response:
        """Take off what was paid back to the customer; the same reference again takes nothing."""
        balance = self.get_object()
        with _refusals():
            balances.pay_back(balance, self._moved())
        return self._answer(balance)

    @extend_schema(request=forms.BalanceNoteSerializer, responses={200: forms.BalanceSerializer, **REFUSED})
    @action(detail=True, methods=["post"])
    def expire(self, request: Request, **key: str) -> Response:
        """End a balance now: what is left and not held is taken off."""
        balance = self.get_object()
        note = self._note(self.read(forms.BalanceNoteSerializer)["note"])
        balances.expire(balance, now=timezone.now(), note=note)
        return self._answer(balance)

    @extend_schema(request=forms.ImportSerializer, responses={200: forms.ImportedSerializer, **REFUSED})
    @action(detail=False, methods=["post"], url_path="import", url_name="import")
    def import_csv(self, request: Request) -> Response:
        """Write the top-ups of a CSV file, all or none; `dry_run` checks them alone."""
        values = self.read(forms.ImportSerializer)
        with _rows("csv"):
            data = values["csv"].encode()
            done = import_top_ups(self.cpo, data, dry_run=values["dry_run"], now=timezone.now())
        return Response(forms.ImportedSerializer(done).data)

    def _moved(self) -> Moved:
        values = self.read(forms.MovedSerializer)
        return Moved(values["amount"], values["reference"], None, self._note(values["note"]))

    def _note(self, note: str) -> str:
        """Say which token asked, as no person did."""
        token: Any = self.request.auth
        return f"{note} (API token {token.prefix})".strip()[-300:]

    def _answer(self, balance: Balance) -> Response:
        balance.refresh_from_db()
        return Response(forms.BalanceSerializer(balance).data)


class GroupViewSet(_OwnRows):
    """Groups of the token's CPO."""

    serializer_class = forms.GroupSerializer
    lookup_url_kwarg = "group_id"
    missing = "There is no such group."

    def get_queryset(self) -> QuerySet[CustomerGroup]:
        if getattr(self, "swagger_fake_view", False):
            return CustomerGroup.objects.none()
        return CustomerGroup.objects.prefetch_related("members").order_by("name", "pk")

    @extend_schema(request=forms.GroupInSerializer, responses={201: forms.GroupSerializer, **REFUSED})
    def create(self, request: Request) -> Response:
        """Make a group without members."""
        values = self.read(forms.GroupInSerializer)
        try:
            with transaction.atomic():
                made = CustomerGroup.objects.create(cpo=self.cpo, name=values["name"])
        except IntegrityError:
            raise ValidationError({"name": ["A group with this name exists already."]}) from None
        return Response(forms.GroupSerializer(made).data, status=status.HTTP_201_CREATED)

    @extend_schema(request=forms.ContactsSerializer, responses={200: forms.GroupSerializer, **REFUSED})
    @action(detail=True, methods=["post"], url_path="add")
    def add(self, request: Request, **key: str) -> Response:
        """Add people by phone or e-mail, all or none; who is in the group stays in it."""
        group = self.get_object()
        with _rows("contacts"):
            add_members(group, self.read(forms.ContactsSerializer)["contacts"])
        return Response(forms.GroupSerializer(self.get_object()).data)

    @extend_schema(request=forms.CustomerSerializer, responses={200: forms.GroupSerializer, **REFUSED})
    @action(detail=True, methods=["post"], url_path="remove")
    def remove(self, request: Request, **key: str) -> Response:
        """Take one customer out; what their orders hold stays held."""
        group = self.get_object()
        customer: UUID = self.read(forms.CustomerSerializer)["customer"]
        CustomerGroupMember.objects.filter(group=group, customer=customer).delete()
        return Response(forms.GroupSerializer(self.get_object()).data)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except BalanceRefused as refused:
        raise ValidationError({refused.field: [str(refused)]}) from refused


@contextmanager
def _at(field: str) -> Iterator[None]:
    try:
        yield
    except ValueError as error:
        raise ValidationError({field: [str(error)]}) from error


@contextmanager
def _rows(field: str) -> Iterator[None]:
    try:
        yield
    except NotRead as refused:
        raise ValidationError({field: [str(refused)]}) from refused
    except RowsRefused as refused:
        raise ValidationError({field: [str(fault) for fault in refused.faults[:MOST_FAULTS]]}) from refused
