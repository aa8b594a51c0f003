"""Demand levels as workers run them: decided by a real worker, and decisions dropped with their month after a year."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from celery import Celery
from django.db import connection
from django.utils import timezone
from psycopg.conninfo import conninfo_to_dict

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.celery import app
from pricing.demand.tasks import drop_old_decisions
from pricing.models import DemandDecision, DemandPolicy
from tests.pricing.demand.samples import add_connectors, busy, live_policy, told
from tests.pricing.surges.samples import no_notice
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)
TABLE = "pricing_demanddecision"


@pytest.fixture
def world() -> World:
    found = make_world()
    add_connectors(found)
    no_notice(found.cpo)
    return found


def test_the_schedule_names_tasks_that_there_are() -> None:
    app.loader.import_default_modules()
    scheduled = {x["task"] for x in app.conf.beat_schedule.values()}
    assert {x for x in scheduled if x.startswith("pricing.")} == {
        "pricing.demand.tasks.decide_levels",
        "pricing.demand.tasks.drop_old_decisions",
        "pricing.demand.replays.run_replays",
    }
    assert scheduled - set(app.tasks) == set()


@pytest.fixture
def sender(tmp_path: Path) -> Iterator[Celery]:
    """Start a worker of the portal's, and send it what it shall do."""
    folders = {name: tmp_path / "broker" / name for name in ("queue", "control")}
    for folder in folders.values():
        folder.mkdir(parents=True)
    environment = {"CELERY_BROKER_URL": "filesystem://", "PORTAL_BROKER_DIR": str(tmp_path / "broker")}
    command = ["celery", "-A", "cpo_portal.celery", "worker", "-P", "threads", "-c", "2", "-Q", "messages"]
    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(
            [sys.executable, "-m", *command, "--without-gossip", "--without-mingle"],
            env=os.environ | environment,
            stdout=log,
            stderr=log,
        )
    sending = Celery("sender", broker="filesystem://", set_as_current=False)
    queue, control = str(folders["queue"]), str(folders["control"])
    sending.conf.broker_transport_options = {
        "data_folder_in": queue,
        "data_folder_out": queue,
        "control_folder": control,
    }
    yield sending
    worker.kill()
    worker.wait()
    sending.close()
    connection.close()


def test_a_worker_decides_once_although_two_schedulers_ask(world: World, sender: Celery) -> None:
    live_policy(world.cpo)
    busy(world, 3)
    for _ in range(2):
        sender.send_task("pricing.demand.tasks.decide_levels", queue="messages", ignore_result=True)
    until = time.monotonic() + 60
    while not told(world) and time.monotonic() < until:
        time.sleep(0.1)
    assert told(world) == ["Level 1 (10 %) from now on: the load of 75 % has reached 60 %."]


def month_of(ago: timedelta) -> datetime:
    return (timezone.now() - ago).astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)


@pytest.fixture
def months(transactional_db: None) -> Iterator[list[datetime]]:
    """Tables for a month that ended more than a year ago and for one that did not, as the owner had made them."""
    owner = {**conninfo_to_dict(os.environ["DATABASE_OWNER_URL"]), "dbname": connection.settings_dict["NAME"]}
    firsts = [month_of(timedelta(days=430)), month_of(timedelta(days=330))]
    names = [f"{TABLE}_y{first:%Y}m{first:%m}" for first in firsts]
    with psycopg.connect(**owner, autocommit=True) as boss:
        for first, name in zip(firsts, names, strict=True):
            following = (first + timedelta(days=32)).replace(day=1)
            boss.execute(
                f"CREATE TABLE {name} PARTITION OF {TABLE} FOR VALUES FROM ('{first:%Y-%m-%d} 00:00+00') "
                f"TO ('{following:%Y-%m-%d} 00:00+00')"
            )
        yield firsts
        for name in names:
            boss.execute(f"DROP TABLE IF EXISTS {name}")


def kept(policy: DemandPolicy, at: datetime) -> DemandDecision:
    made = {"before": 0, "level": 0, "percent": 0, "reason": "HOLD", "words": "No surcharge.", "number": 1}
    return DemandDecision.objects.create(cpo=policy.cpo, policy=policy, location_id="cp-station", at=at, **made)


def test_decisions_go_with_their_month_after_a_year(world: World, months: list[datetime]) -> None:
    policy = live_policy(world.cpo)
    instants = [*(first + timedelta(days=3) for first in months), timezone.now()]
    with cpo_scope(world.cpo):
        rows = [kept(policy, at) for at in instants]
    assert [drop_old_decisions(), drop_old_decisions()] == [1, 0]
    with cpo_scope(world.cpo):
        assert set(DemandDecision.objects.values_list("pk", flat=True)) == {row.pk for row in rows[1:]}
