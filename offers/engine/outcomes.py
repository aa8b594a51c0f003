"""What became of each offer of one cart, once the choice is made."""

from __future__ import annotations

from collections.abc import Sequence

from offers.engine.candidates import Candidate, LineAmounts
from offers.engine.evaluate import Appraisal
from offers.engine.selection import Selection
from offers.engine.situation import Situation
from offers.engine.stacking import cut_check, cuts, why_not
from offers.engine.values import OfferOutcome, Outcome
from pricing.engine.making import maker
from pricing.engine.money import Money, new_money, zero
from pricing.engine.values import QuoteLine

_APPLIED, _ELIGIBLE = Outcome.APPLIED, Outcome.ELIGIBLE_NOT_CHOSEN
_offer_outcome = maker(OfferOutcome)


class Outcomes:
    """Says what became of each offer of one cart; those of `beside` apply, and save nothing."""

    def __init__(
        self, situation: Situation, lines: LineAmounts, selection: Selection, beside: tuple[Candidate, ...] = ()
    ) -> None:
        self._context, self._currency = situation.context, situation.cart.currency
        self._lines, self._beside = lines, beside
        self._standing = selection.beside(beside)
        self._cuts = cuts(selection.chosen, lines)

    def of(self, appraisals: Sequence[Appraisal], discounts: tuple[QuoteLine, ...]) -> list[OfferOutcome]:
        currency = self._currency
        applied = {x.code: new_money(-x.amount.amount, currency) for x in discounts}
        for candidate in self._beside:
            applied[candidate.offer_id] = zero(currency)
        return [self._outcome(found, applied.get(found.offer.offer_id)) for found in appraisals]

    def _outcome(self, found: Appraisal, applied: Money | None) -> OfferOutcome:
        offer, checks, outcome = found.offer, found.checks, found.outcome
        if applied is not None:
            outcome = _APPLIED
            if self._cuts and (cut := self._cuts.get(offer.offer_id)):
                checks = (*checks, cut_check(cut, self._lines, self._context, self._currency))
        elif outcome is _ELIGIBLE:
            checks = (*checks, *why_not(found, self._standing, self._lines, self._context))
        saving = new_money(found.saving, self._currency) if applied is None else applied
        return _offer_outcome(
            offer.offer_id, offer.version, offer.name, outcome, saving, checks, found.depends_on_identity
        )
