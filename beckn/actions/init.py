"""init → on_init: the order is made, offers are validated and reserved, payment and refund terms are told."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from beckn.actions.carts import find_connector, read_ask
from beckn.actions.replies import answer, answered_by, know
from beckn.models import InboundMessage, NetworkProfile
from beckn.presenting.orders import order_view
from beckn.protocol.values import Billing, InitRequest
from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from offers.consents import Acknowledgement
from offers.ordering.place import Placing, place
from offers.quoting import Buyer


@answered_by
def handle(message: InboundMessage, request: InitRequest, now: datetime) -> None:
    """Place the order, or say why an offer that the buyer opted in to does not hold."""
    connector = find_connector(request.selection)
    cpo = know(message, connector.cpo)
    fee = request.buyer_finder_fee
    with cpo_scope(cpo):
        placing = Placing(
            buyer=Buyer(message.bap_id, message.transaction_id, message.sandbox),
            connector=connector,
            ask=read_ask(request.selection, connector, now),
            billing=_stored(request.billing),
            contact=asdict(request.customer),
            vehicle=(request.selection.vehicle_make, request.selection.vehicle_model),
            finder_fee=(fee.type, fee.value) if fee else None,
            acknowledged=_acknowledged(request, cpo),
        )
        placed = place(placing, now=now)
        answer(message, order_view(placed.order, now=now), now=now, cpo=cpo, order=placed.order)


def _acknowledged(request: InitRequest, cpo: Cpo) -> Acknowledgement:
    """Return whether the CPO asks for consent to surges, and which quote the driver has agreed to."""
    profile = NetworkProfile.objects.filter(cpo=cpo).first()
    said = request.surcharge_acknowledgement
    return Acknowledgement(
        required=profile is not None and profile.surge_consent_required,
        quote_id=(said.quote_id or request.quote_id) if said is not None and said.accepted else "",
    )


def _stored(billing: Billing) -> dict[str, Any]:
    """Return the billing as JSON; a naive time is the buyer's own and is kept as sent."""
    return {**asdict(billing), "at": billing.at.isoformat() if billing.at else None}
