"""An offer that asks for single-use codes, with codes that a test knows by heart."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order
from cpo_portal.network.models import Connector
from offers import ledger
from offers.models import CodeBatch, Offer, SingleUseCode
from offers.ordering.place import Placed, Placing, place
from offers.quoting import Buyer
from offers.refusals import Refusal
from tests.world import World, ask_for, make_offer

#: 25 % off with the offer, and without it.
WITH, WITHOUT = "91.45", "118.00"


def make_coded_offer(cpo: Cpo, *codes: str, offer_id: str = "weekend-discount-25", **changes: Any) -> Offer:
    """Publish an offer for single-use codes, and make these codes of it."""
    said = {"display_code": "", "requires_code": True, "single_use_codes": True, "auto": False} | changes
    offer = make_offer(cpo, offer_id, **said)
    with cpo_scope(cpo):
        count = max(1, len(codes))
        batch = CodeBatch.objects.create(cpo=cpo, offer=offer, count=count, made=count, finished_at=timezone.now())
        SingleUseCode.objects.bulk_create([SingleUseCode(cpo=cpo, batch=batch, code=code) for code in codes])
    return offer


def init(world: World, transaction_id: str, *, sandbox: bool = False, **ask: Any) -> Placed:
    """Init an order in a transaction of its own, as a message would be; raises Refusal."""
    with cpo_scope(world.cpo), transaction.atomic():
        connector = Connector.objects.select_related("cpo", "charger__location").get(pk=world.connector.pk)
        buyer = Buyer("bap.example", transaction_id, sandbox)
        return place(Placing(buyer, connector, ask_for(**ask), billing={"phone": "09876543210"}), now=timezone.now())


def buy(world: World, transaction_id: str, **ask: Any) -> str:
    """Init an order; return the total, or the refusal's kind."""
    try:
        return f"{init(world, transaction_id, **ask).quote.total:f}"
    except Refusal as refusal:
        return refusal.kind.value


def release(world: World, transaction_id: str) -> None:
    """Give back what the transaction's order holds."""
    with cpo_scope(world.cpo), transaction.atomic():
        ledger.release(Order.objects.get(transaction_id=transaction_id), now=timezone.now(), reference="cancel")


def standing(world: World) -> dict[str, tuple[str, str | None]]:
    """Return each code's state and the transaction of the order that has it."""
    with cpo_scope(world.cpo):
        rows = SingleUseCode.objects.order_by("code").values_list("code", "state", "order__transaction_id")
        return {code: (state, order) for code, state, order in rows}
