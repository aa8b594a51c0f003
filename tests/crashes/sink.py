"""A buyer app's address that misbehaves by the dice: it hangs, resets, redirects, refuses, fails or floods."""

from __future__ import annotations

import hashlib
import json
import random
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

ACK = json.dumps({"message": {"ack": {"status": "ACK"}}}).encode()
NACK = json.dumps({"message": {"ack": {"status": "NACK"}}, "error": {"code": "30000", "message": "not now"}}).encode()
#: Longer than a courier waits for an answer.
HANG_SECONDS = 9


@dataclass(frozen=True, slots=True)
class Arrival:
    """A callback whose body came whole, and whether it was acknowledged."""

    message_id: str
    action: str
    transaction_id: str
    body_hash: bytes
    acknowledged: bool


class Sink:
    """Takes callbacks on a port of loopback; `calm` makes it well-behaved."""

    def __init__(self, port: int, dice: random.Random) -> None:
        self._dice, self._lock = dice, threading.Condition()
        self.arrivals: list[Arrival] = []
        self.bodies: dict[tuple[str, str], dict[str, Any]] = {}
        self.calm = False
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                sink._take(self)

            def log_message(self, *args: Any) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *args: Any) -> None:
                pass

        self._server = Server(("127.0.0.1", port), Handler)
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_for(self, message_id: str, seconds: float) -> dict[str, Any] | None:
        """Return the body of the callback that answers a message, None when it does not come in time."""
        return self._wait(lambda: self.bodies.get((message_id, "answer")), seconds)

    def wait_unasked(
        self, transaction_id: str, is_it: Callable[[dict[str, Any]], bool], seconds: float
    ) -> dict[str, Any] | None:
        """Return a callback of the transaction that `is_it`, whatever message it answers."""

        def look() -> dict[str, Any] | None:
            ours = (b for b in self.bodies.values() if b["context"]["transaction_id"] == transaction_id)
            return next((body for body in ours if is_it(body)), None)

        return self._wait(look, seconds)

    def _wait(self, look: Callable[[], dict[str, Any] | None], seconds: float) -> dict[str, Any] | None:
        deadline = time.monotonic() + seconds
        with self._lock:
            while (found := look()) is None and (left := deadline - time.monotonic()) > 0:
                self._lock.wait(left)
            return found

    def _take(self, request: BaseHTTPRequestHandler) -> None:
        raw = request.rfile.read(int(request.headers["Content-Length"]))
        body = json.loads(raw)
        context = body["context"]
        with self._lock:
            behave = _acknowledge if self.calm or self._dice.random() < 0.5 else self._dice.choice(MISBEHAVIOURS)
            names = (context["message_id"], context["action"], context["transaction_id"])
            self.arrivals.append(Arrival(*names, hashlib.blake2b(raw, digest_size=32).digest(), behave is _acknowledge))
            self.bodies[context["message_id"], "answer"] = body
            self._lock.notify_all()
        try:
            behave(request)
        except OSError:
            request.close_connection = True


def _answer(request: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def _acknowledge(request: BaseHTTPRequestHandler) -> None:
    _answer(request, 200, ACK)


def _hang(request: BaseHTTPRequestHandler) -> None:
    time.sleep(HANG_SECONDS)
    request.close_connection = True


def _reset(request: BaseHTTPRequestHandler) -> None:
    """Close so that the peer gets RST and not FIN."""
    request.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    request.connection.close()
    request.close_connection = True


def _redirect(request: BaseHTTPRequestHandler) -> None:
    _answer(request, 307, b"", Location="http://127.0.0.1:1/elsewhere")


def _refuse(request: BaseHTTPRequestHandler) -> None:
    _answer(request, 200, NACK)


def _fail(request: BaseHTTPRequestHandler) -> None:
    _answer(request, 500, b"trouble")


def _flood(request: BaseHTTPRequestHandler) -> None:
    _answer(request, 200, b"x" * 10_000_000)


MISBEHAVIOURS = (_hang, _reset, _redirect, _refuse, _fail, _flood)
