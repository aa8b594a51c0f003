"""Derives every balance and hold from its entries, in one snapshot, and says which ones differ."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection

from cpo_portal.charging.balances.moves import EFFECTS

# What is held is compared twice: with the entries, and with the holds of orders.
_COMPARE = """
WITH effect (kind, on_amount, on_held) AS (VALUES {effects}), derived AS (
    SELECT e.balance_id, sum(e.amount * f.on_amount) AS amount, sum(e.amount * f.on_held) AS held
    FROM charging_balanceentry e JOIN effect f USING (kind) GROUP BY e.balance_id
), holding AS (
    SELECT balance_id, sum(amount) AS held FROM charging_balancehold WHERE state = 'HELD' GROUP BY balance_id
), compared AS (
    SELECT b.id, abs(b.amount - coalesce(d.amount, 0)) AS amount,
        greatest(abs(b.held - coalesce(d.held, 0)), abs(b.held - coalesce(h.held, 0))) AS held
    FROM charging_balance b LEFT JOIN derived d ON d.balance_id = b.id LEFT JOIN holding h ON h.balance_id = b.id
)
SELECT count(*), count(*) FILTER (WHERE amount > 0 OR held > 0),
    coalesce(sum(amount + held), 0),
    coalesce((SELECT jsonb_agg(to_jsonb(first)) FROM (
        SELECT id AS balance, compared.amount::text, compared.held::text
        FROM compared WHERE compared.amount > 0 OR compared.held > 0 ORDER BY id LIMIT %s
    ) first), '[]')
FROM compared
"""
_STATEMENT = _COMPARE.format(
    effects=", ".join(f"('{kind.value}', {amount}, {held})" for kind, (amount, held) in EFFECTS.items())
)


@dataclass(frozen=True, slots=True)
class Compared:
    """How many balances were compared and how many differ, by how much in all; `drifted` names the first."""

    compared: int
    drifting: int
    amount: Decimal
    drifted: list[dict[str, Any]]


def compare_balances(named: int) -> Compared:
    """Compare all balances of the active scope with their entries; nothing is repaired."""
    with connection.cursor() as cursor:
        cursor.execute(_STATEMENT, [named])
        compared, drifting, amount, drifted = cursor.fetchone()
    return Compared(compared, drifting, amount, json.loads(drifted) if isinstance(drifted, str) else drifted)
