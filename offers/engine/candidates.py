"""What a choice is made of: eligible offers, the lines they take from, and sets of them with their joint saving."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from offers.engine.spreading import joint_amount
from pricing.engine.making import quickly_made

NOTHING = Decimal(0)
#: Of so many lines all subsets are looked at, which is quicker than to move shares about.
_FEW_LINES = 4
_NEVER = datetime.max.replace(tzinfo=UTC)


@quickly_made
@dataclass(frozen=True, slots=True)
class Candidate:
    """An eligible offer: what it saves alone (more than 0), from which lines, and what it may be combined with.

    At most one offer of a `group` is chosen (empty is no group); `excludes` are offer ids, and hold both ways. One
    without lines gives something on top of the cart, for which the driver pays what is `added`.
    """

    offer_id: str
    saving: Decimal
    lines: tuple[int, ...]
    additive: bool
    opted_in: bool = False
    priority: int = 0
    ends_at: datetime | None = None
    group: str = ""
    excludes: frozenset[str] = frozenset()
    added: Decimal = NOTHING

    def combines_with(self, other: Candidate) -> bool:
        return (
            self.additive
            and other.additive
            and (not self.group or self.group != other.group)
            and other.offer_id not in self.excludes
            and self.offer_id not in other.excludes
        )


def by_worth(candidate: Candidate) -> tuple[Decimal, int, datetime, str]:
    """Return a key that is smaller for the better of two offers: saving, priority, earlier end, id."""
    return (-candidate.saving, -candidate.priority, candidate.ends_at or _NEVER, candidate.offer_id)


def leaders(pool: Sequence[Candidate]) -> Sequence[Candidate]:
    """Return the first of each group and whatever has no group; of a pool by worth, the best of each group."""
    for candidate in pool:
        if candidate.group:
            break
    else:
        return pool
    seen: set[str] = set()
    found = []
    for candidate in pool:
        if candidate.group not in seen:
            found.append(candidate)
            if candidate.group:
                seen.add(candidate.group)
    return found


def on_top(offers: Sequence[Candidate]) -> Decimal:
    """Return what the offers save that give something on top of the cart, which takes nothing off its lines."""
    return sum([x.saving for x in offers if not x.lines], NOTHING)


@quickly_made
@dataclass(frozen=True, slots=True)
class LineAmounts:
    """The printed amounts of the cart's lines, the smallest unit of their currency, and the most that all the
    discounts may take together; None where that is not limited."""

    amounts: tuple[Decimal, ...]
    unit: Decimal = Decimal("0.01")
    most: Decimal | None = None

    def joint(self, offers: Sequence[Candidate]) -> Decimal:
        """Return what these offers save together: of the lines, and by what they give on top of them."""
        taken = self.taken(offers)
        for offer in offers:
            if not offer.lines:
                return taken + on_top(offers)
        return taken

    def taken(self, offers: Sequence[Candidate]) -> Decimal:
        """Return what these offers take off the lines together."""
        together = self.uncut(offers)
        return together if self.most is None else min(together, self.most)

    def uncut(self, offers: Sequence[Candidate]) -> Decimal:
        """Return what these offers would take off the lines together if only the lines limited them."""
        base: tuple[int, ...] = ()
        wished = NOTHING
        for x in offers:
            lines = x.lines
            if lines:
                # Nearly always the offers share one base, and then the sum is cut at what it holds.
                if lines is not base and base and lines != base:
                    return self._of_several([y for y in offers if y.lines])
                base = lines
                wished += x.saving
        amounts, held = self.amounts, NOTHING
        for n in base:
            held += amounts[n]
        return held if held < wished else wished

    def _of_several(self, taking: Sequence[Candidate]) -> Decimal:
        scopes = {x.lines for x in taking}
        if len({n for lines in scopes for n in lines}) <= _FEW_LINES:
            wanted = dict.fromkeys(scopes, NOTHING)
            for x in taking:
                wanted[x.lines] += x.saving
            return self._smallest_cut(wanted)
        return joint_amount(taking, self.amounts, self.unit)

    def _smallest_cut(self, wanted: Mapping[tuple[int, ...], Decimal]) -> Decimal:
        """Return the largest flow from lines to what is wanted of them, as the smallest of all cuts.

        A cut lets some lines go empty and counts what is wanted of others as well as of these.
        """
        lines = sorted({n for scope in wanted for n in scope})
        bits = {n: 1 << position for position, n in enumerate(lines)}
        scopes = [(sum([bits[n] for n in scope]), amount) for scope, amount in wanted.items()]
        cuts = [NOTHING]
        for n in lines:
            cuts += [cut + self.amounts[n] for cut in cuts]
        return min([sum([x for scope, x in scopes if scope & ~emptied], held) for emptied, held in enumerate(cuts)])


@quickly_made
@dataclass(frozen=True, slots=True)
class OfferSet:
    """Offers that may be combined, with what they save together."""

    offers: tuple[Candidate, ...] = ()
    saving: Decimal = NOTHING

    def rank(self) -> tuple[Decimal, int, list[int], list[datetime], list[str]]:
        """Return a key that is smaller for the better set."""
        return (
            -self.saving,
            len(self.offers),
            sorted(-x.priority for x in self.offers),
            sorted(x.ends_at or _NEVER for x in self.offers),
            sorted(x.offer_id for x in self.offers),
        )


NO_OFFER = OfferSet()


def better_of(options: Sequence[OfferSet]) -> OfferSet:
    """Return the best of these sets; the empty one where there is none."""
    best = options[0] if options else NO_OFFER
    for option in options[1:]:
        if option.saving > best.saving or (option.saving == best.saving and option.rank() < best.rank()):
            best = option
    return best


def separately(fixed: OfferSet, pool: Iterable[Candidate]) -> Decimal:
    """Return what a set would save with all of `pool` beside it if nothing but their number limited them."""
    saving = fixed.saving
    for candidate in pool:
        saving += candidate.saving
    return saving
