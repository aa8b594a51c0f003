"""Delivers one callback: signed now, posted outside any transaction to the vetted address, its answer read."""

from __future__ import annotations

import ipaddress
import json
import time
from datetime import timedelta
from functools import cache

import structlog
from django.conf import settings
from django.utils import timezone
from structlog.contextvars import bound_contextvars
from urllib3.exceptions import HTTPError, NewConnectionError
from urllib3.exceptions import TimeoutError as HttpTimeout

from beckn import keys, outbox, transport
from beckn.network_safety import ForbiddenAddress, Network, UnknownHost, vet
from beckn.outbox import ClaimedCallback, Delivery
from beckn.personal import words_of
from beckn.retry import MAX_ATTEMPTS, GiveUp, Outcome, decide_retry
from cpo_portal.accounts.sealing import SealBroken
from cpo_portal.database.errors import describe
from cpo_portal.database.scrubbing import scrub

log = structlog.get_logger(__name__)

TROUBLES = frozenset({408, 425, 429})
#: Of an answer so much is searched for people's data, and so much of that is kept.
SEARCHED, KEPT = 4000, 500
#: What is told of a callback that nobody came back from.
DEADLY = Delivery(Outcome.BROKEN, 0, error="the couriers died while they delivered this callback")


def deliver(callback: ClaimedCallback) -> Outcome:
    """Send a claimed callback, record the attempt, settle the row.

    One that was claimed more often than it may be tried is not sent: those who had it before died over it.
    """
    with bound_contextvars(
        action=callback.action,
        transaction_id=callback.transaction_id,
        message_id=callback.message_id,
        bap_id=callback.bap_id,
        callback_id=str(callback.id),
        attempts=callback.attempts,
    ):
        return _deliver(callback)


def _deliver(callback: ClaimedCallback) -> Outcome:
    delivery = send(callback) if callback.attempts <= MAX_ATTEMPTS else DEADLY
    decision = None
    if delivery.outcome is not Outcome.DELIVERED:
        decision = decide_retry(
            attempts=callback.attempts,
            outcome=delivery.outcome,
            now=callback.claimed_at + timedelta(milliseconds=delivery.duration_ms),
            expires_at=callback.expires_at,
            seed=str(callback.id),
        )
    outbox.settle(callback, delivery, decision)
    if decision is not None:
        level = log.error if isinstance(decision, GiveUp) else log.info
        level("callback_not_delivered", outcome=delivery.outcome, error=delivery.error)
    return delivery.outcome


def send(callback: ClaimedCallback) -> Delivery:
    """Post a callback; whatever happens, out there or in here, becomes an outcome."""
    started = time.monotonic()
    status, response, error = None, b"", ""
    try:
        status, response = _post(callback)
        outcome = judge(status, response)
        error = "" if outcome is Outcome.DELIVERED else f"answered {status}"
    except ForbiddenAddress as refusal:
        outcome, error = Outcome.FORBIDDEN, str(refusal)
    except (TimeoutError, HttpTimeout) as late:
        # urllib3 counts a refused connection among the timeouts.
        refused = isinstance(late, NewConnectionError)
        outcome, error = Outcome.UNREACHABLE if refused else Outcome.TIMED_OUT, _say(late)
    except (UnknownHost, OSError, HTTPError) as trouble:
        outcome, error = Outcome.UNREACHABLE, _say(trouble)
    except Exception as trouble:  # noqa: BLE001  a callback that cannot be sent must not be tried without an end
        outcome, error = Outcome.BROKEN, _say(trouble)
        log.error("callback_not_sent", error=describe(trouble))
    return Delivery(
        outcome=outcome,
        duration_ms=int((time.monotonic() - started) * 1000),
        http_status=status,
        response=_kept_of(response, callback),
        error=error,
    )


def _kept_of(response: bytes, callback: ClaimedCallback) -> str:
    """Return the beginning of an answer without people's data: some buyer apps answer with what they were sent."""
    text = response.decode(errors="replace").replace("\0", "\ufffd")
    if not text.strip() or _is_bare_ack(response):
        return text[:KEPT]
    try:
        words = words_of(callback.open_body())
    except (SealBroken, ValueError):
        return ""  # without the body nobody can tell what of it is quoted
    return scrub(_unescaped(text)[:SEARCHED], words)[:KEPT]


def judge(status: int, body: bytes) -> Outcome:
    """Say what an answer means: `message.ack.status` decides, an empty 2xx is an ACK too."""
    if 300 <= status < 400:
        return Outcome.REDIRECTED
    if status >= 500 or status in TROUBLES:
        return Outcome.TROUBLED
    acknowledged = _ack_status(body)
    if acknowledged == "NACK":
        return Outcome.NACKED
    if not 200 <= status < 300:
        return Outcome.REFUSED
    if acknowledged == "ACK" or (not body.strip() and len(body) <= transport.MAX_RESPONSE):
        return Outcome.DELIVERED
    return Outcome.UNCLEAR


def _ack_status(body: bytes) -> str:
    try:
        status = json.loads(body)["message"]["ack"]["status"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return ""
    return status.upper() if isinstance(status, str) else ""


def _unescaped(text: str) -> str:
    """Return JSON with its letters as they are: a name is not found as \\u0905. Half a letter becomes "?"."""
    try:
        return json.dumps(json.loads(text), ensure_ascii=False).encode(errors="replace").decode()
    except (ValueError, RecursionError):
        return text


def _is_bare_ack(body: bytes) -> bool:
    try:
        return bool(json.loads(body) == {"message": {"ack": {"status": "ACK"}}})
    except (ValueError, RecursionError):
        return False


def _post(callback: ClaimedCallback) -> tuple[int, bytes]:
    if not callback.is_active:
        raise ForbiddenAddress("the subscriber is switched off")
    body = callback.open_body()
    if body is None:
        raise ForbiddenAddress("the body has been dropped")
    url = f"{callback.callback_url.rstrip('/')}/{callback.action}"
    destination = vet(url, allowed_networks(tuple(settings.BECKN_ALLOWED_NETWORKS)))
    headers = {"Content-Type": "application/json", "Authorization": keys.sign_as_us(body, timezone.now())}
    return transport.post(destination, body, headers)


@cache
def allowed_networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    """Return the networks of the setting, parsed once."""
    return tuple(ipaddress.ip_network(text) for text in texts)


def _say(error: BaseException) -> str:
    """Return what went wrong, for staff: in words where the network's own answer is known."""
    if isinstance(error, NewConnectionError) and isinstance(error.__cause__, OSError):
        return f"no connection: {error.__cause__.strerror or error.__cause__}"[:500]
    if isinstance(error, TimeoutError | HttpTimeout):
        return "no answer in time"
    if isinstance(error, UnknownHost):
        return str(error)[:500]
    return describe(error, frames=0).strip()[:500]
