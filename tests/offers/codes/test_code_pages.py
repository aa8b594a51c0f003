"""Staff ask for codes, watch them being made, find, download and cancel them; an analyst sees none."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.urls import reverse

from cpo_portal.accounts.models import TokenScope
from cpo_portal.accounts.tenancy import cpo_scope
from offers.codes import batches, export
from offers.codes.batches import make_some
from offers.models import CodeBatch, Offer, SingleUseCode
from tests.offers.codes.coded import buy, make_coded_offer, standing
from tests.people import People, api_client, signed_in
from tests.world import make_offer

pytestmark = pytest.mark.django_db
ONE, TWO = "DIWALI-34679ACDEFGHJK", "DIWALI-KJHGFEDCA97643"
YES = {"_form_submitted": "on"}


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "CHUNK", 100)
    monkeypatch.setattr(batches, "_wake", lambda: None)


@pytest.fixture
def offer(people: People) -> Offer:
    return make_coded_offer(people.here.cpo, ONE, TWO)


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:offers_{name}", args=args)


def sent(answer: Any) -> list[list[str]]:
    return list(csv.reader(io.StringIO(b"".join(answer.streaming_content).decode())))


def latest(people: People) -> CodeBatch:
    with cpo_scope(people.here.cpo):
        return CodeBatch.objects.select_related("cpo", "offer", "created_by").latest("pk")


def test_a_manager_asks_for_codes_on_the_offers_page_and_sees_them_being_made(people: People, offer: Offer) -> None:
    browser = signed_in(people.colleague)
    assert "Make codes" in browser.get(page("offer_change", offer.pk)).content.decode()
    form = YES | {"count": "250", "name": "Flyer", "prefix": "diwali-", "alphabet": "MIXED", "length": ""}
    answer = browser.post(page("offer_make_codes", offer.pk), form)
    batch = latest(people)
    assert (answer.status_code, answer["Location"]) == (302, page("codebatch_change", batch.pk))
    assert (batch.count, batch.length, batch.created_by) == (250, 14, people.colleague)
    make_some(batch)
    half = browser.get(page("codebatch_change", batch.pk))
    assert half["Refresh"] == "3"
    assert '<progress class="portal-good" max="100" value="40" aria-label="40% made">' in half.content.decode()
    assert "100 of 250" in half.content.decode()
    assert browser.get(page("codebatch_changelist"))["Refresh"] == "3"
    while make_some(batch):
        pass
    done = browser.get(page("codebatch_change", batch.pk))
    assert "Refresh" not in done
    assert "250 free, 0 held by orders, 0 used" in done.content.decode()
    assert "Refresh" not in browser.get(page("codebatch_changelist"))


WRONG = {
    "none": ({"count": "0"}, "Ensure this value is greater than or equal to 1."),
    "too-many": ({"count": "1000001"}, "An offer has at most 1,000,000 codes: ask for fewer."),
    "short": ({"length": "13"}, "Codes this short can be guessed: take at least 14 random characters."),
    "prefix": ({"prefix": "=1"}, "Use letters, digits and hyphens, such as DIWALI-, or leave it empty."),
}


@pytest.mark.parametrize(("said", "sentence"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_made_is_refused_in_the_dialog(
    people: People, offer: Offer, said: dict[str, str], sentence: str
) -> None:
    form = YES | {"count": "5", "name": "", "prefix": "", "alphabet": "MIXED", "length": ""} | said
    answer = signed_in(people.owner).post(page("offer_make_codes", offer.pk), form)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert latest(people).count == 2


def test_an_offer_without_single_use_codes_shows_no_button_and_takes_no_batch(people: People) -> None:
    plain = make_offer(people.here.cpo)
    browser = signed_in(people.owner)
    assert "Make codes" not in browser.get(page("offer_change", plain.pk)).content.decode()
    form = YES | {"count": "5", "name": "", "prefix": "", "alphabet": "MIXED", "length": ""}
    assert "tick “each buyer must send" in browser.post(page("offer_make_codes", plain.pk), form).content.decode()
    with cpo_scope(people.here.cpo):
        assert not CodeBatch.objects.exists()


def test_the_download_says_what_became_of_each_code(
    people: People, offer: Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "PAGE", 1)
    assert buy(people.here, "t-1", codes=(TWO,)) == "91.45"
    answer = signed_in(people.colleague).get(page("codebatch_download", latest(people).pk))
    assert answer["Content-Disposition"].startswith('attachment; filename="codes-weekend-discount-25-')
    head, *rows = sent(answer)
    assert head == ["Code", "State", "Taken (Asia/Kolkata)"]
    assert [(code, state, bool(taken)) for code, state, taken in rows] == [
        (ONE, "Free", False),
        (TWO, "Held by an order", True),
    ]


FOUND = {"whole": (ONE, 1), "small-letters": (ONE.lower(), 1), "beginning": ("diwali-", 2), "middle": ("34679", 0)}


@pytest.mark.parametrize(("term", "count"), FOUND.values(), ids=FOUND)
def test_a_manager_finds_codes_by_their_beginning(people: People, offer: Offer, term: str, count: int) -> None:
    text = signed_in(people.colleague).get(page("singleusecode_changelist"), {"q": term}).content.decode()
    assert sum(code in text for code in (ONE, TWO)) == count


def test_an_analyst_sees_no_code_anywhere(people: People, offer: Offer) -> None:
    browser, pk = signed_in(people.analyst), latest(people).pk
    for name, *args in (
        ("codebatch_changelist",),
        ("codebatch_change", pk),
        ("codebatch_download", pk),
        ("singleusecode_changelist",),
    ):
        assert browser.get(page(name, *args)).status_code == 403, name
    assert "Make codes" not in browser.get(page("offer_change", offer.pk)).content.decode()
    assert browser.post(page("offer_make_codes", offer.pk), YES | {"count": "5"}).status_code == 403
    index = browser.get(reverse("admin:index")).content.decode()
    assert "Single-use codes" not in index
    assert latest(people).pk == pk


def test_a_manager_cancels_a_batch_and_single_codes(people: People, offer: Offer) -> None:
    browser, batch = signed_in(people.colleague), latest(people)
    with cpo_scope(people.here.cpo):
        key = SingleUseCode.objects.get(code=ONE).pk
    chosen = {"action": "cancel_chosen", "_selected_action": [key]}
    text = browser.post(page("singleusecode_changelist"), chosen, follow=True).content.decode()
    assert "1 free code is cancelled; what orders took stays as it is." in text
    assert standing(people.here) == {ONE: ("CANCELLED", None), TWO: ("FREE", None)}
    shown = browser.get(page("codebatch_change", batch.pk)).content.decode()
    assert "1 free, 0 held by orders, 0 used, 1 cancelled one by one ·" in shown
    answer = browser.post(page("codebatch_cancel_batch", batch.pk), YES, follow=True).content.decode()
    assert "1 free code is cancelled; what orders took stays as it is." in answer
    assert "0 free, 0 held by orders, 0 used, 2 cancelled ·" in answer
    assert buy(people.here, "t-1", codes=(TWO,)) == "OFFER_NOT_VALID"
    _, *rows = sent(browser.get(page("codebatch_download", batch.pk)))
    assert [state for _, state, _ in rows] == ["Cancelled", "Cancelled"]


def test_the_api_makes_shows_sends_and_cancels_a_batch(people: People, offer: Offer) -> None:
    client = api_client(people.here.cpo)
    said = {"offer_id": offer.offer_id, "count": 150, "prefix": "API-", "alphabet": "LETTERS"}
    made = client.post("/api/code-batches", said, content_type="application/json")
    assert made.status_code == 202
    key = made.json()["batch"]
    assert {name: made.json()[name] for name in ("offer_id", "count", "made", "length", "finished_at")} == {
        "offer_id": offer.offer_id, "count": 150, "made": 0, "length": 14, "finished_at": None,
    }  # fmt: skip
    make_some(latest(people))
    assert client.get(f"/api/code-batches/{key}").json()["made"] == 100
    make_some(latest(people))
    shown = client.get(f"/api/code-batches/{key}").json()
    assert (shown["made"], shown["codes"]) == (150, {"free": 150, "held": 0, "used": 0, "cancelled": 0})
    assert shown["finished_at"] is not None
    rows = sent(client.get(f"/api/code-batches/{key}/codes"))
    assert len(rows) == 151
    assert buy(people.here, "t-1", codes=(rows[1][0],)) == "91.45"
    cancelled = client.post(f"/api/code-batches/{key}/cancel").json()
    assert cancelled["codes"] == {"free": 0, "held": 1, "used": 0, "cancelled": 149}
    assert client.get(f"/api/code-batches/{key}").json() == cancelled
    assert client.post(f"/api/code-batches/{key}/cancel").status_code == 409
    listed = client.get("/api/code-batches", {"offer_id": offer.offer_id}).json()
    assert [batch["count"] for batch in listed["results"]] == [150, 2]
    assert "codes" not in listed["results"][0]


API_WRONG = {
    "another-cpos-offer": ({"offer_id": "nobodys"}, "offer_id", "You have no offer “nobodys”: name one of yours."),
    "none": ({"count": 0}, "count", "Ask for at least one code."),
    "short": ({"length": 5}, "length", "Codes this short can be guessed: take at least 14 random characters."),
}


@pytest.mark.parametrize(("said", "field", "sentence"), API_WRONG.values(), ids=API_WRONG)
def test_the_api_refuses_at_the_field(
    people: People, offer: Offer, said: dict[str, Any], field: str, sentence: str
) -> None:
    client = api_client(people.here.cpo)
    body = {"offer_id": offer.offer_id, "count": 5} | said
    answer = client.post("/api/code-batches", body, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["fields"]) == (400, {field: [sentence]})
    assert latest(people).count == 2


def test_a_token_that_only_reads_sees_no_codes(people: People, offer: Offer) -> None:
    client = api_client(people.here.cpo, TokenScope.STAFF_READ)
    pk = latest(people).pk
    for address in ("", f"/{pk}", f"/{pk}/codes"):
        assert client.get(f"/api/code-batches{address}").status_code == 403


def test_the_price_check_takes_a_code_as_a_code_and_as_an_id(people: People, offer: Offer) -> None:
    client = api_client(people.here.cpo)
    ask = {
        "item_id": people.here.connector.item_id,
        "measure": {"value": "100", "unit": "INR"},
        "starts_at": "2026-12-05T10:00:00+05:30",
    }
    totals = [
        client.post("/api/price-check", ask | said, content_type="application/json").json()["total"]
        for said in ({}, {"codes": [ONE.lower()]}, {"opted_in": [ONE]}, {"codes": ["WRONG"]})
    ]
    assert totals == ["118.00", "91.45", "91.45", "118.00"]
    assert standing(people.here)[ONE] == ("FREE", None)
    assert buy(people.here, "t-1", codes=(ONE,)) == "91.45"
    refused = client.post("/api/price-check", ask | {"codes": [ONE]}, content_type="application/json").json()
    [found] = [x for x in refused["trace"]["offers"] if x["offer_id"] == offer.offer_id]
    assert found["words"] == "Limit reached. Its code was used already, or another order holds it."


def test_form_and_api_refuse_a_code_of_its_own_beside_single_use_codes(people: People, offer: Offer) -> None:
    sentence = "Each buyer sends a code of their own: leave the display code empty."
    client = api_client(people.here.cpo)
    body = {"content": {"display_code": "MINE"}}
    answer = client.patch(f"/api/offers/{offer.offer_id}", body, content_type="application/json")
    assert answer.json()["error"]["fields"] == {"content": {"display_code": [sentence]}}


@pytest.mark.parametrize("name", ["owner", "colleague"])
def test_an_offers_page_leads_to_its_own_codes(people: People, offer: Offer, name: str) -> None:
    other = make_coded_offer(people.here.cpo, "OTHER-34679ACDEFGHJK", offer_id="other")
    browser = signed_in(getattr(people, name))
    text = browser.get(page("offer_change", offer.pk)).content.decode()
    own = f"{page('codebatch_changelist')}?offer__id__exact={offer.pk}"
    assert f'<a href="{own}" class="draft-link">Its batches of codes (1)</a>' in text
    assert f'<a href="{page("offer_make_codes", offer.pk)}" class="draft-link">Make codes for it</a>' in text
    listed = browser.get(own)
    assert [batch.offer_id for batch in listed.context["cl"].result_list] == [offer.pk]
    assert [batch.offer_id for batch in browser.get(page("codebatch_changelist")).context["cl"].result_list] == [
        other.pk,
        offer.pk,
    ]
    # The dialog opened by its address is a page, and its codes are this offer's.
    assert browser.get(page("offer_make_codes", offer.pk)).status_code == 200


def test_only_an_offer_with_codes_of_ones_own_leads_to_them_and_an_analyst_is_not_led(
    people: People, offer: Offer
) -> None:
    assert "batches of codes (" not in signed_in(people.analyst).get(page("offer_change", offer.pk)).content.decode()
    plain = make_offer(people.here.cpo, "plain")
    text = signed_in(people.owner).get(page("offer_change", plain.pk)).content.decode()
    assert "batches of codes (" not in text
    assert "Make codes for it" not in text


def test_an_offer_that_is_over_leads_to_its_codes_and_makes_no_more(people: People, offer: Offer) -> None:
    with cpo_scope(people.here.cpo):
        Offer.objects.update(state="WITHDRAWN")
    text = signed_in(people.owner).get(page("offer_change", offer.pk)).content.decode()
    assert "Its batches of codes (1)" in text
    assert "Make codes for it" not in text
