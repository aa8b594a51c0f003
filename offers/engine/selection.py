"""Chooses the offers of a cart: what the buyer opted in to first, then the best of the rest, and proves it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from offers.engine.spreading import Claim, joint_amount
from offers.engine.values import Certificate, Objective

#: Sets looked at before a search is stopped and its answer called BOUNDED.
NODE_CAP = 4000
_NOTHING = Decimal(0)
_NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Candidate:
    """An eligible offer: what it saves alone (more than 0), from which lines, and what it may be combined with."""

    offer_id: str
    saving: Decimal
    lines: tuple[int, ...]
    additive: bool
    opted_in: bool = False
    priority: int = 0
    ends_at: datetime | None = None

    def combines_with(self, other: Candidate) -> bool:
        return self.additive and other.additive


@dataclass(frozen=True, slots=True)
class Selection:
    """The chosen set in the order in which it is applied, and the best set that has another offer in it.

    `gap` is the most by which a better set could exceed the chosen one; 0 where the answer is PROVEN.
    """

    chosen: tuple[Candidate, ...] = ()
    saving: Decimal = Decimal(0)
    runner_up: tuple[Candidate, ...] = ()
    runner_up_saving: Decimal = Decimal(0)
    certificate: Certificate = Certificate.PROVEN
    gap: Decimal = Decimal(0)


@dataclass(frozen=True, slots=True)
class LineAmounts:
    """The printed amounts of the cart's lines and the smallest unit of their currency."""

    amounts: tuple[Decimal, ...]
    unit: Decimal = Decimal("0.01")

    def joint(self, offers: Sequence[Candidate]) -> Decimal:
        """Return what these offers save together."""
        if not offers:
            return _NOTHING
        first = offers[0].lines
        # Nearly always the offers share one base, and then the sum is cut at what it holds.
        if all(x.lines == first for x in offers):
            return min(sum([x.saving for x in offers], _NOTHING), sum([self.amounts[n] for n in first], _NOTHING))
        return joint_amount([Claim(x.saving, x.lines) for x in offers], self.amounts, self.unit)


def choose_offers(
    candidates: Iterable[Candidate],
    lines: LineAmounts,
    *,
    objective: Objective = Objective.MAX_SAVING,
    node_cap: int = NODE_CAP,
) -> Selection:
    """Choose stage by stage: the opted-in offers, then the automatic ones; under PRIORITY one level at a time.

    Within a stage the set is the best feasible extension of what was chosen before: the largest saving, then
    fewer offers, higher priority, earlier end, smaller id.
    """
    pool = sorted(candidates, key=_order)
    search = _Search(lines, node_cap)
    chosen = _NONE
    for stage in stages(pool, objective):
        chosen = search.best(chosen, stage)
    stopped = search.stopped
    runner_up = search.best_other(chosen, pool) if len(chosen.offers) < len(pool) else _NONE
    return Selection(
        chosen.offers,
        chosen.saving,
        runner_up.offers,
        runner_up.saving,
        Certificate.BOUNDED if stopped else Certificate.PROVEN,
        most_saving(pool, lines) - chosen.saving if stopped else _NOTHING,
    )


def most_saving(pool: Sequence[Candidate], lines: LineAmounts) -> Decimal:
    """Return the saving of the best feasible set, whoever opted in to what."""
    alone = max((x.saving for x in pool if not x.additive), default=_NOTHING)
    return max(alone, lines.joint([x for x in pool if x.additive]))


def stages(pool: Sequence[Candidate], objective: Objective) -> list[list[Candidate]]:
    """Group candidates into the stages of a choice."""
    found: dict[tuple[bool, int], list[Candidate]] = {}
    for candidate in pool:
        level = -candidate.priority if objective is Objective.PRIORITY else 0
        found.setdefault((not candidate.opted_in, level), []).append(candidate)
    return [found[key] for key in sorted(found)]


def _order(candidate: Candidate) -> tuple[Decimal, int, datetime, str]:
    return (-candidate.saving, -candidate.priority, candidate.ends_at or _NEVER, candidate.offer_id)


@dataclass(frozen=True, slots=True)
class _Set:
    """Offers that may be combined, with what they save together."""

    offers: tuple[Candidate, ...]
    saving: Decimal

    def rank(self) -> tuple[Decimal, int, list[int], list[datetime], list[str]]:
        """Return a key that is smaller for the better set."""
        return (
            -self.saving,
            len(self.offers),
            sorted(-x.priority for x in self.offers),
            sorted(x.ends_at or _NEVER for x in self.offers),
            sorted(x.offer_id for x in self.offers),
        )


_NONE = _Set((), _NOTHING)


class _Search:
    """Finds best sets; `stopped` says that the node cap cut a search short."""

    def __init__(self, lines: LineAmounts, node_cap: int) -> None:
        self._lines, self._node_cap = lines, node_cap
        self.stopped = False

    def best(self, fixed: _Set, pool: Sequence[Candidate]) -> _Set:
        """Return the best feasible set that contains `fixed` and otherwise offers of `pool`."""
        open_to = [x for x in pool if all(x.combines_with(y) for y in fixed.offers)]
        # An offer that stands alone is only open to an empty set.
        options = [_Set((x,), x.saving) for x in open_to if not x.additive]
        additive = [x for x in open_to if x.additive]
        options.append(self._best_additive(fixed, additive) if additive else fixed)
        return _better_of(options)

    def best_other(self, chosen: _Set, pool: Sequence[Candidate]) -> _Set:
        """Return the best feasible set with at least one offer outside `chosen`; empty where there is none."""
        taken = {x.offer_id for x in chosen.offers}
        options = [_Set((x,), x.saving) for x in pool if not x.additive and x.offer_id not in taken]
        additive = [x for x in pool if x.additive]
        outside = [x for x in additive if x.offer_id not in taken]
        if outside:
            together = self._with(_NONE, additive)
            if together.saving == _separately(_NONE, additive):
                options.append(together)
            else:
                options += [self.best(_Set((x,), x.saving), [y for y in additive if y is not x]) for x in outside]
        return _better_of(options)

    def _with(self, fixed: _Set, pool: Sequence[Candidate]) -> _Set:
        offers = (*fixed.offers, *pool)
        return _Set(offers, self._lines.joint(offers))

    def _best_additive(self, fixed: _Set, pool: list[Candidate]) -> _Set:
        """Return the best extension by offers that all combine: all of them, or the fewest that save as much."""
        together = self._with(fixed, pool)
        if together.saving == _separately(fixed, pool):
            return together
        best = self._greedy(fixed, pool)
        best_rank = best.rank()
        pending = [(fixed, 0)]
        nodes = 0
        while pending:
            nodes += 1
            if nodes > self._node_cap:
                self.stopped = True
                break
            chosen, n = pending.pop()
            if chosen.saving == together.saving:
                rank = chosen.rank()
                if rank < best_rank:
                    best, best_rank = chosen, rank
                continue
            spare = len(best.offers) - len(chosen.offers)
            # The pool is sorted, so the next ones are the largest that could still be added.
            if spare > 0 and n < len(pool) and _separately(chosen, pool[n : n + spare]) >= together.saving:
                pending += [(chosen, n + 1), (self._with(chosen, [pool[n]]), n + 1)]
        return best

    def _greedy(self, fixed: _Set, pool: list[Candidate]) -> _Set:
        chosen = fixed
        for candidate in pool:
            extended = self._with(chosen, [candidate])
            if extended.saving > chosen.saving:
                chosen = extended
        return chosen


def _separately(fixed: _Set, pool: Sequence[Candidate]) -> Decimal:
    """Return what a set would save with all of `pool` beside it if no line ran out."""
    return sum((x.saving for x in pool), fixed.saving)


def _better_of(options: list[_Set]) -> _Set:
    if len(options) < 2:
        return options[0] if options else _NONE
    return min(options, key=_Set.rank)
