"""What a driver is to read of a quote's surges: what is charged, and what may be before the session is over."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from offers.models import OfferPolicy
from pricing.engine.metering import duration_at
from pricing.engine.money import Money, total_of
from pricing.engine.rates import has_energy_rate
from pricing.engine.surge import surge_times
from pricing.engine.values import (
    ChargingRequest,
    LineKind,
    PriceTerms,
    QuoteLine,
    Surge,
    SurgeBasis,
    TimeSpan,
)
from pricing.engine.week import joined
from pricing.engine.windows import zone_of
from pricing.engine.wording import date_text, money_text
from pricing.surges.describe import calculation_of

#: So long after its planned end may a session be charged surges that have begun meanwhile: cars charge more slowly
#: than their connector can.
OVERTIME = timedelta(hours=2)


@dataclass(frozen=True, slots=True)
class SurgeText:
    """What a driver is to read before agreeing: a part per surge, and what the surges of the plan come to."""

    amount: Money
    parts: tuple[dict[str, Any], ...] = ()
    names: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        return " ".join(part["words"] for part in self.parts)

    @property
    def text_hash(self) -> str:
        return hashlib.sha256(self.words.encode()).hexdigest()

    @property
    def rules(self) -> frozenset[tuple[str, int]]:
        """Return the ids and versions of the surges that are told."""
        return frozenset((part["surge"], part["version"]) for part in self.parts)


def reach_of(request: ChargingRequest, energy_wh: int, policy: OfferPolicy) -> TimeSpan:
    """Return when a planned session may charge: from as early as it may start, to some time after its planned end."""
    end = request.planned_start + duration_at(request.max_power_w, energy_wh)
    late = max(OVERTIME, timedelta(minutes=policy.late_start_minutes))
    early = timedelta(minutes=policy.early_start_minutes)
    return TimeSpan(request.planned_start - early, max(end, request.planned_end or end) + late)


def surge_text(lines: Iterable[QuoteLine], terms: PriceTerms, reach: TimeSpan) -> SurgeText:
    """Return what there is to agree to in a price; nothing where no surge may be charged within its reach."""
    charged = {x.code: x for x in lines if x.kind is LineKind.SURGE and x.amount.amount > 0}
    times = surge_times(terms, reach.starts_at, reach.ends_at)
    parts, names = [], []
    for surge in terms.surges:
        line = charged.get(surge.surge_id)
        if line is not None:
            amount = money_text(line.amount.amount, line.amount.currency)
            said, name = f"{line.title}: {amount}.", f"{surge.name} of {amount}"
        elif surge.surge_id in times and _may_charge(surge, terms):
            when = _when(times[surge.surge_id], reach, terms.time_zone)
            said, name = f"{surge.name}, if you charge {when}:", f"{surge.name} if they charge {when}"
        else:
            continue
        parts.append(
            {
                "surge": surge.surge_id,
                "version": surge.version,
                "amount": f"{line.amount.amount:f}" if line is not None else "0.00",
                "words": f"{said} {calculation_of(surge, terms.currency)}",
            }
        )
        names.append(name)
    amounts = total_of((x.amount for x in charged.values()), terms.currency)
    return SurgeText(amounts, tuple(parts), tuple(names))


def within_reach(terms: PriceTerms, reach: TimeSpan) -> PriceTerms:
    """Return terms that keep only the surges which hold at some time in the reach: those that a driver was told of."""
    times = surge_times(terms, reach.starts_at, reach.ends_at)
    return replace(terms, surges=tuple(x for x in terms.surges if x.surge_id in times))


def _may_charge(surge: Surge, terms: PriceTerms) -> bool:
    """Tell whether the driver pays it once it holds: not who is exempt, nor a percentage of energy without a price."""
    return not surge.exemption and (surge.basis is not SurgeBasis.PERCENT or has_energy_rate(terms))


def _when(times: Iterable[TimeSpan], reach: TimeSpan, zone: str) -> str:
    """Return "from 18:45", "until 18:00", "18:45 to 19:15", or of what holds throughout "more than planned"."""
    return joined(list(_stretches(times, reach, zone))) or "more than planned"


def _stretches(times: Iterable[TimeSpan], reach: TimeSpan, zone: str) -> Iterator[str]:
    day = reach.starts_at.astimezone(zone_of(zone)).date()

    def clock(instant: datetime) -> str:
        local = instant.astimezone(zone_of(zone))
        return f"{local:%H:%M}" if local.date() == day else f"{local:%H:%M} on {date_text(local.date())}"

    for span in times:
        begins, ends = span.starts_at > reach.starts_at, span.ends_at < reach.ends_at
        if begins and ends:
            yield f"{clock(span.starts_at)} to {clock(span.ends_at)}"
        elif begins:
            yield f"from {clock(span.starts_at)}"
        elif ends:
            yield f"until {clock(span.ends_at)}"
