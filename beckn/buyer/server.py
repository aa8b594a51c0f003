"""The buyer app's own address: takes callbacks, verifies them over the raw bytes, and keeps them for who waits."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from beckn.buyer.credentials import Unusable
from beckn.buyer.signing import BadSignature, Verifier

MAX_BYTES = 4_000_000
Body = dict[str, Any]


class Missing(Exception):
    """A callback that was promised did not come in time."""


@dataclass(slots=True)
class Callback:
    """A callback as it came, its signature verified."""

    action: str
    raw: bytes
    body: Body
    taken: bool = False

    @property
    def context(self) -> Body:
        context = self.body.get("context")
        return context if isinstance(context, dict) else {}


class Mailbox:
    """Callbacks that came, in their order, and the refusals that were answered."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.callbacks: list[Callback] = []
        self.refusals: list[str] = []

    def put(self, callback: Callback) -> None:
        with self._changed:
            self.callbacks.append(callback)
            self._changed.notify_all()

    def refuse(self, sentence: str) -> None:
        with self._changed:
            self.refusals.append(sentence)
            self._changed.notify_all()

    def take(self, wanted: Callable[[Callback], bool], seconds: float) -> Callback:
        """Return the first callback that nobody has taken and is wanted; raises Missing when the time is over."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while True:
                found = next((c for c in self.callbacks if not c.taken and wanted(c)), None)
                if found is not None:
                    found.taken = True
                    return found
                left = deadline - time.monotonic()
                if left <= 0:
                    raise Missing
                self._changed.wait(left)

    def left(self) -> list[Callback]:
        """Return what came and was never waited for; the same bytes once more are a repeated delivery, no more."""
        with self._changed:
            taken = {callback.raw for callback in self.callbacks if callback.taken}
            return [callback for callback in self.callbacks if callback.raw not in taken]


class CallbackServer:
    """Use as a context: listens at the registered address while it is open."""

    def __init__(self, callback_url: str, verifier: Verifier, mailbox: Mailbox, port: int) -> None:
        parts = urlsplit(callback_url)
        local = parts.hostname in {"127.0.0.1", "localhost"}
        handler = type("Handler", (_Handler,), {"prefix": parts.path, "verifier": verifier, "mailbox": mailbox})
        try:
            self._server = _Server(("127.0.0.1" if local else "", port), handler)
        except OSError as error:
            raise Unusable(
                f"Port {port} for callbacks ({callback_url}) cannot be used ({error.strerror}): "
                "end what listens there, perhaps another journey."
            ) from None

    def __enter__(self) -> CallbackServer:
        threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # A port in use must be refused, a port of a journey that has just ended not.
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller that hangs up is its own business."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 15
    prefix: str
    verifier: Verifier
    mailbox: Mailbox

    def do_POST(self) -> None:
        raw = self._read()
        action = self.path.removeprefix(f"{self.prefix}/")
        if raw is None or not self.path.startswith(f"{self.prefix}/on_"):
            self._answer(404, "NACK", "30000", "Callbacks are taken at /on_<action>.")
            return
        try:
            self.verifier.verify(self.headers.get("Authorization", ""), raw)
            body = json.loads(raw, parse_float=Decimal)
        except BadSignature as bad:
            self.mailbox.refuse(f"{action} came with a bad signature: {bad}")
            self._answer(401, "NACK", "30000", f"Bad signature: {bad}.")
            return
        except ValueError:
            body = None
        if not isinstance(body, dict):
            self.mailbox.refuse(f"{action} is no JSON object")
            self._answer(400, "NACK", "30000", "The body is no JSON object.")
            return
        self.mailbox.put(Callback(action, raw, body))
        self._answer(200, "ACK")

    def _read(self) -> bytes | None:
        try:
            length = int(self.headers.get("Content-Length", ""))
        except ValueError:
            length = -1
        if not 0 <= length <= MAX_BYTES:
            self.close_connection = True
            return None
        return self.rfile.read(length)

    def _answer(self, status: int, ack: str, code: str = "", message: str = "") -> None:
        body: Body = {"message": {"ack": {"status": ack}}}
        if code:
            body["error"] = {"code": code, "message": message}
        raw = json.dumps(body).encode()
        self.send_response(status)
        if status == 401:
            header = f'Signature realm="{self.verifier.subscriber_id}",headers="(created) (expires) digest"'
            self.send_header("WWW-Authenticate", header)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def log_message(self, *_: object) -> None:
        """The journey prints what matters."""
