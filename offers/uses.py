"""How often an offer was used, also one without limits, whose uses no counter keeps."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, Count, IntegerField, OuterRef, Q, QuerySet, Subquery, When
from django.db.models.functions import Coalesce

from offers.models import Offer, Redemption, RedemptionState
from offers.states import counter_of

#: Uses that orders hold or have made; one that was reversed came back where that is the offer's policy.
_USED = Q(sandbox=False, state__in=(RedemptionState.RESERVED, RedemptionState.COMMITTED)) | Q(
    sandbox=False, state=RedemptionState.REVERSED, offer__give_use_back=False
)


def with_uses(offers: QuerySet[Any]) -> QuerySet[Any]:
    """Return offers with their `uses`, for a list of them."""
    counted = Redemption.objects.filter(_USED, offer=OuterRef("pk")).order_by().values("offer")
    uses = counted.annotate(uses=Count("pk")).values("uses")
    # Only where no counter knows it: there may be millions of uses to count.
    without_counter = When(counter=None, then=Coalesce(Subquery(uses, output_field=IntegerField()), 0))
    return offers.annotate(uses=Case(without_counter))


def uses_of(offer: Offer) -> int:
    """Return how often the offer is used or held: by its counter, else by the list's `uses`, else by a query."""
    counter = counter_of(offer)
    if counter is not None:
        return counter.uses_reserved + counter.uses_committed
    known: int | None = getattr(offer, "uses", None)
    return Redemption.objects.filter(_USED, offer=offer).count() if known is None else known
