"""Signed selects of several buyer apps at a steady rate for minutes, each answered by its ACK and by its callback.

SOAK_SECONDS (300) and SOAK_RATE (a second) in the environment change how long and how many. Without SOAK_RATE it is
what this machine sustains: 200, or 70 % of the most that it answers, measured just before, where that is less.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from cpo_portal.env import number
from tests.bench import buyer, database, soak_client, soak_watch
from tests.bench.client import Load, send_all
from tests.bench.figures import Figures, interleaved, p50
from tests.bench.processes import cpu_seconds, postmaster
from tests.bench.servers import Servers, answers, free_port, wait_until
from tests.bench.soak_client import Plan
from tests.bench.soak_report import Run, report
from tests.world import make_offer, make_world

BAPS = tuple(f"bap{number}.bench.example" for number in range(1, 5))
TARGET_RATE, SHARE_OF_CAPACITY = 200, 0.7
#: While the capacity is measured: enough to keep every thread of the worker busy.
AT_A_TIME, CAPACITY_SECONDS, ROUNDS = 48, 15, 3
NULL_REQUESTS = 2000


def run() -> Figures:
    make_offer(make_world().cpo)
    sink_port = free_port()
    for bap_id in BAPS:
        buyer.register(f"http://127.0.0.1:{sink_port}/{bap_id}", bap_id=bap_id)
    database.tidy()
    server = postmaster()
    with Servers("soak") as servers:
        port = servers.web()
        servers.worker()
        servers.beat()
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/readyz"))
        pids = {name: running.process.pid for name, running in servers.running.items()} | {"postgres": server}
        plan = partial(Plan, port, sink_port, BAPS)
        given = number("SOAK_RATE", 0)
        before = _limits(port, plan(CAPACITY_SECONDS, at_a_time=AT_A_TIME), pids, with_capacity=not given)
        rate = given or min(TARGET_RATE, SHARE_OF_CAPACITY * before["soak.capacity_per_s"])
        done = _send(plan(number("SOAK_SECONDS", 300), rate=rate), pids)
        time.sleep(1)  # what was answered last is being settled
        left = soak_watch.queued()
    ratio = {
        "soak.left_waiting": left,
        "soak.rate_per_s": rate,
        "soak.ratio_to_null_drf": rate / before["soak.null_drf_rps"],
    }
    return report(done) | before | ratio


def _limits(port: int, most: Plan, pids: dict[str, int], *, with_capacity: bool) -> Figures:
    """Return how much a view that does nothing answers, and how much comes through to its callback, by turns."""
    measures: dict[str, Callable[[], float]] = {"null_drf_rps": lambda: _null_rate(port)}
    if with_capacity:
        measures["capacity_per_s"] = lambda: _send(most, pids).per_second
    return {f"soak.{name}": p50(found) for name, found in interleaved(ROUNDS, **measures).items()}


def _null_rate(port: int) -> float:
    """Return how many requests a second a view that does nothing answers on the same server."""
    requests = [buyer.select().request(port, "/null") for _ in range(NULL_REQUESTS)]
    return send_all(Load(port, 16, requests)).per_second


def _send(plan: Plan, pids: dict[str, int]) -> Run:
    """Let the buyer apps send, and look on."""
    before = {name: cpu_seconds(pid) for name, pid in pids.items()}
    with soak_watch.Watch(pids) as watch:
        outcome = soak_client.finish(soak_client.start(plan))
    return Run(outcome, watch.looks, {name: cpu_seconds(pid) - before[name] for name, pid in pids.items()})
