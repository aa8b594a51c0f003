"""The filters of the list of offers: by what they are now, and by campaign."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from cpo_portal.adminkit.filters import DropdownFilter
from offers.authoring.review import REVIEWS
from offers.models import CampaignKind, Offer, OfferState, OfferVersion
from offers.shown import STATE_LABELS
from offers.states import state_condition
from pricing.admin import reviews


class StateFilter(DropdownFilter):  # type: ignore[misc]
    """By what offers are now, not by what is stored."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        hidden = {OfferState.APPROVED, OfferState.IN_REVIEW}
        return [(state, label) for state, label in STATE_LABELS.items() if state not in hidden]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Offer]) -> QuerySet[Offer]:
        state = self.value()
        return queryset.filter(state_condition(state, timezone.now())) if state in STATE_LABELS else queryset


class ReviewFilter(reviews.ReviewFilter):
    """The queue of the reviewers of offers."""

    reviews = REVIEWS


class KindFilter(DropdownFilter):  # type: ignore[misc]
    """By the campaign of the published version, or of the draft where there is none."""

    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(CampaignKind.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Offer]) -> QuerySet[Offer]:
        if self.value() not in CampaignKind.values:
            return queryset
        drafts = OfferVersion.objects.filter(published_at=None, campaign_kind=self.value()).values("offer")
        return queryset.filter(Q(live_version__campaign_kind=self.value()) | Q(live_version=None, pk__in=drafts))
