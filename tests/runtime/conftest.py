"""Homes of their own for the launcher's tests, and the environment of a fresh terminal."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cpo_portal.runtime.binaries import Binaries, copy_binaries, find_binaries
from cpo_portal.runtime.cluster import destroy_cluster
from cpo_portal.runtime.home import Home

STEERING = ("DATABASE_URL", "DATABASE_OWNER_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE")


@pytest.fixture(scope="session")
def binaries(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Binaries]:
    """Binaries that every user can run: copied once, not for every cluster."""
    found = find_binaries(Home(tmp_path_factory.getbasetemp() / "nowhere"))
    folder = Path(tempfile.mkdtemp(prefix="portal-test-", dir="/var/tmp"))
    yield copy_binaries(found, folder)
    shutil.rmtree(folder)


@pytest.fixture(autouse=True)
def fresh_terminal(monkeypatch: pytest.MonkeyPatch, binaries: Binaries) -> None:
    """The launcher under test must not see the variables of the launcher that runs the tests."""
    for name in list(os.environ):
        if name in STEERING or name.startswith(("PORTAL_", "PG")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("PORTAL_PG_BIN", str(binaries.bin))


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    made = Home(tmp_path / "home").prepare()
    yield made
    destroy_cluster(made)


@pytest.fixture
def query(binaries: Binaries) -> Callable[[str, str], str]:
    """Runs SQL with the given URL and returns what psql prints, errors included."""

    def run(url: str, sql: str) -> str:
        argv = [binaries / "psql", "-X", "-A", "-t", "-q", "-d", url, "-c", sql]
        done = subprocess.run(argv, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        return done.stdout.strip()

    return run
