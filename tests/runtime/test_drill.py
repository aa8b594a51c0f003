"""The drill: a real portal sells, is backed up while it runs, is destroyed, and comes back on a fresh home."""

from __future__ import annotations

import json
import shutil
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cpo_portal.runtime.binaries import Binaries, inspect_bin, system_bins
from cpo_portal.runtime.cluster import Cluster, destroy_cluster
from tests.beckn.infra.support import Sink
from tests.journey.processes import _free_port
from tests.runtime.drill import Portal, make_home

pytestmark = pytest.mark.slow
Query = Callable[[str, str], str]

TABLES = """
SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE nspname = 'public' AND relkind = 'r'
AND relname NOT IN ('beckn_deliveryhold', 'beckn_workerheartbeat') ORDER BY relname
"""
LEDGER = "SELECT kind, count(*), sum(amount), sum(uses) FROM offers_ledgerentry GROUP BY kind ORDER BY kind"
COUNTERS = "SELECT * FROM offers_offercounter ORDER BY offer_id"
RECEIPT = (
    "SELECT encode(b.body, 'hex') FROM beckn_outboundcallback c JOIN beckn_messagebody b ON b.id = c.body_id"
    " AND b.created_at = c.body_at WHERE c.action = 'on_update' ORDER BY c.sequence DESC LIMIT 1"
)
AGAIN = """
from beckn import resending
from beckn.models import OutboundCallback
receipt = OutboundCallback.objects.filter(action="on_update").order_by("-sequence")[0]
print(resending.send_again(receipt), receipt.pk)
"""
LATER = """
DO $$ DECLARE t text; BEGIN
    FOR t IN SELECT relname FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
             WHERE nspname = 'public' AND relkind IN ('r', 'p') AND NOT relispartition LOOP
        EXECUTE format('ALTER TABLE %I ADD COLUMN zz_later text, ADD COLUMN zz_always int NOT NULL DEFAULT 7', t);
    END LOOP;
END $$;
CREATE TABLE zz_of_the_next_version (id int);
INSERT INTO django_migrations (app, name, applied) SELECT app, '9999_of_the_next_version', now()
FROM (SELECT DISTINCT app FROM django_migrations) AS apps (app);
"""


@pytest.fixture
def portals(tmp_path: Path) -> Iterator[Callable[[str], Portal]]:
    """Portals of homes of their own at one port, as one machine and its replacement would be."""
    made: list[Portal] = []
    port = _free_port()

    def make(name: str) -> Portal:
        made.append(Portal(make_home(tmp_path / name), port))
        return made[-1]

    yield make
    for portal in made:
        portal.stop()
        if portal.home.path.exists():
            destroy_cluster(portal.home)


def wait_until(condition: Callable[[], bool], seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.1)


def state_of(url: str, query: Query) -> dict[str, str]:
    """Row counts of every table, the ledger's sums, the counters, and the bytes of the last receipt."""
    counts = {table: query(url, f'SELECT count(*) FROM "{table}"') for table in query(url, TABLES).splitlines()}
    return counts | {
        "ledger": query(url, LEDGER), "counters": query(url, COUNTERS), "receipt": query(url, RECEIPT)
    }  # fmt: skip


def test_a_portal_comes_back_whole_and_silent_and_then_delivers(
    portals: Callable[[str], Portal], query: Query, tmp_path: Path
) -> None:
    file = tmp_path / "backup.portal"
    first = portals("first")
    first.up()
    assert first.does("journey", "--quiet").endswith("journey complete\n")
    # The buyer app is gone: its receipt, sent again, waits for it.
    requeued, callback = first.does("manage", "shell", "-v", "0", "-c", AGAIN).split()
    assert requeued == "True"

    said = first.does("backup", str(file))
    assert said.startswith("The portal keeps running; the backup holds the database as it is at this moment.\n")
    assert "Whoever reads this file can act as this portal" in said
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir() if "backup" in path.name] == ["backup.portal"]
    assert "a backup never replaces a file" in first.run("backup", str(file)).stderr
    refused = first.run("restore", str(file), "--replace", "--yes")
    assert (refused.returncode, "is in use by `./portal up`" in refused.stderr) == (1, True)
    first.stop()
    # Nothing came in since, so what stood at the backup stands still (the retries of that one callback apart).
    before = first.does("manage", "check_ledger")
    cluster = Cluster.of(first.home)
    stood = state_of(cluster.start().owner, query)
    cluster.stop()
    destroy_cluster(first.home)
    shutil.rmtree(first.home.path)

    second = portals("second")
    said = second.does("restore", str(file))
    assert "Callbacks are held: nothing is sent to any buyer app until `./portal manage release_callbacks`" in said
    refused = second.run("restore", str(file))
    assert (refused.returncode, "or let them be replaced with --replace" in refused.stderr) == (1, True)
    assert second.does("manage", "check_ledger") == before
    with Sink() as sink:
        second.up()
        url = second.owner_url()
        found = state_of(url, query)
        moving = {"beckn_deliveryattempt", *[name for name in stood if name.startswith("beckn_deliveryattempt_")]}
        assert {k: v for k, v in found.items() if k not in moving} == {
            k: v for k, v in stood.items() if k not in moving
        }
        assert "ledger" in found
        assert found["receipt"]

        buyer = query(url, "SELECT callback_url FROM beckn_subscriber WHERE subscriber_id = 'demo-bap.example'")
        query(url, f"UPDATE beckn_subscriber SET callback_url = '{sink.url}' WHERE subscriber_id = 'demo-bap.example'")
        query(url, f"UPDATE beckn_outboundcallback SET next_attempt_at = now() WHERE id = '{callback}'")
        beat = query(url, "SELECT now()")
        # Two sweeps later every courier has had its chance.
        wait_until(
            lambda: query(url, f"SELECT at > '{beat}'::timestamptz + interval '2 s' FROM beckn_workerheartbeat") == "t"
        )
        assert sink.received == []
        assert (
            query(url, f"SELECT state, lease_owner FROM beckn_outboundcallback WHERE id = '{callback}'") == "PENDING|"
        )
        assert json.loads(second.get("/readyz"))["held"].startswith("callbacks are held since ")
        assert "\ncpo_portal_callbacks_held 1\n" in second.get("/metrics")

        second.does("manage", "release_callbacks")
        wait_until(lambda: sink.received != [])
        wait_until(
            lambda: query(url, f"SELECT state FROM beckn_outboundcallback WHERE id = '{callback}'") == "DELIVERED"
        )
        assert [path for path, _, _ in sink.received] == ["/hooks/on_update"]
        assert json.loads(sink.received[0][1])["context"]["action"] == "on_update"
        assert "\ncpo_portal_callbacks_held 0\n" in second.get("/metrics")
    query(url, f"UPDATE beckn_subscriber SET callback_url = '{buyer}' WHERE subscriber_id = 'demo-bap.example'")
    assert second.does("journey", "--quiet", "--wait", "60").endswith("journey complete\n")
    second.stop()


def test_this_version_runs_on_a_database_that_the_next_one_has_expanded(
    portals: Callable[[str], Portal], query: Query
) -> None:
    """Columns and tables that this code does not know, and migrations that it does not have, on every table."""
    portal = portals("older")
    portal.up()
    said = query(portal.owner_url(), LATER)
    assert "ERROR" not in said
    portal.stop()
    portal.up()
    assert portal.does("journey", "--quiet").endswith("journey complete\n")
    assert query(portal.owner_url(), "SELECT DISTINCT zz_later, zz_always FROM charging_order") == "|7"
    portal.stop()


def test_the_way_from_one_postgresql_to_the_next_is_the_one_that_the_refusal_names(
    portals: Callable[[str], Portal], query: Query, tmp_path: Path, binaries: Binaries
) -> None:
    older = [found for folder in system_bins() if (found := inspect_bin(folder)) and found.major < binaries.major]
    if not older:
        pytest.skip("there is but one major version of PostgreSQL here")
    portal = portals("moving")
    portal.environ = {"PORTAL_PG_BIN": str(older[0].bin)}
    portal.does("manage", "migrate_locked", "--verbosity", "0")
    portal.environ = {}
    refused = portal.run("up", "--port", str(portal.port))
    assert (refused.returncode, refused.stderr.count("\n")) == (1, 1)
    assert f"is of PostgreSQL {older[0].major} and the programs are of {binaries.major}: " in refused.stderr

    file = tmp_path / "moving.portal"
    portal.environ = {"PORTAL_PG_BIN": str(older[0].bin)}
    portal.does("backup", str(file))
    portal.does("reset", "--yes")
    portal.environ = {}
    portal.does("restore", str(file))
    assert portal.does("manage", "migrate_locked").endswith("No migrations to apply.\n")
    with tarfile.open(file) as tar:
        manifest = json.load(tar.extractfile("manifest.json"))  # type: ignore[arg-type]
    assert manifest["postgresql"] == older[0].major
    # Back to the older one leads no way.
    back = portals("back")
    back.environ = {"PORTAL_PG_BIN": str(older[0].bin)}
    portal.does("backup", str(tmp_path / "newer.portal"))
    refused = back.run("restore", str(tmp_path / "newer.portal"))
    assert f"The backup is of PostgreSQL {binaries.major} and this server is {older[0].major}" in refused.stderr
