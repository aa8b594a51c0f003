"""Who signed, with which key and when: what is not signed by its sender's live key leaves no trace in the tables."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from beckn import registry
from beckn.models import InboundMessage, SigningKey, Subscriber
from tests.beckn.infra.support import BuyerApp, nothing_happened

pytestmark = pytest.mark.django_db

ACK = {"message": {"ack": {"status": "ACK"}}}


OTHER = BuyerApp("other.example", seed=b"o" * 32)
SIGNATURES = {
    "none": lambda bap, raw: {},
    "garbage": lambda bap, raw: {"Authorization": "Signature keyId=?"},
    "over other bytes": lambda bap, raw: {"Authorization": bap.sign(raw + b" ")},
    "expired": lambda bap, raw: {"Authorization": bap.sign(raw, created=int(time.time()) - 60)},
    "from the future": lambda bap, raw: {"Authorization": bap.sign(raw, created=int(time.time()) + 20)},
    "by another key": lambda bap, raw: {"Authorization": bap.sign(raw, seed=b"z" * 32)},
    "unknown key id": lambda bap, raw: {"Authorization": bap.sign(raw, key_id="k2")},
    "unknown subscriber": lambda bap, raw: {"Authorization": bap.sign(raw, subscriber_id="nobody.example")},
    "of another subscriber": lambda bap, raw: {"Authorization": OTHER.sign(raw)},
    "gateway's header from a buyer app, on a select": lambda bap, raw: {"X-Gateway-Authorization": bap.sign(raw)},
}


@pytest.mark.parametrize("signature", SIGNATURES.values(), ids=SIGNATURES.keys())
def test_bad_signature_is_401_and_nothing_happens(post: Any, bap: BuyerApp, nudges: list[str], signature: Any) -> None:
    OTHER.register()
    raw = bap.body("select")
    answer = post("select", raw, **signature(bap, raw))
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"] == 'Signature realm="cpo-portal.example",headers="(created) (expires) digest"'
    assert answer.json()["message"] == {"ack": {"status": "NACK"}}
    assert answer.json()["error"]["code"] == "401"
    assert nothing_happened(nudges)


KEY_STATES: dict[str, dict[str, Any]] = {
    "revoked": {"revoked_at": timezone.now()},
    "over": {"valid_until": timezone.now() - timedelta(seconds=1)},
    "not valid yet": {"valid_from": timezone.now() + timedelta(hours=1)},
}


@pytest.mark.parametrize("change", KEY_STATES.values(), ids=KEY_STATES.keys())
def test_key_that_is_not_valid_now_does_not_sign(
    post: Any, bap: BuyerApp, nudges: list[str], change: dict[str, Any]
) -> None:
    SigningKey.objects.update(**change)
    assert post("select", bap.body("select"), by=bap).status_code == 401
    assert nothing_happened(nudges)


CLOCKS: dict[str, tuple[int, int, str]] = {
    "in time": (0, 30, ""),
    "4 s ahead": (4, 34, ""),
    "8 s ahead": (8, 38, "The signature was created in the future."),
    "4 s behind its end": (-30, 4, ""),
    "just over": (-30, -1, "The signature has expired."),
    "for an hour": (0, 3600, ""),
    "for longer than an hour": (
        0,
        3601,
        "The signature is valid for too long; let it expire at most 3600 s after it is created.",
    ),
    "for ever": (0, 10**11, "The signature is valid for too long; let it expire at most 3600 s after it is created."),
    "the wrong way round": (3, 2, "The signature has expired."),
}


@pytest.mark.parametrize(("created", "expires", "refusal"), CLOCKS.values(), ids=CLOCKS.keys())
def test_signatures_times(
    post: Any, bap: BuyerApp, nudges: list[str], created: int, expires: int, refusal: str
) -> None:
    raw, now = bap.body("select"), int(time.time())
    answer = post("select", raw, Authorization=bap.sign(raw, created=now + created, expires=now + expires))
    if refusal:
        assert (answer.status_code, answer.json()["error"]["message"]) == (401, refusal)
        assert nothing_happened(nudges)
    else:
        assert (answer.status_code, nudges) == (200, ["drain_inbox"])


ROTATION: dict[str, tuple[dict[str, Any], dict[str, Any], list[int]]] = {
    "both live": ({}, {}, [200, 200]),
    "the old one ends later": ({"valid_until": timedelta(hours=1)}, {}, [200, 200]),
    "the old one has ended": ({"valid_until": timedelta(0)}, {}, [401, 200]),
    "the old one is revoked": ({"revoked_at": timedelta(0)}, {}, [401, 200]),
    "the old one is revoked although it had time": (
        {"revoked_at": timedelta(0), "valid_until": timedelta(hours=1)},
        {},
        [401, 200],
    ),
    "the young one begins later": ({}, {"valid_from": timedelta(hours=1)}, [200, 401]),
    "the young one is revoked": ({}, {"revoked_at": timedelta(0)}, [200, 401]),
    "neither": ({"revoked_at": timedelta(0)}, {"valid_until": timedelta(0)}, [401, 401]),
}


@pytest.mark.parametrize(("old", "young", "answers"), ROTATION.values(), ids=ROTATION.keys())
def test_keys_rotate(post: Any, bap: BuyerApp, old: dict[str, Any], young: dict[str, Any], answers: list[int]) -> None:
    second = BuyerApp(bap.id, seed=b"y" * 32, key_id="k2")
    second.register()
    now = timezone.now()
    for key_id, changes in (("k1", old), ("k2", young)):
        SigningKey.objects.filter(key_id=key_id).update(**{name: now + after for name, after in changes.items()})
    assert [post("select", bap.body("select"), by=who).status_code for who in (bap, second)] == answers
    crossed = bap.body("select")
    assert post("select", crossed, Authorization=bap.sign(crossed, key_id="k2")).status_code == 401


def test_intercepted_message_that_is_sent_again_changes_nothing(post: Any, bap: BuyerApp, nudges: list[str]) -> None:
    raw = bap.body("cancel")
    header = bap.sign(raw)
    assert [post("cancel", raw, Authorization=header).status_code for _ in range(3)] == [200] * 3
    assert (InboundMessage.objects.count(), nudges) == (1, ["drain_inbox"])
    for action in ("confirm", "select", "status"):
        assert post(action, raw, Authorization=header).status_code == 400
    assert InboundMessage.objects.count() == 1


def test_two_live_keys_sign_alike_while_keys_rotate(post: Any, bap: BuyerApp) -> None:
    young = BuyerApp(bap.id, seed=b"y" * 32, key_id="k2")
    young.register()
    assert [post("select", bap.body("select"), by=who).status_code for who in (bap, young)] == [200, 200]


def test_revoked_key_outlives_the_cache_by_nothing(post: Any, bap: BuyerApp, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "CACHE_SECONDS", 0.05)
    assert post("select", bap.body("select"), by=bap).status_code == 200
    SigningKey.objects.update(revoked_at=timezone.now())
    time.sleep(0.06)
    assert post("select", bap.body("select"), by=bap).status_code == 401


def test_inactive_subscriber_is_unknown(post: Any, bap: BuyerApp, nudges: list[str]) -> None:
    Subscriber.objects.update(is_active=False)
    assert post("select", bap.body("select"), by=bap).status_code == 401
    assert nothing_happened(nudges)


def test_seller_platform_may_not_ask(post: Any, bap: BuyerApp, nudges: list[str]) -> None:
    Subscriber.objects.update(role="BPP")
    assert post("select", bap.body("select"), by=bap).status_code == 401
    assert nothing_happened(nudges)


@pytest.fixture
def gateway() -> BuyerApp:
    app = BuyerApp("gateway.example", seed=b"g" * 32)
    app.register(role="BG")
    return app


def test_gateway_passes_a_search_on(post: Any, bap: BuyerApp, gateway: BuyerApp) -> None:
    raw = bap.body("search", bpp_id=None, bpp_uri=None)
    both = {"Authorization": bap.sign(raw), "X-Gateway-Authorization": gateway.sign(raw)}
    assert post("search", raw, **both).status_code == 200
    other = bap.body("search")
    assert post("search", other, **{"X-Gateway-Authorization": gateway.sign(other)}).status_code == 200
    assert set(InboundMessage.objects.values_list("bap_id", "subscriber__subscriber_id")) == {(bap.id, bap.id)}


def test_gateways_bad_signature_is_told_to_the_gateway(
    post: Any, bap: BuyerApp, gateway: BuyerApp, nudges: list[str]
) -> None:
    raw = bap.body("search")
    bad = {"Authorization": bap.sign(raw), "X-Gateway-Authorization": gateway.sign(raw, seed=b"x" * 32)}
    answer = post("search", raw, **bad)
    assert (answer.status_code, answer["Proxy-Authenticate"].startswith("Signature realm=")) == (401, True)
    buyer_as_gateway = {"X-Gateway-Authorization": bap.sign(raw)}
    assert post("search", raw, **buyer_as_gateway).status_code == 401
    stranger = BuyerApp("stranger.example", seed=b"s" * 32).body("search")
    assert post("search", stranger, **{"X-Gateway-Authorization": gateway.sign(stranger)}).status_code == 401
    assert nothing_happened(nudges)
