"""Init: the order is made, its offers are reserved, its payment is asked for."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from cpo_portal.charging.balances.holds import PREPAID
from cpo_portal.charging.events import record_event
from cpo_portal.charging.models import (
    Customer,
    EventKind,
    LineStage,
    Order,
    OrderContact,
    OrderState,
    Payment,
    PaymentStatus,
)
from cpo_portal.charging.people.contact_hashes import contact_hashes
from cpo_portal.charging.people.customers import find_or_make_customer
from cpo_portal.network.models import Connector
from offers import holdings, ledger
from offers.codes.guessing import refuse_guessing
from offers.consents import Acknowledgement, agreed_to, as_agreed, keep_consent
from offers.engine.benefits import rule_of
from offers.engine.facts import Levels
from offers.engine.giving import units_given
from offers.engine.limits import LIMIT_REASONS
from offers.engine.values import OfferTerms, Outcome, ReasonCode
from offers.forgotten import forget_facts
from offers.models import Quote
from offers.ordering.orders import open_order, paid_for, read_quote, write_lines
from offers.ordering.pools import EnergyChanged, hold_energy
from offers.ordering.prepaid import hold_for
from offers.quoting import Buyer, Lock, PricedSession, SessionAsk, cart_hash, price_session, store_quote
from offers.reasons.words import in_short
from offers.referrals import coming
from offers.refusals import Refusal, RefusalKind
from offers.stock import OutOfStock, units_bought
from pricing.engine.codec import decode

#: How often a quote is made again because another buyer took the last of an offer in between.
MAX_ROUNDS = 20

#: Reasons that mean "valid, but used up"; any other reason that makes an opted-in offer invalid is 30006.
USED_UP = LIMIT_REASONS | {ReasonCode.STOCK}
NOT_VALID = frozenset(
    {
        ReasonCode.UNKNOWN,
        ReasonCode.NOT_LIVE,
        ReasonCode.PAUSED,
        ReasonCode.WITHDRAWN,
        ReasonCode.ENDED,
        ReasonCode.NOT_YET_VALID,
    }
)


@dataclass(frozen=True, slots=True)
class Placing:
    """An init: who buys what, as the buyer app sent it; `billing` and `contact` are echoed in every callback."""

    buyer: Buyer
    connector: Connector
    ask: SessionAsk
    billing: dict[str, Any] = field(default_factory=dict)
    contact: dict[str, Any] = field(default_factory=dict)
    vehicle: tuple[str, str] = ("", "")
    finder_fee: tuple[str, Decimal] | None = None
    acknowledged: Acknowledgement = field(default_factory=Acknowledgement)


@dataclass(frozen=True, slots=True)
class Placed:
    """The order with the quote that it stands on; `requoted` says that the price is another than select's."""

    order: Order
    quote: Quote
    priced: PricedSession
    requoted: bool


def place(placing: Placing, *, now: datetime) -> Placed:
    """Make (or make again) the transaction's order and reserve its offers; raise Refusal, changing nothing."""
    order = open_order(placing.buyer.bap_id, placing.buyer.transaction_id)
    if order is not None:
        _refuse_fixed(order, placing)
    customer = find_or_make_customer(placing.connector.cpo, billing=placing.billing, contact=placing.contact)
    selected = _selected(placing, now)
    ask = _identified(_from(placing), customer, selected)
    lock = Lock(is_test=placing.buyer.sandbox)
    if order is not None:
        lock = holdings.own_to(lock, order, customer, now=now)
    if selected is not None:
        terms = read_quote(selected).terms
        lock = replace(lock, terms=terms, tariff_version=selected.tariff_version, valid_until=selected.valid_until)
        lock = replace(lock, levels=decode(Levels, selected.levels or {}))
    for _ in range(MAX_ROUNDS):
        priced = price_session(placing.connector, ask, now=now, lock=lock)
        refuse_guessing(priced, ask, placing.buyer)
        refuse_invalid_offers(priced, ask)
        code = coming.sent_code(priced, ask)
        if code is not None:
            coming.check(code, customer, priced.policy)
        agreed = agreed_to(placing.acknowledged, priced, selected, order)
        priced = as_agreed(placing.acknowledged, priced)
        try:
            with transaction.atomic():
                placed = _write(placing, ask, priced, order=order, selected=selected, now=now)
                keep_consent(placed.order, agreed, now=now)
                return placed
        except (ledger.LimitsChanged, EnergyChanged, OutOfStock):
            continue
        except ledger.LimitReached as reached:
            lock = lock.without(reached.offer_id, reached.guard)
    raise Refusal(RefusalKind.BUSINESS_RULE, "The offers of this session are being used up just now; try again.")


def refuse_invalid_offers(priced: PricedSession, ask: SessionAsk) -> None:
    """Raise Refusal where an offer that the buyer asked for, by id or code, is invalid (30006) or used up (30007)."""
    coded = {code: priced.opened_by(code) for code in (*ask.codes, *ask.opted_in)}
    asked = set(ask.opted_in) | {terms.offer_id for terms in coded.values() if terms is not None}
    _refuse_unknown_codes(priced, ask, {code for code in coded if priced.knows(code)})
    for outcome in priced.trace.outcomes:
        reason = outcome.reason
        if outcome.offer_id not in asked or reason is None or outcome.outcome is Outcome.APPLIED:
            continue
        if reason.code in NOT_VALID:
            raise Refusal(
                RefusalKind.OFFER_NOT_VALID, f"The offer {outcome.offer_id} is not valid: {in_short(reason)}."
            )
        if reason.code is ReasonCode.CUSTOMER_UNKNOWN:
            raise Refusal(
                RefusalKind.OFFER_NOT_FULFILLABLE,
                f"The offer {outcome.offer_id} is limited by customer; send a phone number or an e-mail.",
            )
        if outcome.outcome is Outcome.LIMITED or reason.code in USED_UP:
            raise Refusal(
                RefusalKind.OFFER_NOT_FULFILLABLE, f"The offer {outcome.offer_id} is used up: {in_short(reason)}."
            )


def _refuse_unknown_codes(priced: PricedSession, ask: SessionAsk, known: set[str]) -> None:
    """Refuse a code that opens nothing; a label that an app echoes from the catalogue opens nothing and may stay."""
    looked_at = (priced.book.book.get(outcome.offer_id) for outcome in priced.trace.outcomes)
    labels = {terms.display_code.casefold() for terms in looked_at if terms is not None}
    for code in ask.codes:
        if code not in known and code.casefold() not in labels:
            raise Refusal(RefusalKind.OFFER_NOT_VALID, f"The code {code} belongs to no offer here; leave it out.")


def _refuse_fixed(order: Order, placing: Placing) -> None:
    """Refuse to make an order again that is confirmed, paid, or somebody else's business."""
    if order.cpo_id != placing.connector.cpo_id:
        sentence = "This transaction has an order at another provider; start a new transaction for this one."
    elif order.state != OrderState.INITIALISED:
        sentence = "This transaction's order is confirmed already; start a new transaction for another session."
    elif paid_for(order):
        sentence = "This order is paid already; confirm it, or cancel it for a refund."
    else:
        return
    raise Refusal(RefusalKind.ACTION_NOT_APPLICABLE, sentence)


def ceiling_of(terms: OfferTerms, discount: Decimal) -> Decimal:
    """Return what is reserved for an offer: the most it may give where a budget is set, else what was quoted."""
    most = rule_of(terms).maximum(terms) if terms.limits.has_budget else None
    return discount if most is None else max(most, discount)


def _from(placing: Placing) -> SessionAsk:
    """Return the question with what segments ask for: the buyer app, the vehicle, the contacts as hashes."""
    return replace(
        placing.ask,
        bap_id=placing.buyer.bap_id,
        vehicle_make=placing.vehicle[0],
        contact_hashes=contact_hashes(placing.connector.cpo, placing.billing, placing.contact),
    )


def _identified(ask: SessionAsk, customer: Customer | None, selected: Quote | None) -> SessionAsk:
    """Name the customer; a start that the buyer left open is the one of the quote that is kept."""
    ask = replace(ask, customer=customer, identity_required=True)
    if selected is None or ask.start_given:
        return ask
    return replace(ask, planned_start=read_quote(selected).request.planned_start)


def _selected(placing: Placing, now: datetime) -> Quote | None:
    """Return the transaction's newest quote while it is valid and for the same cart: its price is kept."""
    selected = (
        Quote.objects.select_related("tariff_version")
        .filter(bap_id=placing.buyer.bap_id, transaction_id=placing.buyer.transaction_id, is_bill=False)
        .order_by("-created_at")
        .first()
    )
    if selected is None or selected.valid_until < now:
        return None
    return selected if selected.cart_hash == cart_hash(placing.connector, placing.ask) else None


def _write(
    placing: Placing,
    ask: SessionAsk,
    priced: PricedSession,
    *,
    order: Order | None,
    selected: Quote | None,
    now: datetime,
) -> Placed:
    quote = store_quote(priced, placing.connector, ask, placing.buyer, now=now)
    if order is not None and order.customer != ask.customer:
        # Whoever asks to be forgotten is looked for by the orders of theirs: this one is somebody else's from now on.
        forget_facts(Quote.objects.filter(order=order))
    was_made = order is not None
    order = _save_order(placing, ask, priced, quote, order=order, now=now)
    code = coming.sent_code(priced, ask)
    if code is not None:
        coming.note(order, code, priced.policy, now=now)
    until = max(quote.valid_until, order.payment_until)
    if was_made or priced.quote.terms.included_wh is not None:
        hold_energy(order, priced.quote, held_until=until, now=now)
    prepaid = hold_for(order, quote.total, wanted=PREPAID not in ask.declined, held_until=until, now=now)
    bought = units_bought(ask.products)
    ledger.reserve(order, holds_of(priced), customer=ask.customer, reserved_until=until, now=now, bought=bought)
    Quote.objects.filter(pk=quote.pk).update(order=order)
    OrderContact.objects.update_or_create(
        order=order, defaults={"billing": placing.billing, "customer": placing.contact}
    )
    write_lines(order, priced.quote.lines, LineStage.QUOTED)
    Payment.objects.update_or_create(
        order=order,
        type="PRE-FULFILLMENT",
        defaults={
            "cpo": order.cpo,
            "amount": quote.total - prepaid,
            "currency": quote.currency,
            # Nothing to pay is paid: a session at 100 % off, or one that a balance pays, needs no gateway.
            "status": PaymentStatus.PAID if quote.total == prepaid else PaymentStatus.NOT_PAID,
        },
    )
    record_event(order, EventKind.PLACED, occurred_at=now, detail={"quote": str(quote.pk)})
    return Placed(order, quote, priced, requoted=selected is None or selected.total != quote.total)


def holds_of(priced: PricedSession) -> list[ledger.Hold]:
    """Return what the applied offers of a price need reserved."""
    savings = {outcome.offer_id: outcome.saving.amount for outcome in priced.trace.outcomes}
    given = units_given(priced.quote.lines)
    holds = []
    for terms in priced.applied():
        offer_pk, version_pk = priced.book.keys[terms.offer_id]
        ceiling = ceiling_of(terms, savings[terms.offer_id])
        items = tuple(given.get(terms.offer_id, {}).items())
        holds.append(ledger.Hold(offer_pk, version_pk, terms, ceiling, priced.code_of(terms), items))
    return holds


def _save_order(
    placing: Placing, ask: SessionAsk, priced: PricedSession, quote: Quote, *, order: Order | None, now: datetime
) -> Order:
    values = {
        "customer": ask.customer,
        "connector": placing.connector,
        "planned_start": ask.planned_start,
        "planned_end": ask.planned_end,
        "quote_ref": quote.pk,
        "quoted_amount": quote.total,
        "currency": quote.currency,
        # Asking again for a kept price gives no more time to pay for it.
        "payment_until": order.payment_until
        if order is not None and priced.kept_until is not None
        else now + timedelta(minutes=priced.policy.payment_minutes),
        "vehicle_make": placing.vehicle[0],
        "vehicle_model": placing.vehicle[1],
        "buyer_finder_fee_type": placing.finder_fee[0] if placing.finder_fee else "",
        "buyer_finder_fee_value": placing.finder_fee[1] if placing.finder_fee else None,
    }
    if order is None:
        try:
            return Order.objects.create(
                cpo=placing.connector.cpo,
                transaction_id=placing.buyer.transaction_id,
                bap_id=placing.buyer.bap_id,
                sandbox=placing.buyer.sandbox,
                **values,
            )
        except IntegrityError:
            raise Refusal(
                RefusalKind.BUSINESS_RULE, "Another init of this transaction is being handled; send it again."
            ) from None
    for name, value in values.items():
        setattr(order, name, value)
    order.save(update_fields=list(values))
    return order
