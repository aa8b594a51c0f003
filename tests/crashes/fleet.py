"""A portal on a database cluster of its own, each process of which can be killed and started again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import psycopg

from cpo_portal.runtime import child_environ, programs
from cpo_portal.runtime.cluster import Cluster
from cpo_portal.runtime.home import REPO, Home
from cpo_portal.runtime.processes import Command, Running, start
from tests.crashes.brokers import Broker

PYTHON = Path(sys.executable)
READY_SECONDS = 90
NAMES = ("web", "worker", "beat")


class Fleet:
    """Web, worker and scheduler of one portal, and its PostgreSQL."""

    def __init__(self, home: Home, cluster: Cluster, port: int, broker: Broker | None = None) -> None:
        self.home, self.cluster, self.port, self.broker = home, cluster, port, broker
        self.urls = cluster.start()
        self.environ = child_environ.embedded_environ(home, self.urls, mode="test", port=port)
        if broker:
            self.environ["CELERY_BROKER_URL"] = broker.url
        self.running: dict[str, Running] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *args: str, owner: bool = False) -> None:
        """Run a management command to its end."""
        environ = child_environ.as_owner(self.environ, self.urls) if owner else self.environ | self.urls.environ()
        argv = programs.manage(PYTHON, *args)
        done = subprocess.run(argv, cwd=REPO, env=environ, capture_output=True, text=True, check=False, timeout=180)
        assert done.returncode == 0, done.stderr

    def begin(self, *names: str) -> None:
        """Start these processes."""
        argvs = {
            "web": programs.web(PYTHON, port=self.port),
            "worker": programs.worker(PYTHON),
            "beat": programs.beat(PYTHON, self.home),
        }
        for name in names:
            environ = self.environ | {"TMPDIR": str(self.home.fresh_tmp(name))}
            log = self.home / f"log/{name}-{time.time_ns()}.log"
            self.running[name] = start(Command(name, argvs[name], environ, REPO, log))

    def kill(self, *names: str) -> None:
        """End these processes as a power cut would; what they had leased is free at once.

        That a lease lasts thirty seconds is proved elsewhere; here the time is spent on more crashes.
        """
        for name in names:
            running = self.running.pop(name)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(running.process.pid, signal.SIGKILL)
            running.process.wait(20)
            self._free_leases(running.process.pid)

    def kill_database(self) -> None:
        """End PostgreSQL with all its sessions, and start it again."""
        self.cluster.stop(signal.SIGQUIT)
        self.cluster.start()

    def await_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            assert time.monotonic() < deadline, f"not ready in {READY_SECONDS} s\n{self.logs()[-6000:]}"
            time.sleep(0.1)

    def end(self) -> None:
        for running in self.running.values():
            running.stop(grace=10)
        self.running.clear()

    def logs(self) -> str:
        folder = self.home / "log"
        return "\n".join(f"== {path.name}\n{path.read_text(errors='replace')}" for path in sorted(folder.glob("*.log")))

    @contextlib.contextmanager
    def database(self) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
        """A look at the rows as the owner, past the product's code."""
        with psycopg.connect(self.urls.owner, autocommit=True) as connection:
            yield connection

    def pass_time(self) -> None:
        """Let whatever waits for its next attempt be due now."""
        with self.database() as db:
            for table, state in (("beckn_outboundcallback", "PENDING"), ("beckn_inboundmessage", "RECEIVED")):
                db.execute(
                    f"UPDATE {table} SET next_attempt_at = now() WHERE state = %s AND next_attempt_at > now()",
                    [state],
                )

    def _free_leases(self, pid: int) -> None:
        with self.database() as db:
            for table in ("beckn_outboundcallback", "beckn_inboundmessage"):
                db.execute(
                    f"UPDATE {table} SET leased_until = now() WHERE leased_until > now()"
                    " AND split_part(lease_owner, '/', 2) = %s",
                    [str(pid)],
                )

    def _is_ready(self) -> bool:
        for name, running in self.running.items():
            assert running.process.poll() is None, f"{name} ended\n{running.tail(40)}"
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False
