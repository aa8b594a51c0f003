"""Derives what is held of each product from the orders that hold it: names the stocks that differ, or mends them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import NamedTuple

from django.db import connection

from cpo_portal.charging.balances.check import Compared

_HELD = """
WITH held AS (
    SELECT cpo_id, item ->> 'product_id' AS product_id, sum((item ->> 'units')::int) AS units FROM (
        SELECT cpo_id, items FROM offers_redemption WHERE state = 'RESERVED'
        UNION ALL
        SELECT cpo_id, products FROM charging_order WHERE state IN ('INITIALISED', 'ACTIVE')
    ) holding CROSS JOIN jsonb_array_elements(holding.items) AS item
    WHERE (item ->> 'counted')::boolean GROUP BY 1, 2
), stocks AS (
    SELECT p.id, p.product_id, k.reserved, coalesce(h.units, 0) AS held
    FROM network_productstock k JOIN network_product p ON p.id = k.product_id
    LEFT JOIN held h ON h.cpo_id = p.cpo_id AND h.product_id = p.product_id
)"""
_COMPARE = f"""
{_HELD}, compared AS (
    SELECT id, product_id, abs(reserved - held) AS units FROM stocks
)
SELECT count(*), count(*) FILTER (WHERE units > 0),
    coalesce((SELECT jsonb_agg(to_jsonb(first)) FROM (
        SELECT product_id AS product, compared.units::int FROM compared WHERE compared.units > 0 ORDER BY id LIMIT %s
    ) first), '[]')
FROM compared
"""  # noqa: S608
# Whoever holds or gives back locks the stock until its order says so, too: behind these locks, in the order of
# `offers.stock`, both are settled.
_LOCK = """
SELECT FROM network_productstock k JOIN network_product p ON p.id = k.product_id
ORDER BY p.product_id COLLATE "C" FOR NO KEY UPDATE OF k
"""
_MEND = f"""
{_HELD}
UPDATE network_productstock k SET reserved = s.held FROM stocks s
WHERE s.id = k.product_id AND s.held <> s.reserved RETURNING s.product_id, s.reserved, s.held
"""  # noqa: S608


def compare_stock(named: int) -> Compared:
    """Compare what all stocks of the active scope call held with the orders; nothing is repaired."""
    with connection.cursor() as cursor:
        cursor.execute(_COMPARE, [named])
        compared, drifting, drifted = cursor.fetchone()
    return Compared(compared, drifting, Decimal(0), json.loads(drifted) if isinstance(drifted, str) else drifted)


class Mended(NamedTuple):
    """A stock that called `before` units held, of which orders hold `held`."""

    product_id: str
    before: int
    held: int


def mend_stock() -> list[Mended]:
    """Let every stock of the active scope call held what orders hold, in the caller's transaction."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK)
        cursor.execute(_MEND)
        return [Mended(*row) for row in cursor.fetchall()]
