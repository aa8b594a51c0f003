"""The staff API's routes of tariffs: a thin shell around `pricing.authoring`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cpo_portal.accounts.tokens import TokenScopedMixin
from cpo_portal.network.api_filters import OneOfFilter, Pages
from cpo_portal.network.api_limits import StaffThrottle
from pricing import authoring
from pricing.api.history import HistoryRoute
from pricing.api.parts import NoteSerializer, PublishSerializer, expected_of
from pricing.api.refusals import REFUSED, body_of, refusals, token_prefix
from pricing.api.serializers import (
    TariffChangeSerializer,
    TariffInSerializer,
    TariffSerializer,
    content_from,
)
from pricing.authoring import TariffContent
from pricing.authoring.ceilings import Ceilings
from pricing.models import Tariff, TariffAssignment, TariffState, TariffVersion, TaxProfile
from pricing.versions.review import Actor

BECKN_ID_PATH = r"[A-Za-z0-9][A-Za-z0-9._:-]*"
_CONTENT_PATHS: dict[str, tuple[str, ...]] = {x.name: ("content", x.name) for x in fields(TariffContent)} | {
    "places": ("assignments",)
}


class TariffFilter(filters.FilterSet):
    """Narrows the list of tariffs."""

    state = OneOfFilter(choices=TariffState.choices)

    class Meta:
        model = Tariff
        fields = ["state"]


@extend_schema_view(
    list=extend_schema(summary="List tariffs"),
    retrieve=extend_schema(summary="Read a tariff", responses={200: TariffSerializer, 404: REFUSED[404]}),
)
class TariffViewSet(
    HistoryRoute, TokenScopedMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Tariff]
):
    """Tariffs of the token's CPO, by tariff id."""

    serializer_class = TariffSerializer
    filterset_class = TariffFilter
    pagination_class = Pages
    throttle_classes = [StaffThrottle]
    lookup_field = "tariff_id"
    lookup_value_regex = BECKN_ID_PATH

    def get_queryset(self) -> QuerySet[Tariff]:
        if getattr(self, "swagger_fake_view", False):
            return Tariff.objects.none()
        drafts = TariffVersion.objects.filter(published_at=None)
        places = TariffAssignment.objects.select_related("location", "connector", "version__tariff").order_by("pk")
        return Tariff.objects.select_related("live_version", "cpo").prefetch_related(
            Prefetch("versions", queryset=drafts, to_attr="drafts"), Prefetch("assignments", queryset=places)
        )

    def get_serializer_context(self) -> dict[str, Any]:
        context = dict(super().get_serializer_context())
        if not getattr(self, "swagger_fake_view", False):
            context["tax"] = TaxProfile.objects.first()
            context["ceilings"] = Ceilings()
        return context

    @extend_schema(
        summary="Make a tariff", request=TariffInSerializer, responses={201: TariffSerializer, 400: REFUSED[400]}
    )
    def create(self, request: Request) -> Response:
        data = body_of(TariffInSerializer, request)
        with refusals(_CONTENT_PATHS):
            content, actor = content_from(data), Actor(by_token=token_prefix(request))
            tariff = authoring.create_tariff(self.cpo, data["tariff_id"], data["name"], content, actor=actor)
        return self._answer(tariff.tariff_id, status.HTTP_201_CREATED)

    @extend_schema(
        summary="Change a tariff", request=TariffChangeSerializer, responses={200: TariffSerializer, **REFUSED}
    )
    def partial_update(self, request: Request, tariff_id: str) -> Response:
        tariff = self.get_object()
        data, actor = body_of(TariffChangeSerializer, request), Actor(by_token=token_prefix(request))
        with refusals(_CONTENT_PATHS), transaction.atomic():
            # Locked before it is read, so that of two changes of different fields none is lost.
            tariff = authoring.lock_tariff(tariff)
            if {"content", "assignments"} & set(data):
                latest = authoring.working_version(tariff)
                before = authoring.content_of(latest) if latest is not None else None
                content = content_from(data, before)
                authoring.save_draft(tariff, content, actor=actor, expected=expected_of(data))
            if "name" in data:
                authoring.rename(tariff, data["name"], actor=actor)
        return self._answer(tariff_id)

    @extend_schema(summary="Publish the draft", request=PublishSerializer, responses={200: TariffSerializer, **REFUSED})
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, tariff_id: str) -> Response:
        said = body_of(PublishSerializer, request)
        publish = partial(authoring.publish, expected=said.get("based_on_revision"))
        return self._perform(publish, said["note"], tariff_id)

    @extend_schema(summary="End a tariff", request=NoteSerializer, responses={200: TariffSerializer, **REFUSED})
    @action(detail=True, methods=["post"])
    def end(self, request: Request, tariff_id: str) -> Response:
        return self._perform(authoring.end, body_of(NoteSerializer, request)["note"], tariff_id)

    def _perform(self, move: Callable[..., Tariff], note: str, tariff_id: str) -> Response:
        tariff = self.get_object()
        with refusals(_CONTENT_PATHS):
            move(tariff, by_token=token_prefix(self.request), note=note)
        return self._answer(tariff_id)

    def _answer(self, tariff_id: str, code: int = status.HTTP_200_OK) -> Response:
        tariff = self.get_queryset().get(tariff_id=tariff_id)
        return Response(self.get_serializer(tariff).data, status=code)
