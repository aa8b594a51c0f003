"""How little a cart can cost once the offers have been chosen, for every cart between two: for the inverse of a budget.

Between two carts every line only grows, so an offer's saving only grows and an eligible offer stays eligible; an
offer for which that is not so (a slab between two bands) stands in `high` with the most that it saves between them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from offers.engine.selection import Candidate, LineAmounts, most_saving, stages
from offers.engine.values import Objective

_NOTHING = Decimal(0)


@dataclass(frozen=True, slots=True)
class Corner:
    """One of the two carts: its lines, its eligible offers, and how steeply each follows its base (percent).

    `slack` is by how many units the savings may outgrow their lines by rounding, `jumps` whether one may do so
    otherwise, `uneven` whether one follows something else than its base, at most as steeply.
    """

    lines: LineAmounts
    candidates: tuple[Candidate, ...]
    slopes: tuple[Decimal, ...]
    slack: int = 0
    jumps: bool = False
    uneven: bool = False


def net_at_least(low: Corner, high: Corner, *, low_saving: Decimal, objective: Objective) -> Decimal:
    """Return a lower bound of the lines less the discount; `low_saving` is what was chosen for `low`.

    Always true: the lines of `low` less the best saving of any set at `high`. Where the same offers are eligible
    at both ends and the choice comes down to the largest saving, every set's net price rises with the cart but
    for the rounding of its lines, and the net price of `low` itself is the bound.
    """
    listed = sum(low.lines.amounts, _NOTHING)
    bound = listed - most_saving(high.candidates, high.lines)
    if not high.jumps and _same_offers(low, high):
        if _is_best_of_one_family(low.candidates, objective) and not _steep(low):
            bound = max(bound, listed - low_saving - _rounding(low) - high.slack * low.lines.unit)
        else:
            bound = max(bound, listed - _most(low, high, stages(low.candidates, objective), ()))
    return max(bound, _NOTHING)


def _same_offers(low: Corner, high: Corner) -> bool:
    return {x.offer_id for x in low.candidates} == {x.offer_id for x in high.candidates}


def _is_best_of_one_family(candidates: Sequence[Candidate], objective: Objective) -> bool:
    """Say whether the chosen saving is the maximum over a family of sets that does not depend on the amounts."""
    first: list[Candidate] = []
    for stage in stages(candidates, objective)[:-1]:
        open_to = [x for x in stage if all(x.combines_with(y) for y in first)]
        additive = [x for x in open_to if x.additive]
        if additive and len(additive) < len(open_to):
            return False
        if open_to and not additive:
            return True
        first += additive
    return True


def _steep(corner: Corner) -> bool:
    """Say whether offers together may give back more than a line grows by; on one common base they cannot."""
    additive = [(x, slope) for x, slope in zip(corner.candidates, corner.slopes, strict=True) if x.additive]
    bases = {x.lines for x, _ in additive}
    return (corner.uneven or len(bases) > 1) and sum((slope for _, slope in additive), _NOTHING) > 100


def _rounding(corner: Corner) -> Decimal:
    """Return by how much a set's net price may fall while the cart grows, from rounding several discounts."""
    moving = sum(1 for x, slope in zip(corner.candidates, corner.slopes, strict=True) if x.additive and slope)
    return corner.lines.unit * moving if moving > 1 else _NOTHING


def _most(low: Corner, high: Corner, rest: list[list[Candidate]], chosen: tuple[Candidate, ...]) -> Decimal:
    """Return the most that any choice made between the corners can save at `high`.

    A stage's option may win only where its saving at `high` reaches what another is sure of at `low`.
    """
    at_high = {x.offer_id: x for x in high.candidates}
    if not rest:
        return high.lines.joint([at_high[x.offer_id] for x in chosen])
    open_to = [x for x in rest[0] if all(x.combines_with(y) for y in chosen)]
    options = [(*chosen, x) for x in open_to if not x.additive]
    options.append((*chosen, *(x for x in open_to if x.additive)))
    sure = max(low.lines.joint(option) for option in options)
    possible = [x for x in options if high.lines.joint([at_high[y.offer_id] for y in x]) >= sure]
    return max(_most(low, high, rest[1:], option) for option in possible)
