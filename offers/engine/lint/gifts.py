"""Faults of what an offer gives: not sold, no cheaper than its price, beyond its cap, out of stock, a cut turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from offers.engine.days import next_open
from offers.engine.evaluate import appraise
from offers.engine.lint.clocks import begins_at, is_closed_somewhere
from offers.engine.lint.judging import example_of, situation_at
from offers.engine.lint.people import Wish, somebody
from offers.engine.lint.sessions import tried
from offers.engine.lint.shelf import Fault, Shelf, baskets_at, gives_products, shelf_at
from offers.engine.lint.values import Example, Figure, Finding, FindingCode, Severity, Site, Subject, Tried
from offers.engine.situation import Situation
from offers.engine.values import BenefitKind, Check, ItemUnit, OfferTerms, ReasonCode, Usage
from pricing.engine.wording import money_text

_USUAL_WH = 20_000
_NOTHING = Decimal(0)
#: The checks of a session that show each fault.
_SHOWN = {
    Fault.NOT_SOLD: ReasonCode.ITEM_NOT_SOLD,
    Fault.NOTHING_TO_BUY: ReasonCode.ITEM_COUNT,
    Fault.PRICE: ReasonCode.NO_BENEFIT,
    Fault.CAP: ReasonCode.REDEMPTION_CAP,
    Fault.STOCK: ReasonCode.ITEM_STOCK,
}
#: What a kWh, or a session, is called where nothing is saved.
_UNITS = {ItemUnit.KWH: "a given kWh", ItemUnit.SESSION: "a given session", ItemUnit.PRODUCT: "a given product"}


def find_gifts(subject: Subject) -> Iterator[Finding]:
    """Yield what keeps an offer from giving anything, wherever it is for and whoever drives, and turns that are cut."""
    if not subject.sites:
        return
    yield from _turns(subject)
    if not gives_products(subject.offer):
        return
    site, shelf = min(((x, shelf_at(subject.offer, x.goods)) for x in subject.sites), key=lambda x: x[1].fault)
    if shelf.fault is not Fault.NONE:
        yield _finding(subject, site, shelf)


def saves_nothing(subject: Subject, sessions: int, example: Example) -> Finding:
    """Return the finding of an offer that asks as much for what it gives as it costs, in all the sessions tried."""
    offer = subject.offer
    unit = _UNITS[offer.benefit.item_unit or ItemUnit.PRODUCT]
    value = money_text(offer.benefit.item_value or _NOTHING, offer.currency)
    tries = f"{sessions} session{'' if sessions == 1 else 's'}"
    return Finding(
        FindingCode.SAVES_NOTHING,
        Severity.WARNING,
        "item_value",
        f"It saves nothing in the {tries} tried: {value} for {unit} is no less than what it costs without the offer.",
        example=example,
        outcome=f"The driver saves {money_text(_NOTHING, offer.currency)}.",
    )


def _finding(subject: Subject, site: Site, shelf: Shelf) -> Finding:
    code, severity, field = _kind(subject.offer, shelf.fault)
    session = _session(subject, site)
    failed: tuple[Check, ...] = ()
    if session is not None:
        situation = situation_at(subject, session, None)
        # As much is in stock as there is.
        situation = replace(situation, context=replace(situation.context, goods=site.goods))
        failed = _failed(subject, situation, _SHOWN[shelf.fault])
    return Finding(
        code,
        severity,
        field,
        said_of(subject.offer, shelf, subject.goods, sometimes_closed=is_closed_somewhere(subject)),
        example=example_of(session) if session is not None else None,
        failed=failed,
        figures=_figures(subject.offer, shelf),
    )


def _kind(offer: OfferTerms, fault: Fault) -> tuple[FindingCode, Severity, str]:
    """Return the code, the severity and the field at fault."""
    if fault is Fault.STOCK:
        return FindingCode.STOCK_LEFT, Severity.WARNING, "benefit_item_id"
    if fault is Fault.CAP:
        return FindingCode.CAP_TOO_SMALL, Severity.CONTRADICTION, "redemption_cap"
    if fault is Fault.PRICE:
        # A freebie has no price of its own: its product costs nothing anyway.
        field = "benefit_item_id" if offer.benefit.kind is BenefitKind.FREEBIE else "item_value"
        return FindingCode.SAVES_NOTHING, Severity.CONTRADICTION, field
    if fault is Fault.NOT_SOLD:
        return FindingCode.NOT_SOLD, Severity.CONTRADICTION, "benefit_item_id"
    scope = offer.applicability
    field = "item_ids" if scope.item_ids else "categories" if scope.categories else "item_unit"
    return FindingCode.NOT_SOLD, Severity.CONTRADICTION, field


def said_of(offer: OfferTerms, shelf: Shelf, names: Mapping[str, str], *, sometimes_closed: bool) -> str:
    """Return the sentence of a shelf's fault; `names` are those of products by id, as far as they have one."""
    station = "station in its scope where it ever opens" if sometimes_closed else "station in its scope"
    if shelf.fault is Fault.NOTHING_TO_BUY:
        return f"No product that counts for it is sold at a {station}: sell one there, or choose other products."
    good, count = shelf.good, offer.benefit.item_count or 0
    if good is None:
        called = names.get(shelf.product_id, shelf.product_id)
        return f"“{called}” is sold at no {station}: sell it at one of them, or give another product."
    if shelf.fault is Fault.PRICE:
        if not good.price:
            return f"It saves nothing: {good.title} costs nothing itself. Give it a price, or give another product."
        price, value = (money_text(x, offer.currency) for x in (good.price, offer.benefit.item_value or _NOTHING))
        return f"It saves nothing: {good.title} costs {price} without it and {value} with it. Give a lower price."
    if shelf.fault is Fault.CAP:
        saving, cap = (money_text(x, offer.currency) for x in (shelf.saving, offer.limits.redemption_cap or _NOTHING))
        return (
            f"It is never given: {count} × {good.title} saves {saving}, and one redemption may cost {cap} at most: "
            "raise the most per redemption, or give less."
        )
    left = max(good.units or 0, 0)
    are = "is" if left == 1 else "are"
    return f"Nobody gets it: {left} of {good.title} {are} left, and one redemption gives {count}."


def _figures(offer: OfferTerms, shelf: Shelf) -> tuple[Figure, ...]:
    if shelf.good is None:
        return ()
    prices = (
        Figure("list_price", shelf.good.price, offer.currency),
        Figure("one_redemption", shelf.saving, offer.currency),
    )
    if shelf.fault is not Fault.STOCK:
        return prices
    return *prices, Figure("left", Decimal(max(shelf.good.units or 0, 0)))


def _turns(subject: Subject) -> Iterator[Finding]:
    """Yield a turn of more given sessions than a customer may take: each is a use, the last ones are never given."""
    offer, uses = subject.offer, subject.offer.limits.uses_per_customer
    paid, given = offer.qualifier.item_count or 0, offer.benefit.item_count or 0
    if offer.benefit.item_unit is not ItemUnit.SESSION or uses is None or uses >= given:
        return
    may = "once" if uses == 1 else f"{uses} times"
    session = _session(subject, subject.sites[0])
    example: Example | None = None
    failed: tuple[Check, ...] = ()
    if session is not None:
        request = session.cart.request
        person = somebody(Wish(sessions=paid + uses), request.planned_start, session.cart.time_zone)
        situation = situation_at(subject, session, person)
        usage = {offer.offer_id: Usage(customer_uses=uses)}
        situation = replace(situation, context=replace(situation.context, usage=usage))
        example, failed = example_of(session, person), _failed(subject, situation, ReasonCode.CUSTOMER_USES)
    yield Finding(
        FindingCode.TURN_CUT,
        Severity.WARNING,
        "uses_per_customer",
        f"It promises {given} sessions after every {paid}, but a customer may use it {may}: raise the uses per "
        f"customer to {given}, or give {uses}.",
        example=example,
        failed=failed,
    )


def _session(subject: Subject, site: Site) -> Tried | None:
    """Return a usual session at a site with what must be bought, None where nothing prices it."""
    offer = subject.offer
    scope = offer.applicability
    at = next_open(scope, begins_at(scope, subject.now), site.time_zone)
    baskets = baskets_at(offer, site.goods) if offer.benefit.item_unit is ItemUnit.PRODUCT else []
    return tried(site, at, _USUAL_WH, baskets[0] if baskets else ()) if at is not None else None


def _failed(subject: Subject, situation: Situation, code: ReasonCode) -> tuple[Check, ...]:
    return tuple(x for x in appraise(subject.offer, situation).checks if not x.passed and x.code is code)
