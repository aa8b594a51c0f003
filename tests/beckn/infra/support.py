"""A buyer app for tests: its key, its signed messages, and a sink that receives callbacks over real HTTP."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.conf import settings

from beckn.models import InboundMessage, MessageBody, OutboundCallback, Subscriber
from beckn.outbox import enqueue_callback
from beckn.protocol import envelope
from beckn.protocol.signing import public_key_of, sign
from beckn.subscribers import add_subscriber

ORDERS = {"order_id": "5c1d8a3e-1f46-4f1e-8ad1-52b1a7a0f0c3"}
MESSAGES: dict[str, dict[str, Any]] = {
    "search": {"intent": {"item": {"descriptor": {"code": "ev-charger"}}}},
    "select": {"order": {"provider": {"id": "cpo1.com"}, "items": [{"id": "c1"}]}},
    "status": ORDERS,
    "track": ORDERS,
    "cancel": {**ORDERS, "cancellation_reason_id": "5"},
}


@dataclass
class BuyerApp:
    """One subscriber with its key."""

    id: str
    seed: bytes
    key_id: str = "k1"

    def register(self, url: str = "https://bap.example/beckn", role: str = "BAP") -> Subscriber:
        return add_subscriber(
            self.id, url=url, role=role, key_id=self.key_id, public_key=public_key_of(self.seed), sandbox=True
        )

    def body(self, action: str = "select", **context: Any) -> bytes:
        """Return a message as bytes; `context` overrides fields, None leaves one out."""
        fields = {
            "domain": "deg:ev-charging",
            "action": action,
            "version": "1.1.0",
            "bap_id": self.id,
            "bap_uri": "https://bap.example/beckn",
            "bpp_id": settings.BECKN_BPP_ID,
            "bpp_uri": settings.BECKN_BPP_URI,
            "transaction_id": "t-1",
            "message_id": str(uuid.uuid4()),
            "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "ttl": "PT30S",
        } | context
        kept = {name: value for name, value in fields.items() if value is not None}
        return json.dumps({"context": kept, "message": MESSAGES.get(action, ORDERS)}).encode()

    def sign(self, raw: bytes, *, created: int | None = None, expires: int | None = None, **other: Any) -> str:
        start = int(time.time()) if created is None else created
        end = start + 30 if expires is None else expires
        who = {"subscriber_id": self.id, "key_id": self.key_id, "seed": self.seed} | other
        return sign(raw, created=start, expires=end, **who)


@dataclass
class Sink:
    """A buyer app's callback address; `behave` decides what it does with each request."""

    behave: Callable[[BaseHTTPRequestHandler, bytes], None] | None = None
    received: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)
    most_at_once: int = 0

    def __enter__(self) -> Sink:
        self._lock, self._running = threading.Lock(), 0
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers["Content-Length"]))
                sink._enter(self.path, raw, dict(self.headers))
                try:
                    (sink.behave or acknowledge)(self, raw)
                except OSError:
                    self.close_connection = True
                finally:
                    sink._leave()

            def log_message(self, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *args: Any) -> None:
                pass  # a courier that hangs up is what some tests are about

        self._server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _enter(self, path: str, raw: bytes, headers: dict[str, str]) -> None:
        with self._lock:
            self.received.append((path, raw, headers))
            self._running += 1
            self.most_at_once = max(self.most_at_once, self._running)

    def _leave(self) -> None:
        with self._lock:
            self._running -= 1


def respond(request: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def acknowledge(request: BaseHTTPRequestHandler, raw: bytes) -> None:
    respond(request, 200, json.dumps(envelope.ack()).encode())


def refuse(request: BaseHTTPRequestHandler, raw: bytes) -> None:
    respond(request, 200, json.dumps(envelope.nack("30000", "no")).encode())


def queue(
    transaction_id: str = "t-1", *, number: int = 0, bap_id: str = "bap.example", **other: Any
) -> OutboundCallback:
    """Queue an unsolicited callback."""
    fields: dict[str, Any] = {"action": "on_status", "expires_at": None} | other
    callback_id = enqueue_callback(
        bap_id=bap_id,
        transaction_id=transaction_id,
        message_id=str(uuid.uuid4()),
        body={"number": number},
        **fields,
    )
    return OutboundCallback.objects.get(pk=callback_id)


def echo(message: InboundMessage, request: Any, now: datetime) -> None:
    """A handler that answers with the ids that it was asked with."""
    enqueue_callback(
        bap_id=message.bap_id,
        transaction_id=message.transaction_id,
        message_id=message.message_id,
        action=f"on_{message.action}",
        body={"context": {"message_id": message.message_id}, "message": {}},
        expires_at=None,
        inbound=message,
    )


def wait_until(happened: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def nothing_happened(nudges: list[str]) -> bool:
    return not (InboundMessage.objects.exists() or MessageBody.objects.exists() or nudges)
