"""select → on_select: the price of a cart, stored under the transaction without an order."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from beckn.actions.carts import find_connector, read_ask
from beckn.actions.replies import answer, answered_by, know
from beckn.models import InboundMessage
from beckn.presenting.orders import Cart, cart_view
from beckn.protocol.values import SelectRequest
from cpo_portal.accounts.tenancy import cpo_scope
from offers import holdings
from offers.codes.guessing import refuse_guessing
from offers.ordering.orders import unconfirmed_order
from offers.quoting import Buyer, Lock, price_session, store_quote


@answered_by
def handle(message: InboundMessage, request: SelectRequest, now: datetime) -> None:
    """Quote the cart; it works without a search before it."""
    connector = find_connector(request)
    cpo = know(message, connector.cpo)
    with cpo_scope(cpo):
        ask = replace(read_ask(request, connector, now), bap_id=message.bap_id)
        order = unconfirmed_order(message.bap_id, message.transaction_id)
        # Nobody is known yet: of the limits of each customer the order takes nothing.
        lock = holdings.own_to(Lock(), order, None, now=now) if order is not None else Lock()
        priced = price_session(connector, ask, now=now, lock=lock)
        buyer = Buyer(message.bap_id, message.transaction_id, message.sandbox)
        refuse_guessing(priced, ask, buyer)
        stored = store_quote(priced, connector, ask, buyer, now=now)
        vehicle = (request.vehicle_make, request.vehicle_model)
        cart = Cart(connector, ask, priced, stored, request.measure, vehicle, lock)
        answer(message, cart_view(cart, now), now=now, cpo=cpo)
