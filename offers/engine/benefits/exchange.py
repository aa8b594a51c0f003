"""The `exchange` kind: something of the driver's is taken in return; only named at order time."""

from __future__ import annotations

from offers.engine.benefits.beside import lines, maximum, reduces, saving, slope
from offers.engine.benefits.plain import (
    added,
    checks,
    energy_edges,
    giving,
    least_value,
    most_between,
    qualifying,
    slack,
)
from offers.engine.situation import Situation
from offers.engine.values import OfferTerms

__all__ = [
    "added",
    "checks",
    "energy_edges",
    "giving",
    "lines",
    "maximum",
    "most_between",
    "qualifying",
    "reduces",
    "saving",
    "slack",
    "slope",
    "thresholds",
    "title",
    "words",
]

thresholds = least_value


def title(offer: OfferTerms, situation: Situation | None) -> str:
    return "exchange"


def words(offer: OfferTerms) -> str:
    return "an exchange, valued when it is returned; the price stays as it is"
