"""Hostile reports of charging systems and payment gateways: refused by one sentence, nothing kept."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import GatewayNotice
from cpo_portal.charging.payments.notices import signature_of
from cpo_portal.charging.payments.reports import create_gateway
from cpo_portal.network.models import ChargingSystem, ConnectorStatus
from tests.charging.sales import Sale

pytestmark = pytest.mark.django_db

SESSIONS = "/api/charging/sessions"
STATUS = "/api/charging/connectors/item-1/status"


def post(client: Client, url: str, body: Any, sale: Sale) -> Any:
    return client.post(url, body, content_type="application/json", **sale.bearer)


def test_readings_of_no_session_are_not_read(client: Client, sale: Sale) -> None:
    answer = post(client, f"{SESSIONS}/nope/readings", json.dumps({"readings": [1] * 80_000}), sale)
    error = {"code": "UNKNOWN_SESSION", "message": "You have started no session with this id; start it first."}
    assert (answer.status_code, answer.json()) == (404, {"error": error})


@pytest.mark.parametrize(
    ("count", "faults"),
    [
        (0, ["Ensure this field has at least 1 elements."]),
        (80_000, ["Send at most 500 entries at once, not 80000."]),
        (
            500,
            {
                str(index): {"non_field_errors": ["Invalid data. Expected a dictionary, but got int."]}
                for index in range(10)
            },
        ),
    ],
)
def test_readings_that_are_none(client: Client, sale: Sale, count: int, faults: Any) -> None:
    start = {
        "session_id": "s-1",
        "order_id": str(sale.order.pk),
        "item_id": "item-1",
        "started_at": sale.now.isoformat(),
        "register_wh": 0,
    }
    assert post(client, SESSIONS, start, sale).status_code == 201
    answer = post(client, f"{SESSIONS}/s-1/readings", json.dumps({"readings": [1] * count}), sale)
    assert (answer.status_code, answer.json()["error"]["fields"]) == (400, {"readings": faults})


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00+05:30", "9999-12-31T23:59:59Z", "1999-12-31T23:59:59Z"])
def test_a_report_of_another_age(client: Client, sale: Sale, at: str) -> None:
    answer = post(client, STATUS, {"status": "CHARGING", "at": at}, sale)
    fault = {"at": ["Send a time in the years 2000 to 2100."]}
    assert (answer.status_code, answer.json()["error"]["fields"]) == (400, fault)


def test_a_simulated_clock_is_at_most_a_day_ahead(client: Client, sale: Sale) -> None:
    with cpo_scope(sale.net.cpo):
        ChargingSystem.objects.update(is_simulated=True)
    late, next_day = sale.now + timedelta(days=2), sale.now + timedelta(hours=23)
    answer = post(client, STATUS, {"status": "CHARGING", "at": late.isoformat()}, sale)
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        {
            "code": "IN_THE_FUTURE",
            "message": f"The time {late:%Y-%m-%dT%H:%M:%SZ} has not come yet; "
            "set the charging system's clock and send it again.",
        },
    )
    with cpo_scope(sale.net.cpo):
        assert not ConnectorStatus.objects.filter(status="CHARGING").exists()
    assert post(client, STATUS, {"status": "CHARGING", "at": next_day.isoformat()}, sale).status_code == 200


def test_a_signed_notice_that_cannot_be_read(client: Client, sale: Sale) -> None:
    raw, sentence = b'{"amount":1e99999999999999999999}', "The body is no JSON object; see the API's schema."
    _, secret = create_gateway(sale.net.cpo, name="Pay", pay_url="https://pay.example/")
    answer = client.post(
        f"/api/payments/{sale.net.cpo.provider_id}/notices",
        raw,
        content_type="application/json",
        headers={"X-Signature": signature_of(raw, secret.encode())},
    )
    assert (answer.status_code, answer.json()["error"]) == (400, {"code": "INVALID_NOTICE", "message": sentence})
    with cpo_scope(sale.net.cpo):
        assert not GatewayNotice.objects.exists()
