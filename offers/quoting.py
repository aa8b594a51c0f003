"""Price a session for a buyer and store the quote: a constant number of queries, whatever the number of offers."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from cpo_portal.charging.models import Customer, Order
from cpo_portal.network.models import CHARGING_CATEGORY, Connector, Product
from offers.book import LoadedBook, book_as_of, book_for
from offers.engine.codec import offer_to_json, trace_to_json
from offers.engine.facts import UNOBSERVED, Good, Levels
from offers.engine.periods import Period, today_at
from offers.engine.step import OfferStep
from offers.engine.values import (
    CodeStanding,
    Objective,
    OfferContext,
    OfferTerms,
    OfferTrace,
    SentCode,
    StackLimits,
    Usage,
)
from offers.models import OfferPolicy, Quote, QuoteOffer
from offers.observing import goods_given, wanted_by
from offers.places import place_facts
from offers.proofs import proof_of_choice
from offers.refusals import Refusal, RefusalKind
from offers.usage import Asked, CodesSent, FoundCode, Person, look_up, without
from pricing.engine import values as engine
from pricing.engine.codec import encode, request_to_json, terms_hash, terms_to_json
from pricing.engine.price import price
from pricing.mapping import price_terms, tariffs_for
from pricing.models import TariffVersion, TaxProfile

#: More than any limit: the ledger refused this offer a moment ago, whatever a counter says by now.
EXHAUSTED = Usage(
    uses=2**62,
    budget_used=Decimal(10) ** 15,
    customer_uses=2**62,
    budget_used_today=Decimal(10) ** 15,
    customer_period_uses=dict.fromkeys(Period, 2**62),
    refused=True,
)
LONGEST_CODE = 40


@dataclass(frozen=True, slots=True)
class SessionAsk:
    """What a buyer asks for: how much, when, with what, and its choices about offers.

    `customer` is None while nobody is named; `identity_required` says that from here on it must be (init). `basis`
    says what an amount means; None leaves it to the CPO's policy. `start_given` is False where the buyer named no
    start, and now stands in.
    """

    measure: engine.Measure
    planned_start: datetime
    planned_end: datetime | None = None
    products: tuple[engine.ProductOrder, ...] = ()
    opted_in: tuple[str, ...] = ()
    declined: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()
    customer: Customer | None = None
    identity_required: bool = False
    delivery: engine.Delivery | None = None
    basis: engine.Basis | None = None
    start_given: bool = True
    #: What segments ask for: the buyer app, the vehicle, and the hashes of the contacts given with the purchase.
    bap_id: str = ""
    vehicle_make: str = ""
    contact_hashes: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class PricedSession:
    """A price, with the rows it came from."""

    quote: engine.Quote
    tariff_version: TariffVersion
    book: LoadedBook
    policy: OfferPolicy
    #: Until when the price that it keeps was promised, where it keeps one.
    kept_until: datetime | None = None
    #: The single-use codes that were sent, by what was sent, in capitals.
    single_use: Mapping[str, FoundCode] = field(default_factory=dict)
    #: What the offers were judged by, and all of them that were looked at: the price depends on no more.
    context: OfferContext | None = None
    considered: tuple[OfferTerms, ...] = ()
    #: What was observed of the site, or kept from an earlier quote.
    levels: Levels = UNOBSERVED

    @property
    def trace(self) -> OfferTrace:
        """Return what became of every candidate offer."""
        trace: OfferTrace = self.quote.trace or OfferTrace()
        return trace

    def applied(self) -> list[OfferTerms]:
        """Return the offers that apply, in the order chosen."""
        found = (self.book.book.get(offer_id) for offer_id in self.trace.chosen)
        return [terms for terms in found if terms is not None]

    def opened_by(self, word: str) -> OfferTerms | None:
        """Return the offer that a sent word is a code of: its own code, or a single-use one."""
        book = self.book.book
        found = self.single_use.get(word.upper())
        return book.by_code(word) or (book.get(found.offer_id) if found is not None else None)

    def is_secret(self, word: str) -> bool:
        """Return whether a sent word may only be known to who was given it: no offer's id, and on no catalogue."""
        label = self.book.book.by_code(word)
        return self.book.book.get(word) is None and (label is None or label.requires_code)

    def asked_for(self, ask: SessionAsk) -> frozenset[str]:
        """Return the ids of the offers that the buyer asked for, by id or by code, and what named no offer."""
        opened = {word: self.opened_by(word) for word in (*ask.opted_in, *ask.codes)}
        return frozenset({*ask.opted_in, *(terms.offer_id for terms in opened.values() if terms is not None)})

    def code_of(self, terms: OfferTerms) -> int | None:
        """Return the key of the single-use code that opened the offer, None where it asks for none."""
        return _best_codes(self.single_use)[terms.offer_id].key if terms.single_use else None


@dataclass(frozen=True, slots=True)
class Lock:
    """What an earlier quote promised: its tariff version and terms, until `valid_until`. `own` is what the order
    itself takes of the limits; `exhausted` offers were refused by the ledger a moment ago; `levels` are those that the
    quote observed. A preview gives the `book` that is to be instead of the published one, and the offers that are to be
    judged as if their code was sent (`opened`). `order_id` is the order whose codes are its own, `own_goods` what it
    holds of products that offers give."""

    terms: engine.PriceTerms | None = None
    tariff_version: TariffVersion | None = None
    valid_until: datetime | None = None
    own: Mapping[str, Usage] = field(default_factory=dict)
    exhausted: frozenset[str] = field(default_factory=frozenset)
    book: LoadedBook | None = None
    order_id: UUID | None = None
    opened: frozenset[str] = frozenset()
    levels: Levels = UNOBSERVED
    own_goods: Mapping[str, int] = field(default_factory=dict)


def price_session(
    connector: Connector, ask: SessionAsk, *, now: datetime, as_of: datetime | None = None, lock: Lock | None = None
) -> PricedSession:
    """Price a session at a connector, inside its CPO's scope; write nothing.

    Raise PricingError where the request has no price and Refusal where it names what does not exist.
    """
    lock = lock or Lock()
    policy = policy_of(connector.cpo_id)
    version, terms = _terms_of(connector, ask, lock, as_of)
    loaded = lock.book or (book_for(connector.cpo) if as_of is None else book_as_of(as_of))
    ask = _with_codes(ask, loaded)
    candidates = _candidates(connector, ask, loaded, terms)
    person = Person(ask.customer.pk if ask.customer else None, ask.contact_hashes, ask.vehicle_make)
    wanted = wanted_by(candidates, person.customer_id, connector.charger.location_id, lock.levels)
    given = goods_given(candidates, [x.product_id for x in ask.products])
    if given:
        wanted = replace(wanted, given=given, site=connector.charger.location_id)
    if as_of is not None:
        wanted = replace(wanted, location=None, products=())  # of the levels of then nothing is kept
    found = look_up(
        Asked(
            connector.cpo_id,
            candidates,
            today_at(as_of or now, connector.cpo.time_zone),
            at=ask.planned_start,
            now=as_of or now,
            person=person,
            codes=CodesSent(_unread(ask, loaded), lock.order_id),
            wanted=wanted,
            past=as_of is not None,
        )
    )
    used, levels = without(found.usage, lock.own), lock.levels.or_else(found.observed.levels)
    ask, single_use = _with_single_use(ask, loaded, found.codes)
    context = OfferContext(
        location_id=connector.charger.location.location_id,
        item_id=connector.item_id,
        category=CHARGING_CATEGORY,
        now=now,
        opted_in=frozenset(ask.opted_in),
        declined=frozenset(ask.declined),
        codes=frozenset(code.upper() for code in ask.codes),
        customer_known=ask.customer is not None,
        identity_required=ask.identity_required,
        usage=used | dict.fromkeys(lock.exhausted, EXHAUSTED),
        objective=Objective(policy.objective),
        calendar_zone=connector.cpo.time_zone,
        stack=StackLimits(policy.max_stack, policy.max_discount_percent),
        customer=found.facts,
        bap_id=ask.bap_id,
        single_use=dict.fromkeys(lock.opened, SentCode(0, CodeStanding.FREE)) | _best_codes(single_use),
        place=place_facts(connector),
        customer_sessions=found.observed.customer_sessions,
        levels=levels,
        goods=_goods(found.observed.goods, lock.own_goods, past=as_of is not None),
    )
    request = engine.ChargingRequest(
        item_id=connector.item_id,
        max_power_w=connector.max_power_w,
        planned_start=ask.planned_start,
        planned_end=ask.planned_end,
        measure=_with_basis(ask, policy),
        products=ask.products,
        delivery=ask.delivery,
    )
    step = OfferStep(loaded.book, context)
    quote = price(request, terms, discounts=step)
    return PricedSession(
        quote, version, loaded, policy, lock.valid_until, single_use, context, step.considered(), levels
    )


def _goods(found: Mapping[str, Good], own: Mapping[str, int], *, past: bool) -> Mapping[str, Good]:
    """Return the products that may be given, with what the order itself holds; of the stock of then nothing is kept."""
    return {
        product: good if good.units is None else replace(good, units=None if past else good.units + own.get(product, 0))
        for product, good in found.items()
    }


def policy_of(cpo_id: int) -> OfferPolicy:
    """Return the CPO's policy, or the defaults where it has never been saved."""
    return OfferPolicy.objects.filter(cpo=cpo_id).first() or OfferPolicy(cpo_id=cpo_id)


def cart_hash(connector: Connector, ask: SessionAsk) -> str:
    """Name the cart: the same connector, measure, products and plan; offers are no part of it."""
    start = ask.planned_start if ask.start_given else None
    text = repr((connector.pk, ask.measure, sorted(ask.products, key=repr), start, ask.planned_end))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who a quote is for on the network."""

    bap_id: str
    transaction_id: str
    sandbox: bool = False


def store_quote(
    priced: PricedSession,
    connector: Connector,
    ask: SessionAsk,
    buyer: Buyer,
    *,
    now: datetime,
    order: Order | None = None,
) -> Quote:
    """Store the quote with one row per candidate; in the caller's transaction."""
    quote = priced.quote
    valid_until = priced.kept_until or now + timedelta(minutes=priced.policy.quote_minutes)
    return write_quote(
        quote,
        Quote(
            cpo=connector.cpo,
            bap_id=buyer.bap_id,
            transaction_id=buyer.transaction_id,
            sandbox=buyer.sandbox,
            order=order,
            tariff_version=priced.tariff_version,
            valid_until=valid_until,
            offer_terms=[offer_to_json(terms) for terms in priced.applied()],
            max_discount_percent=priced.policy.max_discount_percent,
            cart_hash=cart_hash(connector, ask),
            choices={"opted_in": ask.opted_in, "declined": ask.declined, "codes": ask.codes},
            proof=_proof(priced, connector.cpo_id),
            levels=encode(priced.levels) if priced.levels != UNOBSERVED else None,
            created_at=now,
        ),
        priced.book.keys,
    )


def _proof(priced: PricedSession, cpo_id: int) -> dict[str, Any] | None:
    if priced.context is None:
        return None
    return proof_of_choice(cpo_id, priced.context, priced.considered, priced.book.hashes)


def write_quote(quote: engine.Quote, row: Quote, keys: Mapping[str, tuple[int, int]]) -> Quote:
    """Fill a row with an engine's quote, save it and its candidates."""
    trace: OfferTrace = quote.trace or OfferTrace()
    row.basis = quote.basis.value if quote.basis else ""
    row.total, row.currency = quote.total.amount, quote.total.currency
    row.energy_wh = quote.energy_wh
    row.request, row.terms = request_to_json(quote.request), terms_to_json(quote.terms)
    row.lines, row.trace = [encode(line) for line in quote.lines], trace_to_json(trace)
    row.terms_hash, row.engine_version = terms_hash(quote.terms), quote.engine_version
    row.save(force_insert=True)
    QuoteOffer.objects.bulk_create(
        QuoteOffer(
            quote=row,
            offer_id=keys.get(outcome.offer_id, (None, None))[0],
            version_id=keys.get(outcome.offer_id, (None, None))[1],
            asked_id=outcome.offer_id[:100],
            outcome=outcome.outcome.value,
            reason_code=outcome.reason.code.value if outcome.reason else "",
            amount=outcome.saving.amount,
        )
        for outcome in trace.outcomes
    )
    return row


def _terms_of(
    connector: Connector, ask: SessionAsk, lock: Lock, as_of: datetime | None
) -> tuple[TariffVersion, engine.PriceTerms]:
    if lock.terms is not None and lock.tariff_version is not None:
        return lock.tariff_version, lock.terms
    version = tariffs_for([connector], as_of=as_of).get(connector.pk)
    if version is None:
        raise Refusal(
            RefusalKind.ITEM_NOT_FOUND, f"{connector.item_id} has no published tariff; choose another connector."
        )
    return version, session_terms(connector, ask, version)


def session_terms(connector: Connector, ask: SessionAsk, version: TariffVersion) -> engine.PriceTerms:
    """Return what the engine needs to price the session with this version; raise Refusal for an unknown product."""
    products = _products(connector, [choice.product_id for choice in ask.products])
    tax = TaxProfile.objects.filter(cpo=connector.cpo_id).first()
    return price_terms(version, tax, time_zone=connector.charger.location.time_zone, products=products)


def _products(connector: Connector, ids: Collection[str]) -> Sequence[Product]:
    if not ids:
        return ()
    location = connector.charger.location_id
    found = [
        product
        for product in Product.objects.filter(product_id__in=ids, is_published=True).prefetch_related("locations")
        if not (places := {place.pk for place in product.locations.all()}) or location in places
    ]
    missing = set(ids) - {product.product_id for product in found}
    if missing:
        raise Refusal(RefusalKind.PRODUCT_NOT_FOUND, f"{', '.join(sorted(missing))} is not sold there; leave it out.")
    return found


def _with_basis(ask: SessionAsk, policy: OfferPolicy) -> engine.Measure:
    """Say what an amount means: as asked, else as the CPO's policy has it."""
    if not isinstance(ask.measure, engine.AmountMeasure):
        return ask.measure
    return replace(ask.measure, basis=ask.basis or engine.Basis(policy.amount_basis))


def _with_codes(ask: SessionAsk, loaded: LoadedBook) -> SessionAsk:
    """Read an opted-in id that names no offer as a code, where one is spelled so."""
    codes = tuple(x for x in ask.opted_in if loaded.book.get(x) is None and loaded.book.by_code(x) is not None)
    if not codes:
        return ask
    return replace(ask, codes=ask.codes + codes, opted_in=tuple(x for x in ask.opted_in if x not in codes))


def _unread(ask: SessionAsk, loaded: LoadedBook) -> tuple[str, ...]:
    """Return, in capitals, what names nothing in the book and may be a single-use code."""
    words = [x for x in ask.opted_in if loaded.book.get(x) is None] + list(ask.codes)
    return tuple({x.upper() for x in words if loaded.book.by_code(x) is None and len(x) <= LONGEST_CODE})


def _with_single_use(
    ask: SessionAsk, loaded: LoadedBook, found: Mapping[str, FoundCode]
) -> tuple[SessionAsk, Mapping[str, FoundCode]]:
    """Return the codes of offers that take them now, and the ask in which none of them stands as an offer's id."""
    terms = {word: loaded.book.get(code.offer_id) for word, code in found.items()}
    kept = {word: code for word, code in found.items() if (offer := terms[word]) is not None and offer.single_use}
    named = tuple(x for x in ask.opted_in if loaded.book.get(x) is not None or x.upper() not in kept)
    return replace(ask, opted_in=named), kept


def _best_codes(found: Mapping[str, FoundCode]) -> dict[str, SentCode]:
    """Return one code per offer: the one that the order holds, else a free one, else a used one."""
    ranks = (CodeStanding.HELD, CodeStanding.FREE, CodeStanding.USED)
    best: dict[str, SentCode] = {}
    for code in sorted(found.values(), key=lambda x: (ranks.index(x.sent.standing), x.sent.key)):
        best.setdefault(code.offer_id, code.sent)
    return best


def _candidates(
    connector: Connector, ask: SessionAsk, loaded: LoadedBook, terms: engine.PriceTerms
) -> list[OfferTerms]:
    """Return the offers that could apply here and those that the buyer named."""
    products = tuple((product.product_id, product.category) for product in terms.product_prices)
    candidates = loaded.book.candidates(
        connector.charger.location.location_id,
        connector.item_id,
        CHARGING_CATEGORY,
        products=products,
        place=place_facts(connector),
    )
    found = {x.offer_id: x for x in candidates}
    for name in (*ask.opted_in, *ask.codes):
        named = loaded.book.get(name) or loaded.book.by_code(name)
        if named is not None:
            found[named.offer_id] = named
    return list(found.values())
