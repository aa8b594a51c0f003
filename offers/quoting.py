"""Prices a session for a buyer: a constant number of queries, whatever the number of offers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from cpo_portal.network.catalogue import units_left
from cpo_portal.network.models import CHARGING_CATEGORY, Connector, Product
from offers.asking import Lock, SessionAsk
from offers.book import LoadedBook, book_as_of, book_for
from offers.engine.periods import today_at
from offers.engine.step import OfferStep
from offers.engine.values import (
    CodeStanding,
    Objective,
    OfferContext,
    OfferTerms,
    SentCode,
    StackLimits,
)
from offers.guards import as_refused
from offers.models import OfferPolicy
from offers.observing import Sight, goods_left
from offers.places import place_facts
from offers.priced import PricedSession
from offers.refusals import Refusal, RefusalKind
from offers.sent_codes import LONGEST_CODE, best_codes, unread, with_codes, with_single_use, without_referrals
from offers.stock import units_bought
from offers.storing import Buyer, cart_hash, store_quote, write_quote
from offers.subscriptions import with_pool
from offers.surging import SurgesHere, locked_surges, surges_here
from offers.usage import Asked, CodesSent, Person, look_up, without
from pricing.engine import values as engine
from pricing.engine.price import price
from pricing.mapping import price_terms, tariffs_for, tax_and_surges_of
from pricing.models import TariffVersion

__all__ = [
    "LONGEST_CODE",
    "Buyer",
    "Lock",
    "PricedSession",
    "SessionAsk",
    "cart_hash",
    "price_session",
    "store_quote",
    "write_quote",
]


def price_session(
    connector: Connector, ask: SessionAsk, *, now: datetime, as_of: datetime | None = None, lock: Lock | None = None
) -> PricedSession:
    """Price a session at a connector, inside its CPO's scope; write nothing.

    Raise PricingError where the request has no price and Refusal where it names what does not exist.
    """
    lock = lock or Lock()
    version, terms, surges = _terms_of(connector, ask, lock, now=now, as_of=as_of)
    loaded = lock.book or (book_for(connector.cpo) if as_of is None else book_as_of(connector.cpo, as_of))
    policy = loaded.policy
    ask = with_codes(ask, loaded)
    candidates = _candidates(connector, ask, loaded, terms)
    person = Person(ask.customer.pk if ask.customer else None, ask.contact_hashes, ask.vehicle_make)
    bought = units_bought(ask.products)
    asked = Asked(
        connector.cpo_id,
        candidates,
        today_at(as_of or now, connector.cpo.time_zone),
        at=ask.planned_start,
        now=as_of or now,
        person=person,
        codes=CodesSent(unread(ask, loaded), lock.order_id),
        sight=Sight(connector.charger.location_id, bought, lock.levels),
        past=as_of is not None,
        segments=surges.segments(),
    )
    found = look_up(asked)
    terms = lock.bounded(surges.priced(terms, ask, found.facts))
    used = without(found.usage, lock.own)
    levels = lock.levels.or_else(found.observed.levels.with_own(lock.own_goods))
    ask, single_use = with_single_use(ask, loaded, found.codes)
    ask = without_referrals(ask, loaded, found.referrals)
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
        usage=as_refused(used, lock.refused),
        objective=Objective(policy.objective),
        calendar_zone=connector.cpo.time_zone,
        stack=StackLimits(policy.max_stack, policy.max_discount_percent),
        customer=found.facts,
        bap_id=ask.bap_id,
        single_use=dict.fromkeys(lock.opened, SentCode(0, CodeStanding.FREE)) | best_codes(single_use),
        place=place_facts(connector),
        customer_sessions=found.observed.customer_sessions,
        levels=levels,
        goods=goods_left(found.observed.goods, lock.own_goods, bought, past=as_of is not None),
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
    if as_of is None:  # of the pools of then nothing is kept
        terms = with_pool(terms, request, ask, lock=lock, now=now)
    step = OfferStep(loaded.book, context)
    quote = price(request, terms, discounts=step)
    return PricedSession(
        quote,
        version,
        loaded,
        policy,
        lock.valid_until,
        single_use,
        context,
        step.considered(),
        levels,
        found.referrals,
        surges,
        asked,
    )


def _terms_of(
    connector: Connector, ask: SessionAsk, lock: Lock, *, now: datetime, as_of: datetime | None
) -> tuple[TariffVersion, engine.PriceTerms, SurgesHere]:
    """Return the version, what the engine needs of it, and the surges that come on top; raise Refusal for what the
    session names and does not exist."""
    products = _products(connector, ask, lock, past=as_of is not None)
    if lock.terms is not None and lock.tariff_version is not None:
        return lock.tariff_version, lock.terms, locked_surges(connector, lock.terms, at=ask.planned_start)
    version = lock.tariff_version or tariffs_for([connector], at=ask.planned_start, as_of=as_of).get(connector.pk)
    if version is None:
        raise Refusal(
            RefusalKind.ITEM_NOT_FOUND,
            f"{connector.item_id} has no published tariff for that time; choose another connector.",
        )
    tax, surged = tax_and_surges_of(connector.cpo_id)
    terms = price_terms(version, tax, time_zone=connector.charger.location.time_zone, products=products)
    if not surged and as_of is None:
        return version, terms, SurgesHere()
    return version, terms, surges_here(connector, ask, now=now, as_of=as_of)


def _products(connector: Connector, ask: SessionAsk, lock: Lock, *, past: bool) -> Sequence[Product]:
    """Return the products that are bought; raise Refusal where one is not sold there, or fewer are left of it.

    A price that was promised stands whatever is sold by now, while there is enough of it.
    """
    bought = units_bought(ask.products)
    if not bought:
        return ()
    location, is_promised = connector.charger.location_id, lock.terms is not None
    rows = Product.objects.filter(product_id__in=bought, cpo=connector.cpo_id).select_related("stock_row")
    if not is_promised:
        rows = rows.filter(is_published=True).prefetch_related("locations")
    found = [
        product
        for product in rows
        if is_promised or not (places := {place.pk for place in product.locations.all()}) or location in places
    ]
    missing = set(bought) - {product.product_id for product in found}
    if missing and not is_promised:
        raise Refusal(RefusalKind.PRODUCT_NOT_FOUND, f"{', '.join(sorted(missing))} is not sold there; leave it out.")
    for product in found if not past else ():
        left = units_left(product)
        if left is not None and (free := left + lock.own_goods.get(product.product_id, 0)) < bought[product.product_id]:
            raise Refusal(RefusalKind.QUANTITY_UNAVAILABLE, _too_few(product, free))
    return found


def _too_few(product: Product, left: int) -> str:
    if not left:
        return f"{product.name} ({product.product_id}) is sold out; leave it out."
    return f"Only {left} × {product.name} ({product.product_id}) can be had; ask for {left} or fewer."


def _with_basis(ask: SessionAsk, policy: OfferPolicy) -> engine.Measure:
    """Say what an amount means: as asked, else as the CPO's policy has it."""
    if not isinstance(ask.measure, engine.AmountMeasure):
        return ask.measure
    return replace(ask.measure, basis=ask.basis or engine.Basis(policy.amount_basis))


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
