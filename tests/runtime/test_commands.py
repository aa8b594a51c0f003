"""`./portal` from a terminal: what it says, in one sentence, when it cannot go on."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import pytest

from cpo_portal.runtime.cluster import Cluster
from cpo_portal.runtime.home import REPO, Home, hold_lock


def portal(home: Home, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, REPO / "portal", *args],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env=os.environ | {"PORTAL_HOME": str(home.path)},
        cwd="/",
    )


def refusal(home: Home, *args: str) -> str:
    done = portal(home, *args)
    assert done.returncode == 1
    assert done.stdout == ""
    return done.stderr


def test_up_names_the_way_out_of_a_taken_port(home: Home) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert refusal(home, "up", "--port", str(port)) == (
            f"portal: Port {port} cannot be used (Address already in use): choose another,"
            f" for example `./portal up --port {port + 10}`.\n"
        )
    assert list(home.path.glob("pg*")) == []


def test_a_second_up_and_a_reset_say_who_runs_and_where(home: Home) -> None:
    with hold_lock(home / "run/lock", command="up", url="http://127.0.0.1:8123"):
        for args in (["up"], ["reset", "--yes"]):
            assert refusal(home, *args) == (
                f"portal: {home.path} is in use by `./portal up` (process {os.getpid()}) at http://127.0.0.1:8123:"
                " stop that first, or set PORTAL_HOME to another folder.\n"
            )


def test_reset_removes_the_data_and_keeps_keys_and_environments(home: Home) -> None:
    cluster = Cluster.of(home)
    cluster.start()
    cluster.stop()
    for kept in ("venv", "log/web.log", "demo/buyer.json", "broker/message"):
        (home / kept).parent.mkdir(exist_ok=True)
        (home / kept).touch()
    key = home.secret("data_key")

    assert "repeat it with --yes" in refusal(home, "reset")
    assert cluster.place.data.exists()

    assert portal(home, "reset", "--yes").returncode == 0
    assert not cluster.place.data.exists()
    left = {str(path.relative_to(home.path)) for path in home.path.rglob("*")}
    assert {"venv", "log/web.log"} <= left
    assert not {"demo/buyer.json", "broker/message", "cluster-lies-in"} & left
    assert home.secret("data_key") == key


@pytest.mark.parametrize("command", ["web", "worker", "beat", "migrate"])
def test_the_commands_for_many_machines_start_nothing_of_their_own(home: Home, command: str) -> None:
    assert refusal(home, command).startswith(
        "portal: Set DATABASE_URL and CELERY_BROKER_URL: this command is one process"
    )


def test_the_journey_needs_a_running_portal(home: Home) -> None:
    said = refusal(home, "journey", "--url", "http://127.0.0.1:1/")
    assert said.startswith("portal: Nothing answers at http://127.0.0.1:1/ (")
    assert "run `./portal up` first" in said


def test_an_unknown_command_leads_to_the_help(home: Home) -> None:
    assert refusal(home, "pu") == "portal: There is no command 'pu': `./portal --help` lists them.\n"
    helped = portal(home, "--help")
    assert (helped.returncode, helped.stderr) == (0, "")
    for command in (
        "up",
        "journey",
        "manage",
        "backup",
        "restore",
        "reset",
        "test",
        "check",
        "bench",
        "lock",
        "migrate",
        "web",
        "worker",
        "beat",
    ):
        assert f"\n  {command} " in helped.stdout
