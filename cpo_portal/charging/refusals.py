"""Why a report of a charging system or of a payment gateway is refused; nothing has changed when one is raised."""

from __future__ import annotations

from enum import StrEnum


class RefusalCode(StrEnum):
    """The documented answers; part of the API, never renamed."""

    UNKNOWN_CONNECTOR = "UNKNOWN_CONNECTOR"
    UNKNOWN_ORDER = "UNKNOWN_ORDER"
    UNKNOWN_SESSION = "UNKNOWN_SESSION"
    OTHER_CONNECTOR = "OTHER_CONNECTOR"
    ORDER_NOT_ACTIVE = "ORDER_NOT_ACTIVE"
    START_NOT_AUTHORIZED = "START_NOT_AUTHORIZED"
    ORDER_HAS_SESSION = "ORDER_HAS_SESSION"
    SESSION_ID_USED = "SESSION_ID_USED"
    CONNECTOR_BUSY = "CONNECTOR_BUSY"
    IN_THE_FUTURE = "IN_THE_FUTURE"
    BEFORE_START = "BEFORE_START"
    OUT_OF_ORDER = "OUT_OF_ORDER"
    REGISTER_BACKWARDS = "REGISTER_BACKWARDS"
    READING_CHANGED = "READING_CHANGED"
    SESSION_STOPPED = "SESSION_STOPPED"
    SIMULATION_REFUSED = "SIMULATION_REFUSED"
    UNKNOWN_GATEWAY = "UNKNOWN_GATEWAY"
    BAD_SIGNATURE = "BAD_SIGNATURE"
    INVALID_NOTICE = "INVALID_NOTICE"
    EVENT_REUSED = "EVENT_REUSED"


class ChargingRefusal(Exception):
    """A report that is refused: a code, and one sentence that says what to do."""

    def __init__(self, code: RefusalCode, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
