"""The staff API's routes of surge schedules: a thin shell around `pricing.surges.schedules`."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cpo_portal.accounts.tokens import TokenScopedMixin
from cpo_portal.network.api_filters import OneOfFilter, Pages, YesNoFilter
from cpo_portal.network.api_limits import StaffThrottle
from pricing.api.history import HistoryRoute
from pricing.api.parts import NoteSerializer, PublishSerializer, expected_of
from pricing.api.refusals import REFUSED, body_of, refusals, token_prefix
from pricing.api.surge_content import CONTENT_PATHS, content_from
from pricing.api.surge_reviews import SurgeReviewRoutes
from pricing.api.surge_serializers import (
    SurgeChangeSerializer,
    SurgeInSerializer,
    SurgeScheduleSerializer,
    answers_of,
)
from pricing.api.views import BECKN_ID_PATH
from pricing.models import SurgeKindChoice, SurgeSchedule, SurgeState
from pricing.surges.content import content_of
from pricing.surges.kinds import FAMILIES, SurgeFamily, SurgeKind
from pricing.surges.reviews import REVIEWS
from pricing.surges.schedules import DRAFTS, Move, create_schedule, perform, rename, save_draft
from pricing.versions.review import Actor

_SAVED = {200: SurgeScheduleSerializer, **REFUSED}


class SurgeFilter(filters.FilterSet):
    """Narrows the list of surge schedules."""

    state = OneOfFilter(choices=SurgeState.choices)
    kind = OneOfFilter(choices=SurgeKindChoice.choices)
    family = OneOfFilter(
        choices=[(x.value, x.value) for x in SurgeFamily], method="by_family", help_text="Of all kinds of a family."
    )

    in_review = YesNoFilter(method="by_review", help_text="Those with a draft that was submitted, or all others.")

    class Meta:
        model = SurgeSchedule
        fields = ["state", "kind"]

    def by_review(self, schedules: QuerySet[SurgeSchedule], name: str, value: bool) -> QuerySet[SurgeSchedule]:
        waiting = Q(pk__in=REVIEWS.waiting().values("schedule"))
        return schedules.filter(waiting if value else ~waiting)

    def by_family(self, schedules: QuerySet[SurgeSchedule], name: str, value: str) -> QuerySet[SurgeSchedule]:
        return schedules.filter(kind__in=[kind.value for kind, family in FAMILIES.items() if family == value])


class SurgeScheduleViewSet(SurgeReviewRoutes, HistoryRoute, TokenScopedMixin, GenericViewSet[SurgeSchedule]):
    """Surge schedules of the token's CPO, by schedule id."""

    serializer_class = SurgeScheduleSerializer
    filterset_class = SurgeFilter
    pagination_class = Pages
    throttle_classes = [StaffThrottle]
    #: A surge may name a thousand places of each kind.
    longest_body = 262_144
    lookup_field = "schedule_id"
    lookup_value_regex = BECKN_ID_PATH

    def get_queryset(self) -> QuerySet[SurgeSchedule]:
        if getattr(self, "swagger_fake_view", False):
            return SurgeSchedule.objects.none()
        return SurgeSchedule.objects.select_related("live_version", "cpo").order_by("schedule_id")

    @extend_schema(summary="List surge schedules", responses={200: SurgeScheduleSerializer(many=True)})
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self._told(page or ()))

    @extend_schema(
        summary="Read a surge schedule", responses={200: SurgeScheduleSerializer, 404: REFUSED[404]}, filters=False
    )
    def retrieve(self, request: Request, schedule_id: str) -> Response:
        return Response(self._told([self.get_object()])[0])

    @extend_schema(
        summary="Make a surge schedule",
        description="Its draft is made; it adds nothing until it is published and its notice is over.",
        request=SurgeInSerializer,
        responses={201: SurgeScheduleSerializer, 400: REFUSED[400]},
    )
    def create(self, request: Request) -> Response:
        data = body_of(SurgeInSerializer, request)
        made = SurgeSchedule(cpo=self.cpo, **{key: data[key] for key in ("schedule_id", "name", "kind")})
        with refusals(CONTENT_PATHS):
            create_schedule(made, content_from(data["content"]), by_token=token_prefix(request))
        return self._answer(made.schedule_id, status.HTTP_201_CREATED)

    @extend_schema(
        summary="Change a surge schedule",
        description="The content goes into the draft: what it leaves out stays as it was, but `scope` and "
        "`exemptions` are written as a whole.",
        request=SurgeChangeSerializer,
        responses=_SAVED,
    )
    def partial_update(self, request: Request, schedule_id: str) -> Response:
        schedule = self.get_object()
        data = body_of(SurgeChangeSerializer, request)
        with refusals(CONTENT_PATHS), transaction.atomic():
            # Locked before it is read, so that of two changes of different fields none is lost.
            schedule = DRAFTS.lock(schedule)
            if "content" in data:
                latest = DRAFTS.working(schedule)
                content = content_from(data["content"], content_of(latest) if latest is not None else None)
                expected, prefix = expected_of(data), token_prefix(request)
                save_draft(schedule, content, by_token=prefix, expected=expected)
            if {"name", "kind"} & set(data):
                kind = SurgeKind(data["kind"]) if "kind" in data else None
                rename(schedule, name=data.get("name"), kind=kind, actor=Actor(by_token=token_prefix(request)))
        return self._answer(schedule_id)

    @extend_schema(
        summary="Publish the draft",
        description="A rise takes effect when its notice is over, as `coming` says; what is none, at once.",
        request=PublishSerializer,
        responses=_SAVED,
    )
    @action(detail=True, methods=["post"])
    def publish(self, request: Request, schedule_id: str) -> Response:
        return self._perform(Move.PUBLISH, request, schedule_id, body=PublishSerializer)

    @extend_schema(
        summary="Pause a surge",
        description="At once; quotes that were given keep it.",
        request=NoteSerializer,
        responses=_SAVED,
    )
    @action(detail=True, methods=["post"])
    def pause(self, request: Request, schedule_id: str) -> Response:
        return self._perform(Move.PAUSE, request, schedule_id)

    @extend_schema(
        summary="Resume a surge",
        description="It adds something again when the notice is over, from `prices_from` on.",
        request=NoteSerializer,
        responses=_SAVED,
    )
    @action(detail=True, methods=["post"])
    def resume(self, request: Request, schedule_id: str) -> Response:
        return self._perform(Move.RESUME, request, schedule_id)

    @extend_schema(
        summary="End a surge",
        description="At once; quotes that were given keep it. A new version starts it anew.",
        request=NoteSerializer,
        responses=_SAVED,
    )
    @action(detail=True, methods=["post"])
    def end(self, request: Request, schedule_id: str) -> Response:
        return self._perform(Move.END, request, schedule_id)

    @extend_schema(
        summary="Archive a surge schedule",
        description="For good: of a draft, or of what has ended.",
        request=NoteSerializer,
        responses=_SAVED,
    )
    @action(detail=True, methods=["post"])
    def archive(self, request: Request, schedule_id: str) -> Response:
        return self._perform(Move.ARCHIVE, request, schedule_id)

    def _perform(
        self, move: Move, request: Request, schedule_id: str, *, body: type[NoteSerializer] = NoteSerializer
    ) -> Response:
        schedule, said = self.get_object(), body_of(body, request)
        actor, expected = Actor(by_token=token_prefix(request)), said.get("based_on_revision")
        with refusals(CONTENT_PATHS):
            perform(move, schedule, actor, note=said["note"], expected=expected)
        return self._answer(schedule_id)

    def _answer(self, schedule_id: str, code: int = status.HTTP_200_OK) -> Response:
        return Response(self._told([self.get_queryset().get(schedule_id=schedule_id)])[0], status=code)

    def _told(self, schedules: Collection[SurgeSchedule]) -> Any:
        return SurgeScheduleSerializer(answers_of(schedules, self.cpo, timezone.now()), many=True).data
