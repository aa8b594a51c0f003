"""Meter readings: many at once, in any order, all of them or none."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.models import ChargingSession, MeterReading
from cpo_portal.charging.refusals import ChargingRefusal
from cpo_portal.charging.sessions.readings import Reading, record_readings
from cpo_portal.charging.sessions.reports import SessionStop, stop_session
from tests.charging.sales import Sale, everything
from tests.processes import run_at_once

pytestmark = pytest.mark.django_db


def at(sale: Sale, minutes: float, register: int, **more: int) -> Reading:
    return Reading(sale.now + timedelta(minutes=minutes), register, **more)


def send(sale: Sale, *readings: Reading, item_id: str = "", minutes: float = 60) -> int:
    with cpo_scope(sale.net.cpo):
        now = sale.now + timedelta(minutes=minutes)
        return record_readings(sale.net.system, "s-1", readings, item_id=item_id, now=now).added


def series() -> list[tuple[int, int | None]]:
    with every_cpo():
        return list(MeterReading.objects.order_by("measured_at").values_list("register_wh", "power_w"))


def last() -> tuple[int, float]:
    with every_cpo():
        session = ChargingSession.objects.get()
    return session.last_register_wh, (session.last_reading_at - session.started_at).total_seconds() / 60


def test_readings_in_any_order_and_again(sale: Sale) -> None:
    sale.begin()
    assert send(sale, at(sale, 10, 3_000, power_w=15_600), at(sale, 5, 2_000, soc_percent=40)) == 2
    assert last() == (3_000, 10)
    assert send(sale, at(sale, 5, 2_000), at(sale, 7, 2_400), at(sale, 7, 2_400), at(sale, 0, 1_000)) == 1
    assert last() == (3_000, 10)
    assert series() == [(1_000, None), (2_000, None), (2_400, None), (3_000, 15_600)]


def test_a_large_batch_takes_a_constant_number_of_queries(
    sale: Sale, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    sale.begin()
    readings = [at(sale, number / 10, 1_000 + number) for number in range(1, 501)]
    with django_assert_num_queries(11):
        assert send(sale, *readings) == 500


@pytest.mark.parametrize(
    ("code", "minutes", "register"),
    [
        pytest.param("REGISTER_BACKWARDS", 12, 2_999, id="below the last"),
        pytest.param("REGISTER_BACKWARDS", 7, 3_001, id="between, above a later one"),
        pytest.param("REGISTER_BACKWARDS", 7, 1_999, id="between, below an earlier one"),
        pytest.param("READING_CHANGED", 10, 3_001, id="another register at a known time"),
        pytest.param("BEFORE_START", -0.1, 1_000, id="before the start"),
        pytest.param("IN_THE_FUTURE", 62, 4_000, id="ahead of the clock"),
    ],
)
def test_one_bad_reading_keeps_all_out(sale: Sale, code: str, minutes: float, register: int) -> None:
    sale.begin()
    send(sale, at(sale, 5, 2_000), at(sale, 10, 3_000))
    before = everything()
    with pytest.raises(ChargingRefusal) as refusal:
        send(sale, at(sale, 11, 3_000), at(sale, minutes, register))
    assert refusal.value.code == code
    assert everything() == before


def test_a_batch_that_contradicts_itself(sale: Sale) -> None:
    sale.begin()
    before = everything()
    for code, second in (("READING_CHANGED", at(sale, 5, 2_001)), ("REGISTER_BACKWARDS", at(sale, 6, 1_999))):
        with pytest.raises(ChargingRefusal) as refusal:
            send(sale, at(sale, 5, 2_000), second)
        assert refusal.value.code == code
    assert everything() == before


def test_for_another_connector_or_an_unknown_session(sale: Sale) -> None:
    with pytest.raises(ChargingRefusal, match="You have started no session with this id"):
        send(sale, at(sale, 5, 2_000))
    sale.begin()
    before = everything()
    with pytest.raises(ChargingRefusal) as refusal:
        send(sale, at(sale, 5, 2_000), item_id="item-2")
    assert refusal.value.code == "OTHER_CONNECTOR"
    assert everything() == before
    assert send(sale, at(sale, 5, 2_000), item_id="item-1") == 1


def test_after_the_stop_only_what_was_known(sale: Sale) -> None:
    sale.begin()
    send(sale, at(sale, 5, 2_000))
    with cpo_scope(sale.net.cpo):
        end = sale.now + timedelta(minutes=20)
        stop_session(sale.net.system, "s-1", SessionStop(end, 6_200), now=end)
    before = everything()
    assert send(sale, at(sale, 5, 2_000), at(sale, 20, 6_200)) == 0
    for minutes in (10, 25):
        with pytest.raises(ChargingRefusal) as refusal:
            send(sale, at(sale, minutes, 6_200))
        assert refusal.value.code == "SESSION_STOPPED"
    assert everything() == before


@pytest.mark.django_db(transaction=True)
def test_the_same_and_other_readings_at_once(sale: Sale) -> None:
    sale.begin()
    batches = [[at(sale, minute, 1_000 + 100 * minute) for minute in range(n % 4 + 1, 40, 4)] for n in range(8)]
    added = run_at_once(8, lambda n: send(sale, *batches[n]))
    assert sum(added) == 39
    assert [register for register, _ in series()] == [1_000 + 100 * minute for minute in range(40)]
    assert last() == (4_900, 39)


@pytest.mark.django_db(transaction=True)
def test_a_stop_and_later_readings_at_once(sale: Sale) -> None:
    sale.begin()

    def report(number: int) -> str:
        try:
            if number % 2:
                send(sale, at(sale, 30, 5_000))
                return "READ"
            with cpo_scope(sale.net.cpo):
                end = sale.now + timedelta(minutes=20)
                stop_session(sale.net.system, "s-1", SessionStop(end, 4_000), now=end)
            return "STOPPED"
        except ChargingRefusal as refusal:
            return refusal.code

    outcome = set(run_at_once(4, report))
    assert outcome in ({"STOPPED", "SESSION_STOPPED"}, {"STOPPED", "READ"}, {"STOPPED", "READ", "SESSION_STOPPED"})
    late = [(5_000, None)] if "READ" in outcome else []
    assert series() == [(1_000, None), (4_000, None), *late]
