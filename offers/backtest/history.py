"""The completed sessions of a CPO as the replay reads them: the recorded bills, in the order of time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, Q, QuerySet

from cpo_portal.charging.models import OrderState
from cpo_portal.network.models import CHARGING_CATEGORY
from offers.engine.backtest import PastSession
from offers.models import Quote
from pricing.engine.codec import line_from_json, request_from_json
from pricing.engine.values import Cart, LineKind

#: Rows per query.
PAGE = 2000
#: What stands before the discounts on a bill.
_BEFORE = frozenset(LineKind) - {LineKind.DISCOUNT, LineKind.WHEELING, LineKind.TAX, LineKind.ROUND_OFF}
_COLUMNS = (
    "created_at",
    "id",
    "currency",
    "energy_wh",
    "request",
    "lines",
    "terms__time_zone",
    "order_id",
    "order__customer_id",
    "order__bap_id",
    "order__connector__charger__location__location_id",
    "order__connector__charger__location__name",
)


def count_bills(since: datetime, until: datetime) -> int:
    """Return how many sessions were billed between two instants; inside the CPO's scope."""
    return _bills(since, until).count()


def past_sessions(since: datetime, until: datetime) -> Iterator[PastSession]:
    """Yield the sessions that were billed between two instants, in that order; inside the CPO's scope.

    Page by page by the key of the last row, so that no cursor is held open for the length of a replay.
    """
    seen: tuple[datetime, Any] | None = None
    while True:
        bills = _bills(since, until)
        if seen is not None:
            bills = bills.filter(Q(created_at__gt=seen[0]) | Q(created_at=seen[0], id__gt=seen[1]))
        page = list(bills.values_list(*_COLUMNS)[:PAGE])
        for row in page:
            yield _session(row)
        if len(page) < PAGE:
            return
        seen = page[-1][0], page[-1][1]


def _bills(since: datetime, until: datetime) -> QuerySet[Quote]:
    bills = Quote.objects.filter(is_bill=True, sandbox=False, created_at__gte=since, created_at__lt=until)
    return bills.filter(order__state=OrderState.COMPLETE, currency=F("order__currency")).order_by("created_at", "id")


def _session(row: tuple[Any, ...]) -> PastSession:
    """Read one row of `_COLUMNS`."""
    _, _, currency, energy_wh, request, lines, time_zone, order_id, customer_id, bap_id, location_id, location = row
    given: dict[str, Decimal] = {}
    before = []
    for line in lines:
        kind = line["kind"]
        if kind in _BEFORE:
            before.append(line_from_json(line))
        elif kind == LineKind.DISCOUNT:
            given[line["code"]] = given.get(line["code"], Decimal(0)) - Decimal(line["amount"]["amount"])
    return PastSession(
        order_id=str(order_id),
        cart=Cart(request_from_json(request), tuple(before), energy_wh, currency, time_zone),
        location_id=location_id,
        category=CHARGING_CATEGORY,
        customer=str(customer_id) if customer_id else "",
        given=given,
        groups=(("Location", location), ("Buyer app", bap_id)),
    )
