"""The staff API's list of templates: what the form of each kind of campaign is filled in with."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from cpo_portal.accounts.tokens import TokenScopedMixin
from cpo_portal.network.api_fields import OneOfField
from cpo_portal.network.api_limits import StaffThrottle
from offers.api.serializers import LimitsSerializer, OfferContentSerializer
from offers.authoring import OfferContent
from offers.campaigns.filling import Filled, fill, sentence_for
from offers.campaigns.table import TEMPLATES, Makes
from offers.engine.values import OfferLimits


class TemplateSerializer(serializers.Serializer[Any]):
    """A kind of campaign, and the body that makes it once it is posted to /api/{makes}; offer-policy is patched."""

    template = serializers.CharField()
    title = serializers.CharField()
    sentence = serializers.CharField()
    needs = serializers.CharField(help_text="What of your own it names; empty where it needs nothing.")
    missing = serializers.CharField(help_text="What to make first; empty where everything is there.")
    makes = OneOfField(choices=[makes.value for makes in Makes])
    body = serializers.DictField(
        allow_null=True,
        help_text="Change what you like; a balance also says whose it is. Null where something is to be made first: "
        "without it the offer would be for everybody.",
    )


class TemplatesView(TokenScopedMixin, APIView):
    """The templates, filled in with what the token's CPO has."""

    throttle_classes = [StaffThrottle]

    @extend_schema(summary="List templates of campaigns", responses={200: TemplateSerializer(many=True)})
    def get(self, request: Request) -> Response:
        now = timezone.now()
        filled = [fill(template, self.cpo, now) for template in TEMPLATES]
        return Response([_told(each) | {"sentence": sentence_for(each.template, self.cpo)} for each in filled])


def _told(filled: Filled) -> dict[str, Any]:
    template = filled.template
    return {
        "template": template.key,
        "title": template.title,
        "needs": template.need.sentence if template.need is not None else "",
        "missing": filled.missing,
        "makes": template.makes.value,
        "body": None if filled.missing else _body(filled),
    }


def _body(filled: Filled) -> dict[str, Any]:
    if filled.template.makes is not Makes.OFFER:
        return filled.content
    content = OfferContentSerializer(OfferContent(**filled.content)).data
    # Its currency is the CPO's, which nobody has to say.
    said = {name: value for name, value in content.items() if name != "currency"}
    limits = LimitsSerializer(OfferLimits(**filled.limits)).data
    return {"offer_id": filled.offer_id, "content": said, "limits": limits}
