"""The staff API's routes of signals, which sources send, send again and withdraw by their own id."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils import timezone
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cpo_portal.accounts.tokens import TokenScopedMixin
from cpo_portal.network.api_fields import BoundedListField, InstantField, OneOfField
from cpo_portal.network.api_filters import OneOfFilter, Pages, YesNoFilter
from cpo_portal.network.api_limits import StaffThrottle
from cpo_portal.network.api_strict import StrictSerializer
from pricing.api.refusals import REFUSED, body_of, refusals
from pricing.api.views import BECKN_ID_PATH
from pricing.models import Signal, SignalKindChoice
from pricing.surges.signals import MOST_AREAS, announce, counting, standing, withdraw

_WITHOUT_END = "Say until when it holds: a signal without an end would raise prices for ever."


def _names(length: int, help_text: str) -> BoundedListField:
    child = serializers.CharField(max_length=length)
    return BoundedListField(child=child, max_length=MOST_AREAS, required=False, help_text=help_text)


class SignalInSerializer(StrictSerializer):
    """What a source says; it counts at locations that fit any of what is named, everywhere where nothing is."""

    kind = OneOfField(choices=SignalKindChoice.choices, help_text="Schedules wait for a kind.")
    title = serializers.CharField(max_length=100, help_text="What drivers read, for example Storm over Delhi.")
    source = serializers.CharField(  # type: ignore[assignment]
        max_length=100, help_text="Who says so, for example the grid operator."
    )
    location_ids = _names(100, "Ids of your locations.")
    location_tags = _names(30, "Tags of locations, such as highway or airport.")
    states = _names(100, "States of your locations.")
    starts_at = InstantField()
    ends_at = InstantField(error_messages={"required": _WITHOUT_END, "null": _WITHOUT_END})
    stale_after = InstantField(
        required=False,
        allow_null=True,
        help_text="It stops counting then, unless it is sent again; null: when it ends.",
    )


class SignalSerializer(SignalInSerializer):
    """A signal, and whether it counts."""

    signal_id = serializers.CharField()
    standing = serializers.SerializerMethodField(
        help_text="COMING (announced), COUNTS, STALE (not sent again in time), OVER or WITHDRAWN."
    )
    counts_from = InstantField(help_text="When its notice is over: it never counts before.")
    withdrawn_at = InstantField(allow_null=True)
    created_at = InstantField()
    changed_at = InstantField()

    def get_standing(self, signal: Signal) -> str:
        return standing(signal, timezone.now()).value


class SignalFilter(filters.FilterSet):
    """Narrows the list of signals."""

    kind = OneOfFilter(choices=SignalKindChoice.choices)
    counting = YesNoFilter(method="by_counting", help_text="Those that count now, or all others.")

    class Meta:
        model = Signal
        fields = ["kind"]

    def by_counting(self, signals: QuerySet[Signal], name: str, value: bool) -> QuerySet[Signal]:
        now = counting(timezone.now())
        return signals.filter(now) if value else signals.exclude(now)


@extend_schema_view(
    list=extend_schema(summary="List signals"),
    retrieve=extend_schema(summary="Read a signal", responses={200: SignalSerializer, 404: REFUSED[404]}),
)
class SignalViewSet(TokenScopedMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Signal]):
    """Signals of the token's CPO, by signal id; none is ever deleted."""

    serializer_class = SignalSerializer
    filterset_class = SignalFilter
    pagination_class = Pages
    throttle_classes = [StaffThrottle]
    #: A signal may name a thousand places.
    longest_body = 262_144
    lookup_field = "signal_id"
    lookup_value_regex = BECKN_ID_PATH

    def get_queryset(self) -> QuerySet[Signal]:
        if getattr(self, "swagger_fake_view", False):
            return Signal.objects.none()
        return Signal.objects.select_related("cpo").order_by("-starts_at", "signal_id")

    @extend_schema(
        summary="Send a signal, or send it again",
        description="Makes the signal of this id, or says again what it is, as often as you like. It counts from the "
        "later of its start and the end of its notice; a change that lets it hold earlier, longer or elsewhere is "
        "announced anew, one that only narrows it counts at once.",
        request=SignalInSerializer,
        responses={200: SignalSerializer, 201: SignalSerializer, 400: REFUSED[400]},
    )
    def update(self, request: Request, signal_id: str) -> Response:
        said = Signal(cpo=self.cpo, signal_id=signal_id, **body_of(SignalInSerializer, request))
        with refusals():
            saved = announce(said, timezone.now())
        code = status.HTTP_201_CREATED if saved is said else status.HTTP_200_OK
        return Response(self.get_serializer(saved).data, status=code)

    @extend_schema(
        summary="Withdraw a signal",
        description="It counts no more, at once, and can still be read; quotes that were given keep their surge.",
        request=None,
        responses={200: SignalSerializer, 404: REFUSED[404]},
    )
    @action(detail=True, methods=["post"])
    def withdraw(self, request: Request, signal_id: str) -> Response:
        return Response(self.get_serializer(withdraw(self.get_object(), timezone.now())).data)
