"""The staff API's routes of offers: a thin shell around `offers.authoring`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Prefetch, Q, QuerySet, Subquery
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cpo_portal.accounts.tokens import TokenScopedMixin
from cpo_portal.network.api_filters import InstantFilter, OneOfFilter, Pages
from cpo_portal.network.api_limits import StaffThrottle
from offers import authoring
from offers.api.lint import LintRoutes, SavedOfferSerializer
from offers.api.reviews import ReviewRoutes
from offers.api.serializers import (
    OfferChangeSerializer,
    OfferInSerializer,
    OfferSerializer,
    content_from,
    limits_from,
)
from offers.authoring.content import CONTENT_FIELDS
from offers.authoring.limits import LIMIT_FIELDS
from offers.models import CampaignKind, Offer, OfferState, OfferStateChange, OfferVersion
from offers.states import DerivedState, Move, recent_days, state_condition
from pricing.api.history import HistoryRoute
from pricing.api.parts import NoteSerializer, PublishSerializer, expected_of
from pricing.api.refusals import REFUSED, body_of, refusals, token_prefix
from pricing.api.views import BECKN_ID_PATH

_PATHS = {name: ("content", name) for name in CONTENT_FIELDS} | {name: ("limits", name) for name in LIMIT_FIELDS}
_STATES = sorted({*OfferState.values, *(state.value for state in DerivedState)})


class OfferFilter(filters.FilterSet):
    """Narrows the list of offers."""

    state = OneOfFilter(
        choices=[(state, state) for state in _STATES], method="by_state", help_text="What the offer is now."
    )
    kind = OneOfFilter(choices=CampaignKind.choices, method="by_kind", help_text="The kind of campaign.")
    live_at = InstantFilter(
        method="by_instant", help_text="Offers whose validity holds at that instant, by what was published then."
    )

    class Meta:
        model = Offer
        fields: list[str] = []

    def by_state(self, offers: QuerySet[Offer], name: str, value: str) -> QuerySet[Offer]:
        return offers.filter(state_condition(value, timezone.now()))

    def by_kind(self, offers: QuerySet[Offer], name: str, value: str) -> QuerySet[Offer]:
        drafts = OfferVersion.objects.filter(published_at=None, campaign_kind=value).values("offer")
        return offers.filter(Q(live_version__campaign_kind=value) | Q(live_version=None, pk__in=drafts))

    def by_instant(self, offers: QuerySet[Offer], name: str, value: datetime) -> QuerySet[Offer]:
        return offers.filter(pk__in=live_at(value))


def live_at(instant: datetime) -> QuerySet[OfferStateChange, Any]:
    """Return the keys of the offers whose then published version was valid at this instant.

    The last entry of the history up to the instant decides; for the future that is today's.
    """
    last = OfferStateChange.objects.filter(offer=OuterRef("offer"), at__lte=instant).order_by("-id").values("pk")[:1]
    return OfferStateChange.objects.filter(
        pk=Subquery(last),
        to_state=OfferState.APPROVED,
        version__valid_from__lte=instant,
        version__valid_until__gt=instant,
    ).values("offer")


@extend_schema_view(
    list=extend_schema(summary="List offers"),
    retrieve=extend_schema(summary="Read an offer", responses={200: OfferSerializer, 404: REFUSED[404]}),
)
class OfferViewSet(
    LintRoutes,
    ReviewRoutes,
    HistoryRoute,
    TokenScopedMixin,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    GenericViewSet[Offer],
):
    """Offers of the token's CPO, by offer id."""

    serializer_class = OfferSerializer
    filterset_class = OfferFilter
    pagination_class = Pages
    throttle_classes = [StaffThrottle]
    #: An offer may name two thousand connectors.
    longest_body = 262_144
    lookup_field = "offer_id"
    lookup_value_regex = BECKN_ID_PATH

    def get_queryset(self) -> QuerySet[Offer]:
        if getattr(self, "swagger_fake_view", False):
            return Offer.objects.none()
        drafts = OfferVersion.objects.filter(published_at=None)
        return Offer.objects.select_related("live_version", "counter", "cpo").prefetch_related(
            Prefetch("versions", queryset=drafts, to_attr="drafts"), recent_days(timezone.now())
        )

    def get_serializer_context(self) -> dict[str, Any]:
        return dict(super().get_serializer_context()) | {"now": timezone.now()}

    @extend_schema(
        summary="Make an offer", request=OfferInSerializer, responses={201: SavedOfferSerializer, 400: REFUSED[400]}
    )
    def create(self, request: Request) -> Response:
        data = body_of(OfferInSerializer, request)
        limits = limits_from(data["limits"]) if "limits" in data else None
        with refusals(_PATHS):
            content, prefix = content_from(data["content"]), token_prefix(request)
            offer = authoring.create_offer(self.cpo, data["offer_id"], content, limits=limits, by_token=prefix)
        return self._saved(offer.offer_id, status.HTTP_201_CREATED)

    @extend_schema(
        summary="Change an offer", request=OfferChangeSerializer, responses={200: SavedOfferSerializer, **REFUSED}
    )
    def partial_update(self, request: Request, offer_id: str) -> Response:
        offer = self.get_object()
        data = body_of(OfferChangeSerializer, request)
        with refusals(_PATHS), transaction.atomic():
            # Locked before it is read, so that of two changes of different fields none is lost.
            offer = authoring.lock_offer(offer)
            if "content" in data:
                latest = authoring.working_version(offer)
                before = authoring.content_of(latest) if latest is not None else None
                content = content_from(data["content"], before)
                expected = expected_of(data)
                authoring.save_draft(offer, content, expected=expected, by_token=token_prefix(request))
            if "limits" in data:
                limits = limits_from(data["limits"], authoring.limits_of(offer))
                authoring.set_limits(offer, limits, by_token=token_prefix(request))
        return self._saved(offer_id)

    @extend_schema(
        summary="Publish the draft",
        description="What the checks warn of is answered as `findings`; `GET …/lint` tells it before.",
        request=PublishSerializer,
        responses={200: SavedOfferSerializer, **REFUSED},
    )
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, offer_id: str) -> Response:
        self._move(Move.PUBLISH, body_of(PublishSerializer, request))
        return self._saved(offer_id)

    @extend_schema(summary="Pause an offer", request=NoteSerializer, responses={200: OfferSerializer, **REFUSED})
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, offer_id: str) -> Response:
        return self._perform(Move.PAUSE, request, offer_id)

    @extend_schema(summary="Resume an offer", request=NoteSerializer, responses={200: OfferSerializer, **REFUSED})
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, offer_id: str) -> Response:
        return self._perform(Move.RESUME, request, offer_id)

    @extend_schema(
        summary="End an offer before its time", request=NoteSerializer, responses={200: OfferSerializer, **REFUSED}
    )
    @action(detail=True, methods=["post"])
    def end(self, request: Request, offer_id: str) -> Response:
        return self._perform(Move.END, request, offer_id)

    @extend_schema(
        summary="Withdraw an offer for good", request=NoteSerializer, responses={200: OfferSerializer, **REFUSED}
    )
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, offer_id: str) -> Response:
        return self._perform(Move.WITHDRAW, request, offer_id)

    @extend_schema(summary="Archive an offer", request=NoteSerializer, responses={200: OfferSerializer, **REFUSED})
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, offer_id: str) -> Response:
        return self._perform(Move.ARCHIVE, request, offer_id)

    def _perform(self, move: Move, request: Request, offer_id: str) -> Response:
        self._move(move, body_of(NoteSerializer, request))
        return self._answer(offer_id)

    def _move(self, move: Move, said: Mapping[str, Any]) -> None:
        offer, prefix = self.get_object(), token_prefix(self.request)
        with refusals(_PATHS):
            expected = said.get("based_on_revision")
            authoring.perform(move, offer, by_token=prefix, note=said["note"], expected=expected)

    def _saved(self, offer_id: str, code: int = status.HTTP_200_OK) -> Response:
        offer = self.get_queryset().get(offer_id=offer_id)
        return Response(SavedOfferSerializer(offer, context=self.get_serializer_context()).data, status=code)

    def _answer(self, offer_id: str, code: int = status.HTTP_200_OK) -> Response:
        return Response(self.get_serializer(self.get_queryset().get(offer_id=offer_id)).data, status=code)
