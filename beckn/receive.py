"""What happens to a request before it is acknowledged: signature, shape, one INSERT, a nudge."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from psycopg import Cursor
from structlog.contextvars import bind_contextvars

from beckn import bodies, nudge, resending
from beckn.dialects import dialect_of
from beckn.models import InboundState, SubscriberRole
from beckn.protocol import envelope
from beckn.protocol.errors import INVALID_REQUEST, ErrorKind, code_for
from beckn.protocol.jsontext import MAX_BYTES, read_json
from beckn.protocol.signing import SignatureFault, parse_signature_header, verify, www_authenticate
from beckn.protocol.values import Action, Context, Dialect, ProtocolFault
from beckn.rate_limits import TooMany, admit_address, admit_subscriber
from beckn.registry import Participant, lookup, participant
from cpo_portal.database.errors import describe

log = structlog.get_logger(__name__)

ACTIONS = frozenset(Action)
#: In what changes state no key may be given twice: two readers could see two orders.
CHANGING = frozenset({Action.INIT, Action.CONFIRM, Action.UPDATE, Action.CANCEL})
#: A ttl of centuries is a ttl of a day.
LONGEST_TTL = timedelta(days=1)

INSERT = """
WITH message AS (
    INSERT INTO beckn_inboundmessage (dialect, domain, version, transaction_id, message_id, action, bap_id,
        subscriber_id, sandbox, body_hash, body_id, body_at, ttl_until)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, statement_timestamp(), %s)
    ON CONFLICT DO NOTHING RETURNING body_id, body_at
)
INSERT INTO beckn_messagebody (id, created_at, direction, codec, key_id, body)
SELECT body_id, body_at, 'IN', %s, %s, %s FROM message RETURNING 1
"""
FIND = """
SELECT id, body_hash, state FROM beckn_inboundmessage
WHERE transaction_id = %s AND message_id = %s AND action = %s AND bap_id = %s
"""
LOGGED = ("transaction_id", "message_id", "bap_id")


@dataclass(frozen=True, slots=True)
class Posted:
    """A request as it came over HTTP; `authorization` and `gateway` are the two signature headers, "" where absent,
    `address` is who called, as `rates.address_of` names it."""

    action: str
    raw: bytes
    authorization: str = ""
    gateway: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered at once."""

    status: int
    body: Mapping[str, Any]
    headers: Mapping[str, str] = field(default_factory=dict)


class SignatureRefused(Exception):
    """Nobody whom we know signed these bytes; `header` names the one at fault."""

    def __init__(self, message: str, header: str = "WWW-Authenticate") -> None:
        super().__init__(message)
        self.header = header


ACK = Answer(200, envelope.ack())
BUSY = Answer(503, envelope.nack("503", "The platform is not available now; send the message again."))
UNREADABLE = Answer(400, envelope.nack(INVALID_REQUEST, "This message cannot be read.", ("$",)))


def receive(posted: Posted) -> Answer:
    """Acknowledge a request after it is stored, or refuse it; raises for nothing that a sender may do."""
    try:
        return _accept(posted, timezone.now())
    except SignatureRefused as refusal:
        log.warning("message_refused", status=401, reason=str(refusal), **_ids_in(posted))
        answer = envelope.nack(code_for(Dialect.DEG_V1, ErrorKind.INVALID_SIGNATURE), str(refusal))
        return Answer(401, answer, {refusal.header: www_authenticate(settings.BECKN_BPP_ID)})
    except ProtocolFault as fault:
        log.warning("message_refused", status=400, code=fault.code, reason=fault.message, **_ids_in(posted))
        return Answer(400, envelope.nack(fault.code, fault.message, fault.paths))
    except TooMany as refusal:
        if not refusal.told:
            log.warning("message_refused", status=429, reason=str(refusal), **_ids_in(posted))
        return Answer(429, envelope.nack("429", str(refusal)), {"Retry-After": str(refusal.retry_after)})
    except DatabaseError as error:
        log.error("message_not_stored", error=type(error).__name__, **_ids_in(posted))
        return BUSY
    except Exception as error:  # noqa: BLE001  a reader that stumbles over a body must not stop the platform
        log.error("message_not_read", error=describe(error), **_ids_in(posted))
        return UNREADABLE


def _accept(posted: Posted, now: datetime) -> Answer:
    admit_address(posted.address)
    if posted.action not in ACTIONS:
        raise ProtocolFault(INVALID_REQUEST, "This action is not known.", ("$.context.action",))
    if len(posted.raw) > MAX_BYTES:
        raise ProtocolFault(INVALID_REQUEST, "The body is larger than 1 MB.", ("$",))
    signer = authenticate(posted, now)
    admit_subscriber(signer)
    body = read_json(posted.raw, refuse_duplicates=posted.action in CHANGING)
    context = envelope.parse_context(body, posted.action, now, default_ttl=signer.default_ttl)
    bind_contextvars(
        action=posted.action,
        transaction_id=context.transaction_id,
        message_id=context.message_id,
        bap_id=context.bap_id,
    )
    sender = _sender(context, signer)
    if context.bpp_id not in ("", settings.BECKN_BPP_ID):
        raise ProtocolFault(INVALID_REQUEST, "This message is for another platform.", ("$.context.bpp_id",))
    dialect_of(context.dialect).parse(posted.action, body)
    return store(posted.raw, context, sender, now)


def authenticate(posted: Posted, now: datetime) -> Participant:
    """Return who signed these bytes: a buyer app or, for a search that bears its signature alone, a gateway.

    Each signature header that is there must hold. Raises SignatureRefused.
    """
    gateway = None
    if posted.gateway and posted.action == Action.SEARCH:
        gateway = _signer(posted.gateway, posted.raw, now, header_back="Proxy-Authenticate")
        if gateway.role != SubscriberRole.BG:
            raise SignatureRefused("The signer is no gateway.", "Proxy-Authenticate")
    if gateway is not None and not posted.authorization:
        return gateway
    signer = _signer(posted.authorization, posted.raw, now)
    if signer.role != SubscriberRole.BAP:
        raise SignatureRefused("The signer is no buyer app.")
    return signer


def store(raw: bytes, context: Context, sender: Participant, now: datetime) -> Answer:
    """Insert the message once; a repeated one gets its answer again, another body under its ids is refused."""
    body_id, body_hash = uuid.uuid4(), bodies.hash_of(raw)
    key = (context.transaction_id, context.message_id, context.action, context.bap_id)
    values = (context.dialect.value, context.domain, context.version, *key, sender.pk, sender.sandbox, body_hash)
    if _insert((*values, body_id, _ttl_until(context, sender, now), *bodies.pack(body_id, raw))):
        nudge.inbox()
        return ACK
    with connection.cursor() as cursor:
        cursor.execute(FIND, key)
        inbound_id, known_hash, state = cursor.fetchone()
    if not bodies.is_same(raw, known_hash):
        paths = ("$.context.message_id",)
        raise ProtocolFault(INVALID_REQUEST, "This message_id came before with another body.", paths)
    if state != InboundState.RECEIVED:
        resending.repeat_answer(inbound_id)
    return ACK


def _insert(values: tuple[Any, ...]) -> bool:
    """Run the one statement; again on a new connection where this one turns out to be dead.

    It goes to the driver: Django's cursor would first ask the server whether it is there, and cannot prepare, while
    planning costs half of this statement.
    """
    try:
        return _run_insert(values)
    except (InterfaceError, OperationalError):
        if connection.in_atomic_block:
            raise
        connection.close()
        return _run_insert(values)


def _run_insert(values: tuple[Any, ...]) -> bool:
    if connection.connection is None:
        connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        return bool(cursor.execute(INSERT, values).fetchone())


def _signer(header: str, raw: bytes, now: datetime, *, header_back: str = "WWW-Authenticate") -> Participant:
    if not header:
        raise SignatureRefused("The message bears no signature.", header_back)
    try:
        params = parse_signature_header(header)
        key = lookup(params.subscriber_id, params.key_id)
        if key is None or not key.is_valid(now):
            raise SignatureRefused("The key is unknown, revoked or not valid now.", header_back)
        verify(raw, params, key.public_key, now=now, longest_life=settings.BECKN_SIGNATURE_SECONDS)
    except SignatureFault as fault:
        raise SignatureRefused(fault.message, header_back) from fault
    return key.owner


def _sender(context: Context, signer: Participant) -> Participant:
    """Return the buyer app that the message names; raises SignatureRefused where the signer may not speak for it."""
    if signer.subscriber_id == context.bap_id:
        return signer
    if signer.role != SubscriberRole.BG:
        raise SignatureRefused("The signer is not context.bap_id.")
    sender = participant(context.bap_id)
    if sender is None or sender.role != SubscriberRole.BAP:
        raise SignatureRefused("context.bap_id is no subscriber of this network.")
    return sender


def _ttl_until(context: Context, sender: Participant, now: datetime) -> datetime:
    """Return when the answer is too late: counted from the sender's clock, but never from our future."""
    ttl = context.ttl if context.ttl is not None else sender.default_ttl
    return min(context.timestamp or now, now) + min(ttl, LONGEST_TTL)


def _ids_in(posted: Posted) -> dict[str, str]:
    """Return the ids for a log line, read without trust from the start of a body that nobody parsed."""
    start = posted.raw[:8192].decode("latin-1")
    found = {name: re.search(rf'"{name}"\s*:\s*"([\x20-\x7e]{{1,255}}?)"', start) for name in LOGGED}
    ids = {name: match[1] for name, match in found.items() if match}
    return {"action": posted.action, "transaction_id": "", "message_id": "", **ids}
