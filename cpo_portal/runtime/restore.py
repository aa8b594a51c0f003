"""`./portal restore FILE`: brings a backup back, all or nothing, with every callback held until a person lets it go."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE
from typing import IO

from cpo_portal.runtime import child_environ
from cpo_portal.runtime.archive import DUMP, Manifest, copy_part, read_manifest, read_part
from cpo_portal.runtime.backup import KEYS
from cpo_portal.runtime.clients import Database
from cpo_portal.runtime.cluster import Cluster, DatabaseUrls
from cpo_portal.runtime.home import REPO, Home, LockTaken, Refusal, hold_lock, say, write_private
from cpo_portal.runtime.up import already_running

#: Our own rooms; what other packages migrate follows from the locks.
ROOMS = {
    "database": "cpo_portal/database", "accounts": "cpo_portal/accounts", "network": "cpo_portal/network",
    "charging": "cpo_portal/charging", "pricing": "pricing", "offers": "offers", "beckn": "beckn",
}  # fmt: skip
TABLES = (
    "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p')"
)
OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
    " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
# In the transaction of the data itself: there is no moment at which a worker could find the data without the hold.
HOLD = """
INSERT INTO public.beckn_deliveryhold (name, reason) VALUES ('restore', {reason}) ON CONFLICT DO NOTHING;
DELETE FROM public.beckn_workerheartbeat;
COMMIT;
"""


def restore(home: Home, source: Path, *, replace: bool, sure: bool) -> int:
    """Check the file, then the place, then bring database and keys back."""
    manifest = read_manifest(source)
    refuse_newer_code(manifest)
    refuse_other_keys(source)
    with place(home) as urls:
        target = Database.of(urls.owner, home)
        refuse_older_server(target, manifest)
        refuse_sessions(target)
        clear = refuse_full(target, home, replace=replace, sure=sure)
        say(f"Restoring the database of {manifest.created_at} …")
        with keys_of(home, source, manifest):
            load(target, source, manifest, clear=clear)
        compare(target, manifest)
        forget_hints(home)
    say(
        f"The database of {manifest.created_at} is back, with its keys.\n"
        "Callbacks are held: nothing is sent to any buyer app until `./portal manage release_callbacks`. Before that,\n"
        "reconcile what has happened since the backup (docs/operations.md, “Restore”). Start with `./portal up`."
    )
    return 0


@contextmanager
def place(home: Home) -> Iterator[DatabaseUrls]:
    """The database to restore into, with nothing of this home running beside it."""
    if child_environ.external():
        if not os.environ.get("DATABASE_OWNER_URL"):
            raise Refusal("Set DATABASE_OWNER_URL: only the owner's role may make the tables.")
        yield child_environ.external_urls()
        return
    try:
        with hold_lock(home / "run/lock", command="restore"):
            cluster = Cluster.of(home)
            try:
                yield cluster.start()
            finally:
                cluster.stop()
    except LockTaken as taken:
        raise Refusal(already_running(home, taken.holder)) from None


def refuse_newer_code(manifest: Manifest) -> None:
    """Older code does not know what newer migrations have made."""
    pairs = {applied: applied.partition(".") for applied in manifest.migrations}
    unknown = [
        applied
        for applied, (app, _, name) in pairs.items()
        if app in ROOMS and not (REPO / ROOMS[app] / f"migrations/{name}.py").exists()
    ]
    if unknown:
        raise Refusal(
            f"The backup is of version {manifest.product}, whose database is newer than this code"
            f" ({', '.join(unknown[:3])}): restore it with the version that made it, or a later one."
        )


def refuse_other_keys(source: Path) -> None:
    """Keys that the environment names must be those of the backup: it wins over the home."""
    wrong = [
        variable
        for name, variable in KEYS.items()
        if (child_environ.external() or os.environ.get(variable))
        and os.environ.get(variable, "").encode() != read_part(source, f"secrets/{name}")
    ]
    if wrong:
        parts = " ".join(f"secrets/{name}" for name, variable in KEYS.items() if variable in wrong)
        raise Refusal(
            f"Set {' and '.join(wrong)} to what the backup holds (`tar -xOf {source} {parts}`): with other keys its"
            " rows cannot be opened."
        )


def refuse_older_server(target: Database, manifest: Manifest) -> None:
    if target.server_major < manifest.postgresql:
        raise Refusal(
            f"The backup is of PostgreSQL {manifest.postgresql} and this server is {target.server_major}: restore into"
            f" {manifest.postgresql} or newer (PORTAL_PG_BIN names the programs of the embedded one)."
        )


def refuse_sessions(target: Database) -> None:
    others = int(target.ask(OTHERS))
    if others:
        raise Refusal(
            f"The database has {others} other session{'s' if others > 1 else ''}: stop web, workers and beat first."
        )


def refuse_full(target: Database, home: Home, *, replace: bool, sure: bool) -> bool:
    """Whether there is something to clear away; refuses unless that is wanted, and said twice."""
    tables = int(target.ask(TABLES))
    if not tables:
        return False
    where = "The database" if child_environ.external() else f"The database of {home.path}"
    if not replace:
        another = "name an empty one" if child_environ.external() else "set PORTAL_HOME to a new folder"
        raise Refusal(f"{where} holds {tables} tables: {another}, or let them be replaced with --replace.")
    if sure:
        return True
    if not sys.stdin.isatty():
        raise Refusal(f"{where} holds {tables} tables, which this removes for ever: repeat it with --replace --yes.")
    if input(f"{where} holds {tables} tables. Remove them for ever? Type “replace”: ").strip() != "replace":
        raise Refusal("Nothing was changed.")
    return True


@contextmanager
def keys_of(home: Home, source: Path, manifest: Manifest) -> Iterator[None]:
    """Put the backup's keys into the home; the former ones come back where the block fails."""
    if child_environ.external():
        yield
        return
    before = {name: home.secret(name) for name in KEYS}
    try:
        for name in KEYS:
            write_private(home / f"secrets/{name}", read_part(source, f"secrets/{name}").decode())
        yield
    except BaseException:
        for name, key in before.items():
            write_private(home / f"secrets/{name}", key)
        raise
    for name in manifest.parts:
        if name.startswith("demo/"):
            write_private(home / "demo" / Path(name).name, read_part(source, name).decode())


def load(target: Database, source: Path, manifest: Manifest, *, clear: bool) -> None:
    """Write the dump out as SQL and run it with the hold in one transaction; raises Refusal and changes nothing."""
    with tempfile.TemporaryDirectory(prefix=".restore-", dir=scratch(source)) as folder:
        dump = Path(folder) / DUMP
        dump.touch(mode=0o600)
        copy_part(source, DUMP, dump)
        with (
            target.start("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "--output", os.devnull, stdin=PIPE) as psql,
            tempfile.TemporaryFile() as said,
            subprocess.Popen(
                [target.binaries / "pg_restore", "--no-owner", "--file", "-", str(dump)],
                stdout=PIPE, stderr=said, env=target.environ(),
            ) as writer,
        ):  # fmt: skip
            feed(psql, writer, target, manifest, clear=clear)
            _, refused = psql.communicate()
            if writer.wait() and not refused:
                said.seek(0)
                refused = said.read()
        if psql.returncode or writer.returncode:
            raise Refusal(f"The backup could not be restored, and nothing was changed: {last_line(refused)}")


def scratch(source: Path) -> Path:
    """Where the dump is unpacked: beside the backup, which shows that there is room for one, if we may write there."""
    return source.parent if os.access(source.parent, os.W_OK) else Path(tempfile.gettempdir())


def feed(
    psql: subprocess.Popen[bytes], writer: subprocess.Popen[bytes], target: Database, manifest: Manifest, *, clear: bool
) -> None:
    """Pass the statements on; the last ones, which make it valid, only after all of the dump was written."""
    out, lines = psql.stdin, writer.stdout
    if out is None or lines is None:
        raise ValueError("the programs have no pipes")
    try:
        # Not --single-transaction, which commits at the end of its input: also where this process is killed before.
        out.write(b"BEGIN;\nSET client_min_messages = warning;\n")
        if clear:
            out.write(b"DROP OWNED BY CURRENT_USER CASCADE;\n")
        settings(lines, out, target.server_major)
        shutil.copyfileobj(lines, out, 1 << 20)
        if writer.wait():
            out.write(b"DO $$BEGIN RAISE EXCEPTION 'the dump ended early'; END$$;\n")
        reason = f"Restored from the backup of {manifest.created_at}; reconcile, then release."
        out.write(HOLD.format(reason="'" + reason.replace("'", "''") + "'").encode())
    except BrokenPipeError:
        pass  # psql has stopped, and says why
    finally:
        lines.close()


def settings(lines: IO[bytes], out: IO[bytes], server_major: int) -> None:
    """Pass the dump's first lines on, without a setting that servers before 17 do not know."""
    for _ in range(60):
        line = lines.readline()
        if server_major >= 17 or not line.startswith(b"SET transaction_timeout"):
            out.write(line)


def last_line(said: bytes) -> str:
    lines = [line for line in said.decode(errors="replace").splitlines() if "ERROR" in line or "FATAL" in line]
    return lines[0] if lines else said.decode(errors="replace").strip() or "the programs did not say why"


def compare(target: Database, manifest: Manifest) -> None:
    """Count again what the backup has counted."""
    found = {table: int(target.ask(f"SELECT count(*) FROM {table}")) for table in manifest.rows}  # noqa: S608
    if found != manifest.rows:
        raise Refusal(f"The counts differ: {json.dumps(manifest.rows)} in the backup, {json.dumps(found)} here.")


def forget_hints(home: Home) -> None:
    """Tasks of the former database are hints about rows that are not there; the sweep finds those that are."""
    shutil.rmtree(home / "broker", ignore_errors=True)
    home.prepare()
