"""The columns of the download of offers, in the words of the screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from cpo_portal.adminkit.display import plain_amount
from offers.models import Offer
from offers.shown import STATE_LABELS, benefit_shown, shown_version
from offers.states import counter_of, day_counter_of, derived_state
from offers.uses import uses_cell


def _of_version(name: str) -> Callable[[Offer], Any]:
    """Return a column that reads the published version, or the draft where there is none."""
    return lambda offer: getattr(shown_version(offer), name, None)


def _state(offer: Offer) -> str:
    state = derived_state(offer, offer.live_version, counter_of(offer), timezone.now())
    return STATE_LABELS.get(state, state)


def _spent(offer: Offer) -> Any:
    counter = counter_of(offer)
    held = None if counter is None else counter.budget_reserved + counter.budget_committed
    return plain_amount(held, offer.cpo.currency)


def _spent_today(offer: Offer) -> Any:
    if offer.budget_per_day is None:
        return None
    day = day_counter_of(offer, timezone.now())
    held = 0 if day is None else day.budget_reserved + day.budget_committed
    return plain_amount(held, offer.cpo.currency)


OFFER_COLUMNS: dict[str, Callable[[Any], Any]] = {
    "Offer id": lambda offer: offer.offer_id,
    "Name": _of_version("name"),
    "State": _state,
    "Benefit": benefit_shown,
    "Segments": lambda offer: ", ".join(getattr(shown_version(offer), "segment_ids", ())),
    "Display code": _of_version("display_code"),
    "Valid from ({clock})": _of_version("valid_from"),
    "Valid until ({clock})": _of_version("valid_until"),
    "Most uses": lambda offer: offer.total_uses,
    "Used (with reserved)": uses_cell,
    "Most uses per customer": lambda offer: offer.uses_per_customer,
    "Most uses per customer and day": lambda offer: offer.uses_per_customer_day,
    "Most uses per customer and week": lambda offer: offer.uses_per_customer_week,
    "Most uses per customer and month": lambda offer: offer.uses_per_customer_month,
    "Shared in groups": lambda offer: "yes" if offer.shared_in_groups else "no",
    "Budget": lambda offer: plain_amount(offer.budget, offer.cpo.currency),
    "Spent (with reserved)": _spent,
    "Budget per day": lambda offer: plain_amount(offer.budget_per_day, offer.cpo.currency),
    "Spent today (with reserved)": _spent_today,
    "Most per redemption": lambda offer: plain_amount(offer.redemption_cap, offer.cpo.currency),
    "Exclusivity group": _of_version("exclusivity_group"),
    "Never together with": lambda offer: ", ".join(_of_version("excludes")(offer) or ()),
    "Currency": lambda offer: offer.cpo.currency,
}
