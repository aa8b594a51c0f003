"""The staff API's route of the policy: how a CPO's offers and quotes behave."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cpo_portal.accounts.tokens import TokenScopedMixin
from cpo_portal.network.api_fields import RefusedSerializer
from cpo_portal.network.api_limits import StaffThrottle
from cpo_portal.network.api_strict import Strict
from offers.models import OfferPolicy
from offers.models.policy import (
    ABOVE_0_SENTENCE,
    AT_MOST_100_SENTENCE,
    BOTH_SENTENCE,
    FRIENDS_SENTENCE,
    STACK_SENTENCE,
    coinless,
)
from offers.policies import policy_of


class PolicySerializer(Strict, serializers.ModelSerializer[OfferPolicy]):
    """The policy as the page of the admin shows it; null is no limit."""

    class Meta:
        model = OfferPolicy
        fields = (
            "objective",
            "max_stack",
            "max_discount_percent",
            "amount_basis",
            "quote_minutes",
            "payment_minutes",
            "early_start_minutes",
            "late_start_minutes",
            "breakdown_minutes",
            "silent_minutes",
            "longest_hours",
            "referrer_reward",
            "friend_reward",
            "referrals_per_customer",
            "referral_days",
        )
        extra_kwargs = {
            # DRF would say these in words of its own
            "referrals_per_customer": {"error_messages": {"min_value": FRIENDS_SENTENCE}},
            "max_stack": {"error_messages": {"min_value": STACK_SENTENCE}},
            "max_discount_percent": {
                "error_messages": {"min_value": ABOVE_0_SENTENCE, "max_value": AT_MOST_100_SENTENCE}
            },
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        names = ("referrer_reward", "friend_reward")
        for name in names:
            if sentence := coinless(attrs.get(name), self.instance.cpo.currency if self.instance else ""):
                raise serializers.ValidationError({name: [sentence]})
        rewards = [attrs.get(name, getattr(self.instance, name, None)) for name in names]
        if rewards != [None, None] and not all(reward is not None and reward > 0 for reward in rewards):
            raise serializers.ValidationError({name: [BOTH_SENTENCE] for name in names if name in attrs})
        return attrs


class PolicyView(TokenScopedMixin, APIView):
    """The policy of the token's CPO; quotes and orders that stand already keep what they were made with."""

    throttle_classes = [StaffThrottle]

    @extend_schema(summary="Read the policy of quotes and offers", responses={200: PolicySerializer})
    def get(self, request: Request) -> Response:
        return Response(PolicySerializer(policy_of(self.cpo.pk)).data)

    @extend_schema(
        summary="Change the policy of quotes and offers",
        request=PolicySerializer,
        responses={
            200: PolicySerializer,
            400: OpenApiResponse(RefusedSerializer, description="The fields that are wrong, each with a sentence."),
        },
    )
    def patch(self, request: Request) -> Response:
        with transaction.atomic():
            OfferPolicy.objects.get_or_create(cpo=self.cpo)
            row = OfferPolicy.objects.select_for_update(of=("self",)).get(cpo=self.cpo)
            serializer = PolicySerializer(row, data=request.data, partial=True)
            serializer.is_valid(raise_exception=True)
            serializer.save()
        return Response(serializer.data)
