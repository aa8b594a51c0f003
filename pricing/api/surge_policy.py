"""The staff API's route of the surge policy: what a CPO promises about all of its surges."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cpo_portal.accounts.tokens import TokenScopedMixin
from cpo_portal.network.api_fields import InstantField
from cpo_portal.network.api_limits import StaffThrottle
from cpo_portal.network.api_strict import Strict
from pricing.api.refusals import REFUSED
from pricing.models import SurgePolicy
from pricing.surges.ceilings import SurgeCeilings
from pricing.surges.policies import policy_of


def _between(sentence: str) -> dict[str, Any]:
    return {"error_messages": {"min_value": sentence, "max_value": sentence}}


class SurgePolicySerializer(Strict, serializers.ModelSerializer[SurgePolicy]):
    """The policy as the page of the admin shows it; a cap of null is no limit.

    A higher cap is announced as a surge is: until `cap_from` the earlier one holds. A longer notice counts at once; a
    shorter one counts in full once the notice before it is over, and until then nothing takes effect any earlier than
    that had promised.
    """

    notice_kept_until = InstantField(
        read_only=True,
        allow_null=True,
        help_text="No surge that is published or resumed before takes effect before this instant; null: by the notice.",
    )
    signal_notice_kept_until = InstantField(
        read_only=True,
        allow_null=True,
        help_text="The same of signals and of levels of demand.",
    )

    cap_from = InstantField(
        read_only=True,
        allow_null=True,
        help_text="The first planned start for which the cap holds; null: it holds for all.",
    )

    warnings = serializers.SerializerMethodField(help_text="Which price ceilings prices are above with their surges.")

    class Meta:
        model = SurgePolicy
        fields = (
            "notice_hours",
            "notice_kept_until",
            "signal_notice_minutes",
            "signal_notice_kept_until",
            "cap_percent",
            "cap_from",
            "earlier_cap_percent",
            "warnings",
        )
        read_only_fields = ("earlier_cap_percent",)
        # DRF would say these in words of its own
        extra_kwargs = {
            "notice_hours": _between("Give a notice of 0 to 2160 hours, which are 90 days."),
            "signal_notice_minutes": _between("Give a notice of 0 to 1440 minutes, which are a day."),
            "cap_percent": _between("Give a percentage of 0 or more, or null for no limit."),
            "earlier_cap_percent": {"help_text": "The cap until `cap_from`; null is no limit."},
        }

    def get_warnings(self, policy: SurgePolicy) -> list[str]:
        return [x.sentence for x in SurgeCeilings().above_now()]


class SurgePolicyView(TokenScopedMixin, APIView):
    """The surge policy of the token's CPO; what is announced already keeps its time, and quotes keep their surges."""

    throttle_classes = [StaffThrottle]

    @extend_schema(summary="Read the surge policy", responses={200: SurgePolicySerializer})
    def get(self, request: Request) -> Response:
        return Response(SurgePolicySerializer(policy_of(self.cpo)).data)

    @extend_schema(
        summary="Change the surge policy",
        request=SurgePolicySerializer,
        responses={200: SurgePolicySerializer, 400: REFUSED[400]},
    )
    def patch(self, request: Request) -> Response:
        with transaction.atomic():
            SurgePolicy.objects.get_or_create(cpo=self.cpo)
            row = SurgePolicy.objects.select_for_update(of=("self",)).get(cpo=self.cpo)
            serializer = SurgePolicySerializer(row, data=request.data, partial=True)
            serializer.is_valid(raise_exception=True)
            serializer.save()
        return Response(serializer.data)
