"""Takes back what offers gave: in part or whole, once per reference, never more than was committed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import F

from cpo_portal.charging.models import Order
from offers import counters, stock
from offers.codes import holding
from offers.entries import Entry, enter
from offers.holdings import has_code, locked
from offers.models import LedgerEntry, LedgerKind, Offer, Redemption, RedemptionState


@dataclass(frozen=True, slots=True)
class Part:
    """What is taken back of a redemption: an amount, and the units that go with it, by product."""

    amount: Decimal
    units: Mapping[str, int] = field(default_factory=dict)


def reverse(redemption: Redemption, part: Part, *, reference: str, now: datetime) -> Decimal | None:
    """Take back up to so much of what was given; return what this call, or an earlier one of it, took back.

    None where it took nothing back; units that saved nothing are taken back for an amount of 0. Idempotent by
    `reference`. In aggregate never above what was committed, by the row's lock and a constraint. The budget is freed
    where it was spent; once all is taken back, the use is too, if that is the offer's policy. What gave nothing in
    money is taken back whole by any amount, 0 among them. Products come back by the units of a Part, or with all of
    the money.
    """
    redemption = Redemption.objects.select_for_update(no_key=True).get(pk=redemption.pk)
    done = LedgerEntry.objects.filter(redemption=redemption, kind=LedgerKind.REVERSE, reference=reference).first()
    if done is not None:
        return done.amount
    left = redemption.committed - redemption.reversed
    part = replace(part, amount=min(part.amount, left))
    takes = part.amount > 0 or any(part.units.values()) or not left
    if redemption.state != RedemptionState.COMMITTED or part.amount < 0 or not takes:
        return None
    units = {item.product_id: item.left for item in stock.items_of(redemption)}
    if any(count > units.get(product, 0) for product, count in part.units.items()):
        return None
    _take_back([(redemption, part)], reference=reference, now=now)
    return part.amount


def lock_given(order: Order) -> None:
    """Lock what the order has been given: for a caller that moves balances before it takes that back."""
    locked(order, RedemptionState.COMMITTED)


def reverse_all(order: Order, *, reference: str, now: datetime, without: Collection[UUID] = ()) -> None:
    """Take back whole whatever the order was given and still has, as `reverse` does, but for some by their keys.

    What it bought goes back on the shelf with it.
    """
    given = [row for row in locked(order, RedemptionState.COMMITTED) if row.pk not in without]
    parts = [(row, Part(row.committed - row.reversed)) for row in given]
    _take_back(parts, reference=reference, now=now, sold=order)


def _is_whole(row: Redemption, part: Part) -> bool:
    """Tell whether nothing is left after this: no money, and no unit either where units are named."""
    if row.reversed + part.amount != row.committed:
        return False
    return not part.units or all(x.left == part.units.get(x.product_id, 0) for x in stock.items_of(row))


def _take_back(
    parts: Sequence[tuple[Redemption, Part]], *, reference: str, now: datetime, sold: Order | None = None
) -> None:
    """Take so much back of redemptions that are locked, in the order of the locks: codes, stock, counters, inserts."""
    giving = Offer.objects.filter(pk__in=[row.offer_id for row, _ in parts], give_use_back=True)
    policy = set(giving.values_list("pk", flat=True))
    taken, items = [], []
    for row, part in parts:
        whole = _is_whole(row, part)
        state = RedemptionState.REVERSED if whole else RedemptionState.COMMITTED
        left = stock.after_return(row, part.units, whole=whole)
        kept = [item.to_json() for item in left]
        Redemption.objects.filter(pk=row.pk).update(reversed=F("reversed") + part.amount, state=state, items=kept)
        taken.append(counters.TakenBack(row, part.amount, whole and row.offer_id in policy))
        items.append((row, left))
    for each in taken:
        if each.use and has_code(each.redemption):
            holding.give_back(each.redemption.order_id, each.redemption.offer_id)
    stock.put_back(items, sold)
    counters.give_back(taken)
    entries = [Entry(each.redemption, LedgerKind.REVERSE, each.amount, -int(each.use)) for each in taken]
    enter(entries, now=now, reference=reference)
