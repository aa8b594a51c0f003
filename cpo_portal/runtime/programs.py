"""The command lines of the portal's long-lived programs."""

from __future__ import annotations

from pathlib import Path

from cpo_portal.runtime.home import Home

#: For a request's headers, and for the pause between two requests of a connection.
HEADER_SECONDS = 30


def web(python: Path, *, port: int, host: str = "127.0.0.1", workers: int = 1) -> list[str]:
    """HTTP/1.1 only: a proxy speaks it, and what bounds slow senders is made for it (ADR 0011)."""
    argv = [str(python), "-m", "granian", "--interface", "rsgi", "cpo_portal.web.app:application"]
    return [
        *argv, "--host", host, "--port", str(port), "--workers", str(workers), "--no-ws", "--http", "1",
        "--http1-header-read-timeout", str(HEADER_SECONDS * 1000),
    ]  # fmt: skip


def celery(python: Path) -> list[str]:
    return [str(python), "-m", "celery", "-A", "cpo_portal.celery"]


def worker(python: Path, *, bulk: bool = False) -> list[str]:
    """Threads for the many short messages; one forked process for long work, which may hog its interpreter."""
    name, pool, concurrency = ("bulk", "prefork", "1") if bulk else ("messages", "threads", "16")
    return [
        *celery(python), "worker", "--queues", name, "--pool", pool, "--concurrency", concurrency,
        "--prefetch-multiplier", "1", "-n", f"{name}@%h", "--without-gossip", "--without-mingle", "--without-heartbeat",
    ]  # fmt: skip


def beat(python: Path, home: Home) -> list[str]:
    return [*celery(python), "beat", "--schedule", str(home / "run/beat-schedule"), "--pidfile="]


def manage(python: Path, *args: str) -> list[str]:
    return [str(python), "manage.py", *args]
