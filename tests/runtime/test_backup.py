"""Backup and restore with real servers and few tables: what they refuse, and that they change nothing then."""

from __future__ import annotations

import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import IO

import pytest

from cpo_portal.runtime import archive
from cpo_portal.runtime.backup import COUNTED, backup
from cpo_portal.runtime.clients import Database
from cpo_portal.runtime.cluster import Cluster, destroy_cluster
from cpo_portal.runtime.home import Home, Refusal
from cpo_portal.runtime.restore import load, restore

pytestmark = pytest.mark.slow

Query = Callable[[str, str], str]
Edit = Callable[[str, bytes], bytes]

MIGRATIONS = """
CREATE TABLE django_migrations (id serial, app text, name text);
INSERT INTO django_migrations (app, name) VALUES ('beckn', '0001_initial'), ('axes', '0001_of_others');
"""
HOLDS = """
CREATE TABLE beckn_deliveryhold (name text PRIMARY KEY, reason text, since timestamptz DEFAULT now());
CREATE TABLE beckn_workerheartbeat (name text);
INSERT INTO beckn_workerheartbeat VALUES ('messages');
"""
TABLES = MIGRATIONS + "".join(f"CREATE TABLE {table} (id int);" for table in COUNTED)


@pytest.fixture
def portal(home: Home, query: Query) -> Callable[[str], None]:
    """Fill the home's database by SQL."""

    def fill(sql: str) -> None:
        cluster = Cluster.of(home)
        assert "ERROR" not in query(cluster.start().owner, sql)
        cluster.stop()

    return fill


@pytest.fixture
def other(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path / "other").prepare()
    yield made
    destroy_cluster(made)


def look(home: Home, query: Query, sql: str) -> str:
    cluster = Cluster.of(home)
    try:
        return query(cluster.start().owner, sql)
    finally:
        cluster.stop()


def rewrite(file: Path, edit: Edit) -> None:
    """Write the backup anew with other content of its parts."""
    with tarfile.open(file) as tar:
        parts = {member.name: tar.extractfile(member).read() for member in tar.getmembers()}  # type: ignore[union-attr]
    with tarfile.open(file, "w") as tar:
        for name, content in parts.items():
            changed = edit(name, content)
            tar.addfile(archive.entry(name, len(changed)), BytesIO(changed))


def test_rows_and_keys_come_back_with_a_hold_and_in_place_of_what_was_there(
    home: Home, other: Home, portal: Callable[[str], None], query: Query, tmp_path: Path
) -> None:
    portal(TABLES + HOLDS + "INSERT INTO charging_order SELECT generate_series(1, 1000)")
    (home / "demo/buyer.json").write_text('{"seed": "s"}')
    file = tmp_path / "it's a backup"
    assert backup(home, file) == 0
    manifest = archive.read_manifest(file)
    assert (manifest.rows["charging_order"], manifest.migrations[0]) == (1000, "beckn.0001_initial")
    assert set(manifest.parts) == {"database.dump", "secrets/django_secret_key", "secrets/data_key", "demo/buyer.json"}

    look(other, query, "CREATE TABLE of_before (id int)")
    before = other.secret("data_key")
    with pytest.raises(Refusal, match=r"holds 1 tables: set PORTAL_HOME to a new folder, or .* --replace\."):
        restore(other, file, replace=False, sure=False)
    with pytest.raises(Refusal, match=r"which this removes for ever: repeat it with --replace --yes\."):
        restore(other, file, replace=True, sure=False)
    assert other.secret("data_key") == before != home.secret("data_key")

    assert restore(other, file, replace=True, sure=True) == 0
    assert [other.secret(key) for key in ("data_key", "django_secret_key")] == [
        home.secret(key) for key in ("data_key", "django_secret_key")
    ]
    assert other.secret("pg_owner_password") != home.secret("pg_owner_password")
    assert (other / "demo/buyer.json").read_text() == '{"seed": "s"}'
    found = look(
        other,
        query,
        "SELECT count(*), to_regclass('of_before'), (SELECT count(*) FROM beckn_workerheartbeat),"
        " (SELECT string_agg(name || ': ' || reason, '') FROM beckn_deliveryhold) FROM charging_order",
    )
    assert found == f"1000||0|restore: Restored from the backup of {manifest.created_at}; reconcile, then release."


def test_a_restore_that_fails_at_its_last_statement_changes_neither_rows_nor_keys(
    home: Home, other: Home, portal: Callable[[str], None], query: Query, tmp_path: Path
) -> None:
    portal(TABLES)  # nothing that a hold could be written to
    file = tmp_path / "backup"
    backup(home, file)
    look(other, query, "CREATE TABLE of_before AS SELECT 42 AS answer")
    before = other.secret("data_key")
    with pytest.raises(Refusal, match=r"(?s)could not be restored, and nothing was changed: .*beckn_deliveryhold"):
        restore(other, file, replace=True, sure=True)
    assert other.secret("data_key") == before
    assert look(other, query, "SELECT answer, to_regclass('charging_order') FROM of_before") == "42|"
    assert list(tmp_path.glob(".restore*")) == []


def test_a_restore_that_is_killed_in_the_middle_changes_nothing(
    home: Home,
    other: Home,
    portal: Callable[[str], None],
    query: Query,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    portal(TABLES + HOLDS)
    file = tmp_path / "backup"
    backup(home, file)
    cluster = Cluster.of(other)
    urls = cluster.start()
    query(urls.owner, "CREATE TABLE of_before AS SELECT 42 AS answer")
    started: list[subprocess.Popen[bytes]] = []
    start = Database.start

    def remember(self: Database, *argv: str, stdin: int) -> subprocess.Popen[bytes]:
        started.append(start(self, *argv, stdin=stdin))
        return started[-1]

    def die_after_the_first_tables(source: IO[bytes], out: IO[bytes], length: int) -> None:
        for line in source:
            out.write(line)
            if b"ALTER TABLE public.charging_payment" in line:
                break
        raise RuntimeError("as if the process had died: its pipes are closed")

    monkeypatch.setattr(Database, "start", remember)
    monkeypatch.setattr(shutil, "copyfileobj", die_after_the_first_tables)
    target, manifest = Database.of(urls.owner, other), archive.read_manifest(file)
    with pytest.raises(RuntimeError, match="its pipes are closed"):
        load(target, file, manifest, clear=True)
    assert [process.wait(timeout=30) for process in started] == [0]
    found = query(urls.owner, "SELECT answer, to_regclass('charging_order') FROM of_before")
    cluster.stop()
    assert found == "42|"


def in_manifest(**changes: object) -> Edit:
    return lambda name, content: (
        json.dumps(json.loads(content) | changes).encode() if name == archive.MANIFEST else content
    )


UNTRUSTED: dict[str, tuple[Edit, str]] = {
    "a part was changed": (
        lambda name, content: content[:-1] + b"?" if name == archive.DUMP else content,
        r"is damaged: database\.dump is not what was written",
    ),
    "of a newer version": (
        in_manifest(migrations=["beckn.0001_initial", "beckn.9999_later"]),
        r"whose database is newer than this code \(beckn\.9999_later\)",
    ),
    "of a later format": (in_manifest(format=2), r"has the format 2, and this portal reads 1\."),
    "of a newer server": (in_manifest(postgresql=99), r"The backup is of PostgreSQL 99 and this server is \d+"),
}


def test_a_file_that_cannot_be_trusted_is_refused_before_anything_changes(
    home: Home, other: Home, portal: Callable[[str], None], query: Query, tmp_path: Path
) -> None:
    portal(TABLES + HOLDS)
    file, changed = tmp_path / "backup", tmp_path / "changed"
    backup(home, file)
    before = other.secret("data_key")
    for edit, sentence in UNTRUSTED.values():
        shutil.copy(file, changed)
        rewrite(changed, edit)
        with pytest.raises(Refusal, match=sentence):
            restore(other, changed, replace=False, sure=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PORTAL_DATA_KEY", "another")
        with pytest.raises(Refusal, match=r"Set PORTAL_DATA_KEY to what the backup holds \(`tar -xOf .*/data_key`\)"):
            restore(other, file, replace=False, sure=False)
    assert other.secret("data_key") == before
    assert look(other, query, "SELECT to_regclass('charging_order')") == ""


@pytest.mark.parametrize("content", [b"", b"no tar", b"\0" * 20_000], ids=["empty", "text", "noughts"])
def test_what_is_no_backup_is_called_so(other: Home, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "backup"
    file.write_bytes(content)
    with pytest.raises(Refusal, match="is no backup of a portal, or only the beginning of one"):
        restore(other, file, replace=False, sure=False)


def test_a_backup_replaces_nothing_and_leaves_nothing_behind_when_it_fails(
    home: Home, portal: Callable[[str], None], tmp_path: Path
) -> None:
    portal("CREATE TABLE something (id int)")
    folder = tmp_path / "backups"
    with pytest.raises(Refusal, match="does not exist: make it, or name another file"):
        backup(home, folder / "file")
    folder.mkdir()
    with pytest.raises(Refusal, match="This database holds no portal: migrate it first"):
        backup(home, folder / "file")
    assert list(folder.iterdir()) == []
    (folder / "file").write_text("mine")
    with pytest.raises(Refusal, match="exists: a backup never replaces a file; name another"):
        backup(home, folder / "file")
    assert (folder / "file").read_text() == "mine"
