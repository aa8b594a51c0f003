"""The driver's consent to the surge of a quote: what there is to agree to, and whether the driver has."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from cpo_portal.charging.models import Order
from offers.models import ConsentChannel, Quote, SurgeConsent
from offers.ordering.orders import LockedQuote, read_quote
from offers.priced import PricedSession
from offers.refusals import Refusal, RefusalKind
from pricing.engine.money import Money, total_of
from pricing.engine.values import LineKind, PriceTerms, QuoteLine
from pricing.engine.week import joined
from pricing.engine.wording import money_text
from pricing.surges.describe import calculation_of


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """What was said of a surge with an order: whether the CPO asks for consent, and to which quote it was given.

    `quote_id` is as the buyer app wrote it, "" where the driver has agreed to nothing.
    """

    required: bool = False
    quote_id: str = ""
    channel: ConsentChannel = ConsentChannel.BECKN


@dataclass(frozen=True, slots=True)
class SurgeText:
    """What a driver is to read before agreeing: a part per surge that is charged, and what they come to."""

    amount: Money
    parts: tuple[dict[str, Any], ...] = ()
    names: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        return " ".join(part["words"] for part in self.parts)

    @property
    def text_hash(self) -> str:
        return hashlib.sha256(self.words.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Agreed:
    """A consent that holds: the quote that it was given to, and what was read."""

    quote: Quote
    text: SurgeText
    said: Acknowledgement = field(default_factory=Acknowledgement)


def surge_text(lines: Iterable[QuoteLine], terms: PriceTerms) -> SurgeText:
    """Return what there is to agree to in a price; nothing where no surge is charged."""
    surges = {x.surge_id: x for x in terms.surges}
    charged = [x for x in lines if x.kind is LineKind.SURGE and x.amount.amount > 0]
    parts = []
    for line in charged:
        amount = money_text(line.amount.amount, line.amount.currency)
        calculation = calculation_of(surges[line.code], terms.currency)
        parts.append(
            {
                "surge": line.code,
                "version": surges[line.code].version,
                "amount": f"{line.amount.amount:f}",
                "words": f"{line.title}: {amount}. {calculation}",
            }
        )
    names = tuple(f"{surges[x.code].name} of {money_text(x.amount.amount, x.amount.currency)}" for x in charged)
    return SurgeText(total_of((x.amount for x in charged), terms.currency), tuple(parts), names)


def agreed_to(
    said: Acknowledgement, priced: PricedSession, selected: Quote | None, order: Order | None
) -> Agreed | None:
    """Return the consent to a price that is to become an order, None where none is needed and none was given.

    `selected` is the transaction's quote that the price keeps, `order` its open order. Raise Refusal where the CPO asks
    for a consent that is not there: one to another quote, or to one whose surge has risen since, is none.
    """
    now = surge_text(priced.quote.lines, priced.quote.terms)
    if not now.parts:
        return None
    shown = _acknowledged(said, selected, order)
    before = surge_text(shown.lines, shown.terms) if shown is not None else None
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


def _has_risen(shown: LockedQuote, before: SurgeText, priced: PricedSession, now: SurgeText) -> bool:
    """Tell whether more is charged than was agreed to: by other rules, or for no more energy.

    Who asked for an amount may get more energy at init, by an offer that needed to know the driver, and pays the same.
    """
    if now.amount.amount <= before.amount.amount:
        return False
    rules = {(part["surge"], part["version"]) for part in before.parts}
    same = all((part["surge"], part["version"]) in rules for part in now.parts)
    return not same or priced.quote.energy_wh <= shown.row.energy_wh
