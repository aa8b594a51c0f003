"""How a handler answers: the callback with a message, or with an error, in the dialect that was spoken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import wraps
from typing import Any

import structlog
from django.conf import settings

from beckn import outbox
from beckn.dialects import dialect_of
from beckn.inbox import Handler, assign
from beckn.models import InboundMessage, NetworkProfile, OfferCodes
from beckn.protocol import envelope
from beckn.protocol.errors import ErrorKind, code_for
from beckn.protocol.order_views import View
from beckn.protocol.values import Request
from beckn.retry import expiry_of
from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import every_cpo
from cpo_portal.charging.models import Order
from offers.refusals import Refusal, RefusalKind
from pricing.engine.values import PricingError

log = structlog.get_logger(__name__)

_KINDS: Mapping[RefusalKind, ErrorKind] = {kind: ErrorKind[kind.value] for kind in RefusalKind}


def answer(
    message: InboundMessage, view: View, *, now: datetime, cpo: Cpo | None = None, order: Order | None = None
) -> None:
    """Queue `on_<action>` with a view; say whose message it was, once a CPO is known."""
    _queue(
        message, {"message": dialect_of(message.dialect).render(message.action, view)}, now=now, cpo=cpo, order=order
    )


def refuse(message: InboundMessage, refusal: Refusal, *, now: datetime, cpo: Cpo | None = None) -> None:
    """Queue `on_<action>` with the refusal in the dialect's code."""
    code = code_for(message.context.dialect, _KINDS[refusal.kind], ondc_offer_codes=_uses_ondc_codes(cpo))
    log.info(
        "request_refused",
        action=message.action,
        transaction_id=message.transaction_id,
        message_id=message.message_id,
        code=code,
        kind=refusal.kind.value,
    )
    content = dialect_of(message.dialect).render_refusal(message.action, code, refusal.message)
    _queue(message, content, now=now, cpo=cpo, order=None)


def answered_by(handler: Callable[[InboundMessage, Any, datetime], None]) -> Handler:
    """Turn what a handler refuses into its error callback; `know()` says whose message it was."""

    @wraps(handler)
    def handle(message: InboundMessage, request: Request, now: datetime) -> None:
        try:
            handler(message, request, now)
        except Refusal as refusal:
            refuse(message, refusal, now=now, cpo=getattr(message, "known_cpo", None))
        except PricingError as error:
            unpriced = Refusal(RefusalKind.QUANTITY_UNAVAILABLE, str(error))
            refuse(message, unpriced, now=now, cpo=getattr(message, "known_cpo", None))

    return handle


def know(message: InboundMessage, cpo: Cpo) -> Cpo:
    """Remember whose business this message is, for its error as well."""
    message.known_cpo = cpo  # type: ignore[attr-defined]
    return cpo


def _uses_ondc_codes(cpo: Cpo | None) -> bool:
    if cpo is None:
        return False
    with every_cpo():
        return NetworkProfile.objects.filter(cpo=cpo, offer_codes=OfferCodes.ONDC).exists()


def _queue(
    message: InboundMessage, content: dict[str, Any], *, now: datetime, cpo: Cpo | None, order: Order | None
) -> None:
    context = envelope.callback_context(
        message.context, bpp_id=settings.BECKN_BPP_ID, bpp_uri=settings.BECKN_BPP_URI, timestamp=now
    )
    if cpo is not None:
        assign(message, cpo=cpo, order_ref=order.pk if order else None)
    outbox.enqueue_callback(
        bap_id=message.bap_id,
        transaction_id=message.transaction_id,
        message_id=message.message_id,
        action=f"on_{message.action}",
        body={"context": context, **content},
        expires_at=expiry_of(message.action, message.ttl_until),
        inbound=message,
        cpo=cpo,
        order_ref=order.pk if order else None,
    )
