"""What a location went through, as a replay reads it: how many connectors were in use, and what was billed there.

States of connectors are not kept, sessions are: a connector was in use while a session overlapped the instant. Signals
of the grid are kept as they were sent last.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from django.db.models import Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from cpo_portal.charging.models import ChargingSession, LineStage, OrderLineKind, OrderState
from cpo_portal.network.models import Connector, Location
from pricing.engine.demand import Observation
from pricing.engine.demand_history import LocationHistory, PastSession
from pricing.engine.demand_replay import EVERY
from pricing.engine.values import TimeSpan
from pricing.models import Signal
from pricing.surges.kinds import SignalKind
from pricing.surges.scope import counts_at
from pricing.surges.signals import area_of, counts_until
from pricing.surges.spans import merged

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Occupied:
    """A charger was in use from one instant to before another."""

    charger: int
    since: datetime
    until: datetime


def count_sessions(location_ids: Iterable[str], since: datetime, until: datetime) -> int:
    """Return how many sessions with a bill began at these locations between two instants; inside the CPO's scope."""
    sessions = ChargingSession.objects.filter(connector__charger__location__location_id__in=list(location_ids))
    return _billed(sessions, since, until).count()


def history_of(location: Location, currency: str, since: datetime, until: datetime) -> LocationHistory:
    """Return the history of a location in one currency between two instants; inside the CPO's scope."""
    here = ChargingSession.objects.filter(connector__charger__location=location, order__sandbox=False)
    overlapping = here.filter(Q(stopped_at=None) | Q(stopped_at__gt=since), started_at__lt=until)
    rows = list(overlapping.values_list("connector__charger", "started_at", "stopped_at").order_by("started_at"))
    stretches = (Occupied(charger, start, stop or until) for charger, start, stop in rows)
    occupied = [x for x in stretches if x.since < x.until]
    connectors = connectors_of(location, {x.charger for x in occupied})
    return LocationHistory(
        location_id=location.location_id,
        time_zone=location.time_zone,
        currency=currency,
        starts_at=since,
        ends_at=until,
        observations=observed(occupied, connectors, since, until, stressed=stressed(location, since, until)),
        sessions=_sessions(_billed(here, since, until).filter(order__currency=currency)),
    )


def connectors_of(location: Location, used: Iterable[int]) -> dict[int, int]:
    """Return how many connectors each charger is taken to have had: those shown now, and at least one that was used."""
    shown = Counter(
        Connector.objects.filter(charger__location=location, is_published=True).values_list("charger", flat=True)
    )
    return {charger: max(shown[charger], 1) for charger in {*shown, *used}}


def stressed(location: Location, since: datetime, until: datetime) -> tuple[TimeSpan, ...]:
    """Return when signals of the grid's stress counted at a location between two instants, in order."""
    signals = Signal.objects.filter(kind=SignalKind.GRID_STRESS, starts_at__lt=until, ends_at__gt=since)
    ends = ((x, min(counts_until(x), x.withdrawn_at or until)) for x in signals if counts_at(area_of(x), location))
    return merged(TimeSpan(max(x.starts_at, x.counts_from), end) for x, end in ends)


def observed(
    occupied: Iterable[Occupied],
    connectors: dict[int, int],
    since: datetime,
    until: datetime,
    *,
    stressed: Sequence[TimeSpan] = (),
) -> Iterator[Observation]:
    """Yield every five minutes how many connectors were in use; all of a charger are while one of them is.

    The stretches of one charger may overlap; those of the grid's stress do not, and are in order.
    """
    edges: list[tuple[datetime, int, int]] = []
    for stretch in occupied:
        edges += [(stretch.since, stretch.charger, 1), (stretch.until, stretch.charger, -1)]
    edges.sort(key=lambda edge: edge[0])
    reporting, busy, position = sum(connectors.values()), 0, 0
    sessions: Counter[int] = Counter()
    ahead = deque(stressed)
    at = since + (_EPOCH - since) % EVERY
    while at < until:
        while position < len(edges) and edges[position][0] <= at:
            _, charger, change = edges[position]
            before, sessions[charger] = sessions[charger], sessions[charger] + change
            busy += connectors[charger] * (bool(sessions[charger]) - bool(before))
            position += 1
        while ahead and ahead[0].ends_at <= at:
            ahead.popleft()
        yield Observation(at, reporting, busy, 1.0 if ahead and ahead[0].starts_at <= at else None)
        at += EVERY


def _billed(sessions: QuerySet[ChargingSession], since: datetime, until: datetime) -> QuerySet[ChargingSession]:
    return sessions.filter(
        order__state=OrderState.COMPLETE, order__sandbox=False, started_at__gte=since, started_at__lt=until
    )


def _sessions(billed: QuerySet[ChargingSession]) -> list[PastSession]:
    energy = Q(order__lines__stage=LineStage.BILLED, order__lines__kind=OrderLineKind.ENERGY)
    rows = billed.annotate(cost=Coalesce(Sum("order__lines__amount", filter=energy), Decimal(0)))
    columns = rows.order_by("started_at").values_list("started_at", "start_register_wh", "last_register_wh", "cost")
    return [PastSession(at, max(last - first, 0), cost) for at, first, last, cost in columns]
