"""Finds the best set of offers that may be combined: in closed form where savings add up, else by branch and bound.

The joint saving of offers is the most that can flow from their lines to them, cut at a sum: a submodular function.
What an offer adds to a set is therefore never more than it adds to a part of that set, and never more than it saves
alone, which is what the bounds rest on.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from offers.engine.candidates import (
    NO_OFFER,
    NOTHING,
    Candidate,
    LineAmounts,
    OfferSet,
    better_of,
    leaders,
    separately,
)
from pricing.engine.making import maker

#: Branches looked at before a search is stopped and its answer called BOUNDED.
NODE_CAP = 4000

_Rest = Sequence[Candidate]
_set = maker(OfferSet)


class Search:
    """Finds best sets of at most `max_stack` offers; pools are sorted by worth.

    `gap` is None while every answer is proven; once the node cap has cut a search short it is the most by which
    a better answer could exceed the one that the last search gave.
    """

    def __init__(self, lines: LineAmounts, *, max_stack: int | None = None, node_cap: int = NODE_CAP) -> None:
        self._lines, self._max_stack, self._nodes_left = lines, max_stack, node_cap
        self.gap: Decimal | None = None
        self._alone: dict[str, OfferSet] = {}

    def start_anew(self, node_cap: int) -> None:
        """Take so many nodes again; what each offer saves alone is known already."""
        self._nodes_left, self.gap = node_cap, None

    def best(self, fixed: OfferSet, pool: Sequence[Candidate]) -> OfferSet:
        """Return the best feasible set that contains `fixed` and otherwise offers of `pool`."""
        if self._max_stack is not None and not self._spare(fixed):
            return fixed
        open_to = pool
        if fixed.offers:
            open_to = [x for x in pool if all(x.combines_with(y) for y in fixed.offers)]
        # An offer that stands alone is only open to an empty set.
        options, additive = [], []
        for x in open_to:
            if x.additive:
                additive.append(x)
            else:
                options.append(self._by_itself(x))
        options.append(self._best_additive(fixed, additive) if additive else fixed)
        found = better_of(options)
        if self.gap:
            # What was found beside a search that was cut short makes its gap smaller.
            self.gap = max(NOTHING, self.gap + options[-1].saving - found.saving)
        return found

    def best_other(self, chosen: OfferSet, pool: Sequence[Candidate]) -> OfferSet:
        """Return the best feasible set with at least one offer outside `chosen`; empty where none saves anything."""
        taken = {x.offer_id for x in chosen.offers}
        outside = [x for x in pool if x.offer_id not in taken]
        options = [self._by_itself(x) for x in outside if not x.additive]
        if len(options) < len(outside):
            additive = [x for x in pool if x.additive]
            outside = [x for x in outside if x.additive]
            of_all = self._best_additive(NO_OFFER, additive)
            if any(x.offer_id not in taken for x in of_all.offers):
                options.append(of_all)
            else:
                options += [self.best(self._with(NO_OFFER, [x]), [y for y in additive if y is not x]) for x in outside]
        found = better_of(options)
        return found if found.saving else NO_OFFER

    def _spare(self, fixed: OfferSet) -> int | None:
        """Return how many offers a set may still get; None is any number."""
        return None if self._max_stack is None else max(0, self._max_stack - len(fixed.offers))

    def _by_itself(self, candidate: Candidate) -> OfferSet:
        found = self._alone.get(candidate.offer_id)
        if found is None:
            found = self._alone[candidate.offer_id] = self._with(NO_OFFER, [candidate])
        return found

    def _with(self, fixed: OfferSet, pool: Sequence[Candidate]) -> OfferSet:
        offers = (*fixed.offers, *pool)
        return _set(offers, self._lines.joint(offers))

    def _best_additive(self, fixed: OfferSet, pool: Sequence[Candidate]) -> OfferSet:
        """Return the best extension: the best of each group where these combine and save what each saves alone.

        Nothing can then be better, for no set saves more than its offers do one by one; else search.
        """
        first = leaders(pool)
        if self._max_stack is not None:
            first = first[: self._spare(fixed)]
        together = self._with(fixed, first)
        if together.saving == separately(fixed, first) and not _excluded(first):
            return together
        return self._branch(fixed, pool)

    def _branch(self, fixed: OfferSet, pool: Sequence[Candidate]) -> OfferSet:
        """Look at sets with and without each offer in turn, leaving out what cannot become better than the best."""
        ceiling = self._with(fixed, pool).saving
        best = self._greedy(fixed, pool)
        best_rank = best.rank()
        pending: list[tuple[OfferSet, _Rest]] = [(fixed, pool)]
        while pending:
            chosen, rest = pending.pop()
            most, fewest = self._reach(chosen, rest, best.saving, ceiling)
            if most < best.saving or (most == best.saving and len(chosen.offers) + fewest > len(best.offers)):
                continue
            if not self._nodes_left:
                open_bounds = [self._reach(*x, best.saving, ceiling)[0] for x in (*pending, (chosen, rest))]
                self.gap = max(self.gap or NOTHING, max(open_bounds) - best.saving)
                break
            self._nodes_left -= 1
            head, tail = rest[0], rest[1:]
            pending.append((chosen, tail))
            extended = self._with(chosen, [head])
            # What adds nothing here adds nothing to a larger set either.
            if extended.saving > chosen.saving:
                if extended.saving >= best.saving and (rank := extended.rank()) < best_rank:
                    best, best_rank = extended, rank
                pending.append((extended, [x for x in tail if head.combines_with(x)]))
        return best

    def _reach(self, chosen: OfferSet, rest: _Rest, target: Decimal, ceiling: Decimal) -> tuple[Decimal, int]:
        """Return the most that a set can save with offers of `rest`, and the fewest of them that may reach `target`.

        Counts the best of each group as if nothing else stood between them.
        """
        total, fewest = chosen.saving, 0
        for count, candidate in enumerate(leaders(rest)[: self._spare(chosen)], start=1):
            if total >= ceiling and fewest:
                break
            total += candidate.saving
            if not fewest and total >= target:
                fewest = count
        # Nothing to add: the set has been looked at when it was made.
        return min(total, ceiling), fewest or len(rest) + 1

    def _greedy(self, fixed: OfferSet, pool: Sequence[Candidate]) -> OfferSet:
        chosen = fixed
        for candidate in pool:
            if self._spare(chosen) == 0:
                break
            if all(candidate.combines_with(x) for x in chosen.offers):
                extended = self._with(chosen, [candidate])
                if extended.saving > chosen.saving:
                    chosen = extended
        return chosen


def _excluded(offers: Sequence[Candidate]) -> bool:
    """Say whether one of these offers excludes another."""
    for one in offers:  # noqa: SIM110  any() is a generator more on the way of every quote
        if one.excludes and not one.excludes.isdisjoint([x.offer_id for x in offers]):
            return True
    return False
