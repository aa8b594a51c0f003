"""How often an offer was used, also one without limits, whose uses no counter keeps."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, IntegerField, OuterRef, Q, QuerySet, Subquery, When

from offers.models import Offer, Redemption, RedemptionState
from offers.states import counter_of
from pricing.engine.wording import count_text

#: So many uses are counted where no counter knows them: there may be millions.
MOST_COUNTED = 100_000
#: Uses that orders hold or have made; one that was reversed came back where that is the offer's policy.
_USED = Q(sandbox=False, state__in=(RedemptionState.RESERVED, RedemptionState.COMMITTED)) | Q(
    sandbox=False, state=RedemptionState.REVERSED, offer__give_use_back=False
)


class _Rows(Subquery):
    """The number of rows of a query, which may end after some."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS counted)"
    output_field = IntegerField()


def with_uses(offers: QuerySet[Any]) -> QuerySet[Any]:
    """Return offers with their `uses`, for a list of them: at most MOST_COUNTED and one where no counter knows."""
    used = Redemption.objects.filter(_USED, offer=OuterRef("pk")).order_by().values("pk")
    return offers.annotate(uses=Case(When(counter=None, then=_Rows(used[: MOST_COUNTED + 1]))))


def uses_of(offer: Offer) -> int:
    """Return how often the offer is used or held: by its counter, else by the list's `uses`, else by a query.

    Without a counter it is at most MOST_COUNTED and one.
    """
    counter = counter_of(offer)
    if counter is not None:
        return counter.uses_reserved + counter.uses_committed
    known: int | None = getattr(offer, "uses", None)
    if known is not None:
        return known
    return Redemption.objects.filter(_USED, offer=offer).order_by()[: MOST_COUNTED + 1].count()


def uses_text(offer: Offer) -> str:
    """Return how often the offer is used or held, grouped as the CPO's amounts are: "1,00,000+" where that is more."""
    uses, currency = uses_of(offer), offer.cpo.currency
    if counter_of(offer) is None and uses > MOST_COUNTED:
        return f"{count_text(MOST_COUNTED, currency)}+"
    return count_text(uses, currency)


def uses_cell(offer: Offer) -> int | str:
    """Return the same for a sheet: a number that it can add up, as far as it is known."""
    is_known = counter_of(offer) is not None or uses_of(offer) <= MOST_COUNTED
    return uses_of(offer) if is_known else uses_text(offer)
