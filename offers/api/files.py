"""The staff API's routes of files of offers: take one in, watch it, and get all offers as such a file."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from cpo_portal.accounts.tokens import TokenScopedMixin
from cpo_portal.charging.imports.csv_files import NotRead
from cpo_portal.network.api_fields import OneOfField
from cpo_portal.network.api_filters import Pages
from cpo_portal.network.api_limits import StaffThrottle
from cpo_portal.network.api_strict import StrictSerializer
from offers.authoring import Actor
from offers.files.reading import BOUNDS
from offers.files.runs import import_offers
from offers.files.writing import download
from offers.models import OfferImport, OfferImportState
from pricing.api.refusals import REFUSED, body_of, token_prefix


class OfferImportInSerializer(StrictSerializer):
    """A file as text."""

    csv = serializers.CharField(
        max_length=BOUNDS.most_bytes,
        trim_whitespace=False,
        help_text="The whole file, with its header: the labels of the form of an offer.",
    )
    dry_run = serializers.BooleanField(default=False, help_text="Only tell what is wrong in it.")


class FaultSerializer(serializers.Serializer[Any]):
    """What is wrong in one cell; the header is row 1."""

    row = serializers.IntegerField()
    column = serializers.CharField()
    message = serializers.CharField()


class OfferImportSerializer(serializers.ModelSerializer[OfferImport]):
    """A file of offers and how far it is: `done` of `rows` are checked; all become drafts once it is DONE, or none."""

    id = serializers.UUIDField(allow_null=True, help_text="Null after a check that was done at once.")
    state = OneOfField(choices=OfferImportState.choices)
    rows = serializers.IntegerField(source="total")
    faults = FaultSerializer(many=True, help_text="The first hundred.")

    class Meta:
        model = OfferImport
        fields = ["id", "state", "dry_run", "rows", "done", "faults", "fault_count", "reason", "finished_at"]


@extend_schema_view(
    list=extend_schema(summary="List imports of offers"),
    retrieve=extend_schema(
        summary="Read how far an import is", responses={200: OfferImportSerializer, 404: REFUSED[404]}
    ),
)
class OfferImportViewSet(
    TokenScopedMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[OfferImport]
):
    """Files of the token's CPO, the newest first."""

    serializer_class = OfferImportSerializer
    pagination_class = Pages
    throttle_classes = [StaffThrottle]
    lookup_url_kwarg = "offer_import_id"
    lookup_value_regex = "[A-Za-z0-9-]+"
    longest_body = BOUNDS.most_bytes + (1 << 20)

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return OfferImport.objects.none()
        return OfferImport.objects.defer("file")

    def get_object(self) -> OfferImport:
        try:
            key = UUID(self.kwargs["offer_import_id"])
        except ValueError:
            raise NotFound from None
        job: OfferImport | None = self.get_queryset().filter(pk=key).first()
        if job is None:
            raise NotFound
        return job

    @extend_schema(
        summary="Import offers from a CSV file",
        request=OfferImportInSerializer,
        responses={200: OfferImportSerializer, 202: OfferImportSerializer, 400: REFUSED[400]},
    )
    def create(self, request: Request) -> Response:
        data = body_of(OfferImportInSerializer, request)
        actor = Actor(by_token=token_prefix(request))
        try:
            report = import_offers(self.cpo, data["csv"].encode(), dry_run=data["dry_run"], actor=actor)
        except NotRead as refusal:
            raise ValidationError({"csv": [str(refusal)]}) from refusal
        if report.faults.count:
            found: list[Any] = [{"row": x.row, "column": x.column, "message": x.sentence} for x in report.faults.shown]
            raise ValidationError({"csv": found})
        if report.job is None:
            checked = OfferImport(state=OfferImportState.CHECKED, dry_run=True, total=report.rows, done=report.rows)
            return Response({**self.get_serializer(checked).data, "id": None})
        job = self.get_queryset().get(pk=report.job.pk)
        code = status.HTTP_200_OK if job.state == OfferImportState.DONE else status.HTTP_202_ACCEPTED
        return Response(self.get_serializer(job).data, status=code)


class OfferFileView(TokenScopedMixin, APIView):
    """Gives out the token's CPO's offers."""

    throttle_classes = [StaffThrottle]

    @extend_schema(
        summary="Download all offers as a file that can be imported",
        responses={
            (200, "text/csv"): OpenApiResponse(OpenApiTypes.STR, description="A line per offer that is not archived.")
        },
    )
    def get(self, request: Request) -> HttpResponseBase:
        return download(self.cpo)
