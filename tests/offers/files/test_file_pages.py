"""Staff import offers on a page or by the API, follow a large file, and download offers and the example."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from cpo_portal.accounts.models import TokenScope
from cpo_portal.accounts.tenancy import cpo_scope
from offers import authoring
from offers.files import runs
from offers.files.runs import run_offer_imports
from offers.models import Offer, OfferImport, OfferVersion
from tests.offers.files.sheets import HEAD, ROW, many, sheet
from tests.people import People, api_client, signed_in, weekend

pytestmark = pytest.mark.django_db
PAGE = reverse("admin:offers_offer_import_offers")
API = "/api/offer-imports"


@pytest.fixture
def in_background(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "AT_ONCE", 2)
    monkeypatch.setattr(runs, "_wake", lambda: None)


def send(browser: Client, text: str, button: str = "_import") -> Any:
    file = SimpleUploadedFile("offers.csv", text.encode(), "text/csv")
    return browser.post(PAGE, {"file": file, "_form_submitted": "on", button: "1"}, follow=True)


def offers_of(people: People) -> list[str]:
    with cpo_scope(people.here.cpo):
        return list(Offer.objects.order_by("offer_id").values_list("offer_id", flat=True))


def test_a_file_is_checked_then_imported_on_one_page(people: People) -> None:
    browser = signed_in(people.colleague)
    assert PAGE in browser.get(reverse("admin:offers_offer_changelist")).content.decode()
    assert "Weekly windows: <code>Sat,Sun; Mon-Fri 22:00-06:00</code>." in browser.get(PAGE).content.decode()
    checked = send(browser, many(2), "_check").content.decode()
    assert "The file can be imported: 2 offers." in checked
    assert offers_of(people) == []
    assert "Imported: 2 offers, as drafts." in send(browser, many(2)).content.decode()
    assert offers_of(people) == ["offer-00000", "offer-00001"]
    with cpo_scope(people.here.cpo):
        version = OfferVersion.objects.select_related("created_by").first()
        assert version is not None
        assert (version.created_by, version.authors) == (people.colleague, [f"user:{people.colleague.pk}"])


def test_faults_stand_in_a_table_by_row_and_column(people: People) -> None:
    answer = send(signed_in(people.owner), sheet(ROW.format("a").replace(",10,", ",120,"))).content.decode()
    assert "Nothing is imported: 1 fault." in answer
    assert '<td class="" data-label="Row">2</td><td class="" data-label="Column">Value</td>' in answer
    assert "A percentage is at most 100: lower it, or choose an amount." in answer
    assert offers_of(people) == []


def test_what_is_no_such_file_is_refused_at_the_field(people: People) -> None:
    answer = send(signed_in(people.owner), "Offer id,Colour\na,b").content.decode()
    assert "The column “Colour” is unknown: leave it out, or take its name from the list of columns." in answer
    assert offers_of(people) == []


def test_a_large_file_has_a_page_that_tells_how_far_it_is(people: People, in_background: None) -> None:
    browser = signed_in(people.owner)
    waiting = send(browser, many(3), "_check")
    with cpo_scope(people.here.cpo):
        job = OfferImport.objects.get()
    page = reverse("admin:offers_offerimport_change", args=[job.pk])
    assert waiting.redirect_chain == [(page, 302)]
    assert "3 offers are checked in the background; this page tells how far that is." in waiting.content.decode()
    assert (waiting["Refresh"], "0 / 3" in waiting.content.decode()) == ("3", True)
    run_offer_imports()
    done = browser.get(page)
    assert ("Refresh" in done, "3 / 3" in done.content.decode(), "3 rows, checked only" in done.content.decode()) == (
        False, True, True,
    )  # fmt: skip
    button = reverse("admin:offers_offerimport_import_checked", args=[job.pk])
    assert button in done.content.decode()
    assert offers_of(people) == []
    browser.post(button, {"_form_submitted": "on"})
    run_offer_imports()
    assert len(offers_of(people)) == 3
    assert button not in browser.get(page).content.decode()
    with cpo_scope(people.here.cpo):
        assert OfferImport.objects.get().by == people.owner


def test_the_page_of_a_large_file_shows_its_faults(people: People, in_background: None) -> None:
    send(signed_in(people.owner), f"{many(3)}\r\n{ROW.format('offer-00002')}")
    run_offer_imports()
    with cpo_scope(people.here.cpo):
        page = reverse("admin:offers_offerimport_change", args=[OfferImport.objects.get().pk])
    shown = signed_in(people.analyst).get(page).content.decode()
    assert "Nothing is imported: 1 fault." in shown
    assert "Row 4 has this id already: choose another id." in shown
    assert offers_of(people) == []


@pytest.mark.parametrize("name", ["analyst", "outsider"])
def test_only_those_who_author_import(people: People, name: str) -> None:
    answer = send(signed_in(getattr(people, name)), many(1))
    assert (answer.status_code, offers_of(people)) == (403 if name == "analyst" else 200, [])


def test_the_example_and_the_offers_are_downloaded(people: People) -> None:
    authoring.create_offer(people.here.cpo, "weekend", weekend())
    authoring.create_offer(people.there.cpo, "theirs", weekend())
    browser = signed_in(people.analyst)
    answer: Any = browser.get(reverse("admin:offers_offer_offers_file"))
    assert answer["Content-Disposition"] == 'attachment; filename="offers.csv"'
    lines = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [line["Offer id"] for line in lines] == ["weekend"]
    example = browser.get(reverse("admin:offers_offer_example"))
    assert example["Content-Type"] == "text/csv; charset=utf-8"
    lines = list(csv.DictReader(io.StringIO(example.content.decode("utf-8-sig"))))
    assert [line["Type"] for line in lines] == [
        "Discount", "Buy X, get Y more", "Slabs of kWh", "Combination", "Off the fee", "Exchange", "Financing",
    ]  # fmt: skip
    assert "Imported: 7 offers" in send(signed_in(people.owner), example.content.decode("utf-8-sig")).content.decode()


def test_what_a_browser_downloads_begins_with_the_mark_of_utf_8(people: People) -> None:
    offer = authoring.create_offer(people.here.cpo, "weekend", weekend())
    browser, pages = signed_in(people.owner), reverse("admin:offers_offer_changelist")
    chosen = {"_selected_action": [offer.pk]}
    answers: list[Any] = [
        browser.get(reverse("admin:offers_offer_offers_file")),
        browser.get(reverse("admin:offers_offer_example")),
        browser.post(pages, chosen | {"action": "file_of_chosen"}),
        browser.post(pages, chosen | {"action": "export_admin_action"}),
    ]
    files = [b"".join(x.streaming_content) if x.streaming else x.content for x in answers]
    assert [file[:3] for file in files] == [b"\xef\xbb\xbf"] * 4
    machine: Any = api_client(people.here.cpo).get("/api/offer-file")
    assert b"".join(machine.streaming_content).startswith(b"Offer id,")


def test_chosen_offers_are_downloaded_for_an_import_archived_ones_too(people: People) -> None:
    offers = [authoring.create_offer(people.here.cpo, x, weekend(display_code="")) for x in ("a", "b", "c")]
    foreign = authoring.create_offer(people.there.cpo, "theirs", weekend())
    authoring.publish(offers[0])
    authoring.end(offers[0])
    authoring.archive(offers[0])
    keys = [offers[0].pk, offers[2].pk, foreign.pk]
    answer: Any = signed_in(people.analyst).post(
        reverse("admin:offers_offer_changelist"), {"action": "file_of_chosen", "_selected_action": keys}
    )
    lines = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [line["Offer id"] for line in lines] == ["a", "c"]


def test_the_api_imports_and_tells_faults_by_row_and_column(people: People) -> None:
    client = api_client(people.here.cpo)

    def post(text: str, **said: Any) -> Any:
        return client.post(API, {"csv": text, **said}, content_type="application/json")

    refused = post(sheet(ROW.format("a").replace(",10,", ",120,")))
    assert (refused.status_code, refused.json()["error"]["fields"]["csv"]) == (
        400,
        [{"row": "2", "column": "Value", "message": "A percentage is at most 100: lower it, or choose an amount."}],
    )
    checked = post(many(2), dry_run=True)
    assert (checked.status_code, checked.json()["state"], checked.json()["id"]) == (200, "CHECKED", None)
    assert offers_of(people) == []
    done = post(many(2))
    assert (done.status_code, done.json()["state"], done.json()["rows"]) == (200, "DONE", 2)
    assert len(offers_of(people)) == 2
    assert post("Offer id\na").json()["error"]["fields"]["csv"] == [
        "The file needs the columns “Name”, “Valid from” and “Valid until”: add them."
    ]
    answer: Any = client.get("/api/offer-file")
    lines = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode("utf-8-sig"))))
    assert [line["Offer id"] for line in lines] == ["offer-00000", "offer-00001"]


def test_the_api_follows_a_large_file(people: People, in_background: None) -> None:
    client = api_client(people.here.cpo)
    text = sheet(*(ROW.format(f"o-{n}") for n in range(3)), ROW.format("o-1"), head=HEAD)
    taken = client.post(API, {"csv": text}, content_type="application/json")
    assert (taken.status_code, taken.json()["state"]) == (202, "QUEUED")
    run_offer_imports()
    told = api_client(people.here.cpo, TokenScope.STAFF_READ).get(f"{API}/{taken.json()['id']}").json()
    sentence = "Row 3 has this id already: choose another id."
    assert (told["state"], told["fault_count"], told["faults"]) == (
        "REFUSED", 1, [{"row": 5, "column": "Offer id", "message": sentence}],
    )  # fmt: skip
    assert api_client(people.there.cpo).get(f"{API}/{taken.json()['id']}").status_code == 404


def test_the_api_takes_a_file_that_is_longer_than_other_bodies(people: People) -> None:
    text = sheet(*(ROW.format(f"o-{n}") + "," + "x" * 5000 for n in range(600)), head=f"{HEAD},Long description")
    assert len(text) > 2_621_440
    answer = api_client(people.here.cpo).post(API, {"csv": text, "dry_run": True}, content_type="application/json")
    assert (answer.status_code, answer.json()["rows"]) == (200, 600)
