"""Reads select, init and confirm: one charging item, products beside it, offers, plan, billing."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from beckn.protocol.deg_v1 import tags
from beckn.protocol.deg_v1.parse_tags import read_acknowledgement, read_charge, read_fee
from beckn.protocol.reading import (
    MAX_TEXT,
    Json,
    child,
    children,
    decimal,
    fault,
    moment,
    need_child,
    need_decimal,
    need_text,
    only_numbers,
    text,
    yes_or_no,
)
from beckn.protocol.values import (
    Billing,
    ConfirmRequest,
    InitRequest,
    Measure,
    MeasureUnit,
    OfferChoices,
    PaymentClaim,
    Person,
    ProductChoice,
    SelectRequest,
)

ORDER = "$.message.order"
START_STOPS = frozenset({"START", "START-CHARGING"})
END_STOPS = frozenset({"STOP", "END", "STOP-CHARGING", "END-CHARGING"})
MAX_MEASURE = Decimal(1_000_000)
MAX_COUNT = 1000
#: What an order keeps of these; a test sends each at its limit and one beyond.
MAX_VEHICLE = 200
MAX_OFFER_ID = 100

_UNITS = {
    "INR": (MeasureUnit.INR, Decimal(1)),
    "KWH": (MeasureUnit.KWH, Decimal(1)),
    "WH": (MeasureUnit.KWH, Decimal("0.001")),
    "MINUTES": (MeasureUnit.MINUTES, Decimal(1)),
    "MINUTE": (MeasureUnit.MINUTES, Decimal(1)),
    "MIN": (MeasureUnit.MINUTES, Decimal(1)),
    "HOURS": (MeasureUnit.MINUTES, Decimal(60)),
    "HOUR": (MeasureUnit.MINUTES, Decimal(60)),
}
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")


def parse_select(body: Json) -> SelectRequest:
    """Read `message.order`; raises ProtocolFault."""
    return _selection(need_child(body["message"], "order", "$.message"))


def parse_init(body: Json) -> InitRequest:
    """Read an order with billing, customer, commission and consent; raises ProtocolFault."""
    return _init(need_child(body["message"], "order", "$.message"))


def parse_confirm(body: Json) -> ConfirmRequest:
    """Read an order with payments and the total that the buyer app believes in; raises ProtocolFault."""
    order = need_child(body["message"], "order", "$.message")
    price = child(child(order, "quote", ORDER), "price", f"{ORDER}.quote")
    return ConfirmRequest(
        init=_init(order),
        payments=tuple(
            _payment(entry, f"{ORDER}.payments[{index}]")
            for index, entry in enumerate(children(order, "payments", ORDER))
        ),
        quoted_total=decimal(price, "value", f"{ORDER}.quote.price"),
    )


def _init(order: Json) -> InitRequest:
    groups = tags.read_groups(order, ORDER)
    fulfillments = children(order, "fulfillments", ORDER)
    return InitRequest(
        selection=_selection(order),
        billing=_billing(child(order, "billing", ORDER), f"{ORDER}.billing"),
        customer=_customer(fulfillments[0], f"{ORDER}.fulfillments[0]") if fulfillments else Person(),
        buyer_finder_fee=read_fee(groups, f"{ORDER}.tags"),
        surcharge_acknowledgement=read_acknowledgement(groups, f"{ORDER}.tags"),
        quote_id=text(child(order, "quote", ORDER), "id", f"{ORDER}.quote"),
    )


def _selection(order: Json) -> SelectRequest:
    provider_id = need_text(need_child(order, "provider", ORDER), "id", f"{ORDER}.provider")
    item_id, measure, products = _items(order)
    fulfillments = children(order, "fulfillments", ORDER)
    session = fulfillments[0] if fulfillments else {}
    path = f"{ORDER}.fulfillments[0]"
    starts_at, ends_at = _plan(session, path)
    vehicle = child(session, "vehicle", path)
    return SelectRequest(
        provider_id=provider_id,
        item_id=item_id,
        measure=measure,
        products=products,
        offers=_offers(order),
        fulfillment_id=text(session, "id", path),
        starts_at=starts_at,
        ends_at=ends_at,
        vehicle_make=text(vehicle, "make", f"{path}.vehicle", limit=MAX_VEHICLE),
        vehicle_model=text(vehicle, "model", f"{path}.vehicle", limit=MAX_VEHICLE),
        charge_percent=read_charge(session),
    )


def _items(order: Json) -> tuple[str, Measure | None, tuple[ProductChoice, ...]]:
    """Return the charging item, its measure and the products.

    The charging item is the one with a measure, or the first where none has one; the others are products.
    """
    items = children(order, "items", ORDER)
    if not items:
        fault(f"{ORDER}.items", "No item is ordered.")
    measures: list[tuple[int, Measure]] = []
    counts: dict[str, int] = {}
    ids: list[str] = []
    for index, item in enumerate(items):
        path = f"{ORDER}.items[{index}]"
        ids.append(need_text(item, "id", path))
        measure = _measure(item, path)
        if measure is not None:
            measures.append((index, measure))
        for position, add_on in enumerate(children(item, "add_ons", path)):
            _count_add_on(counts, add_on, f"{path}.add_ons[{position}]")
    if len(measures) > 1:
        fault(f"{ORDER}.items[{measures[1][0]}].quantity", "One order charges one vehicle: two items have a measure.")
    charging, measure = measures[0] if measures else (0, None)
    for index, item in enumerate(items):
        if index != charging:
            _count_product(counts, item, f"{ORDER}.items[{index}]")
    return ids[charging], measure, tuple(ProductChoice(key, count) for key, count in counts.items())


def _count_add_on(counts: dict[str, int], add_on: Json, path: str) -> None:
    """Add an add-on to the products, unless an offer gave it: buyer apps send back the items that on_select had."""
    if tags.find_group(tags.read_groups(add_on, path), "given") is None:
        _count_product(counts, add_on, path)


def _count_product(counts: dict[str, int], item: Json, path: str) -> None:
    """Add an item or add-on to the products; one piece where no count is given."""
    product_id = need_text(item, "id", path)
    selected = child(child(item, "quantity", path), "selected", f"{path}.quantity")
    count = selected.get("count")
    if count is None:
        count = 1
    if not only_numbers(count) or not 1 <= counts.get(product_id, 0) + count <= MAX_COUNT or count < 1:
        fault(f"{path}.quantity.selected.count", f"The count is not a whole number from 1 to {MAX_COUNT}.")
    counts[product_id] = counts.get(product_id, 0) + count


def _measure(item: Json, path: str) -> Measure | None:
    quantity = child(item, "quantity", path)
    path = f"{path}.quantity.selected"
    measure = child(child(quantity, "selected", path.removesuffix(".selected")), "measure", path)
    if not measure:
        return None
    path = f"{path}.measure"
    value = need_decimal(measure, "value", path)
    unit = need_text(measure, "unit", path)
    if unit.upper() not in _UNITS:
        fault(f"{path}.unit", "The unit is none of INR, kWh and minutes.")
    normal, factor = _UNITS[unit.upper()]
    value = value * factor
    if not 0 < value <= MAX_MEASURE:
        fault(f"{path}.value", f"The quantity is not more than 0 and at most {MAX_MEASURE}.")
    return Measure(value, normal)


def _plan(session: Json, path: str) -> tuple[datetime | None, datetime | None]:
    """Return the planned start and end; a stop without a type gives both by its range."""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    for index, stop in enumerate(children(session, "stops", path)):
        stop_path = f"{path}.stops[{index}]"
        kind = text(stop, "type", stop_path).upper()
        time = child(stop, "time", stop_path)
        span = child(time, "range", f"{stop_path}.time")
        at = moment(time, "timestamp", f"{stop_path}.time")
        first = moment(span, "start", f"{stop_path}.time.range")
        last = moment(span, "end", f"{stop_path}.time.range")
        if kind in END_STOPS:
            ends_at = ends_at or at or first
        elif not kind or kind in START_STOPS:
            starts_at = starts_at or at or first
            ends_at = ends_at or (last if not kind else None)
    # A local time and an instant cannot be compared before the location is known.
    comparable = starts_at and ends_at and (starts_at.tzinfo is None) == (ends_at.tzinfo is None)
    if comparable and starts_at and ends_at and ends_at <= starts_at:
        fault(f"{path}.stops", "The session ends before it starts.")
    return starts_at, ends_at


def _offers(order: Json) -> OfferChoices:
    opted_in: dict[str, None] = {}
    declined: dict[str, None] = {}
    codes: dict[str, None] = {}
    for index, offer in enumerate(children(order, "offers", ORDER)):
        path = f"{ORDER}.offers[{index}]"
        offer_id = text(offer, "id", path, limit=MAX_OFFER_ID)
        code = text(child(offer, "descriptor", path), "code", f"{path}.descriptor")
        found = [code] if code else []
        apply = True
        for group, entries in tags.read_groups(offer, path):
            for tag, value, value_path in entries:
                if group == "selection" and tag == "apply":
                    apply = yes_or_no(value, value_path)
                elif value and "offer-code" in {group, tag}:
                    found.append(value)
        if not offer_id and not found:
            fault(f"{path}.id", "An offer has neither an id nor a code.")
        if offer_id:
            (opted_in if apply else declined)[offer_id] = None
        if apply:
            codes |= dict.fromkeys(word.upper() for word in found)
    both = next((offer_id for offer_id in opted_in if offer_id in declined), None)
    if both is not None:
        fault(f"{ORDER}.offers", "An offer is both wanted and declined.")
    return OfferChoices(tuple(opted_in), tuple(declined), tuple(codes))


def _billing(billing: Json, path: str) -> Billing:
    organization = child(child(billing, "organization", path), "descriptor", f"{path}.organization")
    email = text(billing, "email", path)
    if email and not _EMAIL.fullmatch(email):
        fault(f"{path}.email", "email is no e-mail address.")
    return Billing(
        name=text(billing, "name", path),
        organization=text(organization, "name", f"{path}.organization.descriptor"),
        address=text(billing, "address", path, limit=MAX_TEXT),
        state=text(child(billing, "state", path), "name", f"{path}.state"),
        city=text(child(billing, "city", path), "name", f"{path}.city"),
        email=email,
        phone=text(billing, "phone", path),
        tax_id=text(billing, "tax_id", path),
        at=moment(child(billing, "time", path), "timestamp", f"{path}.time"),
    )


def _customer(session: Json, path: str) -> Person:
    customer = child(session, "customer", path)
    path = f"{path}.customer"
    contact = child(customer, "contact", path)
    return Person(
        name=text(child(customer, "person", path), "name", f"{path}.person"),
        phone=text(contact, "phone", f"{path}.contact"),
        email=text(contact, "email", f"{path}.contact"),
    )


def _payment(payment: Json, path: str) -> PaymentClaim:
    params = child(payment, "params", path)
    return PaymentClaim(
        id=text(payment, "id", path),
        status=text(payment, "status", path),
        amount=decimal(params, "amount", f"{path}.params"),
        currency=text(params, "currency", f"{path}.params"),
        transaction_id=text(params, "transaction_id", f"{path}.params"),
    )
