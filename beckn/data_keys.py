"""Which data keys the stored rows need, and which of them PORTAL_DATA_KEY does not hold."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

from beckn.resealing import sealed_columns
from cpo_portal.accounts import sealing
from cpo_portal.accounts.tenancy import every_cpo
from cpo_portal.charging.people.customers import UNNAMED_KEY

#: So many waiting messages of each kind are looked at where it must be quick.
LOOKED_AT = 100
WAY_OUT = "put that key back, or follow “A secret is lost” in docs/operations.md"

# The bodies of what waits: a body that nobody can open is never answered and never delivered.
WAITING = """
SELECT 'waiting messages', body.key_id, count(*) FROM (
    SELECT body_id, body_at FROM beckn_inboundmessage WHERE state = 'RECEIVED'
    ORDER BY next_attempt_at, id LIMIT %(rows)s) AS waiting
JOIN beckn_messagebody body ON body.id = waiting.body_id AND body.created_at = waiting.body_at
GROUP BY body.key_id
UNION ALL
SELECT 'waiting callbacks', body.key_id, count(*) FROM (
    SELECT body_id, body_at FROM beckn_outboundcallback WHERE state = 'PENDING'
    ORDER BY bap_id, next_attempt_at, sequence LIMIT %(rows)s) AS waiting
JOIN beckn_messagebody body ON body.id = waiting.body_id AND body.created_at = waiting.body_at
GROUP BY body.key_id
"""
ALL_BODIES = "SELECT 'message bodies', key_id, count(*) FROM beckn_messagebody GROUP BY key_id"
# A customer has a hash under every key that was there: only who has none under a key that is here is lost.
LOST_CUSTOMERS = """
SELECT 'customers (their limits would begin anew)', hmac_key_id, count(DISTINCT customer_id)
FROM charging_customerkey AS lost
WHERE NOT EXISTS (SELECT FROM charging_customerkey kept
    WHERE kept.customer_id = lost.customer_id AND kept.hmac_key_id = ANY (%(known)s))
GROUP BY hmac_key_id
"""

# An entry has one hash alone: a list must be uploaded again under a key that is here.
LOST_ENTRIES = """
SELECT 'contacts on named lists (upload their lists again)', hmac_key_id, count(*)
FROM charging_namedlistentry WHERE hmac_key_id <> ALL (%(known)s) GROUP BY hmac_key_id
"""

# What somebody works on now is left to them; it fails, and the next run finds it.
_GIVE_UP = """
UPDATE {table} AS waiting
SET state = 'DEAD', finished_at = statement_timestamp(), leased_until = NULL, lease_owner = '',
    {error} = left('the data key ' || body.key_id || ' that sealed it is lost', 500)
FROM beckn_messagebody body
WHERE waiting.state = '{state}' AND (waiting.leased_until IS NULL OR waiting.leased_until <= statement_timestamp())
  AND body.id = waiting.body_id AND body.created_at = waiting.body_at
  AND body.key_id <> '' AND body.key_id <> ALL (%(known)s)
"""
GIVE_UP = (
    _GIVE_UP.format(table="beckn_inboundmessage", state="RECEIVED", error="error"),
    _GIVE_UP.format(table="beckn_outboundcallback", state="PENDING", error="last_error"),
)


@dataclass
class KeyUse:
    """What is under which data key: by its id, then by the kind of row; `altered` was sealed by a key that is here."""

    rows: defaultdict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    altered: Counter[str] = field(default_factory=Counter)

    def missing(self) -> dict[str, Counter[str]]:
        """Return what only a key that is not here opens."""
        known = _known()
        return {key_id: rows for key_id, rows in sorted(self.rows.items()) if key_id not in known}

    def complaints(self) -> list[str]:
        """Return one sentence for each key that is missing, and one for what was altered."""
        found = [
            f"PORTAL_DATA_KEY does not hold the key {key_id}, which sealed {in_words(rows)}: {WAY_OUT}."
            for key_id, rows in self.missing().items()
        ]
        if self.altered:
            found.append(f"Altered since they were sealed, so that nothing opens them: {in_words(self.altered)}.")
        return found


def in_words(rows: Counter[str]) -> str:
    """Return `signing keys (1), payment gateways (3)`."""
    return ", ".join(f"{name} ({count})" for name, count in rows.items())


def needed_now() -> KeyUse:
    """Look at every sealed secret and at the first messages that wait: a few short queries."""
    use = KeyUse()
    _look_at_secrets(use)
    _count(use, WAITING, rows=LOOKED_AT)
    return use


def needed_by_all() -> KeyUse:
    """Look at everything, however many bodies and customers there are."""
    use = KeyUse()
    _look_at_secrets(use)
    _count(use, ALL_BODIES)
    with every_cpo():
        _count(use, LOST_CUSTOMERS, known=[*sorted(_known()), UNNAMED_KEY])
        _count(use, LOST_ENTRIES, known=sorted(_known()))
    return use


@transaction.atomic
def give_up_unreadable() -> int:
    """End as DEAD what waits and needs a key that is not here; return how many messages and callbacks.

    Their bodies stay: should the key be found, the callbacks can be sent again.
    """
    ended = 0
    with connection.cursor() as cursor:
        for statement in GIVE_UP:
            cursor.execute(statement, {"known": sorted(_known())})
            ended += cursor.rowcount
    return ended


def _look_at_secrets(use: KeyUse) -> None:
    known = _known()
    for model, name in sealed_columns():
        kind = str(model._meta.verbose_name_plural)
        with every_cpo():
            values: Iterable[memoryview] = list(
                model._default_manager.exclude(**{name: None}).values_list(name, flat=True)
            )
        for value in values:
            key_id = sealing.key_id_of(value)
            try:
                sealing.unseal(value)
            except sealing.SealBroken:
                if key_id in known:
                    use.altered[kind] += 1
                    continue
            else:
                # What version 0.1 sealed bears no id; one of the keys that are here opens it.
                key_id = key_id if key_id in known else sealing.newest_key().id
            use.rows[key_id][kind] += 1


def _count(use: KeyUse, statement: str, **values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        for kind, key_id, count in cursor.fetchall():
            if key_id:  # bodies of version 0.1 lie open
                use.rows[key_id][kind] += count


def _known() -> set[str]:
    return {key.id for key in sealing.known_keys()}
