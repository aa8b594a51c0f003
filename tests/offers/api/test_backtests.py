"""The staff API of back-tests: asked for with 202, read with its figures, refused by field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from cpo_portal.accounts.models import TokenScope
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.accounts.tokens import create_token
from cpo_portal.charging.segments.stored import SegmentContent, save_segment
from offers.backtest.runs import run_backtests
from offers.models import Offer
from tests.offers.backtest.conftest import billed, draft
from tests.offers.ordering.conftest import sale

__all__ = ["billed", "draft", "sale"]

pytestmark = pytest.mark.django_db(transaction=True)


def call(offer: Offer, path: str = "", body: Any = None) -> Any:
    token = create_token(offer.cpo, name="t", scope=TokenScope.STAFF)[1]
    client = Client(headers={"Authorization": f"Bearer {token}"})
    at = f"/api/backtests{path}"
    return client.get(at) if body is None else client.post(at, json.dumps(body), content_type="application/json")


def test_a_back_test_is_asked_for_watched_and_read(draft: Offer) -> None:
    with cpo_scope(draft.cpo):
        save_segment(draft.cpo, SegmentContent("gold", "Gold", ({"fact": "TIER", "values": ["Gold"]},)))
    asked = call(draft, body={"offer_id": "half", "days": 7})
    assert asked.status_code == 202
    said = asked.json()
    assert (said["offer_id"], said["version"], said["state"], said["done"], said["total"]) == (
        "half",
        1,
        "QUEUED",
        0,
        1,
    )
    run_backtests()
    done = call(draft, f"/{said['id']}").json()
    assert (done["state"], done["done"], done["error"]) == ("DONE", 1, "")
    assert done["result"]["touched"] == {"sessions": 1, "amount": "46.80"}
    assert done["result"]["by_group"][1] == {
        "kind": "Location",
        "name": "Connaught Place Station",
        "touched": {"sessions": 1, "amount": "46.80"},
    }
    assert done["result"]["by_group"][2] == {
        "kind": "Segment",
        "name": "In none of your segments",
        "touched": {"sessions": 1, "amount": "46.80"},
    }
    assert done["caution"].startswith("A replay takes the sessions as they were")
    assert [one["id"] for one in call(draft).json()["results"]] == [said["id"]]


REFUSED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "unknown offer": (
        {"offer_id": "none", "days": 7},
        {"offer_id": ["You have no offer of this id: name one of yours."]},
    ),
    "no day": ({"offer_id": "half", "days": 0}, {"days": ["Replay between 1 and 366 days."]}),
    "no days at all": ({"offer_id": "half"}, {"days": ["This field is required."]}),
}


@pytest.mark.parametrize(("body", "detail"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_replayed_is_refused_by_field(
    draft: Offer, body: dict[str, Any], detail: dict[str, Any]
) -> None:
    answer = call(draft, body=body)
    assert (answer.status_code, answer.json()["error"]["fields"]) == (400, detail)
