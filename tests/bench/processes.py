"""What the kernel says of a process and its descendants: processor time, memory, open files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Usage:
    """Resident memory in megabytes and the number of open files of a process with its descendants."""

    rss_mb: float
    files: int


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process, of its descendants, and of those that have ended."""
    members = family(pid)
    return sum(ticks for _, member, ticks in _processes() if member in members) / TICKS


def usage(pid: int) -> Usage:
    """Return what a process and its descendants hold now; one that has just ended holds nothing."""
    pages = files = 0
    for member in family(pid):
        try:
            pages += int(Path(f"/proc/{member}/statm").read_text().split()[1])
            files += len(os.listdir(f"/proc/{member}/fd"))
        except OSError:
            continue
    return Usage(pages * PAGE / 1_000_000, files)


def family(pid: int) -> set[int]:
    """Return a process and its descendants."""
    found = {pid}
    for parent, child, _ in sorted(_processes(), key=lambda each: each[1]):
        if parent in found:
            found.add(child)
    return found


def postmaster() -> int:
    """Return the process of the database server, the parent of our own backend."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = int(cursor.fetchone()[0])
    return next(parent for parent, pid, _ in _processes() if pid == backend)


def _processes() -> list[tuple[int, int, int]]:
    """Return (parent, pid, ticks) of every process; the ticks include those of its children that have ended."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        found.append((int(fields[1]), int(stat.parent.name), sum(int(field) for field in fields[11:15])))
    return found
