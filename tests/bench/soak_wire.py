"""HTTP of the soak's buyer apps on an event loop: lanes that send one request at a time, and a sink that answers."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

LENGTH = re.compile(rb"content-length:\s*(\d+)", re.IGNORECASE)
ACKED = b'{"message":{"ack":{"status":"ACK"}}}'
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(ACKED) + ACKED


def take_message(buffer: bytearray) -> tuple[bytes, bytes] | None:
    """Cut one whole HTTP message off a buffer and return its head and its body; None while some of it is missing."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = bytes(buffer[:end])
    length = LENGTH.search(head)
    if length is None and b"chunked" in head.lower():
        last = buffer.find(b"0\r\n\r\n", end)
        if last < 0:
            return None
        body, whole = bytes(buffer[end + 4 : last]), last + 5
    else:
        whole = end + 4 + (int(length[1]) if length else 0)
        if len(buffer) < whole:
            return None
        body = bytes(buffer[end + 4 : whole])
    del buffer[:whole]
    return head, body


@dataclass
class Lanes:
    """Keep-alive connections; what finds none free waits in the order in which it came."""

    answered: Callable[[str, bytes, bytes], None]
    waiting: deque[tuple[str, bytes]] = field(default_factory=deque)
    free: list[Lane] = field(default_factory=list)

    async def connect(self, port: int, count: int) -> None:
        loop = asyncio.get_running_loop()
        for _ in range(count):
            await loop.create_connection(lambda: Lane(self), "127.0.0.1", port)

    def post(self, message_id: str, request: bytes) -> None:
        """Send a whole request; `answered` gets the id, the answer's head and its body."""
        self.waiting.append((message_id, request))
        if self.free:
            self.free.pop().carry_on()


class Lane(asyncio.Protocol):
    """One connection and the request that is on its way on it."""

    def __init__(self, lanes: Lanes) -> None:
        self.lanes, self.buffer, self.carried = lanes, bytearray(), ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.carry_on()

    def carry_on(self) -> None:
        if not self.lanes.waiting:
            self.carried = ""
            self.lanes.free.append(self)
            return
        self.carried, request = self.lanes.waiting.popleft()
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if message := take_message(self.buffer):
            self.lanes.answered(self.carried, *message)
            self.carry_on()

    def connection_lost(self, exc: Exception | None) -> None:
        if self in self.lanes.free:
            self.lanes.free.remove(self)
        elif self.carried:
            self.lanes.answered(self.carried, b"", f"the connection was lost: {exc}".encode())


class SinkLane(asyncio.Protocol):
    """One connection on which callbacks come; each is acknowledged when it is whole."""

    def __init__(self, called: Callable[[bytes, bytes], None]) -> None:
        self.called, self.buffer = called, bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while message := take_message(self.buffer):
            head, body = message
            self.called(head.split(b" ", 2)[1], body)
            self.transport.write(ANSWER)
