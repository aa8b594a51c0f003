"""Sessions as charging systems report them: each step once, every refusal without a trace."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction

from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.events import record_event
from cpo_portal.charging.models import ChargingSession, EventKind, MeterReading, Order
from cpo_portal.charging.refusals import ChargingRefusal
from cpo_portal.charging.sessions.breakdowns import give_up
from cpo_portal.charging.sessions.commands import open_commands
from cpo_portal.charging.sessions.connectors import set_status
from cpo_portal.charging.sessions.readings import Reading, record_readings
from cpo_portal.charging.sessions.reports import SessionStop, start_session, stop_session
from cpo_portal.charging.sessions.switches import interrupt, resume
from cpo_portal.network.models import Charger, ChargingSystem, ConnectorStatus, StatusChoice
from tests.charging.sales import Sale, events, everything, make_sale
from tests.network.places import Net
from tests.processes import run_at_once

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def state_of(sale: Sale) -> tuple[str, str, str]:
    with cpo_scope(sale.net.cpo):
        order = Order.objects.get(pk=sale.order.pk)
        status = ConnectorStatus.objects.get(connector=order.connector)
        return order.session.state, order.fulfillment_state, status.status


def refused(code: str, sale: Sale, work: Callable[[], Any]) -> None:
    before = everything()
    with cpo_scope(sale.net.cpo), pytest.raises(ChargingRefusal) as refusal:
        work()
    assert refusal.value.code == code
    assert everything() == before


def stop(sale: Sale, *, minutes: int = 20, register: int = 6_200, **changes: Any) -> ChargingSession:
    report = SessionStop(sale.now + minutes * MINUTE, register, "EVDisconnected")
    with cpo_scope(sale.net.cpo):
        return stop_session(sale.net.system, "s-1", report, now=changes.get("now", sale.now + minutes * MINUTE))


def test_a_session_from_start_to_stop(sale: Sale) -> None:
    sale.begin()
    assert state_of(sale) == ("ACTIVE", "ACTIVE", "CHARGING")
    with cpo_scope(sale.net.cpo):
        at = sale.now + 5 * MINUTE
        interrupt(sale.net.system, "s-1", at=at, now=at)
        assert state_of(sale) == ("INTERRUPTED", "CONNECTION-INTERRUPTED", "CHARGING")
        resume(sale.net.system, "s-1", at=at + MINUTE, now=at + MINUTE)
    assert state_of(sale) == ("ACTIVE", "ACTIVE", "CHARGING")
    stop(sale)
    assert state_of(sale) == ("STOPPED", "COMPLETED", "AVAILABLE")
    assert events(sale.order) == [
        ("CHARGING_STARTED", {"session_id": "s-1", "register_wh": 1_000}),
        ("INTERRUPTED", {"session_id": "s-1"}),
        ("RESUMED", {"session_id": "s-1"}),
        (
            "CHARGING_STOPPED",
            {"session_id": "s-1", "register_wh": 6_200, "delivered_wh": 5_200, "reason": "EVDisconnected"},
        ),
    ]
    with every_cpo():
        registers = list(MeterReading.objects.order_by("measured_at").values_list("register_wh", flat=True))
        assert registers == [1_000, 6_200]
        assert Order.objects.get().state == "ACTIVE"


def test_every_report_may_come_twice(sale: Sale) -> None:
    with cpo_scope(sale.net.cpo):
        first, is_new = start_session(sale.net.system, sale.start(), now=sale.now)
        again, is_new_again = start_session(sale.net.system, sale.start(), now=sale.now)
        assert (again.pk, is_new, is_new_again) == (first.pk, True, False)
        for at, switch in ((MINUTE, interrupt), (2 * MINUTE, resume), (3 * MINUTE, interrupt)):
            for _ in range(2):
                switch(sale.net.system, "s-1", at=sale.now + at, now=sale.now + at)
        interrupt(sale.net.system, "s-1", at=sale.now + MINUTE, now=sale.now + 5 * MINUTE)
        resume(sale.net.system, "s-1", at=sale.now + 2 * MINUTE, now=sale.now + 5 * MINUTE)
        assert state_of(sale)[0] == "INTERRUPTED"
    stop(sale)
    before = everything()
    assert stop(sale).last_register_wh == 6_200
    assert everything() == before
    kinds = [kind for kind, _ in events(sale.order)]
    assert kinds == ["CHARGING_STARTED", "INTERRUPTED", "RESUMED", "INTERRUPTED", "CHARGING_STOPPED"]


@pytest.mark.parametrize(
    ("code", "order", "report"),
    [
        pytest.param("UNKNOWN_ORDER", {}, {"order_id": uuid.UUID(int=1)}, id="unknown order"),
        pytest.param("OTHER_CONNECTOR", {}, {"item_id": "item-2"}, id="another connector"),
        pytest.param("ORDER_NOT_ACTIVE", {"state": "INITIALISED"}, {}, id="not confirmed"),
        pytest.param("ORDER_NOT_ACTIVE", {"state": "CANCELLED"}, {}, id="cancelled"),
        pytest.param("START_NOT_AUTHORIZED", {"start_authorized_at": None}, {}, id="no start asked for"),
    ],
)
def test_a_start_is_refused(sale: Sale, code: str, order: dict[str, Any], report: dict[str, Any]) -> None:
    with cpo_scope(sale.net.cpo):
        Order.objects.filter(pk=sale.order.pk).update(**order)
    refused(code, sale, lambda: start_session(sale.net.system, sale.start(**report), now=sale.now))


@pytest.mark.parametrize(
    ("code", "seconds"),
    [("IN_THE_FUTURE", 61), (None, 60), (None, -120), ("BEFORE_START", -121)],
)
def test_the_clock_at_the_start(sale: Sale, code: str | None, seconds: int) -> None:
    start = sale.start(started_at=sale.now + timedelta(seconds=seconds))
    if code:
        refused(code, sale, lambda: start_session(sale.net.system, start, now=sale.now))
    else:
        with cpo_scope(sale.net.cpo):
            assert start_session(sale.net.system, start, now=sale.now)[0].started_at == start.started_at


def test_a_simulated_system_has_its_own_clock(sale: Sale) -> None:
    with cpo_scope(sale.net.cpo):
        ChargingSystem.objects.filter(pk=sale.net.system.pk).update(is_simulated=True)
        sale.net.system.refresh_from_db()
    sale.begin()
    stop(sale, minutes=20, now=sale.now)
    assert state_of(sale) == ("STOPPED", "COMPLETED", "AVAILABLE")
    with cpo_scope(sale.net.cpo):
        assert ConnectorStatus.objects.get().reported_at == sale.now


def test_another_system_of_the_cpo_does_not_know_the_order(sale: Sale) -> None:
    with cpo_scope(sale.net.cpo):
        stranger = ChargingSystem.objects.create(cpo=sale.net.cpo, name="Other CSMS")
    refused("UNKNOWN_ORDER", sale, lambda: start_session(stranger, sale.start(), now=sale.now))
    sale.begin()
    refused("UNKNOWN_SESSION", sale, lambda: interrupt(stranger, "s-1", at=sale.now, now=sale.now))


def test_another_cpos_system_does_not_know_the_order(sale: Sale, other: Net) -> None:
    before = everything()
    with cpo_scope(other.cpo), pytest.raises(ChargingRefusal, match="No order of yours"):
        start_session(other.system, sale.start(), now=sale.now)
    assert everything() == before


def test_one_order_one_session(sale: Sale) -> None:
    sale.begin()
    for change in ({"session_id": "s-2"}, {"register_wh": 999}, {"started_at": sale.now - timedelta(seconds=1)}):
        start = sale.start(**change)
        refused("ORDER_HAS_SESSION", sale, lambda start=start: start_session(sale.net.system, start, now=sale.now))  # type: ignore[misc]


def test_one_connector_one_session(sale: Sale) -> None:
    sale.begin()
    second = make_sale(sale.net)
    start = second.start(session_id="s-2")
    refused("CONNECTOR_BUSY", sale, lambda: start_session(sale.net.system, start, now=sale.now))
    stop(sale)
    with cpo_scope(sale.net.cpo):
        assert start_session(sale.net.system, start, now=sale.now)[1]


def test_a_session_id_is_used_once(sale: Sale) -> None:
    sale.begin()
    second = make_sale(sale.net, connector=sale.net.connectors[1])
    start = second.start(item_id="item-2")
    refused("SESSION_ID_USED", sale, lambda: start_session(sale.net.system, start, now=sale.now))


@pytest.mark.parametrize(
    ("code", "minutes", "register"),
    [
        pytest.param("BEFORE_START", -1, 6_200, id="stop before start"),
        pytest.param("IN_THE_FUTURE", 22, 6_200, id="ahead of the clock"),
    ],
)
def test_a_stop_is_refused(sale: Sale, code: str, minutes: int, register: int) -> None:
    sale.begin()
    report = SessionStop(sale.now + minutes * MINUTE, register)
    refused(code, sale, lambda: stop_session(sale.net.system, "s-1", report, now=sale.now + 20 * MINUTE))


@pytest.mark.parametrize(
    ("minutes", "register", "delivered", "odd"),
    [
        pytest.param(20, 0, 2_000, {"register_backwards": True}, id="the meter began anew"),
        pytest.param(20, 2_999, 2_000, {"register_backwards": True}, id="a little backwards"),
        pytest.param(10, 0, 0, {"register_backwards": True}, id="backwards at the last reading's instant"),
        pytest.param(5, 2_000, 2_000, {"readings_after_stop": True}, id="before the last reading"),
        pytest.param(5, 999, 2_000, {"register_backwards": True, "readings_after_stop": True}, id="both"),
        pytest.param(20, 3_000, 2_000, {}, id="as the last reading"),
    ],
)
def test_a_running_session_can_always_be_stopped(
    sale: Sale, minutes: int, register: int, delivered: int, odd: dict[str, bool]
) -> None:
    sale.begin()
    with cpo_scope(sale.net.cpo):
        record_readings(sale.net.system, "s-1", [Reading(sale.now + 10 * MINUTE, 3_000)], now=sale.now + 10 * MINUTE)
    session = stop(sale, minutes=minutes, register=register, now=sale.now + 20 * MINUTE)
    assert state_of(sale) == ("STOPPED", "COMPLETED", "AVAILABLE")
    assert (session.last_register_wh, session.stopped_at) == (register, sale.now + minutes * MINUTE)
    said = {"session_id": "s-1", "register_wh": register, "delivered_wh": delivered, "reason": "EVDisconnected"}
    assert events(sale.order)[-1] == ("CHARGING_STOPPED", said | odd)
    with every_cpo():
        registers = set(MeterReading.objects.values_list("measured_at", "register_wh"))
    assert registers == {
        (sale.now, 1_000),
        (sale.now + 10 * MINUTE, 3_000),
        (sale.now + minutes * MINUTE, register),
    }
    before = everything()
    assert stop(sale, minutes=minutes, register=register, now=sale.now + 30 * MINUTE).pk == session.pk
    assert everything() == before
    second = make_sale(sale.net)
    with cpo_scope(sale.net.cpo):
        assert start_session(sale.net.system, second.start(session_id="s-2"), now=sale.now + 30 * MINUTE)[1]


def test_a_stopped_session_stays_as_it_is(sale: Sale) -> None:
    sale.begin()
    stop(sale)
    later = sale.now + 30 * MINUTE
    reports: list[Callable[[], Any]] = [
        lambda: stop_session(sale.net.system, "s-1", SessionStop(sale.now + 20 * MINUTE, 6_300), now=later),
        lambda: stop_session(sale.net.system, "s-1", SessionStop(sale.now + 21 * MINUTE, 6_200), now=later),
        lambda: interrupt(sale.net.system, "s-1", at=later, now=later),
        lambda: resume(sale.net.system, "s-1", at=later, now=later),
    ]
    for report in reports:
        refused("SESSION_STOPPED", sale, report)


def test_an_old_interruption_does_not_come_back(sale: Sale) -> None:
    sale.begin()
    with cpo_scope(sale.net.cpo):
        interrupt(sale.net.system, "s-1", at=sale.now + 2 * MINUTE, now=sale.now + 3 * MINUTE)
        resume(sale.net.system, "s-1", at=sale.now + 3 * MINUTE, now=sale.now + 3 * MINUTE)
    late = sale.now + MINUTE
    refused("OUT_OF_ORDER", sale, lambda: interrupt(sale.net.system, "s-1", at=late, now=sale.now + 3 * MINUTE))
    early = sale.now - MINUTE
    refused("BEFORE_START", sale, lambda: interrupt(sale.net.system, "s-1", at=early, now=sale.now))


def test_commands_are_open_until_they_are_done(sale: Sale) -> None:
    make_sale(sale.net, state="CANCELLED")
    make_sale(sale.net, start_authorized_at=None, connector=sale.net.connectors[1])
    with cpo_scope(sale.net.cpo):

        def listed() -> list[tuple[str, Any, str | None, str]]:
            return [(c.kind, c.order_id, c.session_id, c.item_id) for c in open_commands(sale.net.system)]

        assert listed() == [("START", sale.order.pk, None, "item-1")]
        session = sale.begin()
        assert listed() == []
        ChargingSession.objects.filter(pk=session.pk).update(stop_requested_at=sale.now)
        assert listed() == [("STOP", sale.order.pk, "s-1", "item-1")]
        stop(sale)
        assert listed() == []
        Charger.objects.update(system=None)
        assert listed() == []


def test_an_event_needs_its_transaction(sale: Sale) -> None:
    from django.db import connection

    connection.in_atomic_block, kept = False, connection.in_atomic_block
    try:
        with cpo_scope(sale.net.cpo), pytest.raises(RuntimeError, match="belongs into the transaction"):
            record_event(sale.order, EventKind.HELD, occurred_at=sale.now)
    finally:
        connection.in_atomic_block = kept
    assert events(sale.order) == []


@pytest.mark.django_db(transaction=True)
def test_two_orders_that_start_one_connector_at_once(sale: Sale) -> None:
    sales = [sale, *(make_sale(sale.net) for _ in range(3))]

    def begin(number: int) -> str:
        with cpo_scope(sale.net.cpo):
            try:
                start_session(sale.net.system, sales[number].start(session_id=f"s-{number}"), now=sale.now)
            except ChargingRefusal as refusal:
                return refusal.code
        return "STARTED"

    assert sorted(run_at_once(4, begin)) == ["CONNECTOR_BUSY"] * 3 + ["STARTED"]
    with every_cpo():
        assert (ChargingSession.objects.count(), MeterReading.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("since", "told"),
    [(None, "AVAILABLE"), (StatusChoice.OUT_OF_ORDER, "OUTOFORDER")],
    ids=["the connector is free again", "a charger that broke down stays so"],
)
def test_the_late_stop_of_a_session_that_was_given_up_frees_its_connector(
    sale: Sale, since: StatusChoice | None, told: str
) -> None:
    sale.begin()
    with cpo_scope(sale.net.cpo):
        with transaction.atomic():
            assert give_up(Order.objects.select_for_update().get(pk=sale.order.pk), reason="Silent", now=sale.now)
        if since is not None:
            set_status(sale.order.connector, since, at=sale.now, now=sale.now)
        later = sale.now + timedelta(minutes=20)
        stop_session(sale.net.system, "s-1", SessionStop(later, 6_200, "Local"), now=later)
        assert ConnectorStatus.objects.get(connector=sale.order.connector).status == told


def test_a_late_stop_leaves_the_next_session_of_its_connector_alone(sale: Sale) -> None:
    sale.begin()
    following = make_sale(sale.net)
    later = sale.now + timedelta(minutes=20)
    with cpo_scope(sale.net.cpo):
        with transaction.atomic():
            assert give_up(Order.objects.select_for_update().get(pk=sale.order.pk), reason="Silent", now=sale.now)
        start_session(sale.net.system, following.start(session_id="s-2"), now=sale.now)
        stop_session(sale.net.system, "s-1", SessionStop(later, 6_200, "Local"), now=later)
        assert ConnectorStatus.objects.get(connector=sale.order.connector).status == "CHARGING"
