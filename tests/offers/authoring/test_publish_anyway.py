"""What the checks warn of is read before an offer is published: in the dialog, in the form and in the API's answer."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from cpo_portal.accounts.tenancy import cpo_scope
from offers import authoring
from offers.admin.publish import CHANGED_SINCE, FOUND_SINCE, READ_FIRST
from offers.engine.values import OfferLimits
from offers.models import Offer, OfferPolicy, OfferStateChange
from tests.offers.authoring.test_offer_admin import ADD, FORM, button, page
from tests.people import People, api_client, signed_in, weekend

pytestmark = pytest.mark.django_db

FREE: dict[str, Any] = {
    "value": Decimal(100),
    "value_cap": None,
    "min_value": None,
    "weekly_windows": (),
    "display_code": "",
}
FREE_FORM = FORM | {"value": "100", "value_cap": "", "min_value": "", "weekly_windows-0-weekdays": [], "_publish": "1"}
WARNING = "It can make a session free: it takes ₹360.00 off ₹360.00 of energy, time and products."
SENT = {"_form_submitted": "on"}


@pytest.fixture
def free(people: People) -> Offer:
    return authoring.create_offer(people.here.cpo, "free", weekend(**FREE))


def state(people: People) -> tuple[str, int]:
    """Return the offer's state and how many moves other than changes its history has."""
    with cpo_scope(people.here.cpo):
        return Offer.objects.get().state, OfferStateChange.objects.exclude(move__in=["edit", "limits"]).count()


def test_the_dialog_shows_the_warnings_and_publishes_what_was_read(people: People, free: Offer) -> None:
    browser = signed_in(people.owner)
    asked = browser.get(button(free, "publish"))
    assert [x.sentence for x in asked.context["form"].report.findings] == [WARNING]
    text = asked.content.decode()
    assert WARNING in text
    assert "Publish anyway" in text
    assert state(people) == ("DRAFT", 0)
    read = asked.context["form"]["read"].value()
    browser.post(button(free, "publish"), SENT | {"note": "as agreed", "read": read})
    assert state(people) == ("APPROVED", 1)


@pytest.mark.parametrize("read", ["", "of-another-draft"])
def test_what_nobody_has_read_is_shown_first_and_the_note_is_kept(people: People, free: Offer, read: str) -> None:
    browser = signed_in(people.owner)
    asked = browser.post(button(free, "publish"), SENT | {"note": "as agreed", "read": read})
    form = asked.context["form"]
    assert form.non_field_errors() == [FOUND_SINCE]
    assert (form["note"].value(), form["read"].value()) == ("as agreed", form.warned)
    assert WARNING in asked.content.decode()
    assert state(people) == ("DRAFT", 0)
    browser.post(button(free, "publish"), SENT | {"note": "as agreed", "read": form["read"].value()})
    assert state(people) == ("APPROVED", 1)


def test_an_offer_without_warnings_is_published_at_once(people: People) -> None:
    offer = authoring.create_offer(people.here.cpo, "plain", weekend())
    browser = signed_in(people.owner)
    assert "Publish anyway" not in browser.get(button(offer, "publish")).content.decode()
    browser.post(button(offer, "publish"), SENT)
    assert state(people) == ("APPROVED", 1)


def test_a_draft_that_somebody_changed_meanwhile_is_not_published_by_who_read_another(people: People) -> None:
    offer = authoring.create_offer(people.here.cpo, "plain", weekend())
    browser = signed_in(people.owner)
    asked = browser.get(button(offer, "publish")).context["form"]
    authoring.save_draft(offer, weekend(value=Decimal(26)), by=people.colleague)
    again = browser.post(button(offer, "publish"), SENT | {"draft": asked["draft"].value()}).context["form"]
    assert again.non_field_errors() == [CHANGED_SINCE]
    assert state(people) == ("DRAFT", 0)
    browser.post(button(offer, "publish"), SENT | {"draft": again["draft"].value()})
    assert state(people) == ("APPROVED", 1)


CHANGED = [
    pytest.param(lambda offer: authoring.save_draft(offer, weekend(value=Decimal(90))), id="the-draft"),
    pytest.param(lambda offer: authoring.set_limits(offer, OfferLimits(total_uses=5)), id="its-limits"),
]


@pytest.mark.parametrize("change", CHANGED)
def test_what_was_read_is_published_and_nothing_else(people: People, change: Any) -> None:
    offer = authoring.create_offer(people.here.cpo, "plain", weekend())
    with cpo_scope(people.here.cpo):
        draft = authoring.working_version(offer)
        assert draft is not None
        key = authoring.draft_key(draft)
    change(offer)
    with pytest.raises(ValidationError, match="Someone else has changed this draft since you read it"):
        authoring.publish(offer, expected=key)
    assert state(people) == ("DRAFT", 0)


def test_save_and_publish_publishes_what_was_saved(people: People) -> None:
    offer = authoring.create_offer(people.here.cpo, "plain", weekend())
    browser = signed_in(people.owner)
    browser.post(page(offer), FORM | {"total_uses": "500", "budget": "1000", "redemption_cap": "100", "_publish": "1"})
    assert state(people) == ("APPROVED", 1)


def test_what_contradicts_is_shown_and_refused_whatever_was_read(people: People, free: Offer) -> None:
    with cpo_scope(people.here.cpo):
        people.here.location.is_published = False
        people.here.location.save()
    browser = signed_in(people.owner)
    text = browser.get(button(free, "publish")).content.decode()
    assert "No station of yours is shown to buyer apps: publish one first." in text
    assert "Publish anyway" not in text
    browser.post(button(free, "publish"), SENT)
    assert state(people) == ("DRAFT", 0)


@pytest.mark.parametrize("is_new", [True, False], ids=["add", "change"])
def test_save_and_publish_saves_and_leads_to_the_warnings(people: People, is_new: bool) -> None:
    made = None if is_new else authoring.create_offer(people.here.cpo, "free", weekend())
    browser = signed_in(people.owner)
    answer = browser.post(page(made) if made else ADD, FREE_FORM, follow=True)
    with cpo_scope(people.here.cpo):
        offer = Offer.objects.get()
        draft = authoring.working_version(offer)
        assert draft is not None
        assert (draft.value, draft.published_at, offer.state) == (Decimal(100), None, "DRAFT")
    assert answer.redirect_chain == [(button(offer, "publish"), 302)]
    assert [str(message) for message in answer.context["messages"]] == [READ_FIRST]
    text = answer.content.decode()
    assert (WARNING in text, "Publish anyway" in text) == (True, True)


def test_who_approves_reads_the_warnings_too(people: People, free: Offer) -> None:
    with cpo_scope(people.here.cpo):
        OfferPolicy.objects.update_or_create(cpo=people.here.cpo, defaults={"review_required": True})
    authoring.submit(free, by=people.colleague)
    browser = signed_in(people.owner)
    asked = browser.get(button(free, "approve"))
    sent = SENT | {"seen": asked.context["form"]["seen"].value()}
    assert WARNING in asked.content.decode()
    assert browser.post(button(free, "approve"), sent).context["form"].non_field_errors() == [FOUND_SINCE]
    assert state(people) == ("IN_REVIEW", 1)
    browser.post(button(free, "approve"), sent | {"read": asked.context["form"]["read"].value()})
    assert state(people) == ("APPROVED", 2)


def test_the_api_publishes_and_answers_the_warnings(people: People, free: Offer) -> None:
    staff = api_client(people.here.cpo)
    before = staff.get("/api/offers/free/lint").json()["findings"]
    answer = staff.post("/api/offers/free/publish", {}, content_type="application/json")
    assert (answer.status_code, answer.json()["state"]) == (200, "LIVE")
    found = [(x["code"], x["severity"], x["sentence"]) for x in answer.json()["findings"]]
    assert found == [(x["code"], x["severity"], x["sentence"]) for x in before] == [("FREE_ENERGY", "WARNING", WARNING)]
