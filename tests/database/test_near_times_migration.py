"""The migration that keeps an offer's times near brings each far one to the nearest that can be read, frozen or not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection

from cpo_portal.accounts.tenancy import cpo_scope
from offers import authoring
from offers.models import OfferVersion
from tests.people import weekend
from tests.world import make_world

pytestmark = pytest.mark.django_db(transaction=True)
BRING_NEAR = import_module("offers.migrations.0019_near_times").BRING_NEAR
TABLE, RULE, TRIGGER = "offers_offerversion", "offer_times_are_near", "offers_offerversion_frozen"
#: By offer: its times before, and after; in UTC as the session of the test has it.
TIMES = {
    "near": (("2026-01-01 00:00+00", "2040-01-01 00:00+00"), ("2026-01-01 00:00", "2040-01-01 00:00")),
    "first-hour-of-all": (("0001-01-01 00:00+00", "2040-01-01 00:00+00"), ("2000-01-01 00:00", "2040-01-01 00:00")),
    "before-christ": (("0001-01-01 00:00+00 BC", "0001-01-02 00:00+00 BC"), ("2000-01-01 00:00", "2000-01-02 00:00")),
    "last-hour-of-all": (("2026-01-01 00:00+00", "9999-12-31 23:59+00"), ("2026-01-01 00:00", "2100-12-31 00:00")),
    "later-than-can-be-read": (
        ("9000-01-01 00:00+00", "12000-01-01 00:00+00"), ("2100-12-30 00:00", "2100-12-31 00:00"),
    ),
    "as-early-as-is-kept": (("1999-12-31 00:00+00", "2040-01-01 00:00+00"), ("1999-12-31 00:00", "2040-01-01 00:00")),
    "as-late-as-is-kept": (
        ("2026-01-01 00:00+00", "2101-01-01 23:59+00"), ("2026-01-01 00:00", "2101-01-01 23:59"),
    ),
}  # fmt: skip


@pytest.fixture
def owner() -> Iterator[psycopg.Connection[Any]]:
    """The owner's connection to the database of the test; what it does there is taken back."""
    url = urlsplit(os.environ["DATABASE_OWNER_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
    with psycopg.connect(url) as owner:
        owner.execute("SET TIME ZONE 'UTC'")
        # Rows that this transaction has written itself would leave their foreign keys to be checked at its end.
        owner.execute("SET CONSTRAINTS ALL IMMEDIATE")
        yield owner
        owner.rollback()


def test_far_times_are_brought_near_and_the_rest_stays(owner: psycopg.Connection[Any]) -> None:
    cpo = make_world().cpo
    for number, name in enumerate(TIMES):
        made = authoring.create_offer(cpo, name, weekend(display_code=f"C{number}"))
        if number % 2:
            authoring.publish(made)
    owner.execute(f"ALTER TABLE {TABLE} DROP CONSTRAINT {RULE}, DISABLE TRIGGER {TRIGGER}")
    for name, (before, _) in TIMES.items():
        owner.execute(
            f"UPDATE {TABLE} v SET valid_from = %s, valid_until = %s FROM offers_offer o "
            "WHERE o.id = v.offer_id AND o.offer_id = %s",
            [*before, name],
        )
    owner.execute(f"ALTER TABLE {TABLE} ENABLE TRIGGER {TRIGGER}")
    owner.execute(BRING_NEAR)
    rows = owner.execute(
        "SELECT o.offer_id, to_char(v.valid_from, 'YYYY-MM-DD HH24:MI'), to_char(v.valid_until, 'YYYY-MM-DD HH24:MI') "
        f"FROM {TABLE} v JOIN offers_offer o ON o.id = v.offer_id"
    ).fetchall()
    assert {name: tuple(times) for name, *times in rows} == {name: after for name, (_, after) in TIMES.items()}
    frozen = owner.execute(f"SELECT tgenabled FROM pg_trigger WHERE tgname = '{TRIGGER}'").fetchone()
    assert frozen == ("O",)
    owner.rollback()
    with cpo_scope(cpo):
        assert OfferVersion.objects.filter(valid_until__year=2040).count() == len(TIMES)
