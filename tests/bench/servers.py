"""Starts the portal's own processes on loopback, as `./portal up` does, and ends those alone."""

from __future__ import annotations

import os
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from cpo_portal.runtime import programs
from cpo_portal.runtime.home import REPO, Home
from cpo_portal.runtime.processes import Command, Running, start

READY_SECONDS = 60
PYTHON = Path(sys.executable)


class Servers:
    """The processes of one group, ended with the block; a folder of its own for the messages of each group."""

    def __init__(self, group: str) -> None:
        self.home = Home(Path(os.environ["PORTAL_HOME"]))
        self.group = group
        self.running: dict[str, Running] = {}

    def __enter__(self) -> Servers:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            for running in self.running.values():
                print(f"-- {running.command.name}:\n{running.tail(8)}", file=sys.stderr)
        for running in reversed(self.running.values()):
            running.stop(grace=10)

    def web(self) -> int:
        """Start the web server and return its port."""
        port = free_port()
        self._start("web", programs.web(PYTHON, port=port))
        wait_until(lambda: answers(f"http://127.0.0.1:{port}/healthz"))
        return port

    def worker(self, *, include: str = "") -> None:
        """Start the worker of the messages; `include` names a module with further tasks."""
        self._start("worker", [*programs.worker(PYTHON), *(["--include", include] if include else [])])

    def bulk_worker(self) -> None:
        self._start("bulk-worker", programs.worker(PYTHON, bulk=True))

    def beat(self) -> None:
        self._start("beat", programs.beat(PYTHON, self.home))

    def _start(self, name: str, argv: list[str]) -> None:
        # The file broker passes messages through the temporary folder: each process has its own.
        environ = dict(os.environ) | {"TMPDIR": str(self.home.fresh_tmp(name))}
        environ.pop("DATABASE_OWNER_URL", None)
        log = self.home / f"log/{self.group}-{name}.log"
        self.running[name] = start(Command(name, argv, environ, REPO, log))


def free_port() -> int:
    """Return a port of this machine that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def answers(url: str) -> bool:
    """Whether a GET is answered with 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def wait_until(happened: Callable[[], bool], seconds: float = READY_SECONDS) -> None:
    """Look ten times a second; raise TimeoutError."""
    deadline = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > deadline:
            raise TimeoutError("a process that was started did not become ready")
        time.sleep(0.1)
