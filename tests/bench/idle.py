"""CPU time of the whole embedded stack while nobody uses it, against that of its database alone."""

from __future__ import annotations

import time

from django.db import connection

from tests.bench.figures import Figures
from tests.bench.processes import cpu_seconds, postmaster
from tests.bench.servers import Servers, answers, wait_until

SETTLE_SECONDS, ALONE_SECONDS, SECONDS = 10, 10, 30


def run() -> Figures:
    server = postmaster()
    connection.close()
    alone = _measure({"postgres": server}, ALONE_SECONDS)
    with Servers("idle") as servers:
        port = servers.web()
        servers.worker()
        servers.bulk_worker()
        servers.beat()
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"))
        time.sleep(SETTLE_SECONDS)
        processes = {name: running.process.pid for name, running in servers.running.items()}
        found = _measure(processes | {"postgres": server}, SECONDS)
    return {
        "idle.cpu_percent": sum(found.values()),
        **{f"idle.cpu_percent.{name}": percent for name, percent in found.items()},
        "idle.cpu_percent.postgres_alone": alone["postgres"],
    }


def _measure(pids: dict[str, int], seconds: float) -> dict[str, float]:
    """Return how much of one processor each process used with its descendants, in percent."""
    before, began = {name: cpu_seconds(pid) for name, pid in pids.items()}, time.monotonic()
    time.sleep(seconds)
    passed = time.monotonic() - began
    return {name: (cpu_seconds(pid) - before[name]) / passed * 100 for name, pid in pids.items()}
