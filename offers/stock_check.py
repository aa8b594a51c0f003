"""Derives what is held of every counted product from the orders that hold it, and says which stocks differ."""

from __future__ import annotations

import json
from decimal import Decimal

from django.db import connection

from cpo_portal.charging.balances.check import Compared

_COMPARE = """
WITH held AS (
    SELECT cpo_id, item ->> 'product_id' AS product_id, sum((item ->> 'units')::int) AS units FROM (
        SELECT cpo_id, items FROM offers_redemption WHERE state = 'RESERVED'
        UNION ALL
        SELECT cpo_id, products FROM charging_order WHERE state IN ('INITIALISED', 'ACTIVE')
    ) holding CROSS JOIN jsonb_array_elements(holding.items) AS item
    WHERE (item ->> 'counted')::boolean GROUP BY 1, 2
), compared AS (
    SELECT p.id, p.product_id, abs(k.reserved - coalesce(h.units, 0)) AS units
    FROM network_productstock k JOIN network_product p ON p.id = k.product_id
    LEFT JOIN held h ON h.cpo_id = p.cpo_id AND h.product_id = p.product_id
)
SELECT count(*), count(*) FILTER (WHERE units > 0),
    coalesce((SELECT jsonb_agg(to_jsonb(first)) FROM (
        SELECT product_id AS product, compared.units::int FROM compared WHERE compared.units > 0 ORDER BY id LIMIT %s
    ) first), '[]')
FROM compared
"""


def compare_stock(named: int) -> Compared:
    """Compare what all stocks of the active scope call held with the orders; nothing is repaired."""
    with connection.cursor() as cursor:
        cursor.execute(_COMPARE, [named])
        compared, drifting, drifted = cursor.fetchone()
    return Compared(compared, drifting, Decimal(0), json.loads(drifted) if isinstance(drifted, str) else drifted)
