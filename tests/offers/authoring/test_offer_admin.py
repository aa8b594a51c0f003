"""The pages of offers: authored in one form, published by a button, and closed to everyone else."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cpo_portal.accounts.tenancy import cpo_scope
from offers import authoring
from offers.engine.values import OfferLimits
from offers.models import Offer, OfferCounter, OfferPolicy, OfferVersion
from tests.people import WEEKEND, People, signed_in, weekend

pytestmark = pytest.mark.django_db

LIST = "/admin/offers/offer/"
ADD = "/admin/offers/offer/add/"


@pytest.fixture
def offer(people: People) -> Offer:
    made = authoring.create_offer(people.here.cpo, "weekend-25", WEEKEND, limits=OfferLimits(total_uses=100))
    return authoring.publish(made, by=people.owner)


def page(offer: Offer, *more: str) -> str:
    return "/".join([f"/admin/offers/offer/{offer.pk}", *(more or ("change",)), ""])


def checks(offer: Offer) -> str:
    return reverse("admin:offers_lint", args=[offer.pk])


def button(offer: Offer, move: str) -> str:
    return reverse(f"admin:offers_offer_{move}_offer", args=[offer.pk])


FORM: dict[str, Any] = {
    "name": "Weekend Special – 25 % off",
    "offer_id": "weekend-discount-25",
    "campaign_kind": "WEEKEND_SPECIAL",
    "display_code": "WEEKEND25",
    "location_ids": ["cp-station"],
    "valid_from": "2026-01-01T00:00",
    "valid_until": "2040-01-01T00:00",
    "weekly_windows-0-weekdays": ["6", "7"],
    "weekly_windows-0-start": "",
    "weekly_windows-0-end": "",
    "weekly_windows-1-start": "",
    "weekly_windows-1-end": "",
    "min_value": "50",
    "benefit_kind": "discount",
    "value_type": "percent",
    "value": "25",
    "value_cap": "100",
    "base": "ITEMS",
    "auto": "on",
    "priority": "0",
    "total_uses": "1000",
}


@pytest.mark.parametrize("name", ["owner", "colleague"])
def test_a_member_authors_and_publishes_an_offer_in_one_go(people: People, name: str) -> None:
    answer = signed_in(getattr(people, name)).post(ADD, FORM | {"_publish": "1"}, follow=True)
    assert answer.status_code == 200
    assert "is published; buyer apps see it from now on." in answer.content.decode()
    with cpo_scope(people.here.cpo):
        offer = Offer.objects.select_related("live_version").get()
        version = offer.live_version
        assert version is not None
        assert (offer.offer_id, offer.state, offer.total_uses) == ("weekend-discount-25", "APPROVED", 1000)
        assert version.location_ids == ["cp-station"]
        assert version.weekly_windows == [{"weekdays": [6, 7], "start": "00:00", "end": "00:00"}]
        assert version.valid_from.isoformat() == "2025-12-31T18:30:00+00:00"
        assert OfferCounter.objects.get(offer=offer).limit_uses == 1000
        assert version.created_by == getattr(people, name)


def test_saving_a_draft_shows_the_offer_to_nobody_yet(people: People) -> None:
    signed_in(people.owner).post(ADD, FORM | {"_save": "1"})
    with cpo_scope(people.here.cpo):
        offer = Offer.objects.get()
        assert (offer.state, offer.live_version) == ("DRAFT", None)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param({"value": "120"}, "A percentage is at most 100: lower it, or choose an amount.", id="120 %"),
        pytest.param(
            {"valid_until": "2025-01-01T00:00"}, "The offer ends before it starts: choose a later end.", id="dates"
        ),
        pytest.param({"valid_until": "someday"}, "Give the date and the time, such as 2026-11-21T18:30.", id="no date"),
        pytest.param(
            {"valid_until": "2099-01-01"}, "Give the date and the time, such as 2026-11-21T18:30.", id="no time"
        ),
        pytest.param(
            {"requires_code": "on", "display_code": "Weekend-Discount-25"},
            "“Weekend-Discount-25” is the id of an offer, by which everybody may ask for it: choose another code.",
            id="its own id as a code",
        ),
        pytest.param(
            {"budget": "100"}, "A budget needs a limit per redemption: set “most per redemption”.", id="budget"
        ),
        pytest.param(
            {"offer_id": "pe-charging-01"}, "is the id of an item: give the offer an id of its own.", id="item id"
        ),
        pytest.param({"location_ids": ["elsewhere"]}, "Select a valid choice.", id="unknown location"),
        pytest.param(
            {"weekly_windows-0-weekdays": [], "weekly_windows-0-start": "18:00", "weekly_windows-0-end": "21:00"},
            "Window 1: tick at least one day.",
            id="window without days",
        ),
        pytest.param({"value": "x" * 50}, "Enter a number.", id="letters"),
        pytest.param(
            {"priority": "99999"},
            "Give a priority from -32,768 to 32,767: the larger goes first.",
            id="priority-too-high",
        ),
    ],
)
def test_bad_input_is_answered_at_the_field_and_saves_nothing(
    people: People, changes: dict[str, Any], sentence: str
) -> None:
    answer = signed_in(people.owner).post(ADD, FORM | changes | {"_publish": "1"})
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    with cpo_scope(people.here.cpo):
        assert not Offer.objects.exists()


@pytest.mark.parametrize("address", ["add", "change"])
def test_an_offer_that_is_over_already_is_refused_at_its_end_and_keeps_the_input(people: People, address: str) -> None:
    over = {"valid_from": "2025-01-01T00:00", "valid_until": "2025-02-01T00:00", "name": "Long ago", "_publish": "1"}
    made = authoring.create_offer(people.here.cpo, "weekend-25", WEEKEND) if address == "change" else None
    answer = signed_in(people.owner).post(page(made) if made else ADD, FORM | over)
    assert answer.context["adminform"].form.errors == {
        "valid_until": ["The offer is over already: choose a later end."]
    }
    assert 'value="Long ago"' in answer.content.decode()


def test_publishing_a_paused_offer_keeps_it_paused(people: People, offer: Offer) -> None:
    authoring.pause(offer)
    text = signed_in(people.owner).post(page(offer), edit_form(offer, value="30", _publish="1"), follow=True)
    assert "has its new version and stays paused: resume it when buyer apps are to see it." in text.content.decode()
    with cpo_scope(people.here.cpo):
        row = Offer.objects.select_related("live_version", "counter").get()
        assert row.live_version is not None
        assert (row.state, row.live_version.value, row.counter.paused) == ("PAUSED", Decimal("30.00"), True)


def test_an_ended_offer_is_published_again_only_by_its_own_button(people: People, offer: Offer) -> None:
    authoring.end(offer)
    client = signed_in(people.owner)
    assert "Save and publish" not in client.get(page(offer)).content.decode()
    refused = client.post(page(offer), edit_form(offer, value="30", _publish="1"))
    assert refused.context["adminform"].form.non_field_errors() == [
        "This offer has ended: save the draft, then press “Publish again”."
    ]
    assert button(offer, "republish") not in client.get(page(offer)).content.decode()
    text = client.post(page(offer), edit_form(offer, _save="1"), follow=True).content.decode()
    assert button(offer, "republish") in text
    with cpo_scope(people.here.cpo):
        assert Offer.objects.get().state == "ENDED"
    client.post(button(offer, "republish"), {"_form_submitted": "True", "note": ""})
    with cpo_scope(people.here.cpo):
        assert Offer.objects.get().state == "APPROVED"


def test_an_offer_says_who_else_shows_its_code(people: People, offer: Offer) -> None:
    authoring.publish(authoring.create_offer(people.here.cpo, "twin", WEEKEND))
    text = signed_in(people.owner).get(checks(offer)).content.decode()
    assert "twin shows the code WEEKEND25 too: who types it gets one of them." in text


def test_an_offer_that_is_over_is_mistaken_for_no_other(people: People, offer: Offer) -> None:
    authoring.publish(authoring.create_offer(people.here.cpo, "twin", WEEKEND))
    assert checks(offer) in signed_in(people.owner).get(page(offer)).content.decode()
    authoring.end(offer)
    assert checks(offer) not in signed_in(people.owner).get(page(offer)).content.decode()
    assert "twin shows the code" not in signed_in(people.owner).get(checks(offer)).content.decode()


def test_who_publishes_early_is_told_when_it_starts(people: People) -> None:
    later = FORM | {"_publish": "1", "valid_from": "2039-01-01T00:00"}
    answer = signed_in(people.owner).post(ADD, later, follow=True).content.decode()
    assert "is published; it starts by itself on Sat 1 Jan 2039, 00:00 IST." in answer
    assert "buyer apps see it from now on" not in answer


def edit_form(offer: Offer, **changes: Any) -> dict[str, Any]:
    return FORM | {"_version": "1", "display_code": "WEEKEND25", "location_ids": [], "total_uses": "100"} | changes


def test_editing_a_live_offer_makes_a_draft_and_shows_what_it_changes(people: People, offer: Offer) -> None:
    client = signed_in(people.colleague)
    answer = client.post(page(offer), edit_form(offer, value="30", _save="1"), follow=True)
    text = answer.content.decode()
    assert "Draft 2 is not published yet; it changes" in text
    assert "30 %" in text
    with cpo_scope(people.here.cpo):
        live = Offer.objects.select_related("live_version").get().live_version
        assert live is not None
        assert live.value == Decimal("25.00")


def test_a_form_opened_before_someone_published_saves_nothing(people: People, offer: Offer) -> None:
    authoring.save_draft(offer, weekend(value=Decimal(40)))
    answer = signed_in(people.owner).post(page(offer), edit_form(offer, value="30", _save="1"), follow=True)
    assert "Someone else has published this offer since you opened it" in answer.content.decode()
    with cpo_scope(people.here.cpo):
        assert OfferVersion.objects.get(number=2).value == Decimal("40.00")


def test_a_limit_below_what_is_used_is_a_message(people: People, offer: Offer) -> None:
    with cpo_scope(people.here.cpo):
        OfferCounter.objects.update(uses_committed=7)
    answer = signed_in(people.owner).post(page(offer), edit_form(offer, total_uses="6", _save="1"), follow=True)
    assert "7 uses are reserved or used already: set 7 or more, or pause the offer." in answer.content.decode()
    with cpo_scope(people.here.cpo):
        assert Offer.objects.get().total_uses == 100
        assert OfferVersion.objects.count() == 1


@pytest.mark.parametrize("name", ["owner", "colleague", "analyst"])
def test_members_see_the_list_and_the_page(people: People, offer: Offer, name: str) -> None:
    client = signed_in(getattr(people, name))
    listed = client.get(LIST).content.decode()
    assert "Weekend Special – 25 % off" in listed
    assert "Live" in listed
    assert "25 % off" in client.get(page(offer)).content.decode()


def test_an_analyst_looks_but_gets_no_form_and_no_button(people: People, offer: Offer) -> None:
    client = signed_in(people.analyst)
    text = client.get(page(offer)).content.decode()
    assert "Minimum session value" in text
    assert "_publish" not in text
    assert client.get(ADD).status_code == 403
    assert client.post(page(offer), edit_form(offer, value="30", _publish="1")).status_code == 403
    assert client.post(button(offer, "withdraw"), {"_form_submitted": "True"}).status_code == 403
    with cpo_scope(people.here.cpo):
        assert OfferVersion.objects.count() == 1
        assert Offer.objects.get().state == "APPROVED"


GUESSED = [
    ("change",),
    ("history",),
    ("delete",),
]


@pytest.mark.parametrize("path", GUESSED, ids=lambda path: path[0])
@pytest.mark.parametrize("method", ["get", "post"])
def test_an_outsider_who_guesses_an_address_finds_nothing(
    people: People, offer: Offer, path: tuple[str], method: str
) -> None:
    answer = getattr(signed_in(people.outsider), method)(page(offer, *path))
    assert answer.status_code in {302, 403}
    assert "Weekend" not in answer.content.decode()
    with cpo_scope(people.here.cpo):
        assert Offer.objects.get().state == "APPROVED"


@pytest.mark.parametrize("move", ["publish", "pause", "resume", "end", "withdraw", "archive"])
def test_an_outsider_cannot_press_a_button(people: People, offer: Offer, move: str) -> None:
    signed_in(people.outsider).post(button(offer, move), {"_form_submitted": "True"})
    with cpo_scope(people.here.cpo):
        assert Offer.objects.get().state == "APPROVED"


def test_an_outsider_sees_neither_the_offer_nor_the_places(people: People, offer: Offer) -> None:
    client = signed_in(people.outsider)
    for address in (LIST, f"{LIST}?q=weekend", f"{LIST}?state=LIVE", f"{LIST}?kind=WEEKEND_SPECIAL", ADD):
        text = client.get(address).content.decode()
        assert "Weekend Special –" not in text
        assert "pe-charging-01" not in text


def test_nobody_who_is_signed_out_sees_anything(offer: Offer) -> None:
    for address in (LIST, ADD, page(offer)):
        assert Client().get(address).status_code == 302


@pytest.mark.parametrize(
    ("move", "state", "sentence"),
    [
        ("pause", "PAUSED", "The offer is paused."),
        ("end", "ENDED", "The offer has ended."),
        ("withdraw", "WITHDRAWN", "The offer is withdrawn."),
    ],
)
def test_a_button_asks_first_and_then_moves_the_offer(
    people: People, offer: Offer, move: str, state: str, sentence: str
) -> None:
    client = signed_in(people.colleague)
    assert "Why (shown in the history)" in client.get(button(offer, move)).content.decode()
    with cpo_scope(people.here.cpo):
        assert Offer.objects.get().state == "APPROVED"
    answer = client.post(button(offer, move), {"_form_submitted": "True", "note": "because"}, follow=True)
    assert sentence in answer.content.decode()
    assert "because" in client.get(page(offer)).content.decode()
    with cpo_scope(people.here.cpo):
        assert Offer.objects.get().state == state


def test_a_refused_move_is_a_message(people: People, offer: Offer) -> None:
    answer = signed_in(people.owner).post(button(offer, "resume"), {"_form_submitted": "True"}, follow=True)
    assert "Only a paused offer can be resumed." in answer.content.decode()


@pytest.mark.parametrize(("state", "found"), [("LIVE", True), ("SCHEDULED", False), ("ENDED", False), ("x", True)])
def test_the_list_is_narrowed_by_what_offers_are_now(people: People, offer: Offer, state: str, found: bool) -> None:
    text = signed_in(people.owner).get(f"{LIST}?state={state}").content.decode()
    assert ("weekend-25" in text) is found


@pytest.mark.parametrize(("kind", "found"), [("WEEKEND_SPECIAL", True), ("HAPPY_HOUR", False)])
def test_the_list_is_narrowed_by_the_kind(people: People, offer: Offer, kind: str, found: bool) -> None:
    text = signed_in(people.owner).get(f"{LIST}?kind={kind}").content.decode()
    assert ("weekend-25" in text) is found


def test_the_list_takes_the_same_queries_for_one_offer_as_for_ten(
    people: People, offer: Offer, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(people.owner)
    client.get(LIST)
    with CaptureQueriesContext(
        connection,
    ) as one:
        client.get(LIST)
    for number in range(9):
        authoring.publish(authoring.create_offer(people.here.cpo, f"more-{number}", weekend(display_code="")))
    with django_assert_max_num_queries(len(one)):
        client.get(LIST)


def test_the_policy_opens_on_its_row_and_is_changed_by_members_alone(people: People) -> None:
    client = signed_in(people.owner)
    opened = client.get("/admin/offers/offerpolicy/", follow=True)
    assert opened.status_code == 200
    with cpo_scope(people.here.cpo):
        row = OfferPolicy.objects.get()
    form = {
        "objective": "PRIORITY",
        "amount_basis": "ALL_IN",
        "quote_minutes": "20",
        "payment_minutes": "10",
        "early_start_minutes": "15",
        "late_start_minutes": "30",
        "breakdown_minutes": "5",
        "silent_minutes": "60",
        "longest_hours": "24",
    }
    address = f"/admin/offers/offerpolicy/{row.pk}/change/"
    signed_in(people.outsider).post(address, form)
    assert signed_in(people.analyst).post(address, form).status_code == 403
    row.refresh_from_db()
    assert (row.objective, row.quote_minutes) == ("MAX_SAVING", 15)
    assert client.post(address, form, follow=True).status_code == 200
    row.refresh_from_db()
    assert (row.objective, row.quote_minutes) == ("PRIORITY", 20)
