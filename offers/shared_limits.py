"""The groups that share a customer's uses of an offer: who they are now, and what they have used of each limit.

A use is counted in the groups that the customer is in when it is reserved, and stays where it was counted (ADR 0037).
"""

from __future__ import annotations

from uuid import UUID

from django.db import connection

# Nobody deletes a group while a use is counted in it. Who forgets a customer locks them before their groups.
_GROUPS = """
SELECT FROM charging_customer WHERE id = %(customer)s FOR KEY SHARE;
SELECT g.id FROM charging_customergroupmember m JOIN charging_customergroup g ON g.id = m.group_id
WHERE m.customer_id = %(customer)s ORDER BY g.id FOR KEY SHARE OF g
"""

#: Of the offer `o`: the most that a group of the customer has used ever, today, this week and this month, without what
#: the order itself holds; nulls where the customer is in no group.
SHARED_NOW = """(
    SELECT jsonb_build_array(
        max(coalesce(c.uses, 0) - coalesce(h.counted_customer, false)::int),
        max(coalesce(d.uses, 0) - coalesce('DAY' = ANY(h.counted_periods) AND h.reserved_on = %(day)s, false)::int),
        max(coalesce(w.uses, 0) - coalesce('WEEK' = ANY(h.counted_periods)
            AND date_trunc('week', h.reserved_on::timestamp)::date = %(week)s, false)::int),
        max(coalesce(n.uses, 0) - coalesce('MONTH' = ANY(h.counted_periods)
            AND date_trunc('month', h.reserved_on::timestamp)::date = %(month)s, false)::int))
    FROM charging_customergroupmember g
    LEFT JOIN offers_groupcounter c ON c.offer_id = o.id AND c.group_id = g.group_id
    LEFT JOIN offers_groupperiodcounter d ON d.offer_id = o.id AND d.group_id = g.group_id
        AND d.period = 'DAY' AND d.starts_on = %(day)s
    LEFT JOIN offers_groupperiodcounter w ON w.offer_id = o.id AND w.group_id = g.group_id
        AND w.period = 'WEEK' AND w.starts_on = %(week)s
    LEFT JOIN offers_groupperiodcounter n ON n.offer_id = o.id AND n.group_id = g.group_id
        AND n.period = 'MONTH' AND n.starts_on = %(month)s
    LEFT JOIN offers_redemption h ON h.offer_id = o.id AND h.order_id = %(order)s AND h.state = 'RESERVED'
        AND h.counted_groups AND g.group_id = ANY(h.groups)
    WHERE g.customer_id = %(customer)s
)"""
#: The same, as the ledger said it at an instant, by the groups that redemptions remember; who joined later was in none.
SHARED_AS_OF = """(
    SELECT jsonb_build_array(max(together.ever), max(together.of_day), max(together.of_week), max(together.of_month))
    FROM (
        SELECT coalesce(sum(r.uses), 0) AS ever,
            coalesce(sum(r.uses) FILTER (WHERE r.reserved_on = %(day)s), 0) AS of_day,
            coalesce(sum(r.uses) FILTER (WHERE r.reserved_on >= %(week)s), 0) AS of_week,
            coalesce(sum(r.uses) FILTER (WHERE r.reserved_on >= %(month)s), 0) AS of_month
        FROM charging_customergroupmember g
        LEFT JOIN LATERAL (
            SELECT h.reserved_on, sum(e.uses) AS uses
            FROM offers_redemption h JOIN offers_ledgerentry e ON e.redemption_id = h.id
            WHERE h.offer_id = o.id AND NOT h.sandbox AND g.group_id = ANY(h.groups) AND e.at <= %(as_of)s
            GROUP BY h.id
        ) r ON true
        WHERE g.customer_id = %(customer)s AND g.added_at <= %(as_of)s GROUP BY g.group_id
    ) together
)"""


def groups_to_count(customer_id: UUID) -> list[int]:
    """Return the customer's groups by their keys, which stay until the transaction ends; inside the CPO's scope."""
    with connection.cursor() as cursor:
        cursor.execute(_GROUPS, {"customer": customer_id})
        cursor.nextset()
        return [key for (key,) in cursor.fetchall()]
