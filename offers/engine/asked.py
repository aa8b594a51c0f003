"""What an offer asks at all, worked out once: most offers ask little, and the rest is then not looked at."""

from __future__ import annotations

from dataclasses import dataclass

from offers.engine.benefits import plain, rule_of
from offers.engine.benefits.rule import BenefitRule
from offers.engine.demand import is_of_the_moment
from offers.engine.limits import has_limit
from offers.engine.places import is_placed
from offers.engine.situation import Situation
from offers.engine.values import OfferTerms
from pricing.engine.making import quickly_made


@quickly_made
@dataclass(frozen=True, slots=True)
class Asked:
    """The module that knows an offer's benefit, and which of its conditions there are.

    `where_and_when` is of anything but its validity: `placed` of the place besides its id, `days` of the local day.
    `to_choose` is of the buyer's choice or a code, `for_whom` of segments, of demand (`of_the_moment`) and of limits
    (`limited`), `of_energy` of the kWh. `of_its_kind` says that the kind of benefit has conditions of its own. One that
    is `beside` the order leaves its price as it is. `least` is the least cart value as a check prints it, `title` the
    offer's price line; None where that depends on the cart.
    """

    rule: BenefitRule
    beside: bool
    where_and_when: bool
    placed: bool
    days: bool
    to_choose: bool
    for_whom: bool
    of_the_moment: bool
    limited: bool
    of_its_kind: bool
    of_energy: bool
    least: str
    title: str | None


def asked_of(offer: OfferTerms) -> Asked:
    """Return what an offer asks; it depends on its terms alone, and stays with them."""
    try:
        return offer.asked  # type: ignore[no-any-return]
    except AttributeError:
        found = _asked(offer)
        object.__setattr__(offer, "asked", found)
        return found


def _asked(offer: OfferTerms) -> Asked:
    scope, rule, least = offer.applicability, rule_of(offer), offer.qualifier.min_value
    things = scope.location_ids or scope.item_ids or scope.categories
    of_the_moment, limited = is_of_the_moment(offer), has_limit(offer.limits)
    title = rule.title(offer, None)
    days, placed = bool(scope.blackout_dates) or scope.holidays is not None, is_placed(scope)
    return Asked(
        rule=rule,
        beside=not rule.reduces(offer),
        where_and_when=bool(things or scope.weekly_windows) or days or placed,
        placed=placed,
        days=days,
        to_choose=not offer.auto or offer.requires_code,
        for_whom=bool(offer.segments) or of_the_moment or limited,
        of_the_moment=of_the_moment,
        limited=limited,
        of_its_kind=rule.checks is not plain.checks,
        of_energy=offer.qualifier.min_wh is not None or offer.qualifier.max_wh is not None,
        least="" if least is None else f"{least:f}",
        title=None if title is None else _titled(offer, title),
    )


def line_title(offer: OfferTerms, situation: Situation) -> str:
    """Return what the price line of an offer says: "Happy hour (25% off)"."""
    asked = asked_of(offer)
    return asked.title or _titled(offer, asked.rule.title(offer, situation) or "")


def _titled(offer: OfferTerms, benefit: str) -> str:
    return f"{offer.name} ({benefit})"
