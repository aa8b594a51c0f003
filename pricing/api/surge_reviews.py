"""The staff API's routes of reviews of surges: submit, approve, send back."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from pricing.api.parts import ApprovalSerializer, NoteSerializer
from pricing.api.refusals import REFUSED, body_of, refusals, token_prefix
from pricing.api.surge_content import CONTENT_PATHS
from pricing.api.surge_serializers import SurgeScheduleSerializer
from pricing.surges.schedules import Move, perform
from pricing.versions.review import Actor

_SAVED = {200: SurgeScheduleSerializer, **REFUSED}


class SurgeReviewRoutes:
    """Actions of the surge schedules' routes."""

    @extend_schema(summary="Submit the draft for review", request=NoteSerializer, responses=_SAVED)
    @action(detail=True, methods=["post"])
    def submit(self: Any, request: Request, schedule_id: str) -> Response:
        return self._perform(Move.SUBMIT, request, schedule_id)  # type: ignore[no-any-return]

    @extend_schema(
        summary="Approve and publish what somebody else submitted",
        description="A token approves for the person who made it.",
        request=ApprovalSerializer,
        responses=_SAVED,
    )
    @action(detail=True, methods=["post"])
    def approve(self: Any, request: Request, schedule_id: str) -> Response:
        schedule, data = self.get_object(), body_of(ApprovalSerializer, request)
        actor, seen = Actor(by_token=token_prefix(request)), data.get("submitted_at")
        with refusals(CONTENT_PATHS):
            perform(Move.APPROVE, schedule, actor, note=data["note"], expected=seen)
        return self._answer(schedule_id)  # type: ignore[no-any-return]

    @extend_schema(summary="Send what was submitted back, with a note", request=NoteSerializer, responses=_SAVED)
    @action(detail=True, methods=["post"])
    def reject(self: Any, request: Request, schedule_id: str) -> Response:
        return self._perform(Move.REJECT, request, schedule_id)  # type: ignore[no-any-return]
