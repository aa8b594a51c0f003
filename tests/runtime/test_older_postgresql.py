"""Every PostgreSQL from 15 on that is at hand takes the migrations, keeps the rules of the database, and sells."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cpo_portal.runtime import child_environ
from cpo_portal.runtime.binaries import OLDEST_MAJOR, Binaries, inspect_bin, system_bins, wheel_bins
from cpo_portal.runtime.cluster import throwaway_cluster
from cpo_portal.runtime.home import REPO, Home

pytestmark = pytest.mark.slow
NEWEST_MAJOR = 18
#: Roles, partitions, row-level security; claims in raw SQL; the ledger; a buyer app's journey.
PROVES = (
    "tests/database",
    "tests/beckn/infra/test_inbox.py",
    "tests/beckn/infra/test_outbox.py",
    "tests/offers/ordering/test_life_cycle.py",
    "tests/beckn/actions/test_journey.py",
)


def older_than_usual(major: int) -> Binaries | None:
    """Return programs of that major version: the system's, or those that lie in the wheel beside the usual ones."""
    beside = [found.parent.parent / "pginstall/bin" for found in wheel_bins(Home(Path("/nowhere")))]
    found = (inspect_bin(folder) for folder in [*system_bins(), *beside] if folder.is_dir())
    return next((binaries for binaries in found if binaries is not None and binaries.major == major), None)


@pytest.mark.parametrize("major", range(OLDEST_MAJOR, NEWEST_MAJOR))
def test_portal_sells_on_an_older_postgresql(major: int, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    binaries = older_than_usual(major)
    if binaries is None:
        pytest.skip(f"there is no PostgreSQL {major} here: install it where Debian or PGDG has it")
    monkeypatch.setenv("PORTAL_PG_BIN", str(binaries.bin))
    with throwaway_cluster(home) as made:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *PROVES],
            cwd=REPO,
            env=child_environ.test_environ(made.home, made.urls),
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
