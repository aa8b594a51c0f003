"""The staff API of segments, named lists and imports: a thin shell around the functions that the admin calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.exceptions import ValidationError as BadInput
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cpo_portal.accounts.models import TokenScope
from cpo_portal.accounts.tenancy import current_cpo
from cpo_portal.accounts.tokens import TokenScopedMixin
from cpo_portal.charging.imports.csv_files import MOST_BYTES, NotRead
from cpo_portal.charging.imports.jobs import Author, Report, import_contacts, import_customers
from cpo_portal.charging.models import ContactImport, ImportState, NamedList, Segment
from cpo_portal.charging.segments.conditions import MOST_CONDITIONS, MOST_VALUES
from cpo_portal.charging.segments.list_past import changes_until
from cpo_portal.charging.segments.past import counts_until
from cpo_portal.charging.segments.rules import Fact
from cpo_portal.charging.segments.stored import (
    SegmentContent,
    count_members,
    delete_list,
    delete_segment,
    lock_segments,
    save_segment,
)
from cpo_portal.network.api import Conflict, OwnViewSet
from cpo_portal.network.api_fields import BoundedListField, OneOfField, RefusedSerializer
from cpo_portal.network.api_limits import StaffThrottle
from cpo_portal.network.api_strict import StrictSerializer
from cpo_portal.network.serializers import OwnSerializer

LONGEST_FILE = MOST_BYTES + 65_536
_REFUSED = {400: OpenApiResponse(RefusedSerializer, description="What is wrong, by field or by row and column.")}


@contextmanager
def _by_field() -> Iterator[None]:
    """Turn a refusal of the domain into DRF's."""
    try:
        yield
    except ValidationError as refusal:
        raise BadInput(refusal.message_dict) from refusal


class ConditionSerializer(StrictSerializer):
    """One condition on one fact; `values`, `number` and `days` are given where the fact asks for them."""

    fact = OneOfField(choices=[fact.value for fact in Fact])
    values = BoundedListField(child=serializers.CharField(max_length=200), max_length=MOST_VALUES, required=False)
    number = serializers.IntegerField(min_value=0, max_value=1_000_000_000, required=False)
    days = serializers.IntegerField(min_value=0, max_value=3650, required=False)
    negated = serializers.BooleanField(required=False)


class SegmentSerializer(StrictSerializer):
    """Customers by a rule: all of the conditions, or any."""

    segment_id = serializers.CharField(max_length=60)
    name = serializers.CharField(max_length=200)
    match_all = serializers.BooleanField(default=True)
    conditions = BoundedListField(child=ConditionSerializer(), max_length=MOST_CONDITIONS)
    former_rule_until = serializers.SerializerMethodField(
        help_text="In sessions that start before, surges let off whom the segment was for before it was changed, "
        "too; null where it was not changed within their notice. Offers go by the conditions alone."
    )

    def get_former_rule_until(self, row: Segment) -> datetime | None:
        return counts_until(row, timezone.now())

    def create(self, validated_data: dict[str, Any]) -> Segment:
        return self._saved(validated_data, None)

    def update(self, instance: Segment, validated_data: dict[str, Any]) -> Segment:
        kept = {name: getattr(instance, name) for name in ("segment_id", "name", "match_all", "conditions")}
        return self._saved(kept | validated_data, instance)

    def _saved(self, data: dict[str, Any], row: Segment | None) -> Segment:
        conditions = tuple(dict(each) for each in data["conditions"])
        content = SegmentContent(data["segment_id"], data["name"], conditions, data.get("match_all", True))
        with _by_field():
            return save_segment(current_cpo(), content, row)


class MembersSerializer(serializers.Serializer[Any]):
    """How many of the CPO's customers are in a segment now; null where there are too many to count at once."""

    inside = serializers.IntegerField(allow_null=True)
    customers = serializers.IntegerField()


class SegmentViewSet(OwnViewSet):
    """Segments, for which offers can be."""

    model = Segment
    serializer_class = SegmentSerializer
    lookup_field = "segment_id"

    def rows(self) -> QuerySet[Segment]:
        return Segment.objects.select_related("cpo").order_by("segment_id")

    def lock_row(self) -> None:
        lock_segments(self.cpo)

    @extend_schema(summary="Count a segment's customers", responses={200: MembersSerializer, 404: RefusedSerializer})
    @action(detail=True, methods=["get"], pagination_class=None)
    def members(self, request: Request, segment_id: str) -> Response:
        return Response(MembersSerializer(count_members(self.get_object(), timezone.now())).data)

    def perform_destroy(self, instance: Segment) -> None:
        try:
            delete_segment(instance)
        except ValidationError as refusal:
            raise Conflict(" ".join(refusal.messages), "in_use") from refusal


class NamedListSerializer(OwnSerializer):
    """A list of contacts, of which only hashes are kept."""

    own_id = "list_id"
    contacts = serializers.IntegerField(read_only=True, source="contacts_there", default=0)
    former_contacts_until = serializers.SerializerMethodField(
        help_text="In sessions that start before, surges let off whom they did before the list was filled anew, too; "
        "null where it was not filled within their notice. Offers go by the contacts alone."
    )

    class Meta:
        model = NamedList
        fields = ["list_id", "name", "contacts", "filled_at", "former_contacts_until"]
        read_only_fields = ["filled_at"]

    def get_former_contacts_until(self, row: NamedList) -> datetime | None:
        return changes_until(row, timezone.now())


class FileSerializer(StrictSerializer):
    """A file as text."""

    csv = serializers.CharField(
        max_length=MOST_BYTES, trim_whitespace=False, help_text="The whole file, with its header."
    )
    dry_run = serializers.BooleanField(default=False, help_text="Only tell what it would do.")


class ListFileSerializer(FileSerializer):
    """A file of contacts."""

    replace = serializers.BooleanField(default=False, help_text="In the place of the contacts that are there.")


class ReportSerializer(serializers.Serializer[Any]):
    """What a file has done, would do, or will do once it is written in the background."""

    import_id = serializers.UUIDField(allow_null=True, help_text="Null after a dry run.")
    state = serializers.CharField(allow_null=True)
    rows = serializers.IntegerField()
    made = serializers.IntegerField(allow_null=True)
    changed = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField()


class NamedListViewSet(OwnViewSet):
    """Named lists."""

    model = NamedList
    serializer_class = NamedListSerializer
    lookup_field = "list_id"
    longest_body = LONGEST_FILE

    def rows(self) -> QuerySet[NamedList]:
        return NamedList.objects.select_related("cpo").annotate(contacts_there=Count("entries")).order_by("list_id")

    @extend_schema(
        summary="Fill a list from a CSV file",
        request=ListFileSerializer,
        responses={200: ReportSerializer, 404: RefusedSerializer, **_REFUSED},
    )
    @action(detail=True, methods=["post"], pagination_class=None)
    def contacts(self, request: Request, list_id: str) -> Response:
        row = self.get_object()
        data = _body(ListFileSerializer, request)
        said = {"dry_run": data["dry_run"], "author": _author(request)}
        with _readable():
            report = import_contacts(row, data["csv"].encode(), replaces=data["replace"], **said)
        return _told(report)

    def perform_destroy(self, instance: NamedList) -> None:
        try:
            delete_list(instance)
        except ValidationError as refusal:
            raise Conflict(" ".join(refusal.messages), "in_use") from refusal


class CustomerImportView(TokenScopedMixin, APIView):
    """Takes in customers' records for the token's CPO."""

    throttle_classes = [StaffThrottle]
    token_scopes = frozenset({TokenScope.STAFF})
    longest_body = LONGEST_FILE

    @extend_schema(
        summary="Import customers from a CSV file",
        request=FileSerializer,
        responses={200: ReportSerializer, **_REFUSED},
    )
    def post(self, request: Request) -> Response:
        data = _body(FileSerializer, request)
        with _readable():
            report = import_customers(self.cpo, data["csv"].encode(), dry_run=data["dry_run"], author=_author(request))
        return _told(report)


class ImportView(TokenScopedMixin, APIView):
    """Tells how far an import is."""

    throttle_classes = [StaffThrottle]

    @extend_schema(summary="Read an import's state", responses={200: ReportSerializer, 404: RefusedSerializer})
    def get(self, request: Request, import_id: str) -> Response:
        key = _uuid(import_id)
        job = ContactImport.objects.filter(pk=key).first() if key is not None else None
        if job is None:
            raise NotFound("You have no such import: its id is in the answer to the file.")
        return Response(_job(job))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except NotRead as refusal:
        raise BadInput({"csv": [str(refusal)]}) from refusal


def _body(serializer_class: type[serializers.Serializer[Any]], request: Request) -> Any:
    serializer = serializer_class(data=request.data)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


def _author(request: Request) -> Author:
    token: Any = request.auth
    return Author(token=token.prefix)


def _told(report: Report) -> Response:
    if report.faults.count:
        found: list[Any] = [{"row": x.row, "column": x.column, "message": x.sentence} for x in report.faults.shown]
        raise BadInput({"csv": found})
    if report.job is not None:
        return Response(_job(report.job))
    told = {"import_id": None, "state": None, "rows": report.lines, "reason": ""}
    return Response(told | {"made": report.made, "changed": report.changed})


def _job(job: ContactImport) -> dict[str, Any]:
    return {
        "import_id": str(job.pk),
        "state": ImportState(job.state).value,
        "rows": job.lines,
        "made": job.made,
        "changed": job.changed,
        "reason": job.reason,
    }
