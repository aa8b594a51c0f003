"""Whoever tries tokens is slowed down; a neighbour behind the same address with a right one is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cpo_portal.accounts import tokens
from cpo_portal.accounts.models import Cpo, TokenScope
from cpo_portal.accounts.rates import Buckets
from cpo_portal.network.api_limits import StaffThrottle

pytestmark = pytest.mark.django_db
ROUTES = ["/api/offers", "/api/tariffs", "/api/locations", "/api/price-check"]


@pytest.fixture
def right() -> str:
    cpo = Cpo.objects.create(provider_id="cpo1.com", name="Voltway")
    return tokens.create_token(cpo, name="t", scope=TokenScope.STAFF)[1]


@pytest.fixture(autouse=True)
def _slow_refill(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "_failures", Buckets(rate=0.001, burst=3))


def call(token: str, path: str = "/api/offers", **meta: Any) -> Any:
    return Client().get(path, HTTP_AUTHORIZATION=f"Bearer {token}", **meta)


def test_wrong_tokens_of_one_address_are_refused_without_a_look(right: str) -> None:
    assert [call("cpo_1_wrong").status_code for _ in range(3)] == [401, 401, 401]
    with CaptureQueriesContext(connection) as queries:
        answer = call("cpo_1_wrong")
    assert (answer.status_code, len(queries)) == (429, 0)
    assert int(answer["Retry-After"]) > 900
    assert answer.json()["error"]["code"] == "throttled"
    assert answer.json()["error"]["message"].startswith("Too many wrong tokens came from this address; wait.")
    assert call("cpo_1_wrong", REMOTE_ADDR="8.8.8.8").status_code == 401


def test_right_token_that_was_seen_lately_passes_beside_wrong_ones(right: str) -> None:
    assert call(right).status_code == 200
    for _ in range(9):
        call("cpo_1_wrong")
    assert call(right).status_code == 200


def test_right_token_counts_nothing(right: str) -> None:
    assert [call(right).status_code for _ in range(9)] == [200] * 9
    assert call("cpo_1_wrong").status_code == 401


def test_token_that_was_right_and_is_revoked_is_refused(right: str) -> None:
    assert call(right).status_code == 200
    token = tokens.find_token(right, timezone.now())
    assert token is not None
    assert tokens.revoke_token(token, timezone.now() - timedelta(seconds=1))
    assert [call(right).status_code for _ in range(5)] == [401, 401, 401, 429, 429]


@pytest.mark.parametrize("path", ROUTES)
def test_every_staff_route_has_its_limit(right: str, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    monkeypatch.setattr(StaffThrottle, "rate", "2/min")
    answers = [call(right, path) for _ in range(3)]
    assert [answer.status_code == 429 for answer in answers] == [False, False, True]
    assert (answers[2].json()["error"]["code"], int(answers[2]["Retry-After"]) > 0) == ("throttled", True)


def test_limit_of_one_token_is_not_anothers(right: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(StaffThrottle, "rate", "2/min")
    other = tokens.create_token(Cpo.objects.create(provider_id="cpo2.com", name="G"), name="t", scope=TokenScope.STAFF)
    assert [call(right).status_code for _ in range(3)] == [200, 200, 429]
    assert call(other[1]).status_code == 200


def test_header_that_nobody_of_us_wrote_hides_nobody(right: str) -> None:
    answers = [call("cpo_1_wrong", HTTP_X_FORWARDED_FOR=f"9.9.9.{n}").status_code for n in range(5)]
    assert answers == [401, 401, 401, 429, 429]
