"""CPU time of the whole embedded stack while nobody uses it, against that of its database alone."""

from __future__ import annotations

import os
import time
from pathlib import Path

from django.db import connection

from tests.bench.figures import Figures
from tests.bench.servers import Servers, answers, wait_until

SETTLE_SECONDS, ALONE_SECONDS, SECONDS = 10, 10, 30
TICKS = os.sysconf("SC_CLK_TCK")


def run() -> Figures:
    postmaster = _postmaster()
    connection.close()
    alone = _measure({"postgres": postmaster}, ALONE_SECONDS)
    with Servers("idle") as servers:
        port = servers.web()
        servers.worker()
        servers.bulk_worker()
        servers.beat()
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"))
        time.sleep(SETTLE_SECONDS)
        processes = {name: running.process.pid for name, running in servers.running.items()}
        found = _measure(processes | {"postgres": postmaster}, SECONDS)
    return {
        "idle.cpu_percent": sum(found.values()),
        **{f"idle.cpu_percent.{name}": percent for name, percent in found.items()},
        "idle.cpu_percent.postgres_alone": alone["postgres"],
    }


def _measure(pids: dict[str, int], seconds: float) -> dict[str, float]:
    """Return how much of one processor each process used with its descendants, in percent."""
    before, began = {name: _cpu_seconds(pid) for name, pid in pids.items()}, time.monotonic()
    time.sleep(seconds)
    passed = time.monotonic() - began
    return {name: (_cpu_seconds(pid) - before[name]) / passed * 100 for name, pid in pids.items()}


def _cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process, of its descendants, and of those that have ended."""
    family, total = {pid}, 0.0
    for parent, child, ticks in sorted(_processes(), key=lambda each: each[1]):
        if child == pid or parent in family:
            family.add(child)
            total += ticks / TICKS
    return total


def _processes() -> list[tuple[int, int, int]]:
    """Return (parent, pid, ticks) of every process; the ticks include those of its children that have ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        found.append((int(fields[1]), int(stat.parent.name), sum(int(field) for field in fields[11:15])))
    return found


def _postmaster() -> int:
    """Return the process of the database server, the parent of our own backend."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = int(cursor.fetchone()[0])
    return next(parent for parent, pid, _ in _processes() if pid == backend)
