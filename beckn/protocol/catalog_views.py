"""What goes out, first part: providers, their items, offers, stations and sessions; everything given, nothing computed.

Absent text is "", an absent value None, and both are left out of the message. Instants are aware. Amounts are
exact and rendered with the currency's decimals; rates and percentages are rendered as given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from beckn.protocol.values import Measure, Person
from offers.engine.values import Benefit, BenefitKind, FinanceTerm, Slab, ValueType
from pricing.engine.money import Money


class FulfillmentState(StrEnum):
    """The states of a session."""

    PENDING = "PENDING"
    ACTIVE = "ACTIVE"
    COMPLETED = "COMPLETED"
    CONNECTION_INTERRUPTED = "CONNECTION-INTERRUPTED"


class StopType(StrEnum):
    """The two stops of a session."""

    START = "START"
    STOP = "STOP"


@dataclass(frozen=True, slots=True)
class OfferValidationView:
    """Whether an offer holds for this cart: its discount when it does, the reason (code and sentence) when not.

    `ceiling` is the most that is reserved. `depends_on_identity` marks a benefit that init may take back.
    """

    validated: bool
    discount: Money | None = None
    reason_code: str = ""
    reason: str = ""
    ceiling: Money | None = None
    depends_on_identity: bool = False


@dataclass(frozen=True, slots=True)
class GivenView:
    """So much of an item that an offer gives; `unit` is "kWh", "unit", or "" for what has no measure."""

    item_id: str
    quantity: Decimal | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class OfferUsageView:
    """What an offer gave on the final bill; `savings_percentage` is the discount over its base, in percent."""

    applied: bool
    discount: Money
    savings_percentage: Decimal
    code_used: str = ""
    given: tuple[GivenView, ...] = ()


@dataclass(frozen=True, slots=True)
class OfferView:
    """An offer as published. `value`, `value_cap` and `min_value` are plain numbers in `currency` (`value` in percent
    for a percentage); ids are Beckn ids; empty ids are no restriction. `page_url` is the offer's public page."""

    id: str
    name: str
    short_desc: str = ""
    long_desc: str = ""
    campaign_kind: str = ""
    display_code: str = ""
    currency: str = "INR"
    value_type: ValueType = ValueType.PERCENT
    value: Decimal | None = None
    value_cap: Decimal | None = None
    min_value: Decimal | None = None
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    images: tuple[str, ...] = ()
    location_ids: tuple[str, ...] = ()
    category_ids: tuple[str, ...] = ()
    item_ids: tuple[str, ...] = ()
    auto: bool = True
    requires_code: bool = False
    validation: OfferValidationView | None = None
    usage: OfferUsageView | None = None
    page_url: str = ""
    kind: BenefitKind = BenefitKind.DISCOUNT
    qualifier_item_ids: tuple[str, ...] = ()
    slabs: tuple[Slab, ...] = ()
    finance: tuple[FinanceTerm, ...] = ()
    #: For every `item_count` bought the benefit gives more: of its `item_id`, or of what is bought.
    item_count: int | None = None
    benefit: Benefit | None = None


@dataclass(frozen=True, slots=True)
class InlineOfferView:
    """An offer as shown on an item; `price` is the item's discounted price before surge and tax, None unless the
    offer is a percentage or per kWh."""

    offer: OfferView
    price: Decimal | None = None


@dataclass(frozen=True, slots=True)
class SurchargeView:
    """A surge as disclosed before the sale. `rate` is in percent, in money per kWh or once, as `basis` says
    (PERCENT, PER_KWH, FIXED); `window` is "18:00-21:00", `days` "MON,TUE", and one with several windows has a view
    for each. `when` is all of its times in words. `page_url` is the surge's public page; the rest are sentences."""

    name: str
    rate: Decimal
    basis: str
    window: str = ""
    days: str = ""
    reason: str = ""
    calculation: str = ""
    effective_from: datetime | None = None
    valid_until: datetime | None = None
    when: str = ""
    page_url: str = ""


@dataclass(frozen=True, slots=True)
class CheaperView:
    """A free connector nearby at which the same costs less: `rate` is per kWh, with what surges add to it."""

    item_id: str
    location: str
    distance_km: Decimal
    rate: Decimal


@dataclass(frozen=True, slots=True)
class ConnectorView:
    """The specifications of a connector, in the wire's words ("30kW", "AC_3_PHASE", "Available")."""

    connector_id: str
    power_type: str = ""
    connector_type: str = ""
    connector_format: str = ""
    charging_speed: str = ""
    power_rating: str = ""
    status: str = ""


@dataclass(frozen=True, slots=True)
class TariffView:
    """What a connector's tariff charges beside the price of the moment: its pricing model, and all of it in words."""

    model: str
    words: str


@dataclass(frozen=True, slots=True)
class ItemView:
    """A connector (`connector` given) or a product. `price` is per `per` ("kWh", "min"; "" is a piece).

    In an order `selected` or `count` says what was asked for and `allocated_kwh` what was delivered. `given_by` is the
    id of the offer that gives it.
    """

    id: str
    name: str
    price: Decimal | None = None
    currency: str = "INR"
    per: str = ""
    code: str = "ev-charger"
    short_desc: str = ""
    images: tuple[str, ...] = ()
    connector: ConnectorView | None = None
    category_ids: tuple[str, ...] = ()
    location_ids: tuple[str, ...] = ()
    fulfillment_ids: tuple[str, ...] = ()
    offers: tuple[InlineOfferView, ...] = ()
    surcharges: tuple[SurchargeView, ...] = ()
    cheaper: CheaperView | None = None
    tariff: TariffView | None = None
    add_ons: tuple[ItemView, ...] = ()
    selected: Measure | None = None
    count: int | None = None
    allocated_kwh: Decimal | None = None
    given_by: str = ""


@dataclass(frozen=True, slots=True)
class LocationView:
    """A charging station; `gps` is "latitude,longitude" in degrees."""

    gps: str
    name: str = ""
    address: str = ""
    id: str = ""
    city_code: str = ""
    city: str = ""
    state: str = ""


@dataclass(frozen=True, slots=True)
class StopView:
    """The start or the end of a session; `otp` is sent in the authorization, in on_confirm only."""

    type: StopType
    at: datetime | None = None
    range_start: datetime | None = None
    range_end: datetime | None = None
    location: LocationView | None = None
    instructions: str = ""
    otp_required: bool = False
    otp: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class FulfillmentView:
    """A session: its state in code and words, who changed it and when, its stops, vehicle and driver."""

    id: str
    stops: tuple[StopView, ...] = ()
    type: str = "CHARGING"
    state: FulfillmentState | None = None
    state_name: str = ""
    updated_at: datetime | None = None
    updated_by: str = ""
    vehicle_make: str = ""
    vehicle_model: str = ""
    customer: Person | None = None


@dataclass(frozen=True, slots=True)
class CategoryView:
    """A label of a catalogue; a campaign's code is `promotional-offer`."""

    id: str
    name: str
    code: str = "promotional-offer"


@dataclass(frozen=True, slots=True)
class ProviderView:
    """A CPO; the tuples are its catalogue and stay empty in an order."""

    id: str
    name: str
    short_desc: str = ""
    images: tuple[str, ...] = ()
    categories: tuple[CategoryView, ...] = ()
    locations: tuple[LocationView, ...] = ()
    fulfillments: tuple[FulfillmentView, ...] = ()
    items: tuple[ItemView, ...] = ()
    offers: tuple[OfferView, ...] = ()


@dataclass(frozen=True, slots=True)
class CatalogView:
    """The answer to a search; no provider is an empty catalogue, not an error."""

    providers: tuple[ProviderView, ...] = ()
    name: str = ""
    expires_at: datetime | None = None
