"""The charging-system API and the webhook over HTTP: whose token may say what, and how refusals look."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import ChargingSession
from cpo_portal.charging.payments.notices import signature_of
from cpo_portal.charging.payments.reports import create_gateway
from cpo_portal.network.models import ChargingSystem, ConnectorStatus
from cpo_portal.network.systems import create_system_token
from tests.charging.sales import Sale, everything, make_sale
from tests.network.places import Net

pytestmark = pytest.mark.django_db

STATUS = "/api/charging/connectors/item-1/status"
SESSIONS = "/api/charging/sessions"


def post(client: Client, url: str, body: Any, bearer: dict[str, Any]) -> Any:
    return client.post(url, body, content_type="application/json", **bearer)


def stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def start_of(sale: Sale, **changes: Any) -> dict[str, Any]:
    return {
        "session_id": "s-1",
        "order_id": str(sale.order.pk),
        "item_id": "item-1",
        "started_at": stamp(sale.now),
        "register_wh": 1_000,
    } | changes


def test_a_session_over_http(client: Client, sale: Sale) -> None:
    with cpo_scope(sale.net.cpo):
        ChargingSystem.objects.update(is_simulated=True)
    commands = client.get("/api/charging/commands", **sale.bearer).json()["commands"]
    assert commands == [
        {
            "kind": "START",
            "order_id": str(sale.order.pk),
            "session_id": None,
            "item_id": "item-1",
            "evse_id": "evse-1",
            "connector_id": "1",
            "since": stamp(sale.now - timedelta(minutes=1)),
        }
    ]
    begun = post(client, SESSIONS, start_of(sale), sale.bearer)
    assert (begun.status_code, begun.json()) == (
        201,
        {
            "session_id": "s-1",
            "order_id": str(sale.order.pk),
            "item_id": "item-1",
            "state": "ACTIVE",
            "started_at": stamp(sale.now),
            "stopped_at": None,
            "stop_requested_at": None,
            "stop_reason": "",
            "start_register_wh": 1000,
            "last_register_wh": 1000,
            "last_reading_at": stamp(sale.now),
        },
    )
    again = post(client, SESSIONS, start_of(sale), sale.bearer)
    assert (again.status_code, again.json()) == (200, begun.json())
    readings = [
        {
            "at": stamp(sale.now + timedelta(minutes=m)),
            "register_wh": 1_000 + 260 * m,
            "power_w": 15_600,
            "soc_percent": m,
        }
        for m in (5, 10)
    ]
    for _ in range(2):
        answer = post(client, f"{SESSIONS}/s-1/readings", {"item_id": "item-1", "readings": readings}, sale.bearer)
        assert (answer.status_code, answer.json()["last_register_wh"]) == (200, 3_600)
    at = {"at": stamp(sale.now + timedelta(minutes=11))}
    assert post(client, f"{SESSIONS}/s-1/interrupt", at, sale.bearer).json()["state"] == "INTERRUPTED"
    at = {"at": stamp(sale.now + timedelta(minutes=12))}
    assert post(client, f"{SESSIONS}/s-1/resume", at, sale.bearer).json()["state"] == "ACTIVE"
    end = {"at": stamp(sale.now + timedelta(minutes=20)), "register_wh": 6_200, "reason": "Remote"}
    stops = [post(client, f"{SESSIONS}/s-1/stop", end, sale.bearer) for _ in range(2)]
    assert [answer.status_code for answer in stops] == [200, 200]
    assert stops[0].json() == stops[1].json()
    assert (stops[0].json()["state"], stops[0].json()["last_register_wh"]) == ("STOPPED", 6_200)


@pytest.mark.parametrize(
    ("url", "change", "expected"),
    [
        pytest.param(SESSIONS, {"item_id": "item-2"}, (409, "OTHER_CONNECTOR"), id="other connector"),
        pytest.param(SESSIONS, {"order_id": "0" * 32}, (404, "UNKNOWN_ORDER"), id="unknown order"),
        pytest.param(SESSIONS, {"order_id": "7"}, (400, "invalid"), id="no order id"),
        pytest.param(SESSIONS, {"session_id": "a b"}, (400, "invalid"), id="no session id"),
        pytest.param(SESSIONS, {"session_id": "a\0"}, (400, "invalid"), id="NUL"),
        pytest.param(SESSIONS, {"register_wh": -1}, (400, "invalid"), id="negative register"),
        pytest.param(SESSIONS, {"register_wh": 10**12 + 1}, (400, "invalid"), id="absurd register"),
        pytest.param(SESSIONS, {"register_wh": 1.5}, (400, "invalid"), id="half a watt-hour"),
        pytest.param(SESSIONS, {"started_at": "2026-01-05T12:00:00"}, (400, "invalid"), id="no offset"),
        pytest.param(SESSIONS, {"started_at": "9999-12-31T23:59:59-14:00"}, (400, "invalid"), id="beyond the calendar"),
        pytest.param(SESSIONS, {"started_at": "2100-12-31T00:00:00Z"}, (400, "IN_THE_FUTURE"), id="future"),
        pytest.param(SESSIONS, {"started_at": "2000-01-01T00:00:00Z"}, (409, "BEFORE_START"), id="long ago"),
        pytest.param(
            f"{SESSIONS}/s-9/interrupt", {"at": "2026-01-05T12:00:00Z"}, (404, "UNKNOWN_SESSION"), id="session"
        ),
        pytest.param(f"{SESSIONS}/s-9/stop", {"register_wh": 1}, (400, "invalid"), id="stop without a time"),
        pytest.param(f"{SESSIONS}/s-9/readings", {"readings": []}, (404, "UNKNOWN_SESSION"), id="no readings"),
        pytest.param(f"{SESSIONS}/s-9/readings", {"readings": {}}, (404, "UNKNOWN_SESSION"), id="readings are no list"),
        pytest.param(
            f"{SESSIONS}/s-9/readings", {"readings": [5]}, (404, "UNKNOWN_SESSION"), id="a reading is a number"
        ),
        pytest.param(f"{SESSIONS}/a%00b/stop", {}, (404, None), id="no such address"),
    ],
)
def test_bad_reports_change_nothing(
    client: Client, sale: Sale, url: str, change: dict[str, Any], expected: tuple[int, str | None]
) -> None:
    before = everything()
    answer = post(client, url, start_of(sale, **change) if url == SESSIONS else change, sale.bearer)
    assert answer.status_code == expected[0]
    if expected[1]:
        assert answer.json()["error"]["code"] == expected[1]
        assert answer.json()["error"]["message"]
    assert everything() == before


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param("{", 400, id="no JSON"),
        pytest.param("[]", 400, id="a list"),
        pytest.param("null", 400, id="null"),
        pytest.param("[" * 9_000, 400, id="too deep"),
        pytest.param('{"register_wh": ' + "9" * 5_000 + "}", 400, id="too many digits"),
        pytest.param("x" * 65_537, 413, id="too long"),
    ],
)
def test_bad_bodies_change_nothing(client: Client, sale: Sale, body: str, status: int) -> None:
    before = everything()
    answer = post(client, SESSIONS, body, sale.bearer)
    assert (answer.status_code, set(answer.json())) == (status, {"error"})
    assert everything() == before


def test_a_status_never_goes_back_in_time(client: Client, sale: Sale) -> None:
    def report(status: str, seconds: int) -> tuple[int, dict[str, Any]]:
        answer = post(
            client, STATUS, {"status": status, "at": stamp(sale.now + timedelta(seconds=seconds))}, sale.bearer
        )
        return answer.status_code, answer.json()

    at = stamp(sale.now)
    assert report("OUTOFORDER", 0) == (200, {"item_id": "item-1", "status": "OUTOFORDER", "at": at, "kept": True})
    assert report("AVAILABLE", -1) == (200, {"item_id": "item-1", "status": "OUTOFORDER", "at": at, "kept": False})
    assert report("AVAILABLE", 0)[1]["status"] == "AVAILABLE"
    assert report("REMOVED", 0)[0] == 400
    assert report("CHARGING", 600)[1]["error"]["code"] == "IN_THE_FUTURE"
    with cpo_scope(sale.net.cpo):
        assert ConnectorStatus.objects.values_list("status", flat=True).get() == "AVAILABLE"


def test_a_system_speaks_for_its_own_chargers(client: Client, sale: Sale, other: Net) -> None:
    with cpo_scope(sale.net.cpo):
        stranger = ChargingSystem.objects.create(cpo=sale.net.cpo, name="Other CSMS")
    before = everything()
    body = {"status": "AVAILABLE", "at": stamp(sale.now)}
    for system in (stranger, other.system):
        bearer = {"HTTP_AUTHORIZATION": f"Bearer {create_system_token(system)}"}
        assert client.get("/api/charging/commands", **bearer).json() == {"commands": []}
        assert post(client, SESSIONS, start_of(sale), bearer).json()["error"]["code"] == "UNKNOWN_ORDER"
        if system is stranger:
            assert post(client, STATUS, body, bearer).json()["error"]["code"] == "UNKNOWN_CONNECTOR"
    assert everything() == before
    bearer = {"HTTP_AUTHORIZATION": f"Bearer {create_system_token(other.system)}"}
    assert post(client, STATUS, body, bearer).status_code == 200
    with cpo_scope(other.cpo):
        assert ConnectorStatus.objects.get().connector == other.connectors[0]


@pytest.mark.parametrize(
    ("scope", "message"),
    [
        ("STAFF", "You do not have permission to perform this action."),
        ("CHARGING_SYSTEM", "This token belongs to no charging system; make one on the system's page."),
    ],
)
def test_other_tokens_are_refused(client: Client, sale: Sale, scope: str, message: str) -> None:
    before = everything()
    answer = post(client, SESSIONS, start_of(sale), sale.net.bearer(scope))
    assert (answer.status_code, answer.json()["error"]["message"]) == (403, message)
    assert client.get("/api/charging/commands").status_code == 401
    assert everything() == before


def test_simulated_systems_are_refused_where_the_settings_say_so(client: Client, sale: Sale, settings: Any) -> None:
    settings.ALLOW_SIMULATED_CHARGING = False
    assert client.get("/api/charging/commands", **sale.bearer).status_code == 200
    with cpo_scope(sale.net.cpo):
        ChargingSystem.objects.update(is_simulated=True)
    before = everything()
    answer = post(client, SESSIONS, start_of(sale), sale.bearer)
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "SIMULATION_REFUSED")
    assert everything() == before
    settings.ALLOW_SIMULATED_CHARGING = True
    assert post(client, SESSIONS, start_of(sale), sale.bearer).status_code == 201


def test_a_stop_request_is_polled(client: Client, sale: Sale) -> None:
    session = sale.begin()
    with cpo_scope(sale.net.cpo):
        ChargingSession.objects.filter(pk=session.pk).update(stop_requested_at=sale.now)
    commands = client.get("/api/charging/commands", **sale.bearer).json()["commands"]
    assert [(command["kind"], command["session_id"]) for command in commands] == [("STOP", "s-1")]


def notify(client: Client, sale: Sale, secret: str, *, provider: str = "cpo1.com", **changes: Any) -> Any:
    body = {
        "event_id": "evt-1",
        "payment_id": str(sale.payment.pk),
        "status": "PAID",
        "amount": "91.45",
        "currency": "INR",
    } | changes
    raw = json.dumps(body).encode()
    return client.generic(
        "POST",
        f"/api/payments/{provider}/notices",
        raw,
        content_type="application/json",
        HTTP_X_SIGNATURE=signature_of(raw, secret.encode()),
    )


def test_the_webhook(client: Client, net: Net, other: Net) -> None:
    sale = make_sale(net, state="INITIALISED")
    _, secret = create_gateway(net.cpo, name="Gateway", pay_url="https://pay.example/?t=$transaction_id")
    answers = [notify(client, sale, secret) for _ in range(2)]
    expected = {"outcome": "PAID", "event_id": "evt-1", "payment_id": str(sale.payment.pk)}
    assert [(answer.status_code, answer.json()) for answer in answers] == [(200, expected)] * 2
    before = everything()
    unknown = notify(client, sale, secret, event_id="evt-2", payment_id="0" * 32)
    assert (unknown.status_code, unknown.json()["outcome"]) == (404, "UNKNOWN_PAYMENT")
    refusals = [
        notify(client, sale, "wrong secret", event_id="evt-3"),
        notify(client, sale, secret, event_id="evt-1", amount="5"),
        notify(client, sale, secret, event_id="evt-4", amount="-5"),
        notify(client, sale, secret, event_id="evt-5", provider="cpo2.com"),
        notify(client, sale, secret, event_id="evt-6", provider="nobody.example"),
        notify(client, sale, secret, event_id="evt-7", padding="x" * 20_000),
    ]
    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in refusals] == [
        (401, "BAD_SIGNATURE"),
        (409, "EVENT_REUSED"),
        (400, "INVALID_NOTICE"),
        (404, "UNKNOWN_GATEWAY"),
        (404, "UNKNOWN_GATEWAY"),
        (413, "too_large"),
    ]
    assert everything() == before


def test_the_schema_is_complete(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    schema = client.get("/api/schema/", HTTP_ACCEPT="application/json")
    assert schema.status_code == 200
    printed = capsys.readouterr()
    assert "Warning" not in printed.err
    assert "Error" not in printed.err
    paths = set(schema.json()["paths"])
    assert {f"{SESSIONS}/{{session_id}}/{step}" for step in ("readings", "interrupt", "resume", "stop")} <= paths
    assert {SESSIONS, "/api/charging/commands", "/api/payments/{provider_id}/notices", "/api/locations"} <= paths
