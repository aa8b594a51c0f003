"""Runs the portal's processes in the foreground: all of them together, or none."""

from __future__ import annotations

import os
import select
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from cpo_portal.runtime.home import say
from cpo_portal.runtime.processes import Command, Running, start

LAST_RESORT_SECONDS = 5
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupted(Exception):
    """Ctrl-C or a request to end came."""


class ChildEnded(Exception):
    """A process that must go on has ended, or a step has failed."""

    def __init__(self, running: Running) -> None:
        code = running.process.returncode
        how = f"was killed by signal {-code}" if code < 0 else f"ended with exit code {code}"
        super().__init__(f"{running.command.name} {how}; the end of {running.command.log}:\n{running.tail()}")


@dataclass(frozen=True, slots=True)
class Member:
    """A supervised process: lower stages stop first; how to ask it to stop and how to make it."""

    running: Running
    stage: int
    grace: float
    ask: signal.Signals = signal.SIGTERM
    force: signal.Signals = signal.SIGKILL

    @property
    def alive(self) -> bool:
        return self.running.process.poll() is None


class Supervisor:
    """Use as a context: signals are ours inside, and at its end everything is stopped in order."""

    def __init__(self, pid_folder: Path) -> None:
        self.members: list[Member] = []
        self.pid_folder = pid_folder
        self.signals = 0
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> Supervisor:
        self._wake_read, self._wake_write = os.pipe()
        for end in (self._wake_read, self._wake_write):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        for number in SIGNALS:
            self._previous[number] = signal.signal(number, self._on_signal)
        # Handled, so that a child's end wakes the wait below at once.
        self._previous[signal.SIGCHLD] = signal.signal(signal.SIGCHLD, lambda *_: None)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(-1)
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """The first signal is noticed by whatever waits; the second ends everything here and now."""
        self.signals += 1
        if self.signals > 1:
            self._force()

    def _force(self) -> None:
        for member in self.members:
            if member.alive:
                member.running.signal_group(member.force)

    def start(self, command: Command, *, stage: int, grace: float) -> Running:
        self.check()
        running = start(command)
        self.watch(Member(running, stage, grace))
        return running

    def watch(self, member: Member) -> None:
        """Supervise a process that is already running."""
        self.members.append(member)
        self._pid_file(member).write_text(f"{member.running.process.pid}\n")

    def _pid_file(self, member: Member) -> Path:
        return self.pid_folder / f"{member.running.command.name}.pid"

    def run_step(self, command: Command) -> None:
        """Run one command to its end while watching everything else."""
        self.check()
        running = start(command)
        try:
            self.wait(lambda: running.process.poll() is not None)
        finally:
            running.stop(LAST_RESORT_SECONDS)
        if running.process.returncode:
            raise ChildEnded(running)

    def wait(self, done: Callable[[], bool], *, every: float = 5, seconds: float | None = None) -> bool:
        """Wait until `done()`; False when `seconds` have passed. Raises Interrupted or ChildEnded."""
        deadline = None if seconds is None else time.monotonic() + seconds
        while True:
            self.check()
            if done():
                return True
            if deadline is not None and time.monotonic() > deadline:
                return False
            self._sleep(every)

    def check(self) -> None:
        if self.signals:
            raise Interrupted
        for member in self.members:
            if not member.alive:
                raise ChildEnded(member.running)

    def _sleep(self, seconds: float) -> None:
        """Sleep until a signal comes (a child's end is one), at most `seconds`."""
        if select.select([self._wake_read], [], [], seconds)[0]:
            os.read(self._wake_read, 4096)

    def stop(self) -> None:
        """Stop stage after stage; what does not end within its grace is made to."""
        for stage in sorted({member.stage for member in self.members}):
            group = [member for member in self.members if member.stage == stage]
            if any(member.alive for member in group):
                say(f"Stopping {', '.join(member.running.command.name for member in group)} …")
            for member in group:
                if member.alive:
                    member.running.process.send_signal(member.ask)
            deadline = time.monotonic() + max(member.grace for member in group)
            while any(member.alive for member in group) and self.signals < 2 and time.monotonic() < deadline:
                self._sleep(0.2)
            for member in group:
                self._finish(member)
        self.members.clear()

    def _finish(self, member: Member) -> None:
        if member.alive:
            member.running.process.send_signal(member.force)
        # Also ends grandchildren, which a child that died by itself leaves behind.
        member.running.stop(LAST_RESORT_SECONDS, member.force)
        self._pid_file(member).unlink(missing_ok=True)
