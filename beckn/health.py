"""Whether the portal is alive (`/healthz`, without the database) and fit for work (`/readyz`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse

from beckn.data_keys import needed_now

#: The sweep beats once a second.
HEARTBEAT_SECONDS = 15
#: A callback that is due and not on its way for this long means that nobody delivers.
OUTBOX_SECONDS = 60

# Of callbacks only those that could go out count: not the ones that wait for an earlier one of their transaction, nor
# those of a buyer app that keeps couriers busy or is left alone, for its slowness is not ours, nor any while
# callbacks are held.
AGES = """
SELECT extract(epoch FROM statement_timestamp() - (SELECT max(at) FROM beckn_workerheartbeat)),
    extract(epoch FROM statement_timestamp() - (
        SELECT min(head.next_attempt_at) FROM beckn_subscriber s
        LEFT JOIN beckn_subscriberhealth h ON h.subscriber_id = s.id
        CROSS JOIN LATERAL (
            SELECT c.next_attempt_at FROM beckn_outboundcallback c
            WHERE c.state = 'PENDING' AND c.bap_id = s.subscriber_id AND c.next_attempt_at <= statement_timestamp()
              AND c.leased_until IS NULL
              AND (EXISTS (
                  SELECT FROM beckn_outboundcallback earlier
                  WHERE earlier.finished_at IS NULL AND earlier.bap_id = c.bap_id
                    AND earlier.transaction_id = c.transaction_id AND earlier.sequence < c.sequence)) IS FALSE
            ORDER BY c.next_attempt_at, c.sequence LIMIT 1
        ) head
        WHERE s.role = 'BAP' AND h.open_until IS NULL AND NOT EXISTS (SELECT FROM beckn_deliveryhold) AND NOT EXISTS (
            SELECT FROM beckn_outboundcallback busy
            WHERE busy.bap_id = s.subscriber_id AND busy.leased_until IS NOT NULL))),
    extract(epoch FROM statement_timestamp() - (
        SELECT min(c.next_attempt_at) FROM beckn_inboundmessage c
        WHERE c.state = 'RECEIVED' AND c.next_attempt_at <= statement_timestamp() AND c.leased_until IS NULL
          AND NOT EXISTS (
              SELECT FROM beckn_inboundmessage earlier
              WHERE earlier.state = 'RECEIVED' AND earlier.bap_id = c.bap_id
                AND earlier.transaction_id = c.transaction_id AND earlier.id < c.id))),
    (SELECT min(since) FROM beckn_deliveryhold)
"""


PARTS = ("database", "migrations", "keys", "worker", "inbox", "outbox")
HELD = "callbacks are held since {:%Y-%m-%d %H:%M} UTC: `./portal manage release_callbacks` sends them"


@dataclass(frozen=True, slots=True)
class Readiness:
    """One sentence per part, "ok" where it is well."""

    database: str
    migrations: str = "unknown"
    keys: str = "unknown"
    worker: str = "unknown"
    inbox: str = "unknown"
    outbox: str = "unknown"
    #: "" while callbacks go out. A hold is no fault: the portal is ready, and says what it waits for.
    held: str = ""

    def is_ready(self) -> bool:
        return {getattr(self, name) for name in PARTS} == {"ok"}


def healthz(request: HttpRequest) -> JsonResponse:
    """Answer 200: the process runs."""
    return JsonResponse({"status": "ok"})


def readyz(request: HttpRequest) -> JsonResponse:
    """Answer 200, or 503 with what is amiss."""
    found = look()
    checks = {name: getattr(found, name) for name in PARTS}
    ready = found.is_ready()
    answer = {"status": "ok" if ready else "unavailable", "checks": checks}
    if found.held:
        answer["held"] = found.held
    return JsonResponse(answer, status=200 if ready else 503)


def look() -> Readiness:
    """Ask the database, the migrations and the tables of the worker."""
    try:
        missing = unapplied_migrations()
        with connection.cursor() as cursor:
            cursor.execute(AGES)
            heartbeat, outbox, inbox, held = cursor.fetchone()
        keys = "unknown" if missing else " ".join(needed_now().complaints()) or "ok"
    except DatabaseError as error:
        return Readiness(database=f"not reachable ({type(error).__name__})")
    return Readiness(
        database="ok",
        migrations="ok" if not missing else f"{missing} not applied",
        keys=keys,
        worker="no worker has ever swept" if heartbeat is None else _young(heartbeat, HEARTBEAT_SECONDS),
        inbox=_young(inbox, OUTBOX_SECONDS),
        outbox=_young(outbox, OUTBOX_SECONDS),
        held=HELD.format(held) if held else "",
    )


def unapplied_migrations() -> int:
    """Count the migrations of this code that the database does not have."""
    return len(_known_migrations() - set(MigrationRecorder(connection).applied_migrations()))


@cache
def _known_migrations() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None).disk_migrations)


def _young(age: float | None, limit: int) -> str:
    return "ok" if age is None or age <= limit else f"the oldest is {int(age)} s old"
