"""Runs PostgreSQL's client programs against one database; passwords never stand on a command line."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

from cpo_portal.runtime import child_environ
from cpo_portal.runtime.binaries import Binaries, find_binaries
from cpo_portal.runtime.home import Home, Refusal


@dataclass(frozen=True, slots=True)
class Database:
    """One database as one role, and the programs to reach it with."""

    url: str
    binaries: Binaries
    server_major: int

    @classmethod
    def of(cls, url: str, home: Home) -> Database:
        """Raises Refusal where the server does not answer, or is newer than every client program there is."""
        binaries = find_binaries(home)
        for name in ("pg_dump", "pg_restore"):
            if not Path(binaries / name).is_file():
                raise Refusal(f"{binaries.bin} has no {name}: install PostgreSQL's client programs there as well.")
        major = int(cls(url, binaries, 0).ask("SELECT current_setting('server_version_num')::int / 10000"))
        if major > binaries.major:
            raise Refusal(
                f"The server is PostgreSQL {major} and the client programs are of {binaries.major}: set PORTAL_PG_BIN"
                f" to the bin folder of PostgreSQL {major} or newer."
            )
        return cls(url, binaries, major)

    def argv(self, program: str, *args: str) -> list[str]:
        """The command line; the address in it is without the password."""
        return [self.binaries / program, *args, "--dbname", without_password(self.url)]

    def environ(self) -> dict[str, str]:
        # libpq's own variables (PGPORT, PGOPTIONS …) lead to another server, unless the database is the user's own.
        keep = child_environ.external()
        kept = {name: value for name, value in os.environ.items() if keep or not name.startswith("PG")}
        password = urlsplit(self.url).password
        return kept | {"LC_ALL": "C", **({"PGPASSWORD": unquote(password)} if password else {})}

    def ask(self, sql: str) -> str:
        """The answer to one statement, unaligned, without the last line's end."""
        done = subprocess.run(
            self.argv("psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-c", sql),
            check=False, capture_output=True, text=True, env=self.environ(), stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if done.returncode:
            raise Refusal(f"The database does not answer as it should: {done.stderr.strip()}")
        return done.stdout.rstrip("\n")

    def start(self, program: str, *args: str, stdin: int) -> subprocess.Popen[bytes]:
        """Start a program whose output nobody wants and whose errors come through a pipe."""
        out = subprocess.DEVNULL
        return subprocess.Popen(
            self.argv(program, *args), stdin=stdin, stdout=out, stderr=subprocess.PIPE, env=self.environ()
        )

    def run(self, program: str, *args: str) -> str:
        """Run to the end; standard error where it failed, else ""."""
        process = self.start(program, *args, stdin=subprocess.DEVNULL)
        _, said = process.communicate()
        return said.decode(errors="replace").strip() or "no reason given" if process.returncode else ""

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """What the database shows at one moment, for as long as the block lasts."""
        argv = self.argv("psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1")
        with subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environ()
        ) as session:
            made = Snapshot(session)
            made.name = made.ask("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT pg_export_snapshot()")
            yield made


class Snapshot:
    """A session of psql that keeps a snapshot; `name` lets pg_dump see the same."""

    def __init__(self, session: subprocess.Popen[str]) -> None:
        self.session = session
        self.name = ""

    def ask(self, sql: str) -> str:
        """The answer to a statement that answers with one line."""
        if self.session.stdin is None or self.session.stdout is None or self.session.stderr is None:
            raise ValueError("the session has no pipes")
        self.session.stdin.write(f"{sql};\n")
        self.session.stdin.flush()
        line = self.session.stdout.readline()
        if not line:
            raise Refusal(f"The database does not answer as it should: {self.session.stderr.read().strip()}")
        return line.rstrip("\n")


def without_password(url: str) -> str:
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    name = user.partition(":")[0]
    return urlunsplit(parts._replace(netloc=f"{name}@{host}" if name else host))
