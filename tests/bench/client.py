"""A buyer app's side of the load, in a process of its own: keep-alive connections, each sends as soon as it is
answered."""

from __future__ import annotations

import pickle
import re
import selectors
import socket
import subprocess
import sys
import time
from dataclasses import dataclass

from cpo_portal.runtime.home import REPO


@dataclass(frozen=True, slots=True)
class Load:
    """Whole HTTP requests for one port."""

    port: int
    connections: int
    requests: list[bytes]


@dataclass(frozen=True, slots=True)
class Answered:
    """How long all took, and each, in seconds; every answer was 200 with an ACK."""

    seconds: float
    latencies: list[float]

    @property
    def per_second(self) -> float:
        return len(self.latencies) / self.seconds


def send_all(load: Load) -> Answered:
    """Send a load from a process that does nothing else; raise RuntimeError where an answer is no ACK."""
    given = pickle.dumps((load.port, load.connections, load.requests))
    made = subprocess.run(
        [sys.executable, "-m", __spec__.name], input=given, capture_output=True, check=False, cwd=REPO
    )
    if made.returncode:
        raise RuntimeError(made.stderr.decode())
    seconds, latencies = pickle.loads(made.stdout)
    return Answered(seconds, latencies)


def _send(port: int, connections: int, requests: list[bytes]) -> tuple[float, list[float]]:
    selector = selectors.DefaultSelector()
    sockets = [socket.create_connection(("127.0.0.1", port)) for _ in range(connections)]
    left = iter(requests)
    latencies: list[float] = []
    sent: dict[socket.socket, float] = {}
    began = time.perf_counter()
    for sock in sockets:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(sock, selectors.EVENT_READ)
        sent[sock] = time.perf_counter()
        sock.sendall(next(left))
    while sent:
        for key, _ in selector.select():
            sock: socket.socket = key.fileobj  # type: ignore[assignment]
            read_ack(sock)
            now = time.perf_counter()
            latencies.append(now - sent.pop(sock))
            request = next(left, None)
            if request is not None:
                sent[sock] = now
                sock.sendall(request)
    return time.perf_counter() - began, latencies


def read_ack(sock: socket.socket) -> None:
    """Read one whole answer, with a length or in chunks; raise RuntimeError where it is no ACK."""
    answer = b""
    while not _whole(answer):
        part = sock.recv(65536)
        if not part or len(answer) > 65536:
            raise RuntimeError(f"the server answered {answer[:1000]!r}")
        answer += part
    if not answer.startswith(b"HTTP/1.1 200") or b'"ACK"' not in answer:
        raise RuntimeError(f"the server answered {answer[:1000]!r}")


def _whole(answer: bytes) -> bool:
    head, found, body = answer.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
    return bool(found) and (len(body) >= int(length[1]) if length else body.endswith(b"0\r\n\r\n"))


if __name__ == "__main__":
    sys.stdout.buffer.write(pickle.dumps(_send(*pickle.load(sys.stdin.buffer))))
