"""The driver's consent to the surge of a quote: what there is to agree to, and whether the driver has."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from cpo_portal.charging.models import Order
from offers.models import ConsentChannel, OfferPolicy, Quote, SurgeConsent
from offers.ordering.orders import LockedQuote, read_quote
from offers.priced import PricedSession
from offers.refusals import Refusal, RefusalKind
from offers.surge_texts import SurgeText, reach_of, surge_text, within_reach
from pricing.engine.values import TimeSpan
from pricing.engine.week import joined


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What was said of a surge with an order: whether the CPO asks for consent, and to which quote it was given.

    `quote_id` is as the buyer app wrote it, "" where the driver has agreed to nothing.
    """

    required: bool = False
    quote_id: str = ""
    channel: ConsentChannel = ConsentChannel.BECKN


@dataclass(frozen=True, slots=True)
class Agreed:
    """A consent that holds: the quote that it was given to, and what was read."""

    quote: Quote
    text: SurgeText
    said: Acknowledgement = field(default_factory=Acknowledgement)


def text_of(priced: PricedSession) -> SurgeText:
    """Return what there is to agree to in a price that was made."""
    return surge_text(priced.quote.lines, priced.quote.terms, _reach(priced))


def as_agreed(said: Acknowledgement, priced: PricedSession) -> PricedSession:
    """Return a price that locks no surge which the driver has not read of, where the CPO asks for consent.

    The price is the same: such a surge begins only after the time that was told.
    """
    if not said.required:
        return priced
    terms = within_reach(priced.quote.terms, _reach(priced))
    return replace(priced, quote=replace(priced.quote, terms=terms))


def agreed_to(
    said: Acknowledgement, priced: PricedSession, selected: Quote | None, order: Order | None
) -> Agreed | None:
    """Return the consent to a price that is to become an order, None where none is needed and none was given.

    `selected` is the transaction's quote that the price keeps, `order` its open order. Raise Refusal where the CPO asks
    for a consent that is not there: one to another quote, or to one whose surge has risen since, is none.
    """
    now = text_of(priced)
    if not now.parts:
        return None
    shown = _acknowledged(said, selected, order)
    before = _text_shown(shown, priced.policy) if shown is not None else None
    if shown is not None and before is not None and not _has_risen(shown, before, priced, now):
        return Agreed(shown.row, before, said)
    if not said.required:
        return None
    how = "send select, let the driver read its surcharges, and send init with the quote-id of its answer"
    if selected is not None and shown is None:
        how = (
            f"send init again with the tag group surcharge-acknowledgement, accepted = yes and quote-id = {selected.pk}"
        )
    raise Refusal(RefusalKind.CONSENT_MISSING, f"The driver has not agreed to {joined(list(now.names))}: {how}.")


def keep_consent(order: Order, agreed: Agreed | None, *, now: datetime) -> None:
    """Write the consent that an order is made with, once per quote; in the order's transaction."""
    if agreed is None:
        return
    SurgeConsent.objects.get_or_create(
        order=order,
        quote_id=agreed.quote.pk,
        defaults={
            "cpo": order.cpo,
            "customer": order.customer,
            "bap_id": order.bap_id,
            "channel": agreed.said.channel,
            "required": agreed.said.required,
            "parts": list(agreed.text.parts),
            "text_hash": agreed.text.text_hash,
            "amount": agreed.text.amount.amount,
            "currency": agreed.text.amount.currency,
            "at": now,
        },
    )


def consent_of(order: Order) -> SurgeConsent | None:
    """Return the last consent that the order was made with."""
    return SurgeConsent.objects.filter(order=order).order_by("-pk").first()


def _reach(priced: PricedSession) -> TimeSpan:
    return reach_of(priced.quote.request, priced.quote.energy_wh, priced.policy)


def _acknowledged(said: Acknowledgement, selected: Quote | None, order: Order | None) -> LockedQuote | None:
    """Return the quote that the driver has agreed to, where the price to be made is the one that it promised."""
    try:
        quote_id = UUID(said.quote_id)
    except ValueError:
        return None
    if selected is None:
        return None
    if quote_id == selected.pk:
        return read_quote(selected)
    # An init that is sent again stands on the quote of the first one, which kept the price that was agreed to.
    again = order is not None and selected.order_id == order.pk
    if not again or not SurgeConsent.objects.filter(order=order, quote_id=quote_id).exists():
        return None
    shown = Quote.objects.filter(pk=quote_id).first()
    return read_quote(shown) if shown is not None else None


def _text_shown(shown: LockedQuote, policy: OfferPolicy) -> SurgeText:
    return surge_text(shown.lines, shown.terms, reach_of(shown.request, shown.row.energy_wh, policy))


def _has_risen(shown: LockedQuote, before: SurgeText, priced: PricedSession, now: SurgeText) -> bool:
    """Tell whether more may be charged than was agreed to: by other rules, or for no more energy.

    Who asked for an amount may get more energy at init, by an offer that needed to know the driver, and pays the same.
    """
    if not now.rules <= before.rules:
        return True
    return now.amount.amount > before.amount.amount and priced.quote.energy_wh <= shown.row.energy_wh
