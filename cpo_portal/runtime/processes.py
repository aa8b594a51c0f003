"""Starts long-lived processes that write to a log of their own and do not outlive us."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

LOG_LIMIT = 10_000_000
PR_SET_PDEATHSIG = 1


@dataclass(frozen=True, slots=True)
class Command:
    """What to start. Its messages go to `log`, its standard output too unless `output` names a file.

    `death_signal` reaches it when we are gone; `options` go to subprocess.
    """

    name: str
    argv: list[str]
    env: dict[str, str]
    cwd: Path
    log: Path
    output: Path | None = None
    death_signal: signal.Signals = signal.SIGTERM
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Running:
    """A started command and where in its log this start begins."""

    command: Command
    process: subprocess.Popen[bytes]
    log_start: int

    def tail(self, lines: int = 30) -> str:
        with open(self.command.log, "rb") as file:
            file.seek(max(self.log_start, os.fstat(file.fileno()).st_size - 20_000))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])

    def signal_group(self, number: int) -> None:
        """Signal the child and its children; each child leads its own group."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    def stop(self, grace: float, number: int = signal.SIGTERM) -> None:
        """Ask, wait up to `grace` seconds, then kill what is left of the group."""
        if self.process.poll() is None:
            self.process.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(grace)
        self.signal_group(signal.SIGKILL)
        self.process.wait()


def start(command: Command) -> Running:
    """Start in a session of its own, so that Ctrl-C in the terminal reaches only us."""
    if command.log.exists() and command.log.stat().st_size > LOG_LIMIT:
        command.log.replace(command.log.with_suffix(".log.1"))
    with open_private(command.log) as log, open_private(command.output or command.log) as output:
        log_start = os.fstat(log.fileno()).st_size
        process = subprocess.Popen(
            command.argv,
            env=command.env,
            cwd=command.cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=log,
            start_new_session=True,
            preexec_fn=die_with_parent(command.death_signal),  # noqa: PLW1509 (it only makes two system calls)
            **command.options,
        )
    return Running(command, process, log_start)


def open_private(path: Path) -> BinaryIO:
    return open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab")


def die_with_parent(number: int) -> Callable[[], None] | None:
    """A preexec function by which the kernel signals the child when its parent is killed (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None
    # Loaded before the fork: the child of a threaded process must not take the loader's lock.
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def set_death_signal() -> None:
        prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return set_death_signal


def command_line(pid: int) -> str:
    """The command line of a process, empty when there is none."""
    if Path("/proc/self").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    argv = ["ps", "-ww", "-o", "args=", "-p", str(pid)]
    return subprocess.run(argv, check=False, capture_output=True, text=True).stdout
