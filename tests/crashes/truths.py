"""What must hold after any crash, read from the rows and from what the buyer app has seen; each returns complaints."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import psycopg

from tests.crashes.buyer import Noted
from tests.crashes.sink import Arrival

Db = psycopg.Connection[Any]


def every_request_is_final(db: Db, noted: Noted) -> list[str]:
    """What was acknowledged is there and DONE."""
    rows = dict(db.execute("SELECT message_id, state FROM beckn_inboundmessage").fetchall())
    lost = [f"{message} was acknowledged and is not there" for message in noted.acknowledged - rows.keys()]
    return lost + [f"request {message} is {state}" for message, state in rows.items() if state != "DONE"]


def every_request_is_answered_once(db: Db) -> list[str]:
    sql = """SELECT i.message_id, i.action, count(c.id) FROM beckn_inboundmessage i
        LEFT JOIN beckn_outboundcallback c ON c.inbound_id = i.id GROUP BY i.id HAVING count(c.id) <> 1"""
    return [f"{action} {message} has {count} answers" for message, action, count in db.execute(sql).fetchall()]


def every_callback_arrived(db: Db, arrivals: list[Arrival]) -> list[str]:
    """Delivered means acknowledged, always with the same body; what was not delivered is EXPIRED or DEAD."""
    seen: dict[tuple[str, str], list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        seen[arrival.message_id, arrival.action].append(arrival)
    found = []
    sql = "SELECT message_id, action, state FROM beckn_outboundcallback"
    for message_id, action, state in db.execute(sql).fetchall():
        came = seen.pop((message_id, action), [])
        if len({arrival.body_hash for arrival in came}) > 1:
            found.append(f"{action} {message_id} came with different bodies")
        if state == "DELIVERED" and not any(arrival.acknowledged for arrival in came):
            found.append(f"{action} {message_id} is DELIVERED and nobody acknowledged it")
        if state not in {"DELIVERED", "EXPIRED", "DEAD"}:
            found.append(f"{action} {message_id} is {state}")
    return found + [f"{action} {message_id} came and is not in the outbox" for message_id, action in seen]


def callbacks_came_in_order(db: Db, noted: Noted, arrivals: list[Arrival]) -> list[str]:
    """Within a transaction no callback comes after a later one.

    Who sends a message twice asks for its answer once more, and may have had later callbacks by then: of an answer that
    the portal queued anew for that, only the first arrival counts. What a crash sends twice is not queued anew.
    """
    sql = "SELECT message_id, action, sequence, queued_at > body_at FROM beckn_outboundcallback"
    rows = db.execute(sql).fetchall()
    place = {(message_id, action): sequence for message_id, action, sequence, _ in rows}
    repeated = {(message_id, action) for message_id, action, _, anew in rows if anew and noted.sent[message_id] > 1}
    last: dict[str, tuple[int, str]] = {}
    found = []
    seen: set[tuple[str, str]] = set()
    for arrival in arrivals:
        name = arrival.message_id, arrival.action
        if name in seen and name in repeated:
            continue
        seen.add(name)
        here = place.get(name, 0), arrival.action
        before = last.get(arrival.transaction_id, here)
        if here < before and here[0] != before[0]:
            found.append(f"{arrival.transaction_id}: {here[1]} came after {before[1]}")
        last[arrival.transaction_id] = max(here, before)
    return found


CHAIN = {
    "RESERVED": ["RESERVE"],
    "COMMITTED": ["RESERVE", "COMMIT"],
    "RELEASED": ["RESERVE", "RELEASE"],
}


def every_ledger_chain_is_whole(db: Db) -> list[str]:
    """A redemption's entries are exactly those of its state, and at most one redemption of an offer is held."""
    sql = """SELECT r.id, r.state, r.reserved, r.committed, o.state,
            array_agg(e.kind::text ORDER BY e.id), array_agg(e.amount ORDER BY e.id)
        FROM offers_redemption r JOIN charging_order o ON o.id = r.order_id
        LEFT JOIN offers_ledgerentry e ON e.redemption_id = r.id GROUP BY r.id, o.id"""
    found = []
    for key, state, reserved, committed, order_state, kinds, amounts in db.execute(sql).fetchall():
        if kinds != CHAIN[state]:
            found.append(f"redemption {key} is {state} with {kinds}")
        elif amounts[0] != reserved or (state == "COMMITTED" and amounts[1] != committed):
            found.append(f"redemption {key}: {amounts} are not {reserved} and {committed}")
        expected = {"COMPLETE": {"COMMITTED", "RELEASED"}, "CANCELLED": {"RELEASED"}}.get(order_state, {"RESERVED"})
        if state not in expected | {"RELEASED"}:
            found.append(f"redemption {key} is {state} while its order is {order_state}")
    return found


def counters_agree_with_the_ledger(db: Db) -> list[str]:
    sql = """SELECT c.offer_id, c.uses_reserved, c.uses_committed, c.budget_reserved, c.budget_committed,
            count(r.id) FILTER (WHERE r.state = 'RESERVED'), count(r.id) FILTER (WHERE r.state = 'COMMITTED'),
            coalesce(sum(r.reserved) FILTER (WHERE r.state = 'RESERVED'), 0),
            coalesce(sum(r.committed - r.reversed) FILTER (WHERE r.state = 'COMMITTED'), 0)
        FROM offers_offercounter c LEFT JOIN offers_redemption r ON r.offer_id = c.offer_id AND r.counted
        GROUP BY c.offer_id"""
    return [
        f"the counter of offer {offer} says {said}, its redemptions {true}"
        for offer, *figures in db.execute(sql).fetchall()
        if (said := tuple(figures[:4])) != (true := tuple(figures[4:]))
    ]


def nobody_ordered_or_paid_twice(db: Db, noted: Noted) -> list[str]:
    twice = db.execute(
        "SELECT bap_id, transaction_id, count(*) FROM charging_order GROUP BY 1, 2 HAVING count(*) > 1"
    ).fetchall()
    paid = {str(key) for (key,) in db.execute("SELECT id FROM charging_payment WHERE status = 'PAID'").fetchall()}
    return [f"{transaction} has {count} orders" for _, transaction, count in twice] + [
        f"payment {key} was reported, acknowledged and is not PAID" for key in noted.paid - paid
    ]


def what_the_buyer_reached_is_so(db: Db, noted: Noted) -> list[str]:
    """An answer that the buyer app has seen is a promise: the order is at least as far."""
    sql = "SELECT transaction_id, state, billed_amount FROM charging_order"
    orders = {transaction: rest for transaction, *rest in db.execute(sql).fetchall()}
    found = []
    for transaction_id, step in noted.reached.items():
        state, billed = orders.get(transaction_id, ("none", None))
        allowed = {
            "init": {"INITIALISED", "CANCELLED"},
            "paid": {"INITIALISED", "CANCELLED"},
            "confirmed": {"ACTIVE"},
            "cancelled": {"CANCELLED"},
            "charged": {"COMPLETE"},
        }.get(step)
        if allowed and state not in allowed:
            found.append(f"{transaction_id} reached {step} and its order is {state}")
        if step == "charged" and billed is None:
            found.append(f"{transaction_id} was charged and has no bill")
    return found
