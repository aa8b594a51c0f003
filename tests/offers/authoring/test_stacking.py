"""Groups, exclusions and the policy of combining: refused and kept alike by the form, the API and the database."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from cpo_portal.accounts.models import TokenScope
from cpo_portal.accounts.tenancy import cpo_scope
from offers import authoring
from offers.book import book_for
from offers.models import Offer, OfferPolicy, OfferVersion
from tests.offers.api.asking import CONTENT
from tests.offers.authoring.test_offer_admin import ADD, FORM
from tests.people import People, api_client, make_people, signed_in, weekend
from tests.world import make_offer

pytestmark = pytest.mark.django_db

NO_NAME = "Name the group with small letters, digits and single hyphens, such as night-offers."
POLICY = {
    "objective": "MAX_SAVING",
    "amount_basis": "ALL_IN",
    "quote_minutes": "20",
    "payment_minutes": "10",
    "early_start_minutes": "15",
    "late_start_minutes": "30",
    "breakdown_minutes": "5",
    "silent_minutes": "60",
    "longest_hours": "24",
}


@pytest.fixture
def people() -> People:
    people = make_people()
    make_offer(people.here.cpo, "night-10", display_code="")
    make_offer(people.there.cpo, "theirs", display_code="")
    return people


def send(client: Client, method: str, path: str, body: Any) -> Any:
    return getattr(client, method)(f"/api/{path}", json.dumps(body), content_type="application/json")


def test_the_form_keeps_a_group_and_the_offers_chosen_from_the_list(people: People) -> None:
    page = signed_in(people.owner).get(ADD).content.decode()
    assert '<option value="night-10">Weekend Special – 25 % off (night-10)</option>' in page
    assert "theirs" not in page
    form = FORM | {"additive": "on", "exclusivity_group": " Night-Offers ", "excludes": ["night-10"], "_save": "1"}
    assert signed_in(people.owner).post(ADD, form, follow=True).status_code == 200
    with cpo_scope(people.here.cpo):
        authoring.publish(Offer.objects.select_related("cpo").get(offer_id="weekend-discount-25"))
    with cpo_scope(people.here.cpo):
        offer = Offer.objects.select_related("live_version").get(offer_id="weekend-discount-25")
        assert offer.live_version is not None
        assert (offer.live_version.exclusivity_group, offer.live_version.excludes) == ("night-offers", ["night-10"])
        terms = book_for(people.here.cpo).book.get("weekend-discount-25")
    assert terms is not None
    assert (terms.exclusivity_group, terms.excludes) == ("night-offers", frozenset({"night-10"}))
    again = signed_in(people.owner).get(f"/admin/offers/offer/{offer.pk}/change/").content.decode()
    assert '<option value="night-10" selected>' in again
    assert '<option value="weekend-discount-25"' not in again
    exported = signed_in(people.owner).get("/admin/offers/offer/export/")
    assert exported.status_code in {200, 302}


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        pytest.param({"exclusivity_group": "two words"}, "exclusivity_group", NO_NAME, id="a space"),
        pytest.param({"exclusivity_group": "night--offers"}, "exclusivity_group", NO_NAME, id="two hyphens"),
        pytest.param({"exclusivity_group": "nächtlich"}, "exclusivity_group", NO_NAME, id="another letter"),
        pytest.param(
            {"excludes": ["phantom"]},
            "excludes",
            "You have no offer “phantom”: give the id of one of yours.",
            id="unknown",
        ),
        pytest.param(
            {"excludes": ["theirs"]},
            "excludes",
            "You have no offer “theirs”: give the id of one of yours.",
            id="another CPO's",
        ),
        pytest.param(
            {"excludes": ["weekend-25"]}, "excludes", "An offer cannot exclude itself: take it out.", id="itself"
        ),
    ],
)
def test_the_api_refuses_it_at_the_field(people: People, change: dict[str, Any], field: str, sentence: str) -> None:
    client = api_client(people.here.cpo)
    answer = send(client, "post", "offers", {"offer_id": "weekend-25", "content": CONTENT | change})
    assert answer.status_code == 400, answer.content
    assert answer.json()["error"]["fields"] == {"content": {field: [sentence]}}
    with cpo_scope(people.here.cpo):
        assert not Offer.objects.filter(offer_id="weekend-25").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        pytest.param({"exclusivity_group": "two words"}, NO_NAME, id="a space"),
        pytest.param({"exclusivity_group": "x" * 41}, "at most 40 characters", id="too long"),
        pytest.param({"excludes": ["theirs"]}, "Select a valid choice.", id="another CPO's"),
    ],
)
def test_the_form_refuses_it_at_the_field(people: People, change: dict[str, Any], sentence: str) -> None:
    answer = signed_in(people.owner).post(ADD, FORM | change)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    with cpo_scope(people.here.cpo):
        assert not Offer.objects.filter(offer_id="weekend-discount-25").exists()


def test_the_api_gives_back_what_it_was_given(people: People) -> None:
    client = api_client(people.here.cpo)
    content = CONTENT | {"additive": True, "exclusivity_group": "Night", "excludes": ["night-10", "night-10"]}
    made = send(client, "post", "offers", {"offer_id": "weekend-25", "content": content})
    assert made.status_code == 201, made.content
    draft = made.json()["draft"]
    assert (draft["content"]["exclusivity_group"], draft["content"]["excludes"]) == ("night", ["night-10"])
    assert "but no other of the group night and not night-10" in draft["summary"]
    kept = send(client, "patch", "offers/weekend-25", {"content": {"value": "30"}})
    assert kept.json()["draft"]["content"]["excludes"] == ["night-10"]
    cleared = send(client, "patch", "offers/weekend-25", {"content": {"excludes": [], "exclusivity_group": ""}})
    assert (cleared.json()["draft"]["content"]["excludes"], cleared.json()["draft"]["summary"][-29:]) == (
        [],
        "; combines with other offers.",
    )


def test_the_database_refuses_a_group_that_is_no_name(people: People) -> None:
    with cpo_scope(people.here.cpo):
        offer = authoring.create_offer(people.here.cpo, "weekend-25", weekend())
        with pytest.raises(IntegrityError, match="exclusivity_group_is_a_name"), transaction.atomic():
            OfferVersion.objects.filter(offer=offer).update(exclusivity_group="two words")


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        pytest.param({"max_stack": 0}, "max_stack", "Give 1 or more, or leave it empty for no limit.", id="no offer"),
        pytest.param(
            {"max_discount_percent": "100.01"},
            "max_discount_percent",
            "A percentage is at most 100: lower it.",
            id="above 100",
        ),
        pytest.param(
            {"max_discount_percent": "0"},
            "max_discount_percent",
            "Give a percentage above 0, or leave it empty for no limit.",
            id="0",
        ),
    ],
)
def test_a_policy_that_is_none_is_refused_by_page_and_api(
    people: People, change: dict[str, Any], field: str, sentence: str
) -> None:
    answer = send(api_client(people.here.cpo), "patch", "offer-policy", change)
    assert answer.status_code == 400
    assert answer.json()["error"]["fields"] == {field: [sentence]}
    client = signed_in(people.owner)
    address = client.get("/admin/offers/offerpolicy/").headers["location"]
    page = client.post(address, POLICY | change)
    assert page.status_code == 200
    assert sentence in page.content.decode()
    with cpo_scope(people.here.cpo):
        row = OfferPolicy.objects.get()
        assert (row.max_stack, row.max_discount_percent) == (None, None)
        with pytest.raises(IntegrityError, match="policy_"), transaction.atomic():
            OfferPolicy.objects.update(**change)


def test_the_policy_is_changed_by_page_and_api_and_read_by_both(people: People) -> None:
    client = signed_in(people.owner)
    address = client.get("/admin/offers/offerpolicy/").headers["location"]
    client.post(address, POLICY | {"max_stack": "2", "max_discount_percent": "33.5"})
    api = api_client(people.here.cpo)
    read = api.get("/api/offer-policy").json()
    assert (read["max_stack"], read["max_discount_percent"], read["amount_basis"]) == (2, "33.50", "ALL_IN")
    changed = send(api, "patch", "offer-policy", {"max_stack": None})
    assert (changed.status_code, changed.json()["max_stack"]) == (200, None)
    assert changed.json()["max_discount_percent"] == "33.50"
    with cpo_scope(people.here.cpo):
        row = OfferPolicy.objects.get()
        assert (row.max_stack, row.max_discount_percent) == (None, Decimal("33.50"))


def test_a_policy_that_nobody_has_saved_is_read_as_its_defaults(people: People) -> None:
    reader = api_client(people.here.cpo, TokenScope.STAFF_READ)
    assert reader.get("/api/offer-policy").json()["max_stack"] is None
    assert send(reader, "patch", "offer-policy", {"max_stack": 1}).status_code == 403
    with cpo_scope(people.here.cpo):
        assert not OfferPolicy.objects.exists()
