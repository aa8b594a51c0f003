"""One buyer app's request to callback while 200,000 callbacks wait for another that hangs, resets or answers 500."""

from __future__ import annotations

import time
import uuid

from django.db import connection

from beckn.models import DeliveryAttempt, SubscriberHealth
from beckn.protocol.signing import public_key_of
from beckn.subscribers import add_subscriber
from tests.bench import buyer, database
from tests.bench.callback import Trial
from tests.bench.figures import Figures, p50, p99
from tests.bench.servers import Servers
from tests.bench.sick_sink import ERROR, HANG, RESET, SickSink
from tests.bench.sink import Sink
from tests.world import make_offer, make_world

ROWS = 200_000
#: In each round once without the others' callbacks, and once for each way of not taking them.
ROUNDS, REQUESTS = 4, 120
BEHAVIOURS = (HANG, RESET, ERROR)
SICK = "sick.bench.example"
#: One frozen body does for all: it is read, signed and sent alike.
FILL = """
WITH body AS (
    INSERT INTO beckn_messagebody (id, created_at, direction, codec, body)
    VALUES (%(body)s, now(), 'OUT', 'raw', '{}') RETURNING id, created_at
)
INSERT INTO beckn_outboundcallback (id, bap_id, transaction_id, message_id, action, body_hash, body_id, body_at)
SELECT gen_random_uuid(), %(bap)s, 't-' || n / 4, 'm-' || n, 'on_status', '', body.id, body.created_at
FROM body, generate_series(1, %(rows)s) n
"""


def run() -> Figures:
    make_offer(make_world().cpo)
    with Sink() as sink, SickSink() as sick, Servers("sick") as servers:
        buyer.register(sink.url)
        add_subscriber(SICK, url=sick.url, role="BAP", key_id="k1", public_key=public_key_of(b"s" * 32), sandbox=True)
        port = servers.web()
        servers.worker()
        servers.beat()
        trial = Trial(port, sink)
        _measure(trial, 20)
        times: dict[str, list[list[float]]] = {name: [] for name in ("idle", *BEHAVIOURS)}
        sent = dict.fromkeys(BEHAVIOURS, 0)
        for _ in range(ROUNDS):
            database.forget("beckn_outboundcallback")
            times["idle"].append(_measure(trial, REQUESTS))
            fill()
            for behaviour in BEHAVIOURS:
                sick.behaviour, asked = behaviour, sick.asked
                SubscriberHealth.objects.all().delete()  # nothing is known of it: the worst moment is the first
                times[behaviour].append(_measure(trial, REQUESTS))
                sent[behaviour] += sick.asked - asked
        trial.connection.close()
    if DeliveryAttempt.objects.exclude(outcome="DELIVERED").count() < len(BEHAVIOURS):
        raise RuntimeError("the sick buyer app was never called")
    return _figures(times) | {f"sick.sent.{behaviour}": count for behaviour, count in sent.items()}


def _figures(times: dict[str, list[list[float]]]) -> Figures:
    """Return the figures of all rounds together, and between which ratios the single rounds lie."""
    whole = {name: [one for phase in phases for one in phase] for name, phases in times.items()}
    figures: Figures = {}
    for name, found in whole.items():
        figures |= {f"sick.p50_ms.{name}": p50(found), f"sick.p99_ms.{name}": p99(found)}
    for name in BEHAVIOURS:
        rounds = [p99(loaded) / p99(idle) for loaded, idle in zip(times[name], times["idle"], strict=True)]
        figures |= {
            f"sick.p50_ratio.{name}": p50(whole[name]) / p50(whole["idle"]),
            f"sick.p99_ratio.{name}": p99(whole[name]) / p99(whole["idle"]),
            f"sick.p99_ratio_least.{name}": min(rounds),
            f"sick.p99_ratio_most.{name}": max(rounds),
        }
    return figures


def fill() -> None:
    """Queue the callbacks of the sick one, as they would stand there a minute later."""
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"body": uuid.uuid4(), "bap": SICK, "rows": ROWS})
    database.tidy()


def _measure(trial: Trial, rounds: int) -> list[float]:
    found = [trial.answer("select", buyer.select) for _ in range(rounds)]
    time.sleep(0.1)
    return found
