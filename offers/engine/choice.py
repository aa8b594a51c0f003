"""The choice among the offers of one cart: which reduce the price, from which lines, and which stand beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from offers.engine.beside import chosen_beside, has_beside, open_to_choice
from offers.engine.candidates import Candidate, LineAmounts
from offers.engine.corners import candidates_of
from offers.engine.evaluate import Appraisal
from offers.engine.selection import Selection, choose_offers
from offers.engine.spreading import Shares, spread
from offers.engine.values import OfferContext
from pricing.engine.making import maker, quickly_made

_NOTHING = Decimal(0)


@quickly_made
@dataclass(frozen=True, slots=True)
class Choice:
    """The chosen offers, what each of them takes from which lines, and those that stand beside the order."""

    selection: Selection
    shares: tuple[Shares, ...]
    beside: tuple[Candidate, ...]

    def given(self) -> Mapping[str, Decimal]:
        """Return what each offer that applies gives, by its id; one beside the order gives nothing."""
        taken = zip(self.selection.chosen, self.shares, strict=True)
        given = {x.offer_id: amount for x, shares in taken if (amount := taken_by(x, shares))}
        for candidate in self.beside:
            given[candidate.offer_id] = _NOTHING
        return given


_choice = maker(Choice)


def taken_by(candidate: Candidate, shares: Shares) -> Decimal:
    """Return what an offer takes: its shares of the lines, or what it takes off what it gives on top of them."""
    return sum(shares.values(), _NOTHING) if candidate.lines else candidate.saving


def choice_of(
    appraisals: Sequence[Appraisal], lines: LineAmounts, context: OfferContext, *, runner_up: bool = True
) -> Choice:
    """Choose among judged offers; without `runner_up` the set that came second is not looked for."""
    spare = max_stack = context.stack.max_stack
    open_to, any_beside = appraisals, has_beside(appraisals)
    if any_beside:
        open_to, spare = open_to_choice(appraisals, max_stack)
    candidates = candidates_of(open_to)
    selection = choose_offers(candidates, lines, objective=context.objective, max_stack=spare, runner_up=runner_up)
    beside = chosen_beside(appraisals, selection.chosen, max_stack) if any_beside else ()
    return _choice(selection, shares_of(selection.chosen, lines), beside)


def shares_of(chosen: Sequence[Candidate], lines: LineAmounts) -> tuple[Shares, ...]:
    """Return what each of these offers takes from which lines."""
    return spread(chosen, lines.amounts, lines.unit, most=lines.most)
