"""What comes in: the context of a message, the typed requests of a buyer app, and the one fault of shape.

What goes out lies in `catalog_views` and `order_views`. A request never carries its context:
`envelope.parse_context` gives that. Absent text is "", an absent value None. A datetime is an aware UTC instant, or
naive: the location's local time, which `times.in_zone` resolves once the location is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any


class Dialect(StrEnum):
    """The dialects that are spoken; each has a folder of this name."""

    DEG_V1 = "deg_v1"


class Action(StrEnum):
    """What a buyer app may ask, spelled as in the URL and in `context.action`."""

    SEARCH = "search"
    SELECT = "select"
    INIT = "init"
    CONFIRM = "confirm"
    STATUS = "status"
    TRACK = "track"
    UPDATE = "update"
    CANCEL = "cancel"
    RATING = "rating"
    SUPPORT = "support"


class ProtocolFault(ValueError):
    """A message that breaks the protocol's shape: the dialect's error code, one sentence for people, and the JSON
    paths at fault ("$.message.order.items[0].id")."""

    def __init__(self, code: str, message: str, paths: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.paths = paths


@dataclass(frozen=True, slots=True)
class Context:
    """The context of an inbound message; `raw` is the object as it came, from which it can be read again.

    `timestamp` is an aware UTC instant, or None where the sender's form has no offset. `ttl` is None where absent.
    `bpp_id` and `bpp_uri` may be "" in a search only.
    """

    dialect: Dialect
    domain: str
    action: str
    version: str
    bap_id: str
    bap_uri: str
    bpp_id: str
    bpp_uri: str
    transaction_id: str
    message_id: str
    timestamp: datetime | None
    ttl: timedelta | None
    city: str
    country: str
    raw: Mapping[str, Any] = field(repr=False)


class MeasureUnit(StrEnum):
    """The units in which a driver may say how much."""

    INR = "INR"
    KWH = "kWh"
    MINUTES = "minutes"


@dataclass(frozen=True, slots=True)
class Measure:
    """How much is asked for; `value` is positive."""

    value: Decimal
    unit: MeasureUnit


@dataclass(frozen=True, slots=True)
class ProductChoice:
    """So many of a product, ordered as an add-on or as an extra item."""

    product_id: str
    count: int


@dataclass(frozen=True, slots=True)
class OfferChoices:
    """What the buyer said about offers, each name once, in the order sent: `opted_in` are the bare ids and those
    with selection.apply = yes, `declined` those with apply = no, `codes` are in upper case. An opted-in id that
    names no offer may itself be a code; only the handler can know."""

    opted_in: tuple[str, ...] = ()
    declined: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SelectRequest:
    """A cart: one charging item, products beside it, the plan, the choices about offers.

    `measure` is None where the driver did not say how much, and `charge_percent` where not how full the battery is.
    """

    provider_id: str
    item_id: str
    measure: Measure | None
    products: tuple[ProductChoice, ...] = ()
    offers: OfferChoices = OfferChoices()
    fulfillment_id: str = ""
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    vehicle_make: str = ""
    vehicle_model: str = ""
    charge_percent: int | None = None


@dataclass(frozen=True, slots=True)
class Billing:
    """Who is billed, as sent and as echoed; `tax_id` may be the buyer's GSTIN, `at` when it was given."""

    name: str = ""
    organization: str = ""
    address: str = ""
    state: str = ""
    city: str = ""
    email: str = ""
    phone: str = ""
    tax_id: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """The driver: `fulfillments[].customer`, as sent and as echoed."""

    name: str = ""
    phone: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class BuyerFinderFee:
    """The buyer app's commission, recorded for settlement; `type` is PERCENTAGE or AMOUNT."""

    type: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class SurchargeAcknowledgement:
    """The driver's answer to a disclosed surge; `quote_id` names the quote that disclosed it, "" where not said."""

    accepted: bool
    quote_id: str = ""


@dataclass(frozen=True, slots=True)
class InitRequest:
    """A cart with who pays; `quote_id` is "" where the app does not send one back."""

    selection: SelectRequest
    billing: Billing = Billing()
    customer: Person = Person()
    buyer_finder_fee: BuyerFinderFee | None = None
    surcharge_acknowledgement: SurchargeAcknowledgement | None = None
    quote_id: str = ""


@dataclass(frozen=True, slots=True)
class PaymentClaim:
    """What the buyer app says about a payment; never proof of it."""

    id: str = ""
    status: str = ""
    amount: Decimal | None = None
    currency: str = ""
    transaction_id: str = ""


@dataclass(frozen=True, slots=True)
class ConfirmRequest:
    """An init repeated as an order, with the payment and the total that the buyer app believes in."""

    init: InitRequest
    payments: tuple[PaymentClaim, ...] = ()
    quoted_total: Decimal | None = None


@dataclass(frozen=True, slots=True)
class GeoCircle:
    """A place in degrees and a radius in metres around it."""

    latitude: Decimal
    longitude: Decimal
    radius_m: int


@dataclass(frozen=True, slots=True)
class SearchIntent:
    """What is looked for. Every empty field is no restriction; all together must hold.

    `specs` are (code, value) pairs of connector specifications, the values of one code being alternatives.
    `names` are words to match names with; words that only mean "a charger" are left out.
    """

    circle: GeoCircle | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    specs: tuple[tuple[str, str], ...] = ()
    names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    provider_id: str = ""
    item_id: str = ""
    offer_id: str = ""
    buyer_finder_fee: BuyerFinderFee | None = None


@dataclass(frozen=True, slots=True)
class StatusRequest:
    """Asks for an order; without an id the transaction finds it."""

    order_id: str = ""


@dataclass(frozen=True, slots=True)
class TrackRequest:
    """Asks for the running session; without an id the transaction finds it."""

    order_id: str = ""


class SessionChange(StrEnum):
    """What an update may ask of a session."""

    START = "START"
    STOP = "STOP"


@dataclass(frozen=True, slots=True)
class UpdateRequest:
    """Starts or stops charging. `otp` is "" where none was sent and is kept out of every log."""

    change: SessionChange
    order_id: str = ""
    fulfillment_id: str = ""
    otp: str = field(default="", repr=False)
    update_target: str = ""


@dataclass(frozen=True, slots=True)
class CancelRequest:
    """Gives an order up; without an id the transaction finds it."""

    order_id: str = ""
    reason_id: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class Rating:
    """One rated thing; `category` is core's word in its own capitals (Order, Fulfillment, Item, ...)."""

    category: str
    rated_id: str
    value: Decimal


@dataclass(frozen=True, slots=True)
class RatingRequest:
    """One rating or more."""

    ratings: tuple[Rating, ...]


@dataclass(frozen=True, slots=True)
class SupportRequest:
    """Asks for help with what `ref_id` names (an order id, or "" for the transaction)."""

    ref_id: str = ""
    phone: str = ""
    email: str = ""


Request = (
    SearchIntent | SelectRequest | InitRequest | ConfirmRequest | StatusRequest | TrackRequest | UpdateRequest
    | CancelRequest | RatingRequest | SupportRequest
)  # fmt: skip
