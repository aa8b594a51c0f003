"""The API's routes of reviews and copies of offers: submit, approve, send back, compare, restore, duplicate."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from cpo_portal.network.api_strict import StrictSerializer
from offers import authoring
from offers.api.lint import SavedOfferSerializer
from offers.api.serializers import OfferSerializer
from offers.authoring import Actor
from offers.models import OfferVersion
from offers.version_words import differences
from pricing.api.parts import ApprovalSerializer, NoteSerializer
from pricing.api.refusals import REFUSED, body_of, refusals, token_prefix


class RestoreSerializer(StrictSerializer):
    """The version whose content goes into the draft."""

    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class DuplicateSerializer(StrictSerializer):
    """The id of the new offer."""

    offer_id = serializers.CharField(max_length=80)


class DiffQuerySerializer(serializers.Serializer[Any]):
    """Two versions of an offer."""

    before = serializers.IntegerField(min_value=1, max_value=2**31 - 1)
    after = serializers.IntegerField(min_value=1, max_value=2**31 - 1)


class ChangeSerializer(serializers.Serializer[Any]):
    """One field that two versions say differently, in words."""

    name = serializers.CharField(source="label", help_text="What people call the field.")
    before = serializers.CharField()
    after = serializers.CharField()


class ReviewRoutes:
    """Actions of the offers' routes."""

    @extend_schema(
        summary="Submit the draft for review", request=NoteSerializer, responses={200: OfferSerializer, **REFUSED}
    )
    @action(detail=True, methods=["post"])
    def submit(self: Any, request: Request, offer_id: str) -> Response:
        offer, note = self.get_object(), body_of(NoteSerializer, request)["note"]
        with refusals():
            authoring.submit(offer, by_token=token_prefix(request), note=note)
        return self._answer(offer_id)  # type: ignore[no-any-return]

    @extend_schema(
        summary="Approve and publish what somebody else submitted",
        description="A token approves for the person who made it. What the checks warn of is answered as `findings`.",
        request=ApprovalSerializer,
        responses={200: SavedOfferSerializer, **REFUSED},
    )
    @action(detail=True, methods=["post"])
    def approve(self: Any, request: Request, offer_id: str) -> Response:
        offer, data = self.get_object(), body_of(ApprovalSerializer, request)
        with refusals():
            authoring.approve(offer, by_token=token_prefix(request), note=data["note"], seen=data.get("submitted_at"))
        return self._saved(offer_id)  # type: ignore[no-any-return]

    @extend_schema(
        summary="Send what was submitted back, with a note",
        request=NoteSerializer,
        responses={200: OfferSerializer, **REFUSED},
    )
    @action(detail=True, methods=["post"])
    def reject(self: Any, request: Request, offer_id: str) -> Response:
        offer, note = self.get_object(), body_of(NoteSerializer, request)["note"]
        with refusals():
            authoring.reject(offer, by_token=token_prefix(request), note=note)
        return self._answer(offer_id)  # type: ignore[no-any-return]

    @extend_schema(
        summary="Put an older version into the draft",
        request=RestoreSerializer,
        responses={200: OfferSerializer, **REFUSED},
    )
    @action(detail=True, methods=["post"])
    def restore(self: Any, request: Request, offer_id: str) -> Response:
        offer, data = self.get_object(), body_of(RestoreSerializer, request)
        with refusals():
            authoring.restore(offer, data["version"], actor=Actor(by_token=token_prefix(request)))
        return self._answer(offer_id)  # type: ignore[no-any-return]

    @extend_schema(
        summary="Make another offer that says the same",
        request=DuplicateSerializer,
        responses={201: OfferSerializer, **REFUSED},
    )
    @action(detail=True, methods=["post"])
    def duplicate(self: Any, request: Request, offer_id: str) -> Response:
        offer, data = self.get_object(), body_of(DuplicateSerializer, request)
        with refusals():
            made = authoring.duplicate(offer, data["offer_id"], actor=Actor(by_token=token_prefix(request)))
        return self._answer(made.offer_id, status.HTTP_201_CREATED)  # type: ignore[no-any-return]

    @extend_schema(
        summary="Compare two versions of an offer",
        parameters=[DiffQuerySerializer],
        responses={200: ChangeSerializer(many=True), 400: REFUSED[400], 404: REFUSED[404]},
    )
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def diff(self: Any, request: Request, offer_id: str) -> Response:
        offer = self.get_object()
        asked = DiffQuerySerializer(data=request.query_params)
        asked.is_valid(raise_exception=True)
        rows = OfferVersion.objects.select_related("cpo").filter(offer=offer)
        found = {row.number: row for row in rows.filter(number__in=asked.validated_data.values())}
        missing = [name for name, number in asked.validated_data.items() if number not in found]
        if missing:
            raise ValidationError({name: ["This offer has no such version."] for name in missing})
        before, after = (found[asked.validated_data[name]] for name in ("before", "after"))
        return Response(ChangeSerializer(differences(before, after), many=True).data)
