"""The staff API's routes of demand policies: a thin shell around `pricing.demand`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cpo_portal.accounts.tokens import TokenScopedMixin
from cpo_portal.network.api_filters import Pages, YesNoFilter
from cpo_portal.network.api_limits import StaffThrottle
from pricing.api.demand_serializers import (
    RULE_PATHS,
    DemandPolicyChangeSerializer,
    DemandPolicyInSerializer,
    DemandPolicySerializer,
    LevelNowSerializer,
    answers_of,
    numbers_from,
)
from pricing.api.refusals import REFUSED, body_of, refusals, token_prefix
from pricing.api.views import BECKN_ID_PATH
from pricing.demand.rules import promised_notice, rules_of, written
from pricing.demand.standing import Here, standing_of
from pricing.demand.switching import By, save_policy, switch_off, switch_on
from pricing.demand.writing import rules_from
from pricing.engine.demand import DemandPolicy as Rules
from pricing.models import DemandDecision, DemandPolicy
from pricing.surges.policies import policy_of

_SAVED = {200: DemandPolicySerializer, **REFUSED}


class DemandPolicyFilter(filters.FilterSet):
    """Narrows the list of demand policies."""

    is_active = YesNoFilter(help_text="Those that are switched on, or off.")

    class Meta:
        model = DemandPolicy
        fields = ["is_active"]


class DemandPolicyViewSet(TokenScopedMixin, GenericViewSet[DemandPolicy]):
    """Demand policies of the token's CPO, by policy id; none is ever deleted, since bills name them."""

    serializer_class = DemandPolicySerializer
    filterset_class = DemandPolicyFilter
    pagination_class = Pages
    throttle_classes = [StaffThrottle]
    #: A policy may name a thousand places.
    longest_body = 262_144
    lookup_field = "policy_id"
    lookup_value_regex = BECKN_ID_PATH

    def get_queryset(self) -> QuerySet[DemandPolicy]:
        if getattr(self, "swagger_fake_view", False):
            return DemandPolicy.objects.none()
        return DemandPolicy.objects.select_related("cpo").order_by("policy_id")

    @extend_schema(summary="List demand policies", responses={200: DemandPolicySerializer(many=True)})
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(DemandPolicySerializer(answers_of(page or (), self.cpo), many=True).data)

    @extend_schema(
        summary="Read a demand policy", responses={200: DemandPolicySerializer, 404: REFUSED[404]}, filters=False
    )
    def retrieve(self, request: Request, policy_id: str) -> Response:
        return self._told(self.get_object())

    @extend_schema(
        summary="Make a demand policy",
        description="It is switched off, and adds nothing until it is switched on.",
        request=DemandPolicyInSerializer,
        responses={201: DemandPolicySerializer, 400: REFUSED[400]},
    )
    def create(self, request: Request) -> Response:
        made = DemandPolicy(cpo=self.cpo)
        self._write(made, body_of(DemandPolicyInSerializer, request), None)
        return self._answer(made.policy_id, status.HTTP_201_CREATED)

    @extend_schema(
        summary="Change a demand policy",
        description="At once. Where what is charged changes, every location falls to level 0, and each rise is "
        "announced anew; quotes that were given keep their price. Refused where the highest level is above a ceiling "
        "that forbids it and the policy is switched on.",
        request=DemandPolicyChangeSerializer,
        responses=_SAVED,
    )
    def partial_update(self, request: Request, policy_id: str) -> Response:
        data = body_of(DemandPolicyChangeSerializer, request)
        with transaction.atomic():
            # Locked, so that of two changes of different fields none is lost.
            rows = self.get_queryset().select_for_update(of=("self",), no_key=True)
            policy = get_object_or_404(rows, policy_id=policy_id)
            self._write(policy, data, rules_of(policy))
        return self._answer(policy_id)

    @extend_schema(
        summary="Switch a demand policy on",
        description="Every location begins at level 0, and each rise is announced first. Refused where the highest "
        "level is above a ceiling that forbids it.",
        request=None,
        responses=_SAVED,
    )
    @action(detail=True, methods=["post"], url_path="switch-on")
    def switch_on(self, request: Request, policy_id: str) -> Response:
        return self._switch(switch_on, request, policy_id)

    @extend_schema(
        summary="Switch a demand policy off",
        description="The surcharge falls to nothing at once, everywhere; quotes that were given keep it.",
        request=None,
        responses={200: DemandPolicySerializer, 404: REFUSED[404], 409: REFUSED[409]},
    )
    @action(detail=True, methods=["post"], url_path="switch-off")
    def switch_off(self, request: Request, policy_id: str) -> Response:
        return self._switch(switch_off, request, policy_id)

    @extend_schema(
        summary="Read the levels of a demand policy",
        description="At each location in its scope, by name; none of a policy that is switched off.",
        responses={200: LevelNowSerializer(many=True), 404: REFUSED[404]},
        filters=False,
    )
    @action(detail=True, methods=["get"])
    def levels(self, request: Request, policy_id: str) -> Response:
        policy = self.get_object()
        page: Any = self.paginate_queryset(standing_of(policy, timezone.now()))  # type: ignore[arg-type]
        return self.get_paginated_response(LevelNowSerializer(_levels(policy, page or ()), many=True).data)

    def _switch(self, switch: Callable[..., DemandPolicy], request: Request, policy_id: str) -> Response:
        policy = self.get_object()
        with refusals(RULE_PATHS):
            switch(policy, By(token=token_prefix(request)))
        return self._answer(policy_id)

    def _write(self, policy: DemandPolicy, data: dict[str, Any], before: Rules | None) -> None:
        """Put the validated body into the row and save it."""
        for name in data.keys() - {"rules"}:
            setattr(policy, name, data[name])
        with refusals(RULE_PATHS):
            if "rules" in data:
                numbers = numbers_from(data["rules"], before)
                policy.rules = written(rules_from(numbers, promised_notice(policy_of(self.cpo))))
            save_policy(policy, By(token=token_prefix(self.request)))

    def _answer(self, policy_id: str, code: int = status.HTTP_200_OK) -> Response:
        return self._told(self.get_queryset().get(policy_id=policy_id), code)

    def _told(self, policy: DemandPolicy, code: int = status.HTTP_200_OK) -> Response:
        return Response(DemandPolicySerializer(answers_of([policy], self.cpo)[0]).data, status=code)


def _levels(policy: DemandPolicy, page: Sequence[Here]) -> list[dict[str, Any]]:
    """Return levels in the shape of LevelNowSerializer, each with the last decision that was kept there."""
    here = [x.row.location.location_id for x in page]
    kept = DemandDecision.objects.filter(policy=policy, location_id__in=here)
    last = {x.location_id: x for x in kept.order_by("location_id", "-at").distinct("location_id")}
    return [
        {
            "location_id": x.row.location.location_id,
            "name": x.row.location.name,
            "level": x.level,
            "percent": x.percent,
            "since": x.since,
            "announced": x.rise,
            "is_known": x.is_known,
            "load": x.load,
            "decided_at": x.row.decided_at,
            "reason": {"code": found.reason, "words": found.words, "at": found.at}
            if (found := last.get(key))
            else None,
        }
        for x, key in zip(page, here, strict=True)
    ]
