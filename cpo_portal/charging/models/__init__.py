"""Who bought and what happened; amounts are stored with their currency, and nothing in this room calculates one."""

from cpo_portal.charging.models.columns import MONEY
from cpo_portal.charging.models.customers import Customer, CustomerContact, CustomerKey
from cpo_portal.charging.models.orders import (
    FOLLOWED,
    EventKind,
    FulfillmentState,
    LineStage,
    Order,
    OrderContact,
    OrderEvent,
    OrderLine,
    OrderLineKind,
    OrderState,
    PricedSlice,
    Rating,
)
from cpo_portal.charging.models.payments import (
    GatewayNotice,
    Payment,
    PaymentGateway,
    PaymentStatus,
    PaymentType,
    Refund,
    RefundStatus,
    RefundTerm,
)
from cpo_portal.charging.models.sessions import ChargingSession, MeterReading, SessionState

__all__ = [
    "ChargingSession",
    "Customer",
    "CustomerContact",
    "CustomerKey",
    "EventKind",
    "FOLLOWED",
    "FulfillmentState",
    "GatewayNotice",
    "LineStage",
    "MONEY",
    "MeterReading",
    "Order",
    "OrderContact",
    "OrderEvent",
    "OrderLine",
    "OrderLineKind",
    "OrderState",
    "Payment",
    "PaymentGateway",
    "PaymentStatus",
    "PaymentType",
    "PricedSlice",
    "Rating",
    "Refund",
    "RefundStatus",
    "RefundTerm",
    "SessionState",
]
