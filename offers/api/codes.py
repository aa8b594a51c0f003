"""The staff API's routes of single-use codes: ask for a batch, read how far it is, download it, cancel it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from django_filters import rest_framework as filters
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cpo_portal.accounts.models import TokenScope
from cpo_portal.accounts.tokens import TokenScopedMixin
from cpo_portal.network.api_fields import InstantField, OneOfField
from cpo_portal.network.api_filters import Pages
from cpo_portal.network.api_limits import StaffThrottle
from cpo_portal.network.api_strict import StrictSerializer
from offers.codes.batches import BatchSpec, ask_for_codes, cancel_batch, counts_of
from offers.codes.export import codes_as_csv
from offers.models import CodeAlphabet, CodeBatch, Offer
from pricing.api.refusals import REFUSED, body_of, refusals, token_prefix


class CodeBatchInSerializer(StrictSerializer):
    """Codes that are to be made for an offer that takes single-use codes."""

    offer_id = serializers.CharField(max_length=80)
    count = serializers.IntegerField(help_text="1 to 1,000,000 over all batches of the offer.")
    name = serializers.CharField(max_length=100, required=False, allow_blank=True)
    prefix = serializers.CharField(max_length=12, required=False, allow_blank=True)
    alphabet = OneOfField(choices=CodeAlphabet.choices, required=False)
    length = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=1,
        max_value=40,
        help_text="Random characters; as many as it takes that nobody guesses one, if left out.",
    )


class CodeBatchSerializer(serializers.ModelSerializer[CodeBatch]):
    """A batch and how far it is: `made` of `count`."""

    serializer_choice_field = OneOfField
    batch = serializers.IntegerField(source="pk")
    offer_id = serializers.CharField(source="offer.offer_id")
    created_at = InstantField()
    finished_at = InstantField(allow_null=True, help_text="Null while codes are being made.")
    cancelled_at = InstantField(allow_null=True)

    class Meta:
        model = CodeBatch
        fields = [
            "batch", "offer_id", "name", "count", "made", "prefix", "length", "alphabet",
            "created_at", "finished_at", "cancelled_at",
        ]  # fmt: skip


class CountsSerializer(serializers.Serializer[Any]):
    """What became of the codes."""

    free = serializers.IntegerField()
    held = serializers.IntegerField()
    used = serializers.IntegerField()
    cancelled = serializers.IntegerField()


class OneCodeBatchSerializer(CodeBatchSerializer):
    """A batch with what became of its codes."""

    codes = serializers.SerializerMethodField()

    class Meta(CodeBatchSerializer.Meta):
        fields = [*CodeBatchSerializer.Meta.fields, "codes"]

    @extend_schema_field(CountsSerializer)
    def get_codes(self, batch: CodeBatch) -> Any:
        return CountsSerializer(counts_of(batch)).data


class CodeBatchFilter(filters.FilterSet):
    """Narrows the list of batches."""

    offer_id = filters.CharFilter(field_name="offer__offer_id", help_text="Batches of this offer.")

    class Meta:
        model = CodeBatch
        fields: list[str] = []


@extend_schema_view(
    list=extend_schema(summary="List batches of codes"),
    retrieve=extend_schema(
        summary="Read how far a batch is", responses={200: OneCodeBatchSerializer, 404: REFUSED[404]}
    ),
)
class CodeBatchViewSet(TokenScopedMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[CodeBatch]):
    """Batches of the token's CPO. Whoever reads a code can use it, so a token that only reads sees none."""

    token_scopes = frozenset({TokenScope.STAFF})
    serializer_class = CodeBatchSerializer
    filterset_class = CodeBatchFilter
    pagination_class = Pages
    throttle_classes = [StaffThrottle]
    lookup_url_kwarg = "batch"
    lookup_value_regex = "[A-Za-z0-9-]+"

    def get_queryset(self) -> QuerySet[CodeBatch]:
        if getattr(self, "swagger_fake_view", False):
            return CodeBatch.objects.none()
        return CodeBatch.objects.select_related("offer", "cpo")

    def get_serializer_class(self) -> Any:
        return OneCodeBatchSerializer if self.action in {"retrieve", "cancel"} else CodeBatchSerializer

    def get_object(self) -> CodeBatch:
        key = self.kwargs["batch"]
        known = key.isascii() and key.isdecimal() and len(key) < 19
        found = self.get_queryset().filter(pk=int(key)).first() if known else None
        if found is None:
            raise NotFound("You have no such batch of codes: take its number from the list.")
        return found

    @extend_schema(
        summary="Have codes made",
        request=CodeBatchInSerializer,
        responses={202: CodeBatchSerializer, 400: REFUSED[400]},
    )
    def create(self, request: Request) -> Response:
        data = dict(body_of(CodeBatchInSerializer, request))
        name = data.pop("offer_id")
        offer = Offer.objects.select_related("cpo").filter(offer_id=name).first()
        if offer is None:
            raise ValidationError({"offer_id": [f"You have no offer “{name}”: name one of yours."]})
        with refusals({"offer": ("offer_id",)}):
            batch = ask_for_codes(offer, BatchSpec(**data), by_token=token_prefix(request))
        return Response(self.get_serializer(batch).data, status=status.HTTP_202_ACCEPTED)

    @extend_schema(
        summary="Download the codes of a batch",
        responses={
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, description="A line per code: code, state, taken."),
            404: REFUSED[404],
        },
    )
    @action(detail=True, methods=["get"], pagination_class=None, filterset_class=None)
    def codes(self, request: Request, batch: str) -> HttpResponseBase:
        return codes_as_csv(self.get_object())

    @extend_schema(
        summary="Cancel the free codes of a batch", request=None, responses={200: OneCodeBatchSerializer, **REFUSED}
    )
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, batch: str) -> Response:
        found = self.get_object()
        with refusals():
            cancel_batch(found)
        found.refresh_from_db()
        return Response(self.get_serializer(found).data)
