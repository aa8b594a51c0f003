"""Crashes: web, worker, scheduler and database are killed at random moments while a buyer app goes on buying."""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from beckn.buyer.credentials import Credentials, read_credentials
from cpo_portal.runtime.binaries import find_binaries
from cpo_portal.runtime.cluster import Cluster, destroy_cluster
from cpo_portal.runtime.home import REPO, Home
from tests.crashes import truths
from tests.crashes.brokers import BROKERS, free_ports
from tests.crashes.buyer import Buyer, Noted
from tests.crashes.fleet import NAMES, Fleet
from tests.crashes.sink import Sink

pytestmark = pytest.mark.slow

#: How often each broker's fleet is brought down; the embedded one is files.
SEEDS = {"files": 30, "redis": 6, "rabbitmq": 6}
BUYERS = 8
KILLS = 4
DRAIN_SECONDS = 90
#: Everything that may die at once.
VICTIMS: tuple[tuple[str, ...], ...] = (("worker",), ("web",), ("worker", "web"), ("database",), (*NAMES, "database"))
CAP = """
import django; django.setup()
from cpo_portal.accounts.models import Cpo
from tests.world import make_offer
make_offer(Cpo.objects.get(provider_id="{provider_id}"), "capped", auto=False, display_code="",
           total_uses=100000, budget=1000000, redemption_cap=100)
"""


@pytest.fixture(scope="module", params=SEEDS)
def fleet(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """A portal with the demonstration's data, on a cluster whose commits reach the disk."""
    home = Home(tmp_path_factory.mktemp("fleet")).prepare()
    cluster = Cluster.of(home, find_binaries(Home.from_environ()), throwaway=True, durable=True)
    broker = None
    if request.param in BROKERS:
        if not BROKERS[request.param].is_installed():
            pytest.skip(f"{request.param} is not installed")
        broker = BROKERS[request.param](tmp_path_factory.mktemp(request.param))
    try:
        if broker:
            broker.start()
        fleet = Fleet(home, cluster, free_ports(1)[0], broker)
        fleet.manage("migrate", owner=True)
        fleet.manage("load_demo")
        yield fleet
        fleet.end()
    finally:
        cluster.stop()
        destroy_cluster(home)
        if broker:
            broker.stop()


@pytest.fixture(scope="module")
def buyer_app(fleet: Fleet) -> Credentials:
    """The demonstration's buyer app, which opts in to an offer with limits."""
    known = read_credentials(fleet.home / "demo/buyer.json")
    code = CAP.format(provider_id=known.provider_id)
    environ = fleet.environ | {"DJANGO_SETTINGS_MODULE": "cpo_portal.settings"}
    subprocess.run([sys.executable, "-c", code], cwd=REPO, env=environ, check=True, timeout=60)
    return replace(known, offer_id="capped")


@pytest.mark.parametrize("seed", range(int(os.environ.get("CRASH_SEEDS", max(SEEDS.values())))))
def test_nothing_is_lost_doubled_or_reordered(
    fleet: Fleet, buyer_app: Credentials, seed: int, request: pytest.FixtureRequest
) -> None:
    if seed >= SEEDS[request.node.callspec.params["fleet"]]:
        pytest.skip("this broker is given fewer seeds")
    dice = random.Random(seed)
    with _buying(fleet, buyer_app, seed) as (sink, noted):
        for _ in range(KILLS):
            time.sleep(dice.uniform(0.5, 3))
            _crash(fleet, dice.choice(VICTIMS), dice)
    _compare(fleet, sink, noted)


def test_a_broker_that_is_away_for_a_minute_holds_nothing_up(fleet: Fleet, buyer_app: Credentials) -> None:
    if fleet.broker is None:
        pytest.skip("files are never away")
    with _buying(fleet, buyer_app, seed=1) as (sink, noted):
        time.sleep(3)
        fleet.broker.stop()
        # What was under way when it went may go on for some time, so it is the second half that counts.
        time.sleep(30)
        before = len(sink.arrivals)
        time.sleep(30)
        without = len(sink.arrivals) - before
        fleet.broker.start()
        time.sleep(15)
    _compare(fleet, sink, noted)
    assert without > 0


@contextlib.contextmanager
def _buying(fleet: Fleet, buyer_app: Credentials, seed: int) -> Iterator[tuple[Sink, Noted]]:
    """Buyers who go on until the end of the block; then what they have begun is worked off."""
    sink, noted, stop = Sink(buyer_app.port, random.Random(seed)), Noted(), threading.Event()
    charger = threading.Lock()
    buyers = [Buyer(buyer_app, sink, noted, seed=seed * 100 + n, charger=charger) for n in range(BUYERS)]
    threads = [threading.Thread(target=buyer.run, args=[stop]) for buyer in buyers]
    fleet.begin(*NAMES)
    try:
        fleet.await_ready()
        for thread in threads:
            thread.start()
        yield sink, noted
        sink.calm = True
        stop.set()
        for thread in threads:
            thread.join(120)
            assert not thread.is_alive()
        _drain(fleet)
    finally:
        stop.set()
        sink.calm = True
        fleet.end()
        sink.close()


def _compare(fleet: Fleet, sink: Sink, noted: Noted) -> None:
    with fleet.database() as db:
        complaints = [
            *truths.every_request_is_final(db, noted),
            *truths.every_request_is_answered_once(db),
            *truths.every_callback_arrived(db, sink.arrivals),
            *truths.callbacks_came_in_order(db, noted, sink.arrivals),
            *truths.every_ledger_chain_is_whole(db),
            *truths.counters_agree_with_the_ledger(db),
            *truths.nobody_ordered_or_paid_twice(db, noted),
            *truths.what_the_buyer_reached_is_so(db, noted),
        ]
        bought = db.execute("SELECT count(*) FROM charging_order").fetchone()
        _forget_messages(db)
    complaints += [error for error in noted.server_errors if not error.startswith("503 ")]
    assert complaints == [], fleet.logs()[-3000:]
    assert bought is not None
    assert bought[0] > 0


def _crash(fleet: Fleet, victims: tuple[str, ...], dice: random.Random) -> None:
    """Kill, wait a moment, and start again; a restarted database is not told to anybody."""
    processes = [name for name in victims if name != "database"]
    fleet.kill(*processes)
    if "database" in victims:
        fleet.kill_database()
    else:
        time.sleep(dice.uniform(0, 1))
    fleet.begin(*processes)


def _drain(fleet: Fleet) -> None:
    """Wait until nothing is under way; what waits for its next attempt need not wait as long as it would."""
    deadline = time.monotonic() + DRAIN_SECONDS
    open_work = """SELECT (SELECT count(*) FROM beckn_inboundmessage WHERE state = 'RECEIVED')
        + (SELECT count(*) FROM beckn_outboundcallback WHERE state = 'PENDING')
        + (SELECT count(*) FROM charging_orderevent WHERE announced_at IS NULL
            OR (settled_at IS NULL AND kind IN ('CHARGING_STOPPED', 'PAYMENT_REPORTED', 'PAYMENT_UNASKED')))"""
    while True:
        fleet.pass_time()
        with fleet.database() as db:
            row = db.execute(open_work).fetchone()
        if row == (0,):
            return
        assert time.monotonic() < deadline, f"{row} things are still under way\n{fleet.logs()[-6000:]}"
        time.sleep(0.5)


def _forget_messages(db: truths.Db) -> None:
    """The next seed looks at its own messages; orders and ledger stay and must go on agreeing."""
    db.execute(
        "TRUNCATE beckn_inboundmessage, beckn_outboundcallback, beckn_deliveryattempt, beckn_messagebody CASCADE"
    )
