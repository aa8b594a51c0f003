"""From a request to its callback at the buyer app, one at a time, against a null Celery task on the same broker."""

from __future__ import annotations

import json
import queue
import random
import socket
import time
from collections.abc import Callable

from beckn.models import OutboundCallback
from tests.bench import buyer, database
from tests.bench.figures import Figures, interleaved, p50, p95
from tests.bench.null_task import null
from tests.bench.seed import add_connectors
from tests.bench.servers import Servers
from tests.bench.sink import Sink
from tests.world import make_offer, make_world

ROUNDS = 220
DELHI, MUMBAI = (28.63, 77.21), (19.07, 72.87)


def run() -> Figures:
    dice = random.Random(1)
    _seed()
    with Sink() as sink, Servers("callback") as servers:
        buyer.register(sink.url)
        database.tidy()
        port = servers.web()
        servers.worker(include="tests.bench.null_task")
        _wait_for_worker(sink)
        connection = socket.create_connection(("127.0.0.1", port))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        bodies: dict[str, bytes] = {}

        def answer_to(name: str, make: Callable[[], buyer.Message]) -> Callable[[], float]:
            def measure() -> float:
                message = make()
                request = message.request(port)
                time.sleep(dice.uniform(0.01, 0.03))  # the broker is polled every 10 ms: do not run in step with it
                began = time.perf_counter()
                connection.sendall(request)
                if b'"ACK"' not in (said := connection.recv(65536)) and b'"ACK"' not in connection.recv(65536):
                    raise RuntimeError(f"the server answered {said[:500]!r}")
                arrived = sink.wait_for(message.message_id)
                bodies[name] = sink.last_body
                return (arrived - began) * 1000

            return measure

        numbers = iter(range(1_000_000))

        def null_task() -> float:
            number = next(numbers)
            time.sleep(dice.uniform(0.01, 0.03))
            began = time.perf_counter()
            null.apply_async((sink.datagram_port, number), queue="messages")
            return (sink.wait_for(str(number)) - began) * 1000

        measures = {
            "null_task": null_task,
            "select": answer_to("select", buyer.select),
            "items10": answer_to("items10", lambda: buyer.search(_gps(DELHI))),
            "items200": answer_to("items200", lambda: buyer.search(_gps(MUMBAI))),
        }
        interleaved(10, **measures)
        times = interleaved(ROUNDS, **measures)
        connection.close()
    undelivered = OutboundCallback.objects.exclude(state="DELIVERED").count()
    if undelivered > 1:  # the last one may still be on its way to DELIVERED
        raise RuntimeError(f"{undelivered} callbacks were not delivered")
    base = p50(times["null_task"])
    figures = {f"callback.p50_ms.{name}": p50(found) for name, found in times.items()}
    figures |= {f"callback.p95_ms.{name}": p95(found) for name, found in times.items()}
    figures |= {f"callback.ratio_to_null_task.{n}": p50(times[n]) / base for n in ("select", "items10", "items200")}
    if [_items(bodies[name]) for name in ("items10", "items200")] != [10, 200]:
        raise RuntimeError("a search was not answered with the items that it is meant to find")
    return figures | {f"callback.bytes.{name}": len(body) for name, body in bodies.items()}


def _items(body: bytes) -> int:
    providers = json.loads(body)["message"]["catalog"]["providers"]
    return sum(len(provider["items"]) for provider in providers)


def _seed() -> None:
    """Two CPOs with an offer each; 10 connectors in Delhi, with the two that they have there anyway, 200 in Mumbai."""
    for provider_id, count, centre in (("cpo1.com", 8, DELHI), ("cpo2.com", 200, MUMBAI)):
        world = make_world(provider_id)
        add_connectors(world.cpo, count, [centre], spread=0.005)
        make_offer(world.cpo)


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
