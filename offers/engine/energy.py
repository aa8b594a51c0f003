"""The range of energy for which an offer holds: judged on the plan, and again on what was delivered."""

from __future__ import annotations

from collections.abc import Iterable

from offers.engine.benefits import rule_of
from offers.engine.situation import Situation
from offers.engine.values import Check, OfferTerms, ReasonCode
from pricing.engine.wording import energy_text


def energy_checks(offer: OfferTerms, situation: Situation) -> list[Check]:
    """Return the checks of the bounds that are set; both bounds belong to the range."""
    least, most = offer.qualifier.min_wh, offer.qualifier.max_wh
    checks = []
    if least is not None:
        checks.append(_check("min_wh", least, situation.cart.energy_wh, least - situation.cart.energy_wh, "short"))
    if most is not None:
        judged = situation.least_wh
        checks.append(_check("max_wh", most, judged, judged - most, "too much"))
    return checks


def energy_edges(offers: Iterable[OfferTerms]) -> tuple[int, ...]:
    """Return the energies (Wh) from which on one of the offers begins or ceases to hold, or gives by another slab."""
    found: set[int] = set()
    for offer in offers:
        least, most = offer.qualifier.min_wh, offer.qualifier.max_wh
        found.update(rule_of(offer).energy_edges(offer))
        found.update(() if least is None else (least,))
        found.update(() if most is None else (most + 1,))
    return tuple(sorted(found))


def is_steady(offers: Iterable[OfferTerms], situation: Situation) -> bool:
    """Say whether no offer ceases to hold between the situation's least energy and the energy of its cart."""
    limits = (x.qualifier.max_wh for x in offers)
    return not any(x is not None and situation.least_wh <= x < situation.cart.energy_wh for x in limits)


def _check(name: str, bound: int, actual: int, missing: int, words: str) -> Check:
    margin = f"{energy_text(missing)} {words}" if missing > 0 else ""
    return Check(ReasonCode.ENERGY, f"qualifier.{name}", energy_text(bound), energy_text(actual), missing <= 0, margin)
