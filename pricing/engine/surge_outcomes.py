"""What became of each surge of a price: charged, or why not, in values and in words."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pricing.engine.money import Money, zero
from pricing.engine.surge import surges_counted
from pricing.engine.values import LineKind, Quote, QuoteLine, Surge
from pricing.engine.wording import money_text


class SurgeOutcome(StrEnum):
    """What became of a surge; part of the API, never renamed."""

    CHARGED = "CHARGED"
    EXEMPT = "EXEMPT"
    OUTWEIGHED = "OUTWEIGHED"
    CUT = "CUT"
    NOTHING = "NOTHING"
    ELSEWHEN = "ELSEWHEN"


@dataclass(frozen=True, slots=True)
class Surged:
    """A surge of the terms, what became of it, and what it adds."""

    surge: Surge
    outcome: SurgeOutcome
    amount: Money

    def words(self) -> str:
        """Return what became of it, in a sentence."""
        if self.outcome is SurgeOutcome.CHARGED:
            return f"It adds {money_text(self.amount.amount, self.amount.currency)}."
        if self.outcome is SurgeOutcome.EXEMPT:
            return f"Not charged, {self.surge.exemption}."
        if self.outcome is SurgeOutcome.OUTWEIGHED:
            return f"Not charged: a larger one of the group “{self.surge.group}” is instead."
        return _WORDS[self.outcome]


_WORDS = {
    SurgeOutcome.CUT: "Not charged: other surges already add the most that all of them together may.",
    SurgeOutcome.NOTHING: "Not charged: it comes to less than the smallest amount of money.",
    SurgeOutcome.ELSEWHEN: "Not charged: it does not hold while energy flows.",
}


def surged(quote: Quote) -> tuple[Surged, ...]:
    """Return what became of the surges of a quote's terms, in their order."""
    lines = {x.code: x for x in quote.lines if x.kind is LineKind.SURGE}
    counted = surges_counted(quote.slices, quote.terms)
    held = {surge_id for piece in quote.slices if piece.energy_wh for surge_id in piece.surges}
    found = []
    for surge in quote.terms.surges:
        line = lines.get(surge.surge_id)
        outcome = _outcome(surge, line, holds=surge.surge_id in held, counts=surge.surge_id in counted)
        found.append(Surged(surge, outcome, line.amount if line is not None else zero(quote.total.currency)))
    return tuple(found)


def _outcome(surge: Surge, line: QuoteLine | None, *, holds: bool, counts: bool) -> SurgeOutcome:
    if not holds:
        return SurgeOutcome.ELSEWHEN
    if surge.exemption:
        return SurgeOutcome.EXEMPT
    if not counts:
        return SurgeOutcome.OUTWEIGHED
    if line is None:
        return SurgeOutcome.NOTHING
    return SurgeOutcome.CHARGED if line.amount.amount else SurgeOutcome.CUT
