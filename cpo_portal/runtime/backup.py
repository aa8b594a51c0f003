"""`./portal backup FILE`: database and keys of one moment in one file, also while the portal runs."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tomllib
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from cpo_portal.runtime import child_environ
from cpo_portal.runtime.archive import (
    DUMP,
    FORMAT,
    Manifest,
    digest_of,
    draft_beside,
    read_manifest,
    write_archive,
)
from cpo_portal.runtime.clients import Database
from cpo_portal.runtime.home import REPO, Home, Refusal, lock_holder, say
from cpo_portal.runtime.tasks import database

#: The keys that rows are sealed or signed with, and the variables that name them where no home does. The passwords of
#: the embedded server belong to that server: another has its own.
KEYS = {"django_secret_key": "PORTAL_SECRET_KEY", "data_key": "PORTAL_DATA_KEY"}
#: Counted in the backup's snapshot, and again when it is restored.
COUNTED = ("charging_order", "charging_payment", "offers_ledgerentry", "beckn_inboundmessage", "beckn_outboundcallback")


def backup(home: Home, target: Path) -> int:
    """Write the backup under another name, prove it, and only then give it its own."""
    refuse_target(target)
    running = (lock_holder(home / "run/lock") or {}).get("command") == "up"
    with database(home, "backup") as urls:
        if child_environ.external() and not os.environ.get("DATABASE_OWNER_URL"):
            raise Refusal("Set DATABASE_OWNER_URL: only the owner's role may read everything that a backup holds.")
        source = Database.of(urls.owner, home)
        if running:
            say("The portal keeps running; the backup holds the database as it is at this moment.")
        with draft_beside(target) as dump, draft_beside(target) as draft:
            parts = key_parts(home)
            manifest = dump_database(source, dump, parts)
            write_archive(draft, manifest, dump, parts)
            prove(source, draft, dump)
            publish(draft, target)
    say(
        f"{target} holds the database of {manifest.created_at} ({manifest.rows['charging_order']} orders) and the keys"
        " that it is sealed with.\nWhoever reads this file can act as this portal: keep it as you keep its keys."
    )
    return 0


def refuse_target(target: Path) -> None:
    if target.exists() or target.is_symlink():
        raise Refusal(f"{target} exists: a backup never replaces a file; name another.")
    if not target.parent.is_dir():
        raise Refusal(f"The folder {target.parent} does not exist: make it, or name another file.")


def key_parts(home: Home) -> dict[str, bytes]:
    """The parts of a backup beside the dump: keys, and the files of the demonstration's buyer apps."""
    keys = {name: os.environ.get(variable) or home.secret(name) for name, variable in KEYS.items()}
    if child_environ.external():
        missing = [variable for variable in KEYS.values() if not os.environ.get(variable)]
        if missing:
            raise Refusal(f"Set {' and '.join(missing)}: a backup without the keys of its database cannot be read.")
    parts = {f"secrets/{name}": key.encode() for name, key in keys.items()}
    demo = [] if child_environ.external() else sorted((home / "demo").glob("*.json"))
    return parts | {f"demo/{path.name}": path.read_bytes() for path in demo}


def dump_database(source: Database, dump: Path, parts: dict[str, bytes]) -> Manifest:
    """Dump and count what one snapshot shows."""
    if source.ask("SELECT to_regclass('public.django_migrations') IS NULL") == "t":
        raise Refusal("This database holds no portal: migrate it first.")
    created_at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    with source.snapshot() as snapshot:
        failed = source.run(
            "pg_dump", "--format=custom", "--no-owner", "--file", str(dump), "--snapshot", snapshot.name
        )
        if failed:
            raise Refusal(f"pg_dump failed: {failed}")
        rows = {table: int(snapshot.ask(f"SELECT count(*) FROM {table}")) for table in COUNTED}  # noqa: S608  our names
        migrations = snapshot.ask("SELECT string_agg(app || '.' || name, ' ' ORDER BY id) FROM django_migrations")
    with dump.open("rb") as file:
        digests = {DUMP: digest_of(file)}
    digests |= {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()}
    return Manifest(FORMAT, product_version(), source.server_major, created_at, migrations.split(), rows, digests)


def product_version() -> str:
    return str(tomllib.loads((REPO / "pyproject.toml").read_text())["project"]["version"])


def prove(source: Database, draft: Path, dump: Path) -> None:
    """Read the file back: all parts by their hashes, and the dump by the program that will restore it."""
    read_manifest(draft)
    failed = list_dump(source, dump)
    if failed:
        raise Refusal(f"The backup could not be read back: {failed}")


def list_dump(source: Database, dump: Path) -> str:
    """What pg_restore has against the dump, "" for nothing; writing it all out proves every compressed block."""
    argv = [source.binaries / "pg_restore", "--file", os.devnull, str(dump)]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, env=source.environ())
    return done.stderr.strip() or "pg_restore failed" if done.returncode else ""


def publish(draft: Path, target: Path) -> None:
    """Give the draft its name unless somebody took it meanwhile, and make the name last."""
    try:
        # Unlike a rename, a link never replaces what is there.
        os.link(draft, target)
    except FileExistsError:
        raise Refusal(f"{target} exists: a backup never replaces a file; name another.") from None
    except OSError:
        # A file system without links.
        refuse_target(target)
        draft.rename(target)
    with suppress(OSError):
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
