"""What an order does to single-use codes: held, used or given back, one guarded UPDATE per code, in the order of ids.

Every function runs in the ledger's transaction, after it has locked the order and its redemptions.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.db import connection
from django.db.models.functions import Now

from cpo_portal.charging.models import Order
from offers.models import CodeState, SingleUseCode

_HELD = "SELECT id FROM offers_singleusecode WHERE order_id = %(order)s AND state = 'HELD' ORDER BY id"

# What the order holds already it may keep, whatever became of the batch.
_TAKE = """
UPDATE offers_singleusecode SET state = 'HELD', order_id = %(order)s, taken_at = now()
WHERE id = %(code)s AND cpo_id = %(cpo)s
  AND (state = 'HELD' AND order_id = %(order)s
       OR state = 'FREE' AND EXISTS (SELECT FROM offers_codebatch b WHERE b.id = batch_id AND b.cancelled_at IS NULL))
"""


def move(order: Order, wanted: Collection[int]) -> int | None:
    """Hold these codes, by key, instead of those that the order holds; return the first that is not to be had.

    The order's own lock keeps what it holds as it is, so that no row is locked before its turn.
    """
    values: dict[str, Any] = {"order": order.pk, "cpo": order.cpo_id}
    with connection.cursor() as cursor:
        cursor.execute(_HELD, values)
        held = {row[0] for row in cursor.fetchall()}
        for code in sorted({*held, *wanted}):
            if code not in wanted:
                _free(SingleUseCode.objects.filter(pk=code, order=order, state=CodeState.HELD))
                continue
            cursor.execute(_TAKE, values | {"code": code})
            if cursor.rowcount != 1:
                return code
    return None


def settle(order_id: Any, used: Collection[int]) -> None:
    """Use the order's codes of these offers up, by the offers' keys, and give the others back."""
    held = SingleUseCode.objects.filter(order=order_id, state=CodeState.HELD).order_by("pk")
    for code, offer in held.values_list("pk", "batch__offer_id"):
        row = SingleUseCode.objects.filter(pk=code, order=order_id, state=CodeState.HELD)
        if offer in used:
            row.update(state=CodeState.USED, taken_at=Now())
        else:
            _free(row)


def give_back(order_id: Any, offer_id: int) -> None:
    """Let the code by which the order used this offer be used again: the use itself was given back."""
    _free(SingleUseCode.objects.filter(order=order_id, batch__offer=offer_id, state=CodeState.USED))


def codes_of(order: Order) -> dict[str, str]:
    """Return the single-use codes that the order holds or has used, by the Beckn id of their offer."""
    taken = SingleUseCode.objects.filter(order=order)
    return dict(taken.values_list("batch__offer__offer_id", "code"))


def _free(rows: Any) -> None:
    rows.update(state=CodeState.FREE, order=None, taken_at=None)
