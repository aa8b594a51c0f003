"""From a request to its callback at the buyer app, one at a time, against a null Celery task on the same broker."""

from __future__ import annotations

import json
import queue
import random
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from beckn.models import OutboundCallback
from tests.bench import buyer, database
from tests.bench.client import read_ack
from tests.bench.figures import Figures, interleaved, p50, p95
from tests.bench.null_task import null
from tests.bench.seed import add_connectors
from tests.bench.servers import Servers
from tests.bench.sink import Sink
from tests.world import make_offer, make_world

ROUNDS = 220
DELHI, MUMBAI = (28.63, 77.21), (19.07, 72.87)


@dataclass
class Trial:
    """One buyer app that waits for each answer before it asks again; times are in milliseconds."""

    port: int
    sink: Sink
    dice: random.Random = field(default_factory=lambda: random.Random(1))
    bodies: dict[str, bytes] = field(default_factory=dict)
    sent: int = 0

    def __post_init__(self) -> None:
        self.connection = socket.create_connection(("127.0.0.1", self.port))
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def answer(self, name: str, make: Callable[[], buyer.Message]) -> float:
        """Return the time from sending a message to its callback; keep the callback's body."""
        message = make()
        request = message.request(self.port)
        began = self._pause()
        self.connection.sendall(request)
        read_ack(self.connection)
        arrived = self.sink.wait_for(message.message_id)
        self.bodies[name] = self.sink.last_body
        return (arrived - began) * 1000

    def null_task(self) -> float:
        """Return the time from sending a task that does nothing until it ran."""
        self.sent += 1
        began = self._pause()
        null.apply_async((self.sink.datagram_port, self.sent), queue="messages")
        return (self.sink.wait_for(str(self.sent)) - began) * 1000

    def _pause(self) -> float:
        """Wait a little and return the instant: the broker is polled every 10 ms, and we must not run in step."""
        time.sleep(self.dice.uniform(0.01, 0.03))
        return time.perf_counter()


def run() -> Figures:
    _seed()
    with Sink() as sink, Servers("callback") as servers:
        buyer.register(sink.url)
        database.tidy()
        port = servers.web()
        servers.worker(include="tests.bench.null_task")
        _wait_for_worker(sink)
        trial = Trial(port, sink)
        measures = {
            "null_task": trial.null_task,
            "select": lambda: trial.answer("select", buyer.select),
            "items10": lambda: trial.answer("items10", lambda: buyer.search(_gps(DELHI))),
            "items200": lambda: trial.answer("items200", lambda: buyer.search(_gps(MUMBAI))),
        }
        interleaved(10, **measures)
        times = interleaved(ROUNDS, **measures)
        trial.connection.close()
    _check(trial.bodies)
    base = p50(times["null_task"])
    figures = {f"callback.p50_ms.{name}": p50(found) for name, found in times.items()}
    figures |= {f"callback.p95_ms.{name}": p95(found) for name, found in times.items()}
    figures |= {f"callback.ratio_to_null_task.{n}": p50(times[n]) / base for n in ("select", "items10", "items200")}
    return figures | {f"callback.bytes.{name}": len(body) for name, body in trial.bodies.items()}


def _check(bodies: dict[str, bytes]) -> None:
    """Refuse figures of something else than what they are meant to measure."""
    if [_items(bodies[name]) for name in ("items10", "items200")] != [10, 200]:
        raise RuntimeError("a search was not answered with the items that it is meant to find")
    undelivered = OutboundCallback.objects.exclude(state="DELIVERED").count()
    if undelivered > 1:  # the last one may still have been on its way to DELIVERED
        raise RuntimeError(f"{undelivered} callbacks were not delivered")


def _items(body: bytes) -> int:
    providers = json.loads(body)["message"]["catalog"]["providers"]
    return sum(len(provider["items"]) for provider in providers)


def _seed() -> None:
    """One CPO with an offer; 10 connectors in Delhi, with the one that every world has there, and 200 in Mumbai."""
    cpo = make_world().cpo
    add_connectors(cpo, 9, [DELHI], spread=0.005, name="delhi")
    add_connectors(cpo, 200, [MUMBAI], spread=0.005, name="mumbai")
    make_offer(cpo)


def _gps(centre: tuple[float, float]) -> str:
    return f"{centre[0]},{centre[1]}"


def _wait_for_worker(sink: Sink) -> None:
    for _ in range(60):
        null.apply_async((sink.datagram_port, -1), queue="messages")
        try:
            sink.wait_for("-1", seconds=1)
        except queue.Empty:
            continue
        time.sleep(1)
        return
    raise TimeoutError("the worker did not run a task")
