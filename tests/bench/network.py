"""The radius search at 100,000 connectors, against reading one connector by its key."""

from __future__ import annotations

import random
from collections.abc import Callable
from time import perf_counter

from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.network.geo import Circle
from cpo_portal.network.models import Connector
from cpo_portal.network.search import ConnectorQuery, find_connectors
from tests.bench import database
from tests.bench.figures import Figures, interleaved, p50, p95
from tests.bench.seed import add_connectors
from tests.world import make_world

COUNT, ROUNDS, CALLS = 100_000, 6, 25
RADII_KM = (2, 5, 25)
LIMIT = 50


def run() -> Figures:
    dice = random.Random(1)
    centres = [(dice.uniform(9, 30), dice.uniform(72, 88)) for _ in range(100)]
    cpo = make_world().cpo
    add_connectors(cpo, COUNT, centres, spread=0.08)
    database.tidy()
    with cpo_scope(cpo):
        keys = list(Connector.objects.values_list("pk", flat=True)[:COUNT:997])
    found_by_radius: dict[int, list[int]] = {radius: [] for radius in RADII_KM}

    def search(radius: int) -> Callable[[], list[float]]:
        def once() -> None:
            latitude, longitude = dice.choice(centres)
            circle = Circle(dice.gauss(latitude, 0.05), dice.gauss(longitude, 0.05), radius * 1000)
            query = ConnectorQuery(circle=circle, limit=LIMIT)
            found_by_radius[radius].append(len(find_connectors(query, timezone.now())))

        return lambda: timed(once)

    def read() -> None:
        with every_cpo():
            Connector.objects.get(pk=dice.choice(keys))

    timed(read), search(5)()
    measures = {f"r{radius}km": search(radius) for radius in RADII_KM}
    rounds = interleaved(ROUNDS, key=lambda: timed(read), **measures)
    times = {name: [value for once in found for value in once] for name, found in rounds.items()}
    figures = {f"network.search_ms.{name}": p50(times[name]) for name in measures}
    everything = [value for name in measures for value in times[name]]
    return figures | {
        "network.search_ms": p50(everything),
        "network.search_p95_ms": p95(everything),
        "network.key_ms": p50(times["key"]),
        "network.ratio_to_key": p50(everything) / p50(times["key"]),
        "network.found_p50.r5km": p50(found_by_radius[5]),
    }


def timed(call: Callable[[], object]) -> list[float]:
    """Return how long each of some calls took, in milliseconds."""
    times = []
    for _ in range(CALLS):
        began = perf_counter()
        call()
        times.append((perf_counter() - began) * 1000)
    return times
