"""The segments of an offer in form and API: chosen of one's own, refused alike, said in words."""

from __future__ import annotations

import pytest
from django.urls import reverse

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.segments.stored import SegmentContent, save_segment
from offers.models import Offer, OfferVersion
from tests.people import People, api_client, make_people, signed_in

pytestmark = pytest.mark.django_db

UNKNOWN = "You have no segment “theirs”: give the id of one of yours."
CONTENT = {
    "name": "Members",
    "value": "25",
    "valid_from": "2026-01-01T00:00:00+05:30",
    "valid_until": "2040-01-01T00:00:00+05:30",
}


@pytest.fixture
def people() -> People:
    people = make_people()
    save_segment(people.here.cpo, SegmentContent("gold", "Gold members", ({"fact": "TIER", "values": ["Gold"]},)))
    save_segment(people.there.cpo, SegmentContent("theirs", "Theirs", ({"fact": "NEW"},)))
    return people


def post(people: People, *segments: str) -> tuple[int, dict[str, object]]:
    body = {"offer_id": "members", "content": CONTENT | {"segment_ids": list(segments)}}
    answer = api_client(people.here.cpo).post("/api/offers", body, content_type="application/json")
    return answer.status_code, answer.json()


def test_the_api_takes_own_segments_and_says_them_in_words(people: People) -> None:
    status, answer = post(people, "gold")
    draft = answer["draft"]
    assert isinstance(draft, dict)
    assert (status, draft["content"]["segment_ids"]) == (201, ["gold"])
    assert "for customers of segment Gold members" in draft["summary"]


def test_the_api_refuses_another_cpos_segment(people: People) -> None:
    status, answer = post(people, "gold", "theirs")
    error = answer["error"]
    assert isinstance(error, dict)
    assert (status, error["fields"]) == (400, {"content": {"segment_ids": [UNKNOWN]}})
    with cpo_scope(people.here.cpo):
        assert Offer.objects.count() == 0


@pytest.mark.parametrize(("segment", "made"), [pytest.param("gold", 1, id="own"), pytest.param("theirs", 0, id="not")])
def test_the_form_offers_own_segments_alone(people: People, segment: str, made: int) -> None:
    client, page = signed_in(people.colleague), reverse("admin:offers_offer_add")
    shown = client.get(page).content.decode()
    assert ("Gold members (gold)" in shown, "Theirs" in shown) == (True, False)
    data = {
        "offer_id": "members", "name": "Members", "campaign_kind": "OTHER", "benefit_kind": "discount",
        "value_type": "percent", "value": "25", "base": "ITEMS", "auto": "on", "priority": "0",
        "valid_from": "2026-01-01T00:00", "valid_until": "2040-01-01T00:00", "segment_ids": segment,
    }  # fmt: skip
    client.post(page, data)
    with cpo_scope(people.here.cpo):
        assert [version.segment_ids for version in OfferVersion.objects.all()] == [["gold"]] * made
