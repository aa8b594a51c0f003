"""Chooses the offers of a cart: what the buyer opted in to first, then the best of the rest, and proves it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from offers.engine.candidates import NO_OFFER, NOTHING, Candidate, LineAmounts, by_worth, leaders
from offers.engine.search import NODE_CAP, Search
from offers.engine.values import Certificate, Objective
from pricing.engine.making import maker, quickly_made

_MAX_SAVING, _PROVEN = Objective.MAX_SAVING, Certificate.PROVEN


@quickly_made
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

    def beside(self, others: tuple[Candidate, ...]) -> Selection:
        """Return the same with what stands beside the order among the chosen."""
        return replace(self, chosen=(*self.chosen, *others)) if others else self


_selection = maker(Selection)


def choose_offers(
    candidates: Iterable[Candidate],
    lines: LineAmounts,
    *,
    objective: Objective = _MAX_SAVING,
    max_stack: int | None = None,
    node_cap: int = NODE_CAP,
    runner_up: bool = True,
) -> Selection:
    """Choose stage by stage: the opted-in offers, then the automatic ones; under PRIORITY one level at a time.

    Within a stage the set is the best feasible extension of what was chosen before: the largest saving, then
    fewer offers, higher priority, earlier end, smaller id. The runner-up, where it is asked for, is searched for
    within as many nodes again, and is the best that was found in them.
    """
    pool = sorted(candidates, key=by_worth)
    search = Search(lines, max_stack=max_stack, node_cap=node_cap)
    chosen, unproven = NO_OFFER, False
    for stage in stages(pool, objective):
        unproven = search.gap is not None
        chosen = search.best(chosen, stage)
    # What is built on a set that is not proven is known to lie below the best of all sets, and no more.
    gap = most_saving(pool, lines, max_stack) - chosen.saving if unproven else search.gap
    other = NO_OFFER
    if runner_up and len(chosen.offers) < len(pool):
        search.start_anew(node_cap)
        other = search.best_other(chosen, pool)
    return _selection(
        chosen.offers,
        chosen.saving,
        other.offers,
        other.saving,
        _PROVEN if gap is None else Certificate.BOUNDED,
        gap or NOTHING,
    )


def most_saving(pool: Sequence[Candidate], lines: LineAmounts, max_stack: int | None = None) -> Decimal:
    """Return what no feasible set can exceed, whoever opted in to what; exclusions are left out of account."""
    alone = max((lines.joint((x,)) for x in pool if not x.additive), default=NOTHING)
    additive = sorted([x for x in pool if x.additive], key=by_worth)
    one_by_one = sum([x.saving for x in leaders(additive)[:max_stack]], NOTHING)
    return max(alone, min(one_by_one, lines.joint(additive)))


def stages(pool: Sequence[Candidate], objective: Objective) -> Sequence[Sequence[Candidate]]:
    """Group candidates into the stages of a choice."""
    if objective is _MAX_SAVING and True not in [x.opted_in for x in pool]:
        return [pool] if pool else []
    found: dict[tuple[bool, int], list[Candidate]] = {}
    for candidate in pool:
        level = -candidate.priority if objective is Objective.PRIORITY else 0
        found.setdefault((not candidate.opted_in, level), []).append(candidate)
    return [found[key] for key in sorted(found)]
