"""What a course of levels would have brought: its minutes and changes, what sessions paid more, and the revenue."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache
from itertools import pairwise
from statistics import median

from pricing.engine.demand_history import PastSession
from pricing.engine.money import round_amount, zero
from pricing.engine.windows import zone_of

#: By how many percent the energy that is asked for grows with a percent of price: not at all, and three that are tried.
ELASTICITIES = (Decimal(0), Decimal("-0.3"), Decimal("-0.76"), Decimal("-1.2"))

#: From each instant on a level; the first is that at the beginning and no change.
LevelCourse = Sequence[tuple[datetime, int]]
#: A session with the percentage that it was quoted.
Quoted = tuple[PastSession, Decimal]
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Revenue:
    """The energy that drivers would have asked for at an elasticity, and what it would have brought before tax.

    A session that is surcharged by the fraction p asks for (1 + p)^e of its energy, with the same elasticity e at every
    price. This is an assumption and not a forecast: it knows no driver, no other station and no hour, and a session
    that would not have taken place, or elsewhere or later, is in it only as energy. At e = 0 nobody asks for less.
    """

    elasticity: Decimal
    energy_wh: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one way to surcharge would have done; amounts are before tax, fees and offers.

    `spans` is the time at each level and `changes` the changes of level on each local day that had some. The medians
    are of the surcharged sessions, None where there are none.
    """

    spans: tuple[tuple[int, timedelta], ...]
    changes: tuple[tuple[date, int], ...]
    sessions: int
    surcharged: int
    median_surcharge: Decimal | None
    median_percent: Decimal | None
    revenues: tuple[Revenue, ...]

    def minutes(self, level: int) -> Decimal:
        """Return how many minutes a level was in effect."""
        spent = dict(self.spans).get(level, timedelta(0))
        return Decimal(spent // _MICROSECOND) / 60_000_000

    def revenue(self, elasticity: Decimal) -> Revenue:
        """Return the revenue at one of ELASTICITIES."""
        return next(x for x in self.revenues if x.elasticity == elasticity)


@dataclass(frozen=True, slots=True)
class Tally:
    """What the outcome of a location is made of, so that those of several can be added up exactly.

    `surcharges` holds the amount and the percentage of each session that was surcharged.
    """

    spans: Counter[int]
    changes: Counter[date]
    sessions: int
    surcharges: tuple[tuple[Decimal, Decimal], ...]
    revenues: tuple[Revenue, ...]


def tally(levels: LevelCourse, ends_at: datetime, time_zone: str, quoted: Sequence[Quoted], currency: str) -> Tally:
    """Count one location's course of levels up to its end, and the sessions as they were quoted in it."""
    spans: Counter[int] = Counter()
    zone = zone_of(time_zone)
    for (since, level), (until, _) in pairwise([*levels, (ends_at, 0)]):
        spans[level] += (until - since) // _MICROSECOND
    charged = [x for x in quoted if x[1]]
    return Tally(
        spans=spans,
        changes=Counter(at.astimezone(zone).date() for at, _ in levels[1:]),
        sessions=len(quoted),
        surcharges=tuple((surcharge_of(session, percent, currency), percent) for session, percent in charged),
        revenues=_revenues(quoted, currency),
    )


def outcome(tallies: Sequence[Tally], currency: str) -> Outcome:
    """Return what several locations, whose amounts are of one currency, come to together."""
    spans: Counter[int] = Counter()
    changes: Counter[date] = Counter()
    for each in tallies:
        spans.update(each.spans)
        changes.update(each.changes)
    surcharges = [x for each in tallies for x in each.surcharges]
    return Outcome(
        spans=tuple((level, spans[level] * _MICROSECOND) for level in sorted(spans)),
        changes=tuple(sorted(changes.items())),
        sessions=sum(x.sessions for x in tallies),
        surcharged=len(surcharges),
        median_surcharge=round_amount(median(x for x, _ in surcharges), currency) if surcharges else None,
        median_percent=median(x for _, x in surcharges) if surcharges else None,
        revenues=tuple(_sum(column, currency) for column in zip(*(x.revenues for x in tallies), strict=True)),
    )


def surcharge_of(session: PastSession, percent: Decimal, currency: str) -> Decimal:
    """Return what a percentage of a session's energy amount comes to, rounded."""
    return round_amount((session.energy_amount * percent).scaleb(-2), currency)


def _revenues(quoted: Sequence[Quoted], currency: str) -> tuple[Revenue, ...]:
    """Return the revenue at each elasticity; a session without a surcharge brings the same at all of them."""
    plain_wh, plain_amount = 0, zero(currency).amount
    charged = []
    for session, percent in quoted:
        if percent:
            charged.append((session, percent))
        else:
            plain_wh += session.energy_wh
            plain_amount += round_amount(session.energy_amount, currency)
    revenues = []
    for elasticity in ELASTICITIES:
        energy_wh, amount = plain_wh, plain_amount
        for session, percent in charged:
            factor = demanded(percent, elasticity)
            cost = session.energy_amount * factor
            energy_wh += int((session.energy_wh * factor).to_integral_value(ROUND_HALF_UP))
            amount += round_amount(cost, currency) + round_amount((cost * percent).scaleb(-2), currency)
        revenues.append(Revenue(elasticity, energy_wh, amount))
    return tuple(revenues)


@lru_cache(maxsize=4096)
def demanded(percent: Decimal, elasticity: Decimal) -> Decimal:
    """Return the share of its energy that a session asks for at a surcharge: (1 + percent / 100) to the elasticity."""
    share: Decimal = (1 + percent.scaleb(-2)) ** elasticity
    return share


def _sum(column: Iterable[Revenue], currency: str) -> Revenue:
    parts = list(column)
    amount = sum((x.amount for x in parts), zero(currency).amount)
    return Revenue(parts[0].elasticity, sum(x.energy_wh for x in parts), amount)
