"""The staff API's routes of referral codes: make a customer's, and read who came by it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import mixins, serializers, status
from rest_framework.exceptions import NotFound, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from cpo_portal.accounts.tokens import TokenScopedMixin
from cpo_portal.charging.people.groups import customer_by_contact
from cpo_portal.network.api_fields import InstantField
from cpo_portal.network.api_filters import Pages
from cpo_portal.network.api_limits import StaffThrottle
from cpo_portal.network.api_strict import StrictSerializer
from offers.models import Referral, ReferralCode
from offers.referrals.codes import code_of
from pricing.api.refusals import REFUSED, body_of
from pricing.engine.money import Money


class ContactSerializer(StrictSerializer):
    """Whose code it is."""

    contact = serializers.CharField(max_length=254, help_text="A phone number or an e-mail address.")


class ReferralSerializer(serializers.Serializer[Any]):
    """A customer who came by a code."""

    friend = serializers.UUIDField(source="friend_id")
    state = serializers.CharField(help_text="WAITING or REWARDED.")
    referrer_reward = serializers.SerializerMethodField()
    friend_reward = serializers.SerializerMethodField()
    currency = serializers.CharField()
    created_at = InstantField()
    expires_at = InstantField(help_text="Until when the first session must be billed.")
    rewarded_at = InstantField(allow_null=True)

    def get_referrer_reward(self, row: Referral) -> str:
        return f"{Money(row.referrer_reward, row.currency).rounded().amount:f}"

    def get_friend_reward(self, row: Referral) -> str:
        return f"{Money(row.friend_reward, row.currency).rounded().amount:f}"


class ReferralCodeSerializer(serializers.ModelSerializer[ReferralCode]):
    """A code."""

    created_at = InstantField()

    class Meta:
        model = ReferralCode
        fields = ("code", "customer", "created_at")
        read_only_fields = fields


class OneReferralCodeSerializer(ReferralCodeSerializer):
    """A code with who came by it, the newest first."""

    referrals = ReferralSerializer(many=True)

    class Meta(ReferralCodeSerializer.Meta):
        fields = (*ReferralCodeSerializer.Meta.fields, "referrals")  # type: ignore[assignment]


@extend_schema_view(
    list=extend_schema(summary="List referral codes"),
    retrieve=extend_schema(
        summary="Read a referral code", responses={200: OneReferralCodeSerializer, 404: REFUSED[404]}
    ),
)
class ReferralCodeViewSet(TokenScopedMixin, mixins.ListModelMixin, mixins.RetrieveModelMixin, GenericViewSet[Any]):
    """Referral codes of the token's CPO."""

    serializer_class = ReferralCodeSerializer
    pagination_class = Pages
    throttle_classes = [StaffThrottle]
    lookup_url_kwarg = "code"
    lookup_value_regex = "[A-Za-z0-9-]{1,40}"

    def get_queryset(self) -> QuerySet[ReferralCode]:
        if getattr(self, "swagger_fake_view", False):
            return ReferralCode.objects.none()
        return ReferralCode.objects.order_by("-created_at", "pk")

    def get_serializer_class(self) -> Any:
        return OneReferralCodeSerializer if self.action == "retrieve" else ReferralCodeSerializer

    def get_object(self) -> ReferralCode:
        found = self.get_queryset().filter(code=self.kwargs["code"].upper()).first()
        if found is None:
            raise NotFound("You have no such referral code.")
        return found

    @extend_schema(
        summary="Make a customer's referral code",
        request=ContactSerializer,
        responses={201: ReferralCodeSerializer, 400: REFUSED[400]},
    )
    def create(self, request: Request) -> Response:
        """Make the code of a customer, who is made where new; who has one keeps it."""
        contact = body_of(ContactSerializer, request)["contact"]
        try:
            made = code_of(customer_by_contact(self.cpo, contact))
        except ValueError as fault:
            raise ValidationError({"contact": [str(fault)]}) from fault
        return Response(ReferralCodeSerializer(made).data, status=status.HTTP_201_CREATED)
