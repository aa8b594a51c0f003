"""Tells from its pid file whether a cluster's server lives, and stops one that is not our child."""

from __future__ import annotations

import os
import shutil
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from cpo_portal.runtime.cluster_place import PREFIX
from cpo_portal.runtime.processes import command_line

STOP_SECONDS = 60
# Above every system's largest pid, so certainly nobody's.
NO_PID = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Pidfile:
    """What postmaster.pid says."""

    pid: int
    socket_dir: str
    ready: bool


def read_pidfile(data: Path) -> Pidfile | None:
    try:
        lines = (data / "postmaster.pid").read_text().splitlines()
        return Pidfile(int(lines[0]), lines[4], len(lines) > 7 and lines[7].strip() == "ready")
    except (OSError, ValueError, IndexError):
        return None


def server_pid(data: Path) -> int | None:
    """The pid of this cluster's living server; a recycled pid of some other process is not one."""
    pidfile = read_pidfile(data)
    return pidfile.pid if pidfile and f"postgres -D {data} " in command_line(pidfile.pid) else None


def tidy_stale_pidfile(data: Path) -> None:
    """Let the server start although the pid in a stale file may now belong to another process.

    The file stays, for its shared memory key still guards against a killed server's last sessions.
    """
    if pidfile := read_pidfile(data):
        lines = (data / "postmaster.pid").read_text().splitlines(keepends=True)
        (data / "postmaster.pid").write_text("".join([f"{NO_PID}\n", *lines[1:]]))
        remove_short_socket_dir(Path(pidfile.socket_dir))


def stop_server(data: Path, number: signal.Signals) -> None:
    """Stop a server that is not our child."""
    pidfile = read_pidfile(data)
    pid = server_pid(data)
    deadline = time.monotonic() + STOP_SECONDS
    while pid is not None and server_pid(data) == pid:
        os.kill(pid, number if time.monotonic() < deadline else signal.SIGKILL)
        time.sleep(0.1)
    if pidfile:
        remove_short_socket_dir(Path(pidfile.socket_dir))


def remove_short_socket_dir(folder: Path) -> None:
    if folder.name.startswith(PREFIX):
        shutil.rmtree(folder, ignore_errors=True)
