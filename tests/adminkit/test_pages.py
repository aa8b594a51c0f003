"""What every page shares: the path in the words of the menu, the add page, the history button, empty lists."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from django.urls import reverse

from tests.adminkit.conftest import make_location

pytestmark = pytest.mark.django_db


def path_of(page: Any) -> list[str]:
    return re.findall(r'class="portal-crumb align[^>]*>([^<]*)<', page.content.decode())


PATHS = {
    "list": ("/admin/charging/order/", ["Sales", "Orders"]),
    "list under another name": ("/admin/beckn/inboundmessage/", ["Beckn", "Messages"]),
    "import": ("/admin/offers/offer/import_offers/", ["Offers", "Import offers"]),
    "import below another list": (
        "/admin/charging/customer/import_customers/",
        ["Sales", "Customers", "Import customers"],
    ),
    "templates": ("/admin/offers/offer/templates/", ["Offers", "New offer from a template"]),
    "add page": ("/admin/offers/offer/add/", ["Offers", "Add offer"]),
}


@pytest.mark.parametrize(("address", "path"), PATHS.values(), ids=PATHS)
def test_the_path_uses_the_words_of_the_menu(visit: Any, address: str, path: list[str]) -> None:
    assert path_of(visit("owner", address)) == path


def test_a_rows_own_name_stays_as_it_is_written(visit: Any, world: SimpleNamespace) -> None:
    place = make_location(world.voltway, "v2", "eHub", "Pune")
    assert path_of(visit("owner", reverse("admin:network_location_change", args=[place.pk])))[-1] == "eHub"


def test_the_add_page_has_no_button_to_itself(visit: Any) -> None:
    for address in ("/admin/network/location/add/", "/admin/accounts/apitoken/add/"):
        assert "addlink" not in visit("owner", address).content.decode()
    assert "addlink" in visit("owner", "/admin/network/location/").content.decode()


def test_a_search_without_a_match_says_so(visit: Any) -> None:
    text = visit("owner", "/admin/network/location/?q=nowhere").content.decode()
    assert "No location fits the search and the filters." in text
    assert "yielded" not in text


def test_a_narrowed_list_says_how_many_are_left_and_how_to_see_all(visit: Any) -> None:
    whole = visit("owner", "/admin/network/location/").content.decode()
    narrowed = " ".join(visit("owner", "/admin/network/location/?q=Hub").content.decode().split())
    assert '1 found of 1 (<a href="?">show the whole list</a>)' in narrowed
    assert "show the whole list" not in whole
    assert "show the whole list" not in visit("owner", "/admin/charging/order/").content.decode()


def test_half_an_instant_is_asked_for_the_other_half(visit: Any) -> None:
    def errors(**halves: str) -> Any:
        answers = {"name": "CI", "scope": "STAFF"} | halves
        page = visit("owner", "/admin/accounts/apitoken/add/", answers)
        return page.context["adminform"].form.errors["expires_at"]

    assert errors(expires_at_0="2099-01-01", expires_at_1="") == ["Give the time as well, such as 18:30."]
    assert errors(expires_at_0="2099-01-01", expires_at_1="soon") == ["Give the time as well, such as 18:30."]
    assert errors(expires_at_0="", expires_at_1="18:30") == ["Give the date, such as 2026-11-21."]
    far = ["Give a time in the years 2000 to 2100."]
    assert errors(expires_at_0="9999-12-31", expires_at_1="23:59") == far


def test_members_read_which_messages_are_not_theirs(visit: Any) -> None:
    sentence = "A search asks every CPO of the platform at once"
    assert sentence in visit("owner", "/admin/beckn/inboundmessage/").content.decode()
    assert sentence not in visit("operator", "/admin/beckn/inboundmessage/").content.decode()
