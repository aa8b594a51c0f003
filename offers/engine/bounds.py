"""How little a cart can cost once the offers have been chosen, for every cart between two: for the inverse of a budget.

Between two carts every line only grows, so an offer's saving only grows and an eligible offer stays eligible, but for
one that ceases to hold at an energy in between: it counts as eligible at the far end, which is then not `steady`. An
offer whose saving also falls (a slab between two bands) stands in `high` with the most that it saves between them.
What is given on top of the cart costs the driver what is added for it, and takes nothing off its lines.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from offers.engine.candidates import Candidate, LineAmounts, OfferSet, by_worth
from offers.engine.search import Search
from offers.engine.selection import most_saving, stages
from offers.engine.values import Objective

_NOTHING = Decimal(0)
#: Sets of earlier stages that are told apart; beyond, a stage is bounded together with those after it.
_MOST_OPTIONS = 64


@dataclass(frozen=True, slots=True)
class Corner:
    """One of the two carts: its lines, its eligible offers, and how steeply each follows its base (percent).

    `slack` is by how many units the savings may outgrow their lines by rounding, `jumps` whether one may do so
    otherwise, `uneven` whether one follows something else than its base, at most as steeply. `sliding` is by how much
    one may lie off what it is at both ends, while what remains to be paid only rises.
    """

    lines: LineAmounts
    candidates: tuple[Candidate, ...]
    slopes: tuple[Decimal, ...]
    #: Whether every offer that is eligible at this cart is so from where the stretch begins, or from later on.
    steady: bool = True
    slack: int = 0
    jumps: bool = False
    uneven: bool = False
    sliding: Decimal = _NOTHING


def net_at_least(
    low: Corner, high: Corner, *, low_saving: Decimal, objective: Objective, max_stack: int | None = None
) -> Decimal:
    """Return a lower bound of the lines less the discount; `low_saving` is the most for `low`.

    Always true: the lines of `low` less the best saving of any set at `high`. Where the same offers are eligible
    at both ends and the choice comes down to the largest saving, every set's net price rises with the cart but
    for the rounding of its lines, and the net price of `low` itself is the bound. The CPO's largest discount, a part
    of the item value rounded down, never grows by more than the lines do.
    """
    listed, slack = sum(low.lines.amounts, _NOTHING), high.slack * low.lines.unit
    taking = [x for x in high.candidates if x.lines]
    bound = listed - slack - high.sliding - most_saving(taking, high.lines, max_stack)
    if high.steady and not high.jumps and _same_offers(low, high):
        if any(not x.lines for x in low.candidates):
            if not _steep(low):
                staged = _Staged(low, high, stages(low.candidates, objective), max_stack)
                bound = max(bound, listed - slack - _rounding(low) + staged.least(0, ()))
        elif _is_best_of_one_family(low.candidates, objective, max_stack) and not _steep(low):
            bound = max(bound, listed - low_saving - _rounding(low) - slack)
        else:
            staged = _Staged(low, high, stages(low.candidates, objective), max_stack)
            bound = max(bound, listed - slack - high.sliding - staged.most(0, ()))
    return max(bound, _NOTHING)


def _same_offers(low: Corner, high: Corner) -> bool:
    return {x.offer_id for x in low.candidates} == {x.offer_id for x in high.candidates}


def _is_best_of_one_family(candidates: Sequence[Candidate], objective: Objective, max_stack: int | None) -> bool:
    """Say whether the chosen saving is the maximum over a family of sets that does not depend on the amounts."""
    steps = stages(candidates, objective)
    if _restricted(candidates, max_stack):
        # Which offers an earlier stage leaves room for depends on what it chose, and that on the amounts.
        return len(steps) < 2
    first: list[Candidate] = []
    for stage in steps[:-1]:
        open_to = [x for x in stage if all(x.combines_with(y) for y in first)]
        additive = [x for x in open_to if x.additive]
        if additive and len(additive) < len(open_to):
            return False
        if open_to and not additive:
            return True
        first += additive
    return True


def _steep(corner: Corner) -> bool:
    """Say whether offers together may give back more than a line grows by; on one common base they cannot.

    Where the lines do not hold what is wanted of them, amounts that follow no base follow a line whole, and a
    percentage of another base comes on top.
    """
    pairs = zip(corner.candidates, corner.slopes, strict=True)
    additive = [(x, slope) for x, slope in pairs if x.additive and x.lines]
    if not corner.uneven and len({x.lines for x, _ in additive}) < 2:
        return False
    if sum((slope for _, slope in additive), _NOTHING) > 100:
        return True
    return corner.lines.uncut([x for x, _ in additive]) < sum((x.saving for x, _ in additive), _NOTHING)


def _rounding(corner: Corner) -> Decimal:
    """Return by how much a set's net price may fall while the cart grows, from rounding several discounts."""
    moving = sum(1 for x, slope in zip(corner.candidates, corner.slopes, strict=True) if x.additive and slope)
    return corner.lines.unit * moving if moving > 1 else _NOTHING


def _restricted(candidates: Sequence[Candidate], max_stack: int | None) -> bool:
    """Say whether some additive offers may not be combined, whichever they are."""
    additive = [x for x in candidates if x.additive]
    return any(x.group or x.excludes for x in additive) or (max_stack is not None and max_stack < len(additive))


class _Staged:
    """The most that any choice made between two corners can save at the upper one, followed stage by stage."""

    def __init__(self, low: Corner, high: Corner, steps: Sequence[Sequence[Candidate]], max_stack: int | None) -> None:
        self._low, self._high, self._steps, self._max_stack = low, high, steps, max_stack
        self._at_high = {x.offer_id: x for x in high.candidates}
        self._restricted = _restricted(low.candidates, max_stack)
        self._options_left = _MOST_OPTIONS

    def most(self, step: int, chosen: tuple[Candidate, ...]) -> Decimal:
        """Return the bound for the stages from `step` on, where those before it chose `chosen`.

        A stage's option may win only where its saving at the upper corner reaches what another is sure of at the
        lower one; the last stage is simply the best at the upper corner.
        """
        if step >= len(self._steps) - 1:
            return self._best(step, chosen)
        open_to = [x for x in self._steps[step] if all(x.combines_with(y) for y in chosen)]
        options = self._options(chosen, open_to)
        if options is None:
            return self._best(step, chosen)
        return max(self.most(step + 1, x) for x in self._possible(options))

    def least(self, step: int, chosen: tuple[Candidate, ...]) -> Decimal:
        """Return by how much any choice raises the price of the lower cart at least: what is added less what is taken.

        Every set is priced at the lower corner, from where its net price only rises; as long as all sets can be told
        apart. A choice saves by what it gives as well, which its price does not show.
        """
        if step == len(self._steps):
            return sum((x.added for x in chosen), _NOTHING) - self._low.lines.taken(chosen)
        open_to = [x for x in self._steps[step] if all(x.combines_with(y) for y in chosen)]
        options = self._options(chosen, open_to)
        if options is None:
            taking = [x for x in self._high.candidates if x.lines]
            return -most_saving(taking, self._high.lines, self._max_stack) - self._high.sliding
        return min(self.least(step + 1, x) for x in self._possible(options))

    def _possible(self, options: list[tuple[Candidate, ...]]) -> list[tuple[Candidate, ...]]:
        """Return the options that may be chosen between the corners, where savings round and slide."""
        off = self._high.slack * self._low.lines.unit + self._high.sliding
        sure = max(self._low.lines.joint(x) for x in options) - 2 * off
        return [x for x in options if self._high.lines.joint(self._grown(x)) >= sure]

    def _options(self, chosen: tuple[Candidate, ...], open_to: list[Candidate]) -> list[tuple[Candidate, ...]] | None:
        """Return the sets that a stage may choose, None where they are too many to tell apart."""
        spare = None if self._max_stack is None else self._max_stack - len(chosen)
        alone = [(*chosen, x) for x in open_to if not x.additive and spare != 0]
        additive = [x for x in open_to if x.additive]
        if not self._restricted:
            # What a stage leaves out because it adds nothing adds nothing later on either.
            return [*alone, (*chosen, *additive)]
        if 2 ** len(additive) > self._options_left:
            return None
        self._options_left -= 2 ** len(additive)
        sizes = range(min(len(additive), len(additive) if spare is None else spare) + 1)
        sets = (x for size in sizes for x in combinations(additive, size))
        return [*alone, *((*chosen, *x) for x in sets if all(a.combines_with(b) for a, b in combinations(x, 2)))]

    def _best(self, step: int, chosen: tuple[Candidate, ...]) -> Decimal:
        grown = self._grown(chosen)
        pool = sorted(self._grown(x for stage in self._steps[step:] for x in stage), key=by_worth)
        search = Search(self._high.lines, max_stack=self._max_stack)
        found = search.best(OfferSet(grown, self._high.lines.joint(grown)), pool)
        return found.saving + (search.gap or _NOTHING)

    def _grown(self, offers: Iterable[Candidate]) -> tuple[Candidate, ...]:
        return tuple([self._at_high[x.offer_id] for x in offers])
