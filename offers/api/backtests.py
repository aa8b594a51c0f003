"""The staff API's routes of back-tests: ask for one, watch it, read what it found."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cpo_portal.accounts.runs import RunState
from cpo_portal.accounts.tokens import TokenScopedMixin
from cpo_portal.network.api_fields import OneOfField
from cpo_portal.network.api_filters import Pages
from cpo_portal.network.api_limits import StaffThrottle
from cpo_portal.network.api_strict import StrictSerializer
from offers.backtest.runs import MOST_DAYS, ask_for_backtest
from offers.backtest.words import NOT_UPLIFT, assumptions
from offers.models import BacktestRun, Offer
from pricing.api.refusals import REFUSED, body_of, refusals, token_prefix


class BacktestAskSerializer(StrictSerializer):
    """Which offer, and how far back."""

    offer_id = serializers.CharField(max_length=80, help_text="Its latest version is replayed, draft or published.")
    days = serializers.IntegerField(help_text=f"Sessions billed in the last so many days, 1 to {MOST_DAYS}.")


class BacktestSerializer(serializers.Serializer[Any]):
    """A back-test with its progress and, once it is DONE, its result; amounts are before tax."""

    id = serializers.UUIDField()
    offer_id = serializers.CharField(source="offer.offer_id")
    version = serializers.IntegerField(source="version_number")
    state = OneOfField(choices=RunState.choices)
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    requested_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    done = serializers.IntegerField(help_text="Sessions replayed so far.")
    total = serializers.IntegerField()
    error = serializers.CharField(allow_blank=True)
    result = serializers.JSONField(
        allow_null=True,
        help_text="Its by_day has the cost of each day, its by_group that of each Location, Segment and Buyer app.",
    )
    assumptions = serializers.SerializerMethodField()
    caution = serializers.SerializerMethodField()

    def get_assumptions(self, run: BacktestRun) -> list[str]:
        return assumptions(run)

    def get_caution(self, run: BacktestRun) -> str:
        return NOT_UPLIFT


@extend_schema_view(
    list=extend_schema(summary="List back-tests"),
    retrieve=extend_schema(summary="Read a back-test", responses={200: BacktestSerializer, 404: REFUSED[404]}),
)
class BacktestViewSet(TokenScopedMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[BacktestRun]):
    """Back-tests of the token's CPO, the newest first."""

    serializer_class = BacktestSerializer
    pagination_class = Pages
    throttle_classes = [StaffThrottle]
    lookup_url_kwarg = "backtest_id"

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return BacktestRun.objects.none()
        return BacktestRun.objects.select_related("offer")

    def get_object(self) -> BacktestRun:
        """Find the run; an id of another form is answered like one that does not exist."""
        try:
            key = UUID(self.kwargs["backtest_id"])
        except ValueError:
            raise NotFound from None
        run: BacktestRun | None = self.get_queryset().filter(pk=key).first()
        if run is None:
            raise NotFound
        return run

    @extend_schema(
        summary="Ask for a back-test",
        request=BacktestAskSerializer,
        responses={202: BacktestSerializer, 400: REFUSED[400]},
    )
    def create(self, request: Request) -> Response:
        data = body_of(BacktestAskSerializer, request)
        with refusals({"days": ("days",), "offer_id": ("offer_id",)}):
            offer = Offer.objects.select_related("cpo").filter(offer_id=data["offer_id"]).first()
            if offer is None:
                raise serializers.ValidationError({"offer_id": ["You have no offer of this id: name one of yours."]})
            run = ask_for_backtest(offer, data["days"], now=timezone.now(), by_token=token_prefix(request))
        run = self.get_queryset().get(pk=run.pk)
        return Response(self.get_serializer(run).data, status=status.HTTP_202_ACCEPTED)
