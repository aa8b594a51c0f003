"""A file that was checked is imported without being chosen again, by who had it checked, there and for half an hour."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from cpo_portal.accounts.models import Membership, Role
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.admin import import_page as admin_import
from cpo_portal.charging.imports import handed_back
from cpo_portal.charging.imports.handed_back import CheckedFile, NotTakenBack, hand_back, take_back
from cpo_portal.charging.models import NamedList, NamedListEntry
from offers.models import Offer, OfferImport
from tests.people import People, signed_in

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
FILE = CheckedFile("fleet.csv", b"phone\n+919876543210\n", {"replaces": "yes"})
NOT_HERE = "This file was not checked here: choose it again."
TOO_OLD = "The check is more than half an hour old: choose the file again."


def handed(file: CheckedFile = FILE) -> str:
    return hand_back(file, bound_to="here", now=NOW)


def test_a_file_comes_back_as_it_was_and_cannot_be_read_meanwhile() -> None:
    assert take_back(handed(), bound_to="here", now=NOW + timedelta(minutes=30)) == FILE
    assert handed() != handed()
    assert "fleet" not in handed()


REFUSED = {
    "elsewhere": (lambda text: text, "there", timedelta(0), NOT_HERE),
    "altered": (lambda text: text[:-9] + "AAAA" + text[-5:], "here", timedelta(0), NOT_HERE),
    "made-up": (lambda text: "bm90aGluZw==", "here", timedelta(0), NOT_HERE),
    "not-even-text": (lambda text: "é", "here", timedelta(0), NOT_HERE),
    "half-an-hour-old": (lambda text: text, "here", timedelta(minutes=30, seconds=1), TOO_OLD),
    "from-the-future": (lambda text: text, "here", timedelta(seconds=-1), TOO_OLD),
}


@pytest.mark.parametrize(("alter", "where", "later", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_such_file_is_refused(alter: Any, where: str, later: timedelta, sentence: str) -> None:
    with pytest.raises(NotTakenBack, match=re.escape(sentence)):
        take_back(alter(handed()), bound_to=where, now=NOW + later)


def test_a_file_that_fits_into_no_form_is_not_handed_back() -> None:
    assert handed(CheckedFile("big.csv", secrets.token_bytes(1_500_000), {})) == ""


PAGE = reverse("admin:offers_offer_import_offers")
OFFERS = "Offer id,Name,Value,Valid from,Valid until\nten,Ten off,10,2026-01-01T00:00,2040-01-01T00:00\n"


def check(browser: Client, page: str = PAGE, text: str = OFFERS, **said: str) -> str:
    """Return the page after a check."""
    file = SimpleUploadedFile("some <file>.csv", text.encode(), "text/csv")
    answer = browser.post(page, {"file": file, "_form_submitted": "on", "_check": "1", **said})
    assert answer.status_code == 200
    return answer.content.decode()


def sealed_in(shown: str) -> str:
    found = re.search(r'name="checked_file" value="([^"]+)"', shown)
    assert found is not None
    return found[1]


def send_again(browser: Client, sealed: str, page: str = PAGE) -> Any:
    return browser.post(page, {"checked_file": sealed, "_import": "1"}, follow=True)


def offers_of(people: People) -> list[str]:
    with cpo_scope(people.here.cpo):
        return list(Offer.objects.values_list("offer_id", flat=True))


@pytest.mark.django_db
def test_a_checked_file_of_offers_is_imported_now(people: People) -> None:
    browser = signed_in(people.owner)
    shown = check(browser)
    assert "some &lt;file&gt;.csv is ready to be imported as it was checked, for half an hour." in shown
    assert offers_of(people) == []
    answer = send_again(browser, sealed_in(shown))
    assert answer.redirect_chain == [(reverse("admin:offers_offer_changelist"), 302)]
    with cpo_scope(people.here.cpo):
        row = Offer.objects.get()
        assert OfferImport.objects.get().by == people.owner
    link = reverse("admin:offers_offer_change", args=[row.pk])
    drafts = f"{reverse('admin:offers_offer_changelist')}?state=DRAFT"
    assert (
        f'Imported: 1 offer, as drafts. <a class="portal-made" href="{link}">ten</a>, '
        f'<a class="portal-made" href="{drafts}">all drafts</a>.'
    ) in answer.content.decode()


@pytest.mark.django_db
def test_a_checked_list_is_imported_with_what_was_chosen(people: People) -> None:
    with cpo_scope(people.here.cpo):
        fleet = NamedList.objects.create(cpo=people.here.cpo, list_id="fleet", name="Fleet")
    page, browser = reverse("admin:charging_namedlist_upload", args=[fleet.pk]), signed_in(people.owner)
    send_again(browser, sealed_in(check(browser, page, "phone\n+919876543210\n+919876543211\n")), page)
    send_again(browser, sealed_in(check(browser, page, "phone\n+919876543212\n", replaces="yes")), page)
    with cpo_scope(people.here.cpo):
        assert NamedListEntry.objects.filter(named_list=fleet).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["colleague", "outsider"])
def test_nobody_else_can_send_it_in(people: People, name: str) -> None:
    sealed = sealed_in(check(signed_in(people.owner)))
    answer = send_again(signed_in(getattr(people, name)), sealed)
    assert NOT_HERE in answer.content.decode()
    assert offers_of(people) == []
    with cpo_scope(people.there.cpo):
        assert not Offer.objects.exists()


@pytest.mark.django_db
def test_who_may_not_import_any_more_does_not(people: People) -> None:
    browser = signed_in(people.colleague)
    sealed = sealed_in(check(browser))
    with cpo_scope(people.here.cpo):
        Membership.objects.filter(user=people.colleague).update(role=Role.ANALYST)
    assert (send_again(browser, sealed).status_code, offers_of(people)) == (403, [])


@pytest.mark.django_db
def test_a_check_that_is_too_old_is_told(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = signed_in(people.owner)
    sealed = sealed_in(check(browser))
    monkeypatch.setattr(handed_back, "LASTS", timedelta(seconds=-1))
    assert TOO_OLD in send_again(browser, sealed).content.decode()
    assert offers_of(people) == []


@pytest.mark.django_db
def test_faults_are_told_with_no_button_to_import(people: People) -> None:
    shown = check(signed_in(people.owner), text=OFFERS.replace(",10,", ",120,"))
    assert "Nothing is imported: 1 fault." in shown
    assert "Import this file now" not in shown
    assert 'class="portal-result portal-bad" role="status"' in shown


@pytest.mark.django_db
def test_what_came_in_between_the_check_and_the_import_is_told(people: People) -> None:
    browser = signed_in(people.owner)
    sealed = sealed_in(check(browser))
    send_again(browser, sealed)
    assert "You already have an offer “ten”: choose another id." in send_again(browser, sealed).content.decode()
    assert offers_of(people) == ["ten"]


@pytest.mark.django_db
def test_too_large_a_file_is_to_be_chosen_again(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_import, "hand_back", lambda *given, **said: "")
    shown = check(signed_in(people.owner))
    assert "the file is too large to be held here, so choose it again and press “Import”." in shown
    assert "Import this file now" not in shown
