"""The supervisor, with real processes: all of them together or none, in order, and no grandchild left."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cpo_portal.runtime.home import Home

SCRIPT = Path(__file__).with_name("supervised.py")
LINUX = sys.platform.startswith("linux")
Launch = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def launch(home: Home) -> Iterator[Launch]:
    """Starts supervised.py with these children and waits until all of them run."""
    launched: list[subprocess.Popen[str]] = []

    def run(*children: str) -> subprocess.Popen[str]:
        argv = [sys.executable, str(SCRIPT), str(home.path), *children]
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        launched.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "all run\n"
        return process

    yield run
    for process in launched:
        process.kill()
        process.communicate()


def journal(home: Home) -> list[str]:
    return (home / "journal").read_text().splitlines()


def pids(home: Home) -> list[int]:
    """The children and grandchildren that have started."""
    return [int(word) for line in journal(home) for word in line.split()[1:] if word.isdigit()]


def alive(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], check=False, capture_output=True, text=True).stdout
    return bool(state) and not state.startswith("Z")


def stops(home: Home) -> list[str]:
    return [line.split()[0] for line in journal(home) if line.endswith(" stopped")]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_first_signal_stops_stage_after_stage_and_ends_well(
    home: Home, launch: Launch, number: signal.Signals
) -> None:
    process = launch("database:2:good", "worker:1:good", "beat:1:good", "web:0:good")
    assert (home / "run/web.pid").read_text().strip() in [str(pid) for pid in pids(home)]
    process.send_signal(number)
    said, _ = process.communicate(timeout=10)

    assert process.returncode == 0
    assert said.splitlines() == ["Stopping web …", "Stopping worker, beat …", "Stopping database …"]
    order = stops(home)
    assert (order[0], sorted(order[1:3]), order[3]) == ("web", ["beat", "worker"], "database")
    assert [pid for pid in pids(home) if alive(pid)] == []
    assert list((home / "run").glob("*.pid")) == []


def test_the_second_signal_kills_what_does_not_stop(home: Home, launch: Launch) -> None:
    process = launch("worker:1:good", "web:0:stubborn")
    process.send_signal(signal.SIGINT)
    time.sleep(0.5)
    assert process.poll() is None
    began = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=10)

    assert time.monotonic() - began < 5
    assert process.returncode == 0
    assert [pid for pid in pids(home) if alive(pid)] == []


def test_a_childs_end_stops_the_others_and_shows_its_last_words(home: Home, launch: Launch) -> None:
    (home / "log/worker.log").write_text("words of an earlier run\n")
    process = launch("worker:1:dies", "web:0:good", "beat:1:good")
    said, _ = process.communicate(timeout=10)

    assert process.returncode == 1
    assert f"worker ended with exit code 7; the end of {home / 'log/worker.log'}:\nthe last words\n" in said
    assert "earlier run" not in said
    assert sorted(stops(home)) == ["beat", "web"]
    assert [pid for pid in pids(home) if alive(pid)] == []


@pytest.mark.skipif(not LINUX, reason="only Linux tells a child that its parent was killed")
def test_children_stop_when_the_supervisor_is_killed(home: Home, launch: Launch) -> None:
    process = launch("worker:1:good", "web:0:good")
    process.kill()
    process.wait()
    deadline = time.monotonic() + 5
    while len(stops(home)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert sorted(stops(home)) == ["web", "worker"]
    for pid in pids(home):
        if alive(pid):
            # The supervisor that would have ended the grandchildren is no more.
            subprocess.run(["kill", str(pid)], check=True)
