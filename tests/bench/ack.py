"""Reception: signed selects, each a new message, against a null DRF view, in turn on one server without a worker.

The null view takes the messages' lane past the middleware as well; the ratio to one behind it is given beside.
"""

from __future__ import annotations

from functools import partial

from tests.bench import buyer, database
from tests.bench.client import Answered, Load, send_all
from tests.bench.figures import Figures, interleaved, p50, p99, ratio
from tests.bench.servers import Servers
from tests.world import make_world

CONNECTIONS, REQUESTS, ROUNDS = 16, 2000, 7


def run() -> Figures:
    make_world()
    buyer.register()
    database.tidy()
    with Servers("ack") as servers:
        port = servers.web()

        def post(path: str, count: int = REQUESTS) -> Answered:
            # All get signed bodies that never came before: the null views read as much.
            messages = [buyer.select() for _ in range(count)]
            return send_all(Load(port, CONNECTIONS, [message.request(port, path) for message in messages]))

        paths = {"null": "/null", "ack": "/beckn/select", "page": "/null-behind-middleware"}
        for path in paths.values():
            post(path, 500)
        found = interleaved(ROUNDS, **{name: partial(post, path) for name, path in paths.items()})
    rates = {name: [answered.per_second for answered in rounds] for name, rounds in found.items()}
    late = {name: [p99(answered.latencies) * 1000 for answered in rounds] for name, rounds in found.items()}
    return {
        "ack.rps": p50(rates["ack"]),
        "ack.null_drf_rps": p50(rates["null"]),
        "ack.ratio_to_null_drf": ratio(rates["ack"], rates["null"]),
        "ack.ratio_to_null_drf_behind_middleware": ratio(rates["ack"], rates["page"]),
        "ack.p50_ms": p50([p50(answered.latencies) * 1000 for answered in found["ack"]]),
        "ack.p99_ms": p50(late["ack"]),
        "ack.null_drf_p99_ms": p50(late["null"]),
        "ack.p99_ratio_to_null_drf": ratio(late["ack"], late["null"]),
    }
