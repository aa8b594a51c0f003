"""Signed selects of several buyer apps at a steady rate for minutes, each answered by its ACK and by its callback.

SOAK_SECONDS (300) and SOAK_RATE (a second) change how long and how many. Without SOAK_RATE it is what this machine
sustains: 200, or 70 % of the most that it answers, measured just before, where that is less.
"""

from __future__ import annotations

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
        most = Plan(port, sink_port, BAPS, CAPACITY_SECONDS, at_a_time=AT_A_TIME)
        found = interleaved(ROUNDS, null=lambda: _null_rate(port), most=lambda: _send(most, pids).per_second)
        null, capacity = p50(found["null"]), p50(found["most"])
        rate = number("SOAK_RATE", 0) or min(TARGET_RATE, SHARE_OF_CAPACITY * capacity)
        done = _send(Plan(port, sink_port, BAPS, number("SOAK_SECONDS", 300), rate=rate), pids)
        wait_until(soak_watch.is_empty)
    return report(done) | {
        "soak.null_drf_rps": null,
        "soak.capacity_per_s": capacity,
        "soak.rate_per_s": rate,
        "soak.ratio_to_null_drf": rate / null,
        "soak.capacity_ratio_to_null_drf": capacity / null,
    }


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
