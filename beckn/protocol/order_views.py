"""What goes out, second part: orders with their quote, payments and terms, and the small answers beside them.

The conventions are those of `catalog_views`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from beckn.protocol.catalog_views import CatalogView, FulfillmentView, ItemView, LocationView, OfferView, ProviderView
from beckn.protocol.values import Billing
from pricing.engine.money import Money
from pricing.engine.values import QuoteLine


class OrderState(StrEnum):
    """The states of an order."""

    ACTIVE = "ACTIVE"
    COMPLETE = "COMPLETE"
    CANCELLED = "CANCELLED"


class PaymentStatus(StrEnum):
    """The states of a payment."""

    NOT_PAID = "NOT-PAID"
    PAID = "PAID"


@dataclass(frozen=True, slots=True)
class PaymentMethodView:
    """A way to pay: BANK-TRANSFER, PAYMENT-LINK or UPI-TRANSFER, and what it means."""

    code: str
    short_desc: str = ""


@dataclass(frozen=True, slots=True)
class PaymentView:
    """A payment; `url` may hold the templates `$transaction_id` and `$amount`."""

    id: str
    amount: Money
    status: PaymentStatus
    type: str = "PRE-FULFILLMENT"
    collected_by: str = "BPP"
    url: str = ""
    transaction_id: str = ""
    bank_code: str = ""
    bank_account_number: str = ""
    virtual_payment_address: str = ""
    at: datetime | None = None
    methods: tuple[PaymentMethodView, ...] = ()


@dataclass(frozen=True, slots=True)
class RefundTermView:
    """What is paid back when an order is cancelled in this state; `description` says the terms in a sentence."""

    state: str
    state_name: str
    eligible: bool
    description: str = ""
    within: timedelta | None = None
    amount: Money | None = None


@dataclass(frozen=True, slots=True)
class QuoteView:
    """A price with its lines. `id` is a UUID, `ttl` how long the price is kept."""

    id: str
    ttl: timedelta
    total: Money
    lines: tuple[QuoteLine, ...]


@dataclass(frozen=True, slots=True)
class OfferSummaryView:
    """The order's savings in one place; `next_offer` is a sentence about the next offer here, "" for none."""

    total_savings: Money
    offer_type: str = ""
    next_offer: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptView:
    """Where the receipt of a bill can be read and printed, and until when."""

    url: str
    valid_until: datetime


@dataclass(frozen=True, slots=True)
class SettlementView:
    """What is owed beside the bill: `kind` is REFUND (to the driver) or SHORTFALL (from the driver).

    `status` is DUE or PAID, and with PAID `at` and `reference` say when and how; "" where nothing is to be paid.
    """

    kind: str
    amount: Money
    reason: str = ""
    status: str = ""
    at: datetime | None = None
    reference: str = ""


@dataclass(frozen=True, slots=True)
class PrepaidView:
    """What an order does with one prepaid balance: `held` before the bill, `drawn` by it, and what is `left` to use."""

    id: str
    name: str
    left: Money
    held: Money | None = None
    drawn: Money | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PoolView:
    """What an order does with one pool of energy that its subscription includes, as of a balance, in kWh."""

    id: str
    name: str
    left: Decimal
    held: Decimal | None = None
    drawn: Decimal | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TrailView:
    """So much was taken back of an offer after the bill; the quote's lines and total are those after it.

    Of products that it gave, so many units.
    """

    offer_id: str
    amount: Money
    reason: str = ""
    item_id: str = ""
    units: int = 0


@dataclass(frozen=True, slots=True)
class ExchangeView:
    """What the driver gave in return was worth so much, and went to `credited_to`: "prepaid-balance" or "refund"."""

    offer_id: str
    value: Money
    credited_to: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReferralView:
    """The code by which a new customer comes, and what the first session earns them.

    `state` is DEPENDS-ON-IDENTITY while the driver is not known, then WAITING, then REWARDED.
    """

    code: str
    reward: Money
    state: str


@dataclass(frozen=True, slots=True)
class SurchargeConsentView:
    """Whether this quote's surge needs the driver's consent, whether it was given, and its amount.

    `text` is what the driver is to read, `text_hash` its SHA-256 in hex, by which the consent is kept.
    """

    required: bool
    accepted: bool
    quote_id: str = ""
    amount: Money | None = None
    text: str = ""
    text_hash: str = ""


@dataclass(frozen=True, slots=True)
class CancellationView:
    """Why and by whom an order was cancelled; `cancelled_by` is CONSUMER or PROVIDER."""

    cancelled_by: str
    at: datetime
    reason_id: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OrderView:
    """A cart or an order, as far as it is known; `id` and `state` are empty before confirm."""

    provider: ProviderView
    items: tuple[ItemView, ...]
    fulfillment: FulfillmentView
    id: str = ""
    state: OrderState | None = None
    offers: tuple[OfferView, ...] = ()
    quote: QuoteView | None = None
    billing: Billing | None = None
    payments: tuple[PaymentView, ...] = ()
    refund_terms: tuple[RefundTermView, ...] = ()
    offer_summary: OfferSummaryView | None = None
    receipt: ReceiptView | None = None
    settlements: tuple[SettlementView, ...] = ()
    surcharge_consent: SurchargeConsentView | None = None
    cancellation: CancellationView | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    prepaid: tuple[PrepaidView, ...] = ()
    pools: tuple[PoolView, ...] = ()
    trail: tuple[TrailView, ...] = ()
    exchanges: tuple[ExchangeView, ...] = ()
    referral: ReferralView | None = None


@dataclass(frozen=True, slots=True)
class TrackingView:
    """A running session: energy so far in kWh, its cost so far, and as of when."""

    id: str
    active: bool
    url: str = ""
    location: LocationView | None = None
    delivered_kwh: Decimal | None = None
    cost: Money | None = None
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class SupportView:
    """Where help is found."""

    ref_id: str
    phone: str = ""
    email: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class RatingView:
    """The answer to a rating; `form_url` is "" when nothing more is asked."""

    form_url: str = ""
    required: bool = False


View = CatalogView | OrderView | TrackingView | SupportView | RatingView
