"""rating → on_rating: the driver's ratings of a finished session are kept with the order."""

from __future__ import annotations

from datetime import datetime

from beckn.actions.replies import answer, answered_by, know
from beckn.models import InboundMessage
from beckn.protocol.order_views import RatingView
from beckn.protocol.values import RatingRequest
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import OrderState, Rating
from offers.ordering.orders import find_order
from offers.refusals import Refusal, RefusalKind

HIGHEST = 5


@answered_by
def handle(message: InboundMessage, request: RatingRequest, now: datetime) -> None:
    """Keep the ratings; a later one of a category replaces the earlier."""
    order = find_order(message.bap_id, transaction_id=message.transaction_id)
    cpo = know(message, order.cpo)
    if order.state != OrderState.COMPLETE:
        raise Refusal(RefusalKind.ACTION_NOT_APPLICABLE, "Only a completed session can be rated.")
    if any(not 0 <= rating.value <= HIGHEST for rating in request.ratings):
        raise Refusal(RefusalKind.BAD_RATING, "A rating lies between 0 and 5.")
    with cpo_scope(cpo):
        for rating in request.ratings:
            Rating.objects.update_or_create(
                order=order, category=rating.category[:40], defaults={"value": rating.value}
            )
        answer(message, RatingView(), now=now, cpo=cpo, order=order)
