"""What a back-test of demand levels has found, in words and tables for its reader."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal

from django.utils.safestring import SafeString

from cpo_portal.adminkit.display import EMPTY, money, table
from pricing.demand.describe import percent_text
from pricing.demand.replays import result_of, static_of
from pricing.engine.demand_history import StaticSurge
from pricing.engine.demand_outcome import ELASTICITIES, Outcome
from pricing.engine.demand_replay import Comparison, Replay
from pricing.engine.week import windows_in_words
from pricing.engine.wording import energy_text, plain_number, span_text
from pricing.models import DemandReplay

#: Locations that a page lists.
MOST_ROWS = 100

NO_FORECAST = (
    "A replay is no forecast: the sessions and the connectors in use stay as they were, though a surcharge would have "
    "kept some drivers away and so brought its own level down. The elasticities only say what the same sessions would "
    "have brought if drivers had asked for that much less energy for each percent of price."
)
ASSUMPTIONS = (
    "How many connectors were in use is taken from the sessions, every five minutes; reservations, blocked connectors "
    "and who charged without a session are not in it.",
    "The connectors are those shown to buyer apps now, and those that were used; all are taken to have reported.",
    "Signals of the grid count as they were sent last: from when they were announced for, until they were over, stale "
    "or withdrawn.",
    "Each session pays the level at its start, on the energy that its bill names, before fees, offers and tax.",
)


def static_in_words(static: StaticSurge) -> str:
    """Return "20 %, Mondays to Fridays 18:00–21:00"."""
    return f"{percent_text(static.percent)}, {windows_in_words(static.windows) or 'at all times'}"


def page(run: DemandReplay) -> Iterator[tuple[str, SafeString]]:
    """Yield the tables of the page of a back-test that is done, each with its heading."""
    found = result_of(run)
    if found is None:
        return
    currency, days = run.cpo.currency, (run.until - run.since).days
    ways = _ways(found.total, static_of(run))
    yield "What energy and surcharges would have brought", _revenues(ways, currency)
    yield "How often and how much", _figures(ways, currency, days)
    yield "Time at each level", _levels(found.total.demand)
    if len(found.locations) > 1:
        yield "By location", _locations(found, currency)


def _ways(found: Comparison, static: StaticSurge | None) -> list[tuple[str, Outcome]]:
    ways = [("Demand levels", found.demand), ("No surcharge", found.without)]
    if found.static is not None and static is not None:
        ways.append((static_in_words(static), found.static))
    return ways


def _revenues(ways: list[tuple[str, Outcome]], currency: str) -> SafeString:
    """Return the revenue at each elasticity, with what it is more than without a surcharge."""
    base = {x.elasticity: x.amount for x in dict(ways)["No surcharge"].revenues}

    def cell(outcome: Outcome, elasticity: Decimal) -> str:
        found = outcome.revenue(elasticity)
        more = found.amount - base[elasticity]
        sign = "+" if more > 0 else ""
        said = f"{money(found.amount, currency)} for {energy_text(found.energy_wh)}"
        return f"{said} ({sign}{money(more, currency)})" if more else said

    rows = [(name, *(cell(outcome, x) for x in ELASTICITIES)) for name, outcome in ways]
    heads = ("", *(f"Elasticity {plain_number(x).replace('-', '−')}" for x in ELASTICITIES))
    return table(heads, rows, numbers=range(1, len(heads)))


def _figures(ways: list[tuple[str, Outcome]], currency: str, days: int) -> SafeString:
    rows = [
        (
            name,
            str(outcome.sessions),
            f"{outcome.surcharged} ({_share(outcome.surcharged, outcome.sessions)})",
            money(outcome.median_surcharge, currency),
            percent_text(outcome.median_percent) if outcome.median_percent is not None else EMPTY,
            _changes(outcome.changes, days),
        )
        for name, outcome in ways
    ]
    heads = ("", "Sessions", "With a surcharge", "Median surcharge", "Median percent", "Changes of level")
    return table(heads, rows, numbers=range(1, len(heads)))


def _levels(outcome: Outcome) -> SafeString:
    whole = sum((span for _, span in outcome.spans), timedelta(0))
    rows = [
        (f"Level {level}" if level else "No surcharge", span_text(span), f"{span * 100 / whole:.1f} %")
        for level, span in outcome.spans
    ]
    return table(("", "Time, all locations together", "Share"), rows, numbers=(1, 2))


def _locations(found: Replay, currency: str) -> SafeString:
    rows = [
        (
            key,
            f"{each.demand.surcharged} of {each.demand.sessions}",
            _surcharged_share(each.demand),
            money(each.without.revenue(Decimal(0)).amount, currency),
            money(each.demand.revenue(Decimal(0)).amount, currency),
        )
        for key, each in found.locations[:MOST_ROWS]
    ]
    heads = ("Location", "Sessions with a surcharge", "Time with one", "Brought", "With surcharges, if nobody minds")
    return table(heads, rows, numbers=(1, 2, 3, 4))


def _surcharged_share(outcome: Outcome) -> str:
    whole = sum((span for _, span in outcome.spans), timedelta(0))
    charged = sum((span for level, span in outcome.spans if level), timedelta(0))
    return f"{charged * 100 / whole:.1f} %" if whole else EMPTY


def _changes(changes: tuple[tuple[date, int], ...], days: int) -> str:
    total = sum(count for _, count in changes)
    if not total:
        return "none"
    return f"{total}, {total / days:.1f} a day, at most {max(count for _, count in changes)}"


def _share(part: int, whole: int) -> str:
    return f"{part * 100 / whole:.1f} %" if whole else EMPTY
