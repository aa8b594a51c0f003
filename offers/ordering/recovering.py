"""How much of an offer is taken back: an amount of what it saved, or units of the products that it gave."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from cpo_portal.adminkit.display import money, too_fine
from offers.engine.recovery import worth_of
from offers.models import Adjustment, AdjustmentKind, Quote, Redemption, RedemptionState
from offers.ordering.adjusting import AdjustmentRefused, units_text
from offers.ordering.orders import read_quote
from offers.reversals import Part
from offers.stock import HeldItem, items_of
from pricing.engine.money import round_amount


@dataclass(frozen=True, slots=True)
class Units:
    """So many units, None for all that are left; of which product, "" where only one was given."""

    count: int | None
    item_id: str = ""


#: None is all that is left.
Wanted = Decimal | Units | None


def wanted_of(amount: Decimal | None, units: int | None, item_id: str = "") -> Wanted:
    """Return what a form or a body asks for; raises AdjustmentRefused where it asks for two things."""
    if units is None and not item_id:
        return amount
    if amount is not None:
        raise AdjustmentRefused("Give units of a product or an amount, not both.", "amount")
    return Units(units, item_id)


def is_same(done: Adjustment, wanted: Wanted) -> bool:
    """Tell whether this is what was taken back then."""
    if wanted is None:
        return True
    if isinstance(wanted, Decimal):
        return not done.items and done.amount == wanted
    [*rows] = done.items
    return len(rows) == 1 and wanted.item_id in ("", rows[0]["item_id"]) and wanted.count in (None, rows[0]["units"])


def part_of(redemption: Redemption, bill: Quote, wanted: Wanted) -> Part:
    """Return what is taken; raises AdjustmentRefused where the offer has not so much left."""
    if redemption.adjustments.filter(kind=AdjustmentKind.EXCHANGE_VALUED).exists():
        raise AdjustmentRefused("This exchange was returned and valued: it is not taken back.", "offer")
    if redemption.state != RedemptionState.COMMITTED:
        raise AdjustmentRefused("Nothing is left of this offer that could be taken back.", "offer")
    if redemption.items:
        return _units(redemption, bill, wanted)
    if isinstance(wanted, Units):
        raise AdjustmentRefused("This offer gave no products: say which amount is taken back.", "units")
    return Part(_amount(redemption, wanted))


def too_much(redemption: Redemption) -> AdjustmentRefused:
    """Refuse to take more than is left."""
    if redemption.items:
        rows = [{"item_id": x.product_id, "units": x.left} for x in items_of(redemption) if x.left]
        sentence = f"Only {units_text(rows)} of this offer can still be taken back: give a smaller number."
        return AdjustmentRefused(sentence, "units")
    left = money(redemption.committed - redemption.reversed, redemption.currency)
    return AdjustmentRefused(f"Only {left} of this offer can still be taken back: give a smaller amount.")


def _amount(redemption: Redemption, amount: Decimal | None) -> Decimal:
    left = redemption.committed - redemption.reversed
    if amount is None:
        return left
    if amount != round_amount(amount, redemption.currency):
        raise AdjustmentRefused(too_fine(redemption.currency))
    if amount > left:
        raise too_much(redemption)
    if amount <= 0:
        raise AdjustmentRefused("Give an amount above 0, or leave it empty to take back all that is left.")
    return amount


def _units(redemption: Redemption, bill: Quote, wanted: Wanted) -> Part:
    """Return the units that are taken, and what the offer saved on them."""
    if isinstance(wanted, Decimal):
        raise AdjustmentRefused("This offer gave products: say how many units are taken back, not an amount.")
    items = items_of(redemption)
    back = {x.product_id: x.left for x in items if x.left} if wanted is None else _counted(redemption, items, wanted)
    left = redemption.committed - redemption.reversed
    if all(x.left == back.get(x.product_id, 0) for x in items):
        return Part(left, back)
    lines, offer_id = read_quote(bill).lines, redemption.offer.offer_id
    before = {x.product_id: x.returned for x in items}
    after = {x.product_id: x.returned + back.get(x.product_id, 0) for x in items}
    return Part(min(worth_of(lines, offer_id, after) - worth_of(lines, offer_id, before), left), back)


def _counted(redemption: Redemption, items: list[HeldItem], wanted: Units) -> dict[str, int]:
    names = " and ".join(x.product_id for x in items)
    if not wanted.item_id and len(items) > 1:
        raise AdjustmentRefused(f"This offer gave {names}: say which of them is taken back.", "item_id")
    item = next((x for x in items if wanted.item_id in ("", x.product_id)), None)
    if item is None:
        raise AdjustmentRefused(f"This offer gave no “{wanted.item_id}”: it gave {names}.", "item_id")
    count = item.left if wanted.count is None else wanted.count
    if count > item.left:
        raise too_much(redemption)
    if count <= 0:
        raise AdjustmentRefused("Give 1 unit or more, or leave it empty to take back all that are left.", "units")
    return {item.product_id: count}
