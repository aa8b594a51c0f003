"""A web server over real sockets, and senders that do as they please with bytes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.servers import Servers

#: What the server of these tests gives a body.
BODY_SECONDS = 3


@dataclass(frozen=True, slots=True)
class Answered:
    """An HTTP answer as it came, and whether the connection ended after it."""

    status: int
    head: str
    body: bytes
    ended: bool

    def json(self) -> dict[str, object]:
        found: dict[str, object] = json.loads(self.body)
        return found


@dataclass(slots=True)
class LiveWeb:
    """The web server as `./portal up` starts it, on the test database."""

    servers: Servers
    port: int

    def send(self, raw: bytes, *, lingering: float = 0.3) -> Answered:
        """Send bytes as they are and return what comes back; the line may end `lingering` seconds later."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=BODY_SECONDS + 5) as line:
            # Where the server has heard enough, its answer may still be there.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                line.sendall(raw)
            return read_answer(line, lingering)

    def post(self, path: str, body: bytes, **headers: str) -> Answered:
        return self.send(request(path, body, **headers))

    def memory(self) -> int:
        """Return what the server's processes hold now, in bytes."""
        return sum(int(_field(pid, "VmRSS")) * 1024 for pid in self._processes())

    def _processes(self) -> Iterator[int]:
        main = self.servers.running["web"].process.pid
        yield main
        for status in Path("/proc").glob("[0-9]*/status"):
            if _field(int(status.parent.name), "PPid") == str(main):
                yield int(status.parent.name)

    def log(self) -> str:
        return self.servers.running["web"].tail(200)


def request(path: str, body: bytes = b"", *, length: int | None = None, **headers: str) -> bytes:
    """Return a POST; `length` is announced in place of the true one, names of headers have underscores for hyphens."""
    fields = {"Host": "127.0.0.1", "Content-Type": "application/json"}
    fields |= {name.replace("_", "-"): value for name, value in headers.items()}
    if "Transfer-Encoding" not in fields:
        fields.setdefault("Content-Length", str(len(body) if length is None else length))
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items()), "", ""]
    return "\r\n".join(lines).encode("latin-1") + body


def read_answer(line: socket.socket, lingering: float = 0.3) -> Answered:
    """Read one answer and then, for a moment, whether the connection ends."""
    raw = b""
    try:
        while b"\r\n\r\n" not in raw:
            if not (piece := line.recv(65536)):
                break
            raw += piece
        head, _, body = raw.partition(b"\r\n\r\n")
        left = _length(head) - len(body)
        while left > 0 and (piece := line.recv(65536)):
            body, left = body + piece, left - len(piece)
        line.settimeout(lingering)
        ended = line.recv(1) == b""
    except ConnectionResetError:
        head, _, body = raw.partition(b"\r\n\r\n")
        ended = True
    except TimeoutError:
        ended = False
    status = int(head.split(b" ", 2)[1]) if head else 0
    return Answered(status, head.decode("latin-1").lower(), body, ended)


async def drip(port: int, path: str, *, chunked: bool, finished: asyncio.Event) -> tuple[bytes, float]:
    """Send a body of 100,000 bytes, one each second, until the server ends the line: its answer, after how long."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    how = {"Transfer_Encoding": "chunked"} if chunked else {}
    writer.write(request(path, length=100_000, **how))
    began = time.monotonic()
    answer = asyncio.ensure_future(reader.read())
    while not answer.done():
        writer.write(b"1\r\n{\r\n" if chunked else b"{")
        await asyncio.wait({answer}, timeout=1)
    finished.set()
    writer.close()
    return answer.result(), time.monotonic() - began


def start(home: Path) -> Servers:
    """Return the block in which a web server runs in a folder of its own."""
    for name in ("log", "tmp", "run"):
        (home / name).mkdir()
    os.environ |= {"PORTAL_HOME": str(home), "PORTAL_BODY_SECONDS": str(BODY_SECONDS)}
    return Servers("hostile")


def _length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def _field(pid: int, name: str) -> str:
    """Return the first word of a field of a process's status; "0" where it is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return "0"
    found = [line.split()[1] for line in text.splitlines() if line.startswith(f"{name}:")]
    return found[0] if found else "0"
