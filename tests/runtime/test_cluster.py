"""The embedded cluster, with real servers: it keeps its data, survives kills and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cpo_portal.runtime.binaries import Binaries, ServerUser, copy_binaries, find_binaries
from cpo_portal.runtime.cluster import Cluster, running_urls, throwaway_cluster
from cpo_portal.runtime.cluster_place import POINTER, Place, read_outside
from cpo_portal.runtime.home import REPO, Home, Refusal
from cpo_portal.runtime.server_process import read_pidfile, server_pid

pytestmark = pytest.mark.slow

Query = Callable[[str, str], str]
Make = Callable[[], Cluster]
AS_ROOT = os.geteuid() == 0
SYSTEM_PYTHON = Path("/usr/bin/python3")


def wait_until(condition: Callable[[], object], seconds: float = 10) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture
def make_cluster(home: Home) -> Iterator[Callable[[], Cluster]]:
    """Clusters of the test's home, each as a new launcher would see it; stopped in the end."""
    made: list[Cluster] = []

    def make() -> Cluster:
        made.append(Cluster.of(home))
        return made[-1]

    yield make
    for cluster in made:
        cluster.stop()


def test_keeps_its_data_when_stopped_and_started_again(home: Home, make_cluster: Make, query: Query) -> None:
    cluster = make_cluster()
    first = cluster.start()
    query(first.owner, "CREATE TABLE kept AS SELECT 42 AS answer")
    cluster.stop()
    assert server_pid(cluster.place.data) is None
    assert running_urls(home) is None

    second = make_cluster().start()
    assert query(second.owner, "SELECT answer FROM kept") == "42"
    assert running_urls(home) == second


def test_listens_on_a_closed_socket_only_and_gives_two_lesser_roles(
    home: Home, make_cluster: Make, query: Query
) -> None:
    urls = make_cluster().start()
    rights = "rolname, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls"
    roles = f"SELECT {rights} FROM pg_roles WHERE rolname ~ '^cpo' ORDER BY 1"
    assert query(urls.app, roles).splitlines() == ["cpo_portal_app|f|f|f|f", "cpo_portal_owner|f|f|f|f"]
    assert query(urls.app, "SHOW listen_addresses") == ""
    assert query(
        urls.app, "SELECT current_user, pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'cpo_portal'"
    ) == ("cpo_portal_app|cpo_portal_owner")
    assert query(urls.app, "SELECT current_setting('server_encoding'), current_setting('fsync')") == "UTF8|on"
    assert "permission denied for schema public" in query(urls.app, "CREATE TABLE mine (id int)")
    password = home.secret("pg_app_password")
    assert "password authentication failed" in query(urls.app.replace(password, "wrong"), "SELECT 1")


def test_starts_again_after_the_server_was_killed(make_cluster: Make, query: Query) -> None:
    cluster = make_cluster()
    query(cluster.start().owner, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert cluster.running is not None
    os.kill(cluster.running.process.pid, signal.SIGKILL)
    cluster.running.process.wait()
    assert (cluster.place.data / "postmaster.pid").exists()

    assert query(make_cluster().start().app, "SELECT count(*) FROM pg_tables WHERE tablename = 'kept'") == "1"


def test_replaces_a_server_that_outlived_its_launcher(make_cluster: Make, query: Query) -> None:
    outlived, ours = make_cluster(), make_cluster()
    query(outlived.start().owner, "CREATE TABLE kept AS SELECT 42 AS answer")
    assert ours.is_up()

    assert query(ours.start().owner, "SELECT answer FROM kept") == "42"
    assert outlived.running is not None
    assert outlived.running.process.wait() == 0


def test_a_stale_pid_that_is_now_another_process_stops_neither_the_start_nor_that_process(
    make_cluster: Make,
) -> None:
    cluster = make_cluster()
    cluster.start()
    pidfile = cluster.place.data / "postmaster.pid"
    text = pidfile.read_text()
    cluster.stop()
    with subprocess.Popen(["sleep", "60"], **cluster.place.user.popen_options()) as bystander:
        pidfile.write_text("\n".join([str(bystander.pid), *text.splitlines()[1:]]) + "\n")
        os.chown(pidfile, cluster.place.user.uid, cluster.place.user.gid)

        again = make_cluster()
        again.start()
        assert server_pid(cluster.place.data) not in (None, bystander.pid)
        again.stop()
        assert bystander.poll() is None
        bystander.kill()


def test_refuses_data_of_another_major_version_and_touches_nothing(home: Home) -> None:
    base = Cluster.of(home).place.base
    (base / "pg14").mkdir()
    (base / "pg14/PG_VERSION").write_text("14\n")
    with pytest.raises(
        Refusal, match=r"of PostgreSQL 14 and the programs are of \d+: .*PORTAL_PG_BIN.*backup.*reset.*restore"
    ):
        Cluster.of(home)
    assert [path.name for path in base.glob("pg*")] == ["pg14"]


def test_names_the_way_out_when_the_chosen_binaries_do_not_serve(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_PG_BIN", str(tmp_path))
    with pytest.raises(Refusal, match=r"PORTAL_PG_BIN=.* does not hold PostgreSQL 15 or newer"):
        find_binaries(home)


@pytest.mark.skipif(not AS_ROOT, reason="only root needs another user for the server")
def test_root_lets_another_user_serve_from_a_folder_that_is_closed_to_the_rest(
    home: Home, make_cluster: Make, binaries: Binaries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_PG_BIN", str(copy_binaries(binaries, home / "closed").bin))
    cluster = make_cluster()
    cluster.start()
    assert cluster.place.binaries.bin.is_relative_to(cluster.place.base)
    assert cluster.running is not None
    base = read_outside(home)
    assert base == cluster.place.base
    assert (base.stat().st_uid, base.stat().st_mode & 0o777) == (cluster.place.user.uid, 0o700)
    assert Path(f"/proc/{cluster.running.process.pid}").stat().st_uid == cluster.place.user.uid != 0
    cluster.stop()

    (home / POINTER).write_text("/etc\n")
    with pytest.raises(Refusal, match="is damaged"):
        Cluster.of(home)
    (home / POINTER).write_text(f"{base}\n")
    moved = base.rename(base.with_name(f"{base.name}-moved"))
    with pytest.raises(Refusal, match=r"which is gone.*portal reset"):
        Cluster.of(home)
    moved.rename(base)


ORDINARY_USER = """
import os, sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from cpo_portal.runtime.cluster import Cluster
from cpo_portal.runtime.home import Home
home = Home(Path(sys.argv[2])).prepare()
for _ in range(2):
    cluster = Cluster.of(home)
    urls = cluster.start()
    print(os.geteuid() == cluster.place.data.stat().st_uid, cluster.place.base == home.path, cluster.socket_dir)
    cluster.stop()
    print(cluster.socket_dir.exists())
"""


def test_serves_an_ordinary_user_below_a_closed_folder_whose_path_is_too_long_for_a_socket(
    tmp_path: Path, binaries: Binaries
) -> None:
    python, user = sys.executable, ServerUser.choose()
    closed = tmp_path
    if AS_ROOT:
        if subprocess.run(
            [SYSTEM_PYTHON, "-c", "import sys; sys.exit(sys.version_info < (3, 11))"], check=False
        ).returncode:
            pytest.skip("no Python 3.11 that another user may run")
        python = str(SYSTEM_PYTHON)
        closed = Path(subprocess.check_output(["mktemp", "-d", "/var/tmp/portal-test.XXXXXX"], text=True).strip())
    try:
        usable = copy_binaries(binaries, closed / "postgresql")
        clone = closed / "clone"
        (clone / "cpo_portal").mkdir(parents=True)
        subprocess.run(
            ["cp", "-R", REPO / "cpo_portal/runtime", REPO / "cpo_portal/__init__.py", clone / "cpo_portal"], check=True
        )
        if AS_ROOT:
            subprocess.run(["chown", "-R", f"{user.uid}:{user.gid}", closed], check=True)
        closed.chmod(0o700)
        done = subprocess.run(
            [python, "-c", ORDINARY_USER, str(clone), str(clone / ("long" * 30))],
            check=False,
            capture_output=True,
            text=True,
            cwd=closed,
            env={"PATH": os.environ["PATH"], "PORTAL_PG_BIN": str(usable.bin)},
            **user.popen_options(),
        )
    finally:
        if AS_ROOT:
            subprocess.run(["rm", "-rf", closed], check=True)
    assert done.stderr == ""
    first, first_left, second, second_left = done.stdout.splitlines()
    assert first.startswith("True True /tmp/cpo-portal-")
    assert second.startswith("True True /tmp/cpo-portal-")
    assert (first_left, second_left) == ("False", "False")


def test_a_throw_away_cluster_can_make_databases_and_is_removed(home: Home, query: Query) -> None:
    with throwaway_cluster(home) as made:
        assert query(made.urls.owner, "CREATE DATABASE another") == ""
        assert query(made.urls.app, "SHOW fsync") == "off"
        base = read_outside(made.home) or made.home.path
        pid = next(pidfile.pid for data in base.glob("pg*") if (pidfile := read_pidfile(data)))
        assert base.exists()
    assert not base.exists()
    assert list((home / "tmp").iterdir()) == []
    assert not Path(f"/proc/{pid}").exists()


LEAVES_ONE_BEHIND = """
import sys, time
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from cpo_portal.runtime.cluster import throwaway_cluster
from cpo_portal.runtime.cluster_place import read_outside
from cpo_portal.runtime.home import Home
with throwaway_cluster(Home(Path(sys.argv[2])).prepare()) as made:
    print(made.home.path, read_outside(made.home) or made.home.path, flush=True)
    time.sleep(60)
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells a child that its parent was killed")
def test_what_a_killed_run_leaves_is_removed_by_the_next_but_not_what_is_in_use(home: Home, query: Query) -> None:
    argv = [sys.executable, "-c", LEAVES_ONE_BEHIND, str(REPO), str(home.path)]
    with (
        subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as killed,
        throwaway_cluster(home, durable=True) as in_use,
    ):
        assert killed.stdout is not None
        left, base = (Path(word) for word in killed.stdout.readline().split())
        data = next(base.glob("pg*[0-9]"))
        assert server_pid(data) is not None
        killed.kill()
        killed.wait()
        # The kernel tells the server to end when its launcher is killed.
        assert wait_until(lambda: server_pid(data) is None)
        assert left.exists()

        with throwaway_cluster(home):
            assert not left.exists()
            assert not base.exists()
            assert query(in_use.urls.app, "SHOW fsync") == "on"


def test_a_folder_of_another_kind_of_user_is_refused(home: Home, binaries: Binaries) -> None:
    root_like = ServerUser(os.geteuid(), os.getegid(), switched=True)
    (home / "pg18").mkdir()
    with pytest.raises(Refusal, match="made by a user who is not root"):
        Place.choose(home, binaries, root_like, throwaway=False)
    (home / "pg18").rmdir()
    (home / POINTER).write_text("/var/lib/cpo-portal-0123\n")
    with pytest.raises(Refusal, match="made by root"):
        Place.choose(home, binaries, ServerUser(os.geteuid(), os.getegid(), switched=False), throwaway=False)
    (home / POINTER).unlink()
