"""The code of the release before works on the schema of this one: its own tests say so, on a database that this code
has migrated. That is what runs between `migrate` and the last restart."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from psycopg import sql

from cpo_portal.runtime.home import REPO

pytestmark = pytest.mark.slow
#: An order's life from the quote to the bill and every ending of it, and a buyer app's journey with all its messages;
#: an older release may lack one of the files.
PROVES = (
    "tests/offers/ordering/test_life_cycle.py",
    "tests/offers/ordering/test_confirming.py",
    "tests/offers/ordering/test_owed.py",
    "tests/beckn/actions/test_journey.py",
)
MIGRATIONS = ":(glob)**/migrations/0*.py"
#: What a migration does to the schema, rather than to the words on a page: any but these of Django's, or one of ours.
OPERATION = re.compile(
    r"migrations\.(?!Migration\b|AlterModelOptions\b|AlterField\b)[A-Z]\w+\(|from cpo_portal\.database"
)


def git(*argv: str) -> bytes:
    """Return what git says; where there is no git or no history, the test is skipped and says so."""
    try:
        done = subprocess.run(["git", "-C", str(REPO), *argv], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("git is not installed, so the release before cannot be fetched")
    if done.returncode:
        pytest.skip(f"git has no earlier release here: {done.stderr.decode().strip().splitlines()[-1]}")
    return done.stdout


def commit_before() -> str:
    """Return the newest release's tag below this commit, else the commit before the schema was last changed."""
    if git("rev-parse", "--is-shallow-repository").strip() == b"true":
        pytest.skip("a shallow clone has no earlier release: fetch the whole history")
    tags = git("tag", "--merged", "HEAD~1", "--sort=-v:refname", "--list", "v*").decode().split()
    if tags:
        return tags[0]
    for commit in git("log", "--no-merges", "--diff-filter=A", "--format=%H", "--", MIGRATIONS).decode().split():
        if OPERATION.search(git("show", "--diff-filter=A", "--format=", commit, "--", MIGRATIONS).decode()):
            return git("rev-parse", "--verify", f"{commit}^").decode().strip()
    raise AssertionError("no commit has changed the schema")


@pytest.fixture
def before(tmp_path: Path) -> Path:
    """The code of the release before, in a folder of its own."""
    folder = tmp_path / "before"
    with tarfile.open(fileobj=io.BytesIO(git("archive", commit_before()))) as archive:
        archive.extractall(folder, filter="data")
    (folder / "var/static").mkdir(parents=True)
    return folder


def named(url: str, database: str) -> str:
    """Return the address of another database of the same server."""
    return urlsplit(url)._replace(path=f"/{database}").geturl()


def environ(owner: str, app: str, **more: str) -> dict[str, str]:
    return os.environ | {"DATABASE_OWNER_URL": owner, "DATABASE_URL": app} | more


@pytest.fixture
def newer() -> Iterator[str]:
    """The name of a database that this code has migrated."""
    owner, name = os.environ["DATABASE_OWNER_URL"], f"cpo_newer_{os.getpid()}"
    with psycopg.connect(named(owner, "postgres"), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        try:
            made = subprocess.run(
                [sys.executable, "manage.py", "migrate", "-v0"],
                cwd=REPO, env=environ(owner, named(owner, name)), capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert made.returncode == 0, made.stderr
            yield name
        finally:
            server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(name)))


def test_the_release_before_sells_and_bills_on_this_schema(before: Path, newer: str, tmp_path: Path) -> None:
    owner, app = os.environ["DATABASE_OWNER_URL"], os.environ["DATABASE_URL"]
    name = f"cpo_before_{os.getpid()}"
    proves = [path for path in PROVES if (before / path).exists()]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-s", "-p", "on_newer_schema", "-p", "no:cacheprovider", *proves],
        cwd=before,
        env=environ(
            named(owner, name),
            named(app, name),
            NEWER_DATABASE=newer,
            PORTAL_HOME=str(tmp_path / "home"),
            PYTHONPATH=str(REPO / "tests/database/plugins"),
        ),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
    assert re.search(r"^ahead: [1-9]", done.stdout, re.MULTILINE)
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= 60
