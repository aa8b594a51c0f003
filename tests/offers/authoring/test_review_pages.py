"""Reviews, copies and comparisons on the pages and over the API."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from cpo_portal.accounts.models import Membership, TokenScope, User
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.accounts.tokens import create_token
from cpo_portal.network.models import Location
from offers import authoring
from offers.engine.values import OfferLimits
from offers.models import Offer, OfferPolicy, OfferVersion
from tests.offers.authoring.test_offer_admin import ADD, FORM, LIST
from tests.people import People, api_client, make_people, signed_in, weekend

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> People:
    found = make_people()
    with cpo_scope(found.here.cpo):
        OfferPolicy.objects.create(cpo=found.here.cpo, review_required=True)
    return found


@pytest.fixture
def offer(people: People) -> Offer:
    return authoring.create_offer(people.here.cpo, "weekend", weekend(), by=people.colleague)


def page(user: User, offer: Offer) -> str:
    return signed_in(user).get(f"/admin/offers/offer/{offer.pk}/change/").content.decode()


def press(user: User, offer: Offer, button: str, **data: str) -> str:
    address = reverse(f"admin:offers_offer_{button}", args=[offer.pk])
    answer = signed_in(user).post(address, {"_form_submitted": "1", **data}, follow=True)
    assert answer.status_code == 200
    return answer.content.decode()


def stored(offer: Offer) -> str:
    with cpo_scope(offer.cpo):
        return Offer.objects.get(pk=offer.pk).state


def test_a_draft_goes_from_its_author_to_the_reviewers_queue_and_out(people: People, offer: Offer) -> None:
    text = page(people.colleague, offer)
    assert "Submit for review" in text
    assert 'name="_publish"' not in text
    assert "The draft is submitted" in press(people.colleague, offer, "submit_offer", note="please")
    queue = signed_in(people.owner).get(f"{LIST}?review=waiting").content.decode()
    assert "Weekend Special" in queue
    own = page(people.colleague, offer)
    assert "somebody else than Colleague approves it." in own
    assert reverse("admin:offers_offer_approve_offer", args=[offer.pk]) not in own
    assert reverse("admin:offers_offer_approve_offer", args=[offer.pk]) in page(people.owner, offer)
    assert "buyer apps see it from now on." in press(people.owner, offer, "approve_offer", note="fine")
    assert "Approved: In review → Published" in page(people.owner, offer)
    assert "Weekend Special" not in signed_in(people.owner).get(f"{LIST}?review=waiting").content.decode()


def test_the_author_who_presses_approve_is_refused(people: People, offer: Offer) -> None:
    authoring.submit(offer, by=people.colleague)
    assert "somebody else approves it." in press(people.colleague, offer, "approve_offer", note="")
    assert stored(offer) == "IN_REVIEW"


@pytest.mark.parametrize(
    ("submitted", "button", "sentence"),
    [
        (True, "approve_offer", "You wrote or submitted this draft: somebody else approves it."),
        (True, "submit_offer", "It is in review already."),
        (False, "approve_offer", "Nothing of this offer is in review: its draft is submitted first."),
        (False, "reject_offer", "Nothing of this offer is in review: its draft is submitted first."),
    ],
)
def test_who_would_be_refused_is_told_before_the_form(
    people: People, offer: Offer, submitted: bool, button: str, sentence: str
) -> None:
    if submitted:
        authoring.submit(offer, by=people.colleague)
    client, address = signed_in(people.colleague), reverse(f"admin:offers_offer_{button}", args=[offer.pk])
    answer = client.get(address, follow=True)
    assert answer.redirect_chain == [(f"/admin/offers/offer/{offer.pk}/change/", 302)]
    assert [str(message) for message in answer.context["messages"]] == [sentence]


def test_the_notes_of_author_and_reviewer_stand_at_the_top_of_the_page(people: People, offer: Offer) -> None:
    authoring.submit(offer, by=people.colleague, note="please")
    assert "The note of who submitted it: “please”" in notes(people.owner, offer)
    authoring.reject(offer, by=people.owner, note="25 % is too much")
    [said] = [note for note in notes(people.colleague, offer) if note.startswith("Sent back")]
    assert said.startswith("Sent back by Owner on ")
    assert said.endswith(": “25 % is too much”")
    authoring.approve(authoring.submit(offer, by=people.colleague), by=people.owner)
    authoring.save_draft(offer, weekend(name="Next"), by=people.colleague)
    assert not [note for note in notes(people.colleague, offer) if note.startswith("Sent back")]


def test_with_reviews_off_nobody_is_asked_to_approve(people: People, offer: Offer) -> None:
    authoring.submit(offer, by=people.colleague)
    with cpo_scope(people.here.cpo):
        OfferPolicy.objects.update(review_required=False)
    text = page(people.owner, offer)
    assert "offers are published without a review now." in text
    assert "somebody else" not in "".join(notes(people.owner, offer))
    assert reverse("admin:offers_offer_approve_offer", args=[offer.pk]) not in text
    assert reverse("admin:offers_offer_publish_offer", args=[offer.pk]) in text


def notes(user: User, offer: Offer) -> list[str]:
    found: list[str] = signed_in(user).get(f"/admin/offers/offer/{offer.pk}/change/").context["draft_page"]["notes"]
    return found


def test_the_start_page_tells_reviewers_and_not_the_author_what_waits(people: People, offer: Offer) -> None:
    def waiting(user: User) -> Any:
        return signed_in(user).get(reverse("admin:index")).context["waiting"]

    assert waiting(people.owner) == []
    authoring.submit(offer, by=people.colleague)
    assert waiting(people.owner) == [{"said": "1 offer waits for your approval.", "list": f"{LIST}?review=waiting"}]
    assert [waiting(user) for user in (people.colleague, people.analyst, people.outsider)] == [[], [], []]


def test_a_saved_draft_is_said_to_need_somebody_elses_approval(people: People) -> None:
    answer = signed_in(people.colleague).post(ADD, FORM, follow=True)
    [said] = [str(message) for message in answer.context["messages"]]
    assert said.endswith("is saved; submit it, and buyer apps see it once somebody else approves it.")


def test_a_dialog_that_was_opened_on_an_earlier_submission_approves_nothing(people: People, offer: Offer) -> None:
    authoring.submit(offer, by=people.colleague)
    address = reverse("admin:offers_offer_approve_offer", args=[offer.pk])
    dialog = signed_in(people.owner).get(address)
    seen = dialog.context["form"]["seen"].value()
    assert seen
    authoring.save_draft(offer, weekend(value=Decimal(90)), by=people.colleague)
    authoring.submit(offer, by=people.colleague)
    assert "read it again, then approve it." in press(people.owner, offer, "approve_offer", note="", seen=seen)
    assert stored(offer) == "IN_REVIEW"


def test_it_is_sent_back_with_a_note_that_stands_in_the_history(people: People, offer: Offer) -> None:
    authoring.submit(offer, by=people.colleague)
    press(people.owner, offer, "reject_offer", note="")
    assert stored(offer) == "IN_REVIEW"
    press(people.owner, offer, "reject_offer", note="25 % is too much")
    assert stored(offer) == "DRAFT"
    text = page(people.colleague, offer)
    assert "Sent back: In review → Draft" in text
    assert "25 % is too much" in text


def test_save_and_publish_is_neither_offered_nor_taken(people: People) -> None:
    client = signed_in(people.owner)
    assert 'name="_publish"' not in client.get(ADD).content.decode()
    answer = client.post(ADD, FORM | {"_publish": "1"})
    assert "submit the draft, and somebody else approves it." in answer.content.decode()
    with cpo_scope(people.here.cpo):
        assert not Offer.objects.exists()


@pytest.mark.parametrize(("name", "expected"), [("owner", True), ("colleague", False)])
def test_owners_alone_switch_the_review(people: People, name: str, expected: bool) -> None:
    with cpo_scope(people.here.cpo):
        row = OfferPolicy.objects.get()
        OfferPolicy.objects.update(review_required=False)
    form = {
        "objective": "MAX_SAVING", "amount_basis": "ALL_IN", "quote_minutes": "20", "payment_minutes": "10",
        "early_start_minutes": "15", "late_start_minutes": "30", "breakdown_minutes": "5", "silent_minutes": "60",
        "longest_hours": "24", "review_required": "on",
    }  # fmt: skip
    address = f"/admin/offers/offerpolicy/{row.pk}/change/"
    assert signed_in(getattr(people, name)).post(address, form, follow=True).status_code == 200
    row.refresh_from_db()
    assert (row.review_required, row.quote_minutes) == (expected, 20)


def test_four_eyes_need_two_people(people: People) -> None:
    with cpo_scope(people.here.cpo):
        Membership.objects.filter(user=people.colleague).delete()
        # Who had them before may go on saving the rest.
        OfferPolicy.objects.get().full_clean()
        OfferPolicy.objects.update(review_required=False)
        policy = OfferPolicy.objects.get()
        policy.review_required = True
        with pytest.raises(ValidationError, match="invite another owner or manager first"):
            policy.full_clean()


def test_the_emergency_stop_is_one_button_with_a_question(people: People, offer: Offer) -> None:
    authoring.approve(authoring.submit(offer, by=people.colleague), by=people.owner)
    address = reverse("admin:offers_offer_withdraw_offer", args=[offer.pk])
    assert address in page(people.owner, offer)
    question = signed_in(people.owner).get(address)
    assert "Emergency stop, for good" in question.content.decode()
    assert stored(offer) == "APPROVED"
    assert "The offer is withdrawn." in press(people.owner, offer, "withdraw_offer", note="wrong price")
    assert stored(offer) == "WITHDRAWN"


def second_version(people: People, offer: Offer) -> None:
    with cpo_scope(people.here.cpo):
        OfferPolicy.objects.update(review_required=False)
    authoring.publish(offer)
    second = weekend(name="Better", value=Decimal("30.50"), value_cap=None, weekly_windows=())
    authoring.save_draft(offer, second, by=people.owner)
    authoring.publish(offer)


def test_two_versions_are_compared_field_by_field_in_words(people: People, offer: Offer) -> None:
    second_version(people, offer)
    answer = signed_in(people.analyst).get(f"/admin/offers/offer/compare/{offer.pk}/?from=1&to=2")
    assert answer.context["differences"] == [
        {"label": "Name", "before": "Weekend Special – 25 % off", "after": "Better"},
        {"label": "Weekly windows", "before": "Saturdays and Sundays all day", "after": "Always"},
        {"label": "Value", "before": "25 %", "after": "30.5 %"},
        {"label": "At most", "before": "₹100.00", "after": "No cap"},
    ]
    assert "What changed" in page(people.analyst, offer)
    back = signed_in(people.analyst).get(f"/admin/offers/offer/compare/{offer.pk}/?from=nonsense&to=99")
    assert (back.context["form"].before.number, back.context["form"].after.number) == (1, 2)


def test_the_older_version_is_chosen_with_its_date_and_what_it_gives(people: People, offer: Offer) -> None:
    second_version(people, offer)
    form = signed_in(people.owner).get(reverse("admin:offers_offer_reuse_version", args=[offer.pk])).context["form"]
    [current, older] = [label for _, label in form.fields["version"].choices]
    assert form["version"].value() == 1
    gave = "25 % off energy and add-ons, at most ₹100.00, from ₹50.00"
    assert older.startswith(f"1: Weekend Special – 25 % off, {gave} (published ")
    assert current.startswith("2: Better, 30.5 % off energy and add-ons, from ₹50.00 (published ")
    assert current.endswith(", current)")


def test_the_history_says_that_a_new_version_was_published_and_limits_in_money(people: People, offer: Offer) -> None:
    second_version(people, offer)
    authoring.set_limits(offer, OfferLimits(total_uses=5, redemption_cap=Decimal(40)), by=people.owner)
    history = signed_in(people.owner).get(f"/admin/offers/offer/{offer.pk}/change/").context["draft_page"]["history"]
    assert [entry["what"] for entry in history] == [
        "Limits changed",
        "Published: a new version, still published",
        "Edited",
        "Published: Draft → Published",
        "Edited",
    ]
    assert history[0]["note"] == "Limits: uses in total: no limit → 5; most per redemption: no limit → ₹40.00"


def test_the_page_calls_things_by_their_names(people: People, offer: Offer) -> None:
    with cpo_scope(people.here.cpo):
        Location.objects.update(city="New Delhi", city_code="std:011")
    draft = weekend(connector_types=("TYPE2",), cities=("std:011",), excludes=("weekend",), additive=True)
    other = authoring.create_offer(people.here.cpo, "other", draft, by=people.colleague)
    answer = signed_in(people.owner).get(f"/admin/offers/offer/{other.pk}/change/")
    sentence = answer.context["draft_page"]["sentence"]
    assert "in New Delhi, on Type 2 connectors, " in sentence
    assert "combines with other offers, but not Weekend Special – 25 % off." in sentence
    assert str(answer.context["original"]) == "Weekend Special – 25 % off"
    fields = answer.context["adminform"].form.fields
    assert ("std:011", "New Delhi (std:011)") in list(fields["cities"].choices)
    assert ("weekend", "Weekend Special – 25 % off (weekend)") in list(fields["excludes"].choices)


def test_an_outsider_compares_nothing(people: People, offer: Offer) -> None:
    assert signed_in(people.outsider).get(f"/admin/offers/offer/compare/{offer.pk}/").status_code == 404


def test_a_version_is_restored_and_an_offer_duplicated_from_the_page(people: People, offer: Offer) -> None:
    second_version(people, offer)
    assert "Use an older version" in page(people.owner, offer)
    assert "Draft 3 says what version 1 says." in press(people.owner, offer, "reuse_version", version="1")
    again = press(people.owner, offer, "duplicate_offer", offer_id="weekend")
    assert "offer “weekend”" in again
    assert 'value="weekend"' in again
    press(people.owner, offer, "duplicate_offer", offer_id="weekend-again")
    with cpo_scope(people.here.cpo):
        assert OfferVersion.objects.get(offer__offer_id="weekend-again").name == "Weekend Special – 25 % off (copy)"


def call(client: Client, route: str, **body: Any) -> tuple[int, Any]:
    answer = client.post(f"/api/offers/weekend/{route}", json.dumps(body), content_type="application/json")
    return answer.status_code, answer.json()


def client_of(people: People, user: User) -> Client:
    _, text = create_token(people.here.cpo, name="t", scope=TokenScope.STAFF, created_by=user)
    return Client(headers={"Authorization": f"Bearer {text}"})


def test_the_api_reviews_as_the_pages_do(people: People, offer: Offer) -> None:
    author, reviewer = client_of(people, people.colleague), client_of(people, people.owner)
    assert call(author, "publish")[0] == 409
    status, body = call(author, "submit", note="please")
    assert (status, body["stored_state"], body["live"]) == (200, "IN_REVIEW", None)
    submitted_at = body["draft"]["submitted_at"]
    assert call(author, "approve")[1]["error"]["message"] == (
        "You wrote or submitted this draft: somebody else approves it."
    )
    status, body = call(reviewer, "reject")
    assert (status, body["error"]["fields"]) == (400, {"note": ["Say what is to be changed: the author reads it."]})
    assert call(reviewer, "reject", note="too much")[1]["stored_state"] == "DRAFT"
    assert call(author, "submit")[0] == 200
    status, body = call(reviewer, "approve", submitted_at=submitted_at)
    assert (status, body["error"]["message"]) == (
        409,
        "It was submitted anew since you read it: read it again, then approve it.",
    )
    status, body = call(reviewer, "approve")
    assert (status, body["state"], body["draft"]) == (200, "LIVE", None)
    history = author.get("/api/offers/weekend/history").json()
    assert [(x["move"], x["note"]) for x in history] == [
        ("approve", ""), ("submit", ""), ("reject", "too much"), ("submit", "please"),
        ("edit", "Draft 1 was made."),
    ]  # fmt: skip


def test_a_draft_that_the_api_wrote_is_its_makers(people: People) -> None:
    author = client_of(people, people.owner)
    content = {"name": "N", "value": "10", "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2040-01-01T00:00:00Z"}
    made = author.post(
        "/api/offers", json.dumps({"offer_id": "weekend", "content": content}), content_type="application/json"
    )
    assert made.status_code == 201
    assert call(client_of(people, people.colleague), "submit")[0] == 200
    assert call(author, "approve")[0] == 409
    assert stored_by_id(people, "weekend") == "IN_REVIEW"


def stored_by_id(people: People, offer_id: str) -> str:
    with cpo_scope(people.here.cpo):
        return Offer.objects.get(offer_id=offer_id).state


def test_the_api_compares_restores_and_duplicates(people: People, offer: Offer) -> None:
    second_version(people, offer)
    client = api_client(people.here.cpo)
    body = client.get("/api/offers/weekend/diff?before=1&after=2").json()
    assert body[0] == {"name": "Name", "before": "Weekend Special – 25 % off", "after": "Better"}
    wrong = client.get("/api/offers/weekend/diff?before=1&after=7")
    assert (wrong.status_code, wrong.json()["error"]["fields"]) == (400, {"after": ["This offer has no such version."]})
    assert call(client, "restore", version=1)[1]["draft"]["content"]["value"] == "25.00"
    assert call(client, "restore", version=9)[1]["error"]["fields"] == {
        "version": ["This offer has no version 9: choose one of its versions."]
    }
    status, made = call(client, "duplicate", offer_id="copy")
    assert (status, made["offer_id"], made["stored_state"]) == (201, "copy", "DRAFT")
    assert call(client, "duplicate", offer_id="copy")[0] == 400
