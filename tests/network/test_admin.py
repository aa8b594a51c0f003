"""The network's pages: an owner and a colleague author, an analyst looks, an outsider sees nothing of it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.accounts.tokens import find_token
from cpo_portal.network.models import (
    Charger,
    ChargingSystem,
    ChargingSystemToken,
    Connector,
    ConnectorStatus,
    Location,
    ProductStock,
)
from tests.network.places import Net, make_charger, make_connector, make_product

pytestmark = pytest.mark.django_db

NO_INLINE = {"chargers-TOTAL_FORMS": "0", "chargers-INITIAL_FORMS": "0"}
SITE = NO_INLINE | {
    "location_id": "site-2",
    "name": "Second site",
    "address": "2 Road",
    "city": "Bengaluru",
    "country": "IND",
    "latitude": "12.9",
    "longitude": "77.6",
    "time_zone": "Asia/Kolkata",
    "opening_hours-0-weekdays": ["1", "5"],
    "opening_hours-0-start": "22:00",
    "opening_hours-0-end": "06:00",
    "opening_hours-1-weekdays": ["7"],
    "opening_hours-1-start": "",
    "opening_hours-1-end": "",
    "tags": "highway,airport",
    "is_published": "on",
}
PAGES = ["location", "charger", "connector", "product", "chargingsystem"]


def names(net: Net) -> list[str]:
    with cpo_scope(net.cpo):
        return list(Location.objects.order_by("pk").values_list("name", flat=True))


@pytest.mark.parametrize("role", ["OWNER", "MANAGER"])
def test_staff_make_a_location(net: Net, role: str) -> None:
    answer = net.sign_in(role).post("/admin/network/location/add/", SITE)
    assert answer.status_code == 302, answer.context["errors"]
    with cpo_scope(net.cpo):
        made = Location.objects.get(location_id="site-2")
    assert (made.cpo, made.tags, made.position) == (net.cpo, ["highway", "airport"], (77.6, 12.9))
    assert made.opening_hours == [
        {"weekday": 1, "from": "22:00", "to": "06:00"},
        {"weekday": 5, "from": "22:00", "to": "06:00"},
        {"weekday": 7, "from": "00:00", "to": "00:00"},
    ]


def test_days_with_the_same_hours_are_one_row_of_the_form(net: Net) -> None:
    client = net.sign_in("OWNER")
    client.post("/admin/network/location/add/", SITE)
    with cpo_scope(net.cpo):
        made = Location.objects.get(location_id="site-2")
    field = client.get(f"/admin/network/location/{made.pk}/change/").context["adminform"].form["opening_hours"]
    assert field.field.prepare_value(field.initial) == [
        {"weekdays": ["1", "5"], "start": "22:00", "end": "06:00"},
        {"weekdays": ["7"], "start": "00:00", "end": "00:00"},
    ]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"time_zone": "Mars"}, "is no IANA time zone"),
        ({"opening_hours-0-weekdays": []}, "Choose the days on which these hours hold."),
        ({"opening_hours-0-end": ""}, "Give both times, such as 08:00 and 20:00, or none for the whole day."),
        ({"opening_hours-0-start": "9 to 6"}, "Give both times, such as 08:00 and 20:00, or none for the whole day."),
        ({"latitude": "77.6", "longitude": "12.9"}, "are latitude and longitude swapped?"),
        ({"latitude": "177.6"}, "A latitude lies between -90 and 90: is it the longitude?"),
        ({"country": "India"}, "Ensure this value has at most 3 characters"),
        ({"country": "XXX"}, "“XXX” is no country code"),
        ({"location_id": "site-1"}, "A location with this location id exists already: choose another."),
    ],
)
def test_a_mistake_is_explained_and_nothing_is_saved(net: Net, change: dict[str, Any], sentence: str) -> None:
    answer = net.sign_in("OWNER").post("/admin/network/location/add/", SITE | change)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert names(net) == ["Voltway MG Road"]


def test_an_id_stays(net: Net) -> None:
    client = net.sign_in("OWNER")
    url = f"/admin/network/location/{net.location.pk}/change/"
    existing = {"chargers-TOTAL_FORMS": "0", "chargers-INITIAL_FORMS": "0"}
    assert client.post(url, SITE | existing | {"location_id": "other"}).status_code == 302
    with cpo_scope(net.cpo):
        assert Location.objects.values_list("location_id", "name").get() == ("site-1", "Second site")


def test_an_id_stays_below_its_parent(net: Net) -> None:
    rows = {
        "connectors-TOTAL_FORMS": "1",
        "connectors-INITIAL_FORMS": "1",
        "connectors-0-id": str(net.connectors[0].pk),
        "connectors-0-item_id": "renamed",
        "connectors-0-connector_id": "7",
        "connectors-0-connector_type": "CCS2",
        "connectors-0-connector_format": "CABLE",
        "connectors-0-power_type": "DC",
        "connectors-0-max_power_w": "60000",
        "connectors-0-charging_speed": "FAST",
    }
    body = rows | {"name": "Charger", "location": str(net.location.pk), "system": str(net.system.pk)}
    answer = net.sign_in("OWNER").post(f"/admin/network/charger/{net.charger.pk}/change/", body)
    assert answer.status_code == 302, answer.context["errors"]
    with cpo_scope(net.cpo):
        assert Connector.objects.values_list("item_id", "connector_id").get(pk=net.connectors[0].pk) == ("item-1", "7")


@pytest.mark.parametrize(("announced", "first"), [("251", "0"), ("999999999", "0"), ("999999999", "999999999")])
def test_more_rows_than_a_form_holds_are_refused_at_once(net: Net, announced: str, first: str) -> None:
    rows = {"connectors-TOTAL_FORMS": announced, "connectors-INITIAL_FORMS": first}
    body = rows | {"name": "Renamed", "location": str(net.location.pk)}
    answer = net.sign_in("OWNER").post(f"/admin/network/charger/{net.charger.pk}/change/", body)
    formset = answer.context["inline_admin_formsets"][0].formset
    assert (answer.status_code, formset.non_form_errors(), formset.forms) == (
        200,
        ["Please submit at most 250 forms."],
        [],
    )
    with cpo_scope(net.cpo):
        assert not Charger.objects.filter(name="Renamed").exists()


@pytest.mark.parametrize("room", PAGES)
def test_every_page_opens(net: Net, room: str) -> None:
    make_product(net.cpo, "coffee", locations=(net.location,))
    with cpo_scope(net.cpo):
        ConnectorStatus.objects.create(connector=net.connectors[0], status="OUTOFORDER", reported_at=timezone.now())
    pk = {
        "location": net.location,
        "charger": net.charger,
        "connector": net.connectors[0],
        "chargingsystem": net.system,
    }
    client = net.sign_in("ANALYST")
    assert client.get(f"/admin/network/{room}/").status_code == 200
    if room in pk:
        assert client.get(f"/admin/network/{room}/{pk[room].pk}/change/").status_code == 200
        assert client.get(f"/admin/network/{room}/add/").status_code == 403
    if room == "connector":
        assert "Out of order" in client.get("/admin/network/connector/").content.decode()


@pytest.mark.parametrize("room", PAGES)
def test_an_outsider_sees_nothing(net: Net, other: Net, room: str) -> None:
    make_product(net.cpo, "coffee")
    client = other.sign_in("OWNER")
    assert "Voltway" not in client.get(f"/admin/network/{room}/").content.decode()
    rows: dict[str, Any] = {
        "location": net.location,
        "charger": net.charger,
        "connector": net.connectors[0],
        "chargingsystem": net.system,
    }
    if room in rows:
        assert client.get(f"/admin/network/{room}/{rows[room].pk}/change/").status_code == 302
        assert client.post(f"/admin/network/{room}/{rows[room].pk}/delete/", {"post": "yes"}).status_code == 302
        with every_cpo():
            assert type(rows[room]).objects.filter(pk=rows[room].pk).count() == 1


def test_a_charger_is_not_moved_to_anothers_site(net: Net, other: Net) -> None:
    body = {
        "name": "Moved",
        "location": str(other.location.pk),
        "connectors-TOTAL_FORMS": "0",
        "connectors-INITIAL_FORMS": "0",
    }
    answer = net.sign_in("OWNER").post(f"/admin/network/charger/{net.charger.pk}/change/", body)
    assert answer.status_code == 200
    with cpo_scope(net.cpo):
        net.charger.refresh_from_db()
    assert (net.charger.name, net.charger.location_id) == ("Charger evse-1", net.location.pk)


def test_stock_is_counted_once_it_is_given(net: Net) -> None:
    product = make_product(net.cpo, "coffee")
    body = {
        "name": "Coffee",
        "kind": "GOOD",
        "price": "40",
        "currency": "INR",
        "stock_row-TOTAL_FORMS": "1",
        "stock_row-INITIAL_FORMS": "0",
        "stock_row-0-units": "7",
    }
    answer = net.sign_in("MANAGER").post(f"/admin/network/product/{product.pk}/change/", body)
    assert answer.status_code == 302, answer.context["errors"]
    with cpo_scope(net.cpo):
        assert ProductStock.objects.get(product=product).units == 7


def test_a_product_is_sold_in_the_currency_of_the_sessions(net: Net) -> None:
    product = make_product(net.cpo, "coffee")
    body = {"name": "Coffee", "kind": "GOOD", "price": "40", "currency": "USD"}
    stock = {"stock_row-TOTAL_FORMS": "0", "stock_row-INITIAL_FORMS": "0"}
    answer = net.sign_in("MANAGER").post(f"/admin/network/product/{product.pk}/change/", body | stock)
    assert answer.context["adminform"].form.errors == {"currency": ["Sessions are sold in INR: give the price in it."]}
    with cpo_scope(net.cpo):
        product.refresh_from_db()
        assert product.currency == "INR"


def test_empty_places_between_tags_are_left_out(net: Net) -> None:
    net.sign_in("OWNER").post("/admin/network/location/add/", SITE | {"tags": "highway,, airport ,"})
    with cpo_scope(net.cpo):
        assert Location.objects.get(location_id="site-2").tags == ["highway", "airport"]


@pytest.mark.parametrize(("role", "status"), [("OWNER", 200), ("MANAGER", 200), ("ANALYST", 403)])
def test_a_systems_token_is_shown_once(net: Net, role: str, status: int) -> None:
    client = net.sign_in(role)
    url = reverse("admin:network_chargingsystem_make_token", args=[net.system.pk])
    answer = client.post(url, {"_form_submitted": "1"})
    assert answer.status_code == status
    shown = re.search(r"cpo_[0-9a-f]{8}_[\w-]+", answer.content.decode())
    with cpo_scope(net.cpo):
        links = list(ChargingSystemToken.objects.select_related("token"))
    if status == 403:
        assert (shown, links) == (None, [])
        return
    assert shown is not None
    token = find_token(shown.group(), timezone.now())
    assert [(link.token, link.system, link.token.scope) for link in links] == [(token, net.system, "CHARGING_SYSTEM")]
    assert "no-store" in answer.headers["Cache-Control"]
    page = client.get(f"/admin/network/chargingsystem/{net.system.pk}/change/").content.decode()
    assert shown.group() not in page
    assert shown.group()[:13] in page


def test_an_outsider_makes_no_token(net: Net, other: Net) -> None:
    other.sign_in("OWNER").post(
        reverse("admin:network_chargingsystem_make_token", args=[net.system.pk]), {"_form_submitted": "1"}
    )
    with every_cpo():
        assert ChargingSystemToken.objects.count() == 0


def test_an_export_holds_the_own_rows_and_the_named_columns(net: Net, other: Net) -> None:
    with every_cpo():
        pks = [str(pk) for pk in Connector.objects.order_by("pk").values_list("pk", flat=True)]
    answer = net.sign_in("ANALYST").post(
        "/admin/network/connector/export/", {"format": "0", "resource": "0", "export_items": pks}
    )
    assert answer.content.decode("utf-8-sig").splitlines() == [
        "Item id,Connector type,Connector format,Power type,Power rating (W),Shown to buyer apps",
        "item-1,CCS2,CABLE,DC,60000,1",
        "item-2,TYPE2,CABLE,AC_3_PHASE,22000,1",
    ]


def test_the_columns_of_a_location_are_headed_as_on_its_page(net: Net) -> None:
    chosen = {"format": "0", "resource": "0", "export_items": [str(net.location.pk)]}
    answer = net.sign_in("ANALYST").post("/admin/network/location/export/", chosen)
    assert answer.content.decode("utf-8-sig").splitlines()[0] == (
        "Location id,Name,Address,City,City code,State,Postal code,Latitude,Longitude,Time zone,Shown to buyer apps"
    )


CONNECTOR = {
    "item_id": "item-9",
    "connector_id": "1",
    "connector_type": "CCS2",
    "connector_format": "CABLE",
    "power_type": "DC",
    "max_power_w": "60000",
    "charging_speed": "FAST",
    "is_published": "on",
}


@pytest.mark.parametrize("watts", ["60", "-5"])
def test_a_rating_in_the_wrong_unit_says_which_is_right(net: Net, watts: str) -> None:
    body = CONNECTOR | {"charger": str(net.charger.pk), "max_power_w": watts}
    answer = net.sign_in("OWNER").post("/admin/network/connector/add/", body)
    assert answer.context["adminform"].form.errors == {
        "max_power_w": ["Give the power in watts, 500 or more: 60 kW is 60000."]
    }


def test_a_connector_without_a_system_is_refused_and_an_old_one_is_marked(net: Net) -> None:
    lonely = make_charger(net.location, "lonely", system=None)
    client = net.sign_in("OWNER")
    answer = client.post("/admin/network/connector/add/", CONNECTOR | {"charger": str(lonely.pk)})
    assert "Its charger has no charging system" in answer.context["adminform"].form.errors["is_published"][0]
    with cpo_scope(net.cpo):
        assert Connector.objects.count() == 2
    make_connector(lonely, "item-old")
    assert "Not sold: no system" in client.get("/admin/network/connector/").content.decode()


def test_a_new_charger_without_a_system_shows_no_connector(net: Net) -> None:
    rows = {"connectors-TOTAL_FORMS": "1", "connectors-INITIAL_FORMS": "0"}
    rows |= {f"connectors-0-{name}": value for name, value in CONNECTOR.items()}
    body = rows | {"evse_id": "new", "name": "New", "location": str(net.location.pk), "system": ""}
    client = net.sign_in("OWNER")
    assert client.post("/admin/network/charger/add/", body).status_code == 200
    with cpo_scope(net.cpo):
        assert Charger.objects.count() == 1
    assert client.post("/admin/network/charger/add/", body | {"system": str(net.system.pk)}).status_code == 302


def test_a_charger_keeps_its_system_while_its_connectors_are_shown(net: Net) -> None:
    rows = {"connectors-TOTAL_FORMS": "0", "connectors-INITIAL_FORMS": "0"}
    body = rows | {"name": "Charger", "location": str(net.location.pk), "system": ""}
    answer = net.sign_in("OWNER").post(f"/admin/network/charger/{net.charger.pk}/change/", body)
    assert answer.context["adminform"].form.errors == {
        "system": [
            "Without a system nobody could start item-1, item-2, which buyer apps see: choose a system, or hide the "
            "connectors first."
        ]
    }
    with cpo_scope(net.cpo):
        assert Charger.objects.get().system == net.system


def test_what_is_in_use_is_not_deleted_and_says_by_what(net: Net) -> None:
    address = f"/admin/network/location/{net.location.pk}/delete/"
    text = net.sign_in("OWNER").post(address, {"post": "yes"}, follow=True).content.decode()
    assert "“Voltway MG Road” still has 1 charger. Switch off “Shown to buyer apps” instead." in text
    assert names(net) == ["Voltway MG Road"]


IN_USE = "Nothing was deleted: change or delete first what still needs it: Charger: "


def test_a_system_in_use_is_not_deleted_and_says_what_to_do(net: Net) -> None:
    client, pk = net.sign_in("OWNER"), str(net.system.pk)
    alone = client.post(f"/admin/network/chargingsystem/{pk}/delete/", {"post": "yes"}, follow=True)
    chosen = {"action": "delete_selected", "_selected_action": [pk], "post": "yes"}
    listed = client.post("/admin/network/chargingsystem/", chosen, follow=True)
    for page in (alone, listed):
        assert [str(message).startswith(IN_USE) for message in page.context["messages"]] == [True]
    with cpo_scope(net.cpo):
        assert net.charger.system == net.system
        assert ChargingSystem.objects.get() == net.system


def test_a_system_that_nothing_needs_is_deleted_after_asking(net: Net) -> None:
    with cpo_scope(net.cpo):
        spare = ChargingSystem.objects.create(cpo=net.cpo, name="Spare")
    chosen = {"action": "delete_selected", "_selected_action": [str(spare.pk)], "post": "yes"}
    net.sign_in("OWNER").post("/admin/network/chargingsystem/", chosen)
    with cpo_scope(net.cpo):
        assert list(ChargingSystem.objects.all()) == [net.system]
