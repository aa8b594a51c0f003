"""Where the measurements' callbacks and null tasks arrive: each with the instant of its last byte."""

from __future__ import annotations

import queue
import re
import socket
import threading
import time
from types import TracebackType

ACKED = b'{"message":{"ack":{"status":"ACK"}}}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(ACKED) + ACKED
MESSAGE_ID = re.compile(rb'"message_id":\s*"([^"]+)"')


class Sink:
    """A buyer app's address on loopback, and a port for datagrams; what arrives goes to `arrived` as (id, instant)."""

    def __init__(self) -> None:
        self.arrived: queue.SimpleQueue[tuple[str, float]] = queue.SimpleQueue()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._datagrams.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/bap"
        self.datagram_port: int = self._datagrams.getsockname()[1]
        self.last_body = b""

    def __enter__(self) -> Sink:
        for loop in (self._accept, self._receive):
            threading.Thread(target=loop, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.close()
        self._datagrams.close()

    def wait_for(self, what: str, seconds: float = 20) -> float:
        """Return the instant (perf_counter) at which it arrived; what else arrives meanwhile is dropped."""
        while True:
            name, instant = self.arrived.get(timeout=seconds)
            if name == what:
                return instant

    def _receive(self) -> None:
        try:
            while data := self._datagrams.recv(100):
                self.arrived.put((data.decode(), time.perf_counter()))
        except OSError:
            return

    def _accept(self) -> None:
        try:
            while True:
                connection, _ = self._listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                threading.Thread(target=self._serve, args=[connection], daemon=True).start()
        except OSError:
            return

    def _serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb", buffering=1 << 20) as stream:
            while stream.readline():
                length = 0
                while (line := stream.readline()).strip():
                    name, _, value = line.partition(b":")
                    if name.lower() == b"content-length":
                        length = int(value)
                body = stream.read(length)
                instant = time.perf_counter()
                connection.sendall(ANSWER)
                found = MESSAGE_ID.search(body)
                self.last_body = body
                self.arrived.put((found[1].decode() if found else "", instant))
