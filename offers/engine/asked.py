"""What an offer asks at all, worked out once: most offers ask little, and the rest is then not looked at."""

from __future__ import annotations

from dataclasses import dataclass

from offers.engine.benefits import rule_of
from offers.engine.benefits.rule import BenefitRule
from offers.engine.demand import is_of_the_moment
from offers.engine.limits import has_limit
from offers.engine.places import is_placed
from offers.engine.situation import Situation
from offers.engine.values import OfferTerms


@dataclass(frozen=True, slots=True)
class Asked:
    """The module that knows an offer's benefit, and which of its conditions there are.

    `where_and_when` is of anything but its validity, `to_choose` of the buyer's choice or a code, `for_whom` of
    segments, demand and limits. One that is `beside` the order leaves its price as it is. `least` is the least cart
    value as a check prints it, `title` the offer's price line; None where that depends on the cart.
    """

    rule: BenefitRule
    beside: bool
    where_and_when: bool
    to_choose: bool
    for_whom: bool
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
    title = rule.title(offer, None)
    days = scope.weekly_windows or scope.blackout_dates or scope.holidays is not None
    return Asked(
        rule=rule,
        beside=not rule.reduces(offer),
        where_and_when=bool(things or days) or is_placed(scope),
        to_choose=not offer.auto or offer.requires_code,
        for_whom=bool(offer.segments) or is_of_the_moment(offer) or has_limit(offer.limits),
        least="" if least is None else f"{least:f}",
        title=None if title is None else _titled(offer, title),
    )


def line_title(offer: OfferTerms, situation: Situation) -> str:
    """Return what the price line of an offer says: "Happy hour (25% off)"."""
    asked = asked_of(offer)
    return asked.title or _titled(offer, asked.rule.title(offer, situation) or "")


def _titled(offer: OfferTerms, benefit: str) -> str:
    return f"{offer.name} ({benefit})"
