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

ROWS, ROUNDS = 200_000, 400
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
        idle = _measure(trial, ROUNDS)
        figures: Figures = {"sick.p50_ms.idle": p50(idle), "sick.p99_ms.idle": p99(idle)}
        fill()
        database.tidy()
        for behaviour in (HANG, RESET, ERROR):
            sick.behaviour, asked = behaviour, sick.asked
            SubscriberHealth.objects.all().delete()  # nothing is known of it: the worst moment is the first
            during = _measure(trial, ROUNDS)
            figures |= {f"sick.p50_ms.{behaviour}": p50(during), f"sick.p99_ms.{behaviour}": p99(during)}
            figures[f"sick.p99_ratio.{behaviour}"] = p99(during) / p99(idle)
            figures[f"sick.sent.{behaviour}"] = sick.asked - asked
        trial.connection.close()
    if DeliveryAttempt.objects.exclude(outcome="DELIVERED").count() < 3:
        raise RuntimeError("the sick buyer app was never called")
    return figures


def fill() -> None:
    """Queue the callbacks of the sick one."""
    with connection.cursor() as cursor:
        cursor.execute(FILL, {"body": uuid.uuid4(), "bap": SICK, "rows": ROWS})


def _measure(trial: Trial, rounds: int) -> list[float]:
    found = [trial.answer("select", buyer.select) for _ in range(rounds)]
    time.sleep(0.1)
    return found
