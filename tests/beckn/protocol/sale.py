"""The sale from its first payment to its end: the views behind the golden callbacks."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from beckn.protocol import catalog_views as cv
from beckn.protocol import order_views as ov
from beckn.protocol.values import Measure, MeasureUnit
from pricing.engine.values import LineKind, QuoteLine
from tests.beckn.protocol.samples import (
    APPLIED,
    BILLING,
    CATALOG,
    CHARGER,
    EMPTY_CATALOG,
    ESTIMATE,
    LOCATION,
    MORNING_SURGE,
    PROVIDER,
    QUOTE_ID,
    REFUSED,
    SARAH,
    SELECTED,
    SESSION,
    WASH,
    WEEKEND,
    at,
    inr,
    lines,
    quote,
)

PAYMENT = ov.PaymentView(
    id="payment-001",
    amount=inr("91.45"),
    status=ov.PaymentStatus.NOT_PAID,
    url="https://payments.cpo1.com/pay?transaction_id=$transaction_id&amount=$amount",
    bank_code="HDFC000123",
    bank_account_number="1131324242424",
    at=at("04:21:00"),
    methods=(
        ov.PaymentMethodView("BANK-TRANSFER", "Pay by transferring to a bank account"),
        ov.PaymentMethodView("PAYMENT-LINK", "Pay through a bank link received"),
        ov.PaymentMethodView("UPI-TRANSFER", "Pay by setting a UPI mandate"),
    ),
)
PAID = replace(PAYMENT, status=ov.PaymentStatus.PAID, url="", methods=(), transaction_id="txn-001", at=at("04:08:00"))
REFUND_TERMS = (
    ov.RefundTermView(
        "CONFIRMED",
        "Order Confirmed",
        True,
        "85% refund available if cancelled at least 4 hours before the scheduled charging time",
        timedelta(hours=2),
        inr("77.73"),
    ),
    ov.RefundTermView("ACTIVE", "Charging Active", False),
)
CART = ov.OrderView(PROVIDER, (SELECTED,), SESSION, offers=(APPLIED,), quote=ESTIMATE)
INITIALISED = replace(
    CART,
    fulfillment=replace(SESSION, customer=SARAH),
    billing=BILLING,
    payments=(PAYMENT,),
    refund_terms=REFUND_TERMS,
)


def session(
    state: cv.FulfillmentState, name: str, changed: datetime, by: str, *, otp: str = "", ended: str = ""
) -> cv.FulfillmentView:
    """Return the session in a state; `otp` is sent at the start, `ended` is when it stopped."""
    start, stop = SESSION.stops
    start = replace(start, otp=otp)
    stop = replace(stop, at=at(ended)) if ended else stop
    return replace(
        SESSION,
        customer=SARAH,
        state=state,
        state_name=name,
        updated_at=changed,
        updated_by=by,
        stops=(start, stop),
    )


ORDERED = replace(
    INITIALISED,
    id="order-001",
    state=ov.OrderState.ACTIVE,
    created_at=at("04:10:00"),
    updated_at=at("04:10:00"),
    payments=(PAID,),
    fulfillment=session(
        cv.FulfillmentState.PENDING, "Charging pending", at("04:10:00"), "example-bpp.com", otp="482913"
    ),
)
RUNNING = replace(
    ORDERED,
    updated_at=at("04:31:00"),
    items=(replace(SELECTED, allocated_kwh=Decimal("3.4")),),
    fulfillment=session(cv.FulfillmentState.ACTIVE, "Charging in progress", at("04:31:00"), "charging-system"),
    quote=quote("65.96", lines("3.4", "61.20", "-15.30", "10.06")),
)
COMPLETED = replace(
    ORDERED,
    state=ov.OrderState.COMPLETE,
    updated_at=at("05:31:00"),
    items=(replace(SELECTED, allocated_kwh=Decimal("5.2")),),
    fulfillment=session(
        cv.FulfillmentState.COMPLETED, "Charging completed", at("05:31:00"), "charging-system", ended="04:51:00"
    ),
    offers=(replace(WEEKEND, usage=cv.OfferUsageView(True, inr("23.4"), Decimal("25"), "WEEKEND25")),),
    quote=quote("94.64", lines("5.2", "93.60", "-23.40", "14.44")),
    offer_summary=ov.OfferSummaryView(inr("23.4"), "WEEKEND_SPECIAL", "Holiday Special - 30% off (Dec 25-31)"),
    settlements=(ov.SettlementView("SHORTFALL", inr("3.19"), "The final bill is higher than the prepayment."),),
)
CANCELLED = replace(
    ORDERED,
    state=ov.OrderState.CANCELLED,
    updated_at=at("23:45:00", 26),
    created_at=at("18:40:00", 26),
    payments=(replace(PAID, at=at("18:38:00", 26)),),
    billing=replace(BILLING, at=at("18:35:00", 26)),
    fulfillment=session(
        cv.FulfillmentState.PENDING, "Cancelled before the start", at("23:45:00", 26), "example-bap.com"
    ),
    settlements=(ov.SettlementView("REFUND", inr("77.73"), "85% of 91.45 is paid back."),),
    cancellation=ov.CancellationView("CONSUMER", at("23:45:00", 26), "5", "Can't attend booking"),
)
AGREED = "Morning congestion (20%): ₹18.00."
SURGED = replace(
    CART,
    items=(replace(SELECTED, surcharges=(MORNING_SURGE,)),),
    quote=quote("112.69", lines("5", "90", "-22.5", "17.19", "18")),
    surcharge_consent=ov.SurchargeConsentView(
        True,
        False,
        QUOTE_ID,
        inr("18"),
        text=AGREED,
        text_hash=hashlib.sha256(AGREED.encode()).hexdigest(),
    ),
)
CONSENTED = replace(
    INITIALISED,
    items=(SELECTED,),
    quote=SURGED.quote,
    payments=(replace(PAYMENT, amount=inr("112.69")),),
    surcharge_consent=replace(SURGED.surcharge_consent, accepted=True),
)
UNDISCOUNTED = replace(
    CART,
    items=(replace(CHARGER, selected=Measure(Decimal("2.5"), MeasureUnit.KWH)),),
    offers=(REFUSED,),
    quote=quote("64.90", lines("2.5", "45", "", "9.90")),
)
WASHED = replace(
    CART,
    items=(SELECTED, replace(WASH, count=1)),
    quote=quote(
        "150.45",
        (
            ESTIMATE.lines[0],
            QuoteLine(
                "PRODUCT-1", LineKind.PRODUCT, "Car wash", inr("50"), Decimal(1), "piece", Decimal("50"), "car-wash"
            ),
            *ESTIMATE.lines[1:3],
            replace(ESTIMATE.lines[3], amount=inr("22.95")),
        ),
    ),
)
TRACKING = ov.TrackingView(
    "TRACK-SESSION-9876543210",
    True,
    url="https://example-bpp.com/track/9876543210",
    location=LOCATION,
    delivered_kwh=Decimal("3.4"),
    cost=inr("65.96"),
    as_of=at("04:44:00"),
)
SUPPORT = ov.SupportView(
    "order-001", "18001080", "support@cpo1.com", "https://support.cpo1.com/ticket/SUP-20250927-001"
)
RATING = ov.RatingView("https://example-bpp.com/feedback/order-001")

#: golden callback -> (the golden request it answers or whose context it continues, view, sent at, new message id)
CALLBACKS: dict[str, tuple[str, ov.View, datetime, str]] = {
    "on_search": ("search", CATALOG, at("04:00:01"), ""),
    "on_search_empty": ("search", EMPTY_CATALOG, at("04:00:01"), ""),
    "on_select": ("select", CART, at("04:02:01"), ""),
    "on_select_offer_refused": ("select", UNDISCOUNTED, at("04:02:01"), ""),
    "on_select_products": ("select", WASHED, at("04:02:01"), ""),
    "on_select_surge": ("select", SURGED, at("04:02:01"), ""),
    "on_init": ("init", INITIALISED, at("04:05:01"), ""),
    "on_init_surge": ("init_surge", CONSENTED, at("04:05:01"), ""),
    "on_status_paid": (
        "status",
        replace(INITIALISED, payments=(PAID,)),
        at("04:08:01"),
        "0d3a3c5e-7a50-4d1c-8c55-2b1f5b0f9f01",
    ),
    "on_confirm": ("confirm", ORDERED, at("04:10:01"), ""),
    "on_update_start": ("update_start", replace(RUNNING, items=(SELECTED,), quote=ESTIMATE), at("04:31:01"), ""),
    "on_track": ("track", TRACKING, at("04:44:01"), ""),
    "on_status": ("status", RUNNING, at("04:45:01"), ""),
    "on_update": ("update_stop", COMPLETED, at("05:31:01"), ""),
    "on_cancel": ("cancel", CANCELLED, at("23:45:01", 26), ""),
    "on_rating": ("rating", RATING, at("05:40:01"), ""),
    "on_support": ("support", SUPPORT, at("05:50:01"), ""),
}
