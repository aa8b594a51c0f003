"""Who takes part in the network, with which keys, and every message that came in or goes out."""

from beckn.models.messages import (
    Codec,
    DeliveryAttempt,
    DeliveryHold,
    Direction,
    InboundMessage,
    InboundState,
    MessageBody,
    OutboundCallback,
    OutboundState,
    WorkerHeartbeat,
)
from beckn.models.participants import (
    NetworkProfile,
    OfferCodes,
    RateBucket,
    Replay,
    SigningKey,
    Subscriber,
    SubscriberHealth,
    SubscriberRole,
)

__all__ = [
    "Codec",
    "DeliveryAttempt",
    "DeliveryHold",
    "Direction",
    "InboundMessage",
    "InboundState",
    "MessageBody",
    "NetworkProfile",
    "OfferCodes",
    "OutboundCallback",
    "OutboundState",
    "RateBucket",
    "Replay",
    "SigningKey",
    "Subscriber",
    "SubscriberHealth",
    "SubscriberRole",
    "WorkerHeartbeat",
]
