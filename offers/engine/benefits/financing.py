"""The `financing` kind: ways to pay over time, named beside the order, whose value stays as it is."""

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
from offers.engine.values import FinanceMethod, FinanceTerm, OfferTerms
from pricing.engine.wording import plain_number

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
    return "financing"


def words(offer: OfferTerms) -> str:
    return " or ".join(term_words(x) for x in offer.benefit.finance)


def term_words(term: FinanceTerm) -> str:
    """Return "6 monthly instalments at 12 % a year by Some Bank, of which the CPO bears 50 %"."""
    months = f"{term.months} month{'' if term.months == 1 else 's'}"
    if term.method is FinanceMethod.EMI:
        text = f"{term.months} monthly instalment{'' if term.months == 1 else 's'}"
    else:
        text = f"payment after {months}"
    if not term.annual_percent:
        return f"{text} without interest by {term.provider}"
    text = f"{text} at {plain_number(term.annual_percent)} % a year by {term.provider}"
    borne = plain_number(term.subvention_percent)
    return f"{text}, {borne} % of the interest borne by the seller" if term.subvention_percent else text
