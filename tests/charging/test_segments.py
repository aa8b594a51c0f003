"""Segments as staff write them: every refusal at its field, in form and API alike, and the pages that show them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.imports.jobs import Author, import_contacts, import_customers
from cpo_portal.charging.models import Customer, CustomerRecord, NamedList, NamedListEntry, Segment
from cpo_portal.charging.people.customers import find_or_make_customer
from cpo_portal.charging.segments.stored import SegmentContent, circle_in, compiled, rules_of, save_segment
from tests.people import People, api_client, signed_in

pytestmark = pytest.mark.django_db

NEW = {"fact": "NEW"}


REFUSED: list[Any] = [
    pytest.param((), "Give at least one condition: a segment without any would be everybody.", id="none"),
    pytest.param(({"fact": "COLOUR"},), "Condition 1: choose a fact of TIER, ", id="unknown-fact"),
    pytest.param(({"fact": "TIER"},), "Condition 1: values are a list of texts.", id="no-values"),
    pytest.param(({"fact": "TIER", "values": []},), "Condition 1: say which for “Tier”", id="empty-values"),
    pytest.param(({"fact": "TIER", "values": ["a", " "]},), "Condition 1: say which for “Tier”", id="a-blank-value"),
    pytest.param(({"fact": "TIER", "values": ["x"] * 201},), "Condition 1: give at most 200 values", id="201-values"),
    pytest.param(({"fact": "TIER", "values": ["x" * 201]},), "Condition 1: shorten each value", id="a-long-value"),
    pytest.param(({"fact": "NEW", "days": 3},), "Condition 1: “Has never charged” takes no days", id="days-of-new"),
    pytest.param((NEW | {"negated": True},), "Condition 1: choose “Has charged before” instead.", id="not-new"),
    pytest.param(({"fact": "LAPSED"},), "Condition 1: give a number of days from 1 to 3650.", id="no-days"),
    pytest.param(({"fact": "LAPSED", "days": 0},), "Condition 1: give a number of days from 1", id="0-days"),
    pytest.param(({"fact": "LAPSED", "days": 3651},), "Condition 1: give a number of days from 1", id="3651-days"),
    pytest.param(({"fact": "ANNIVERSARY", "days": 181},), "Condition 1: give a number of days from 0", id="181-days"),
    pytest.param(
        ({"fact": "SESSIONS", "number": 0, "days": 30},), "Condition 1: give a number of sessions", id="0-sessions"
    ),
    pytest.param(({"fact": "ENERGY", "number": 0},), "Condition 1: give a number of kWh from 1", id="0-kWh"),
    pytest.param(
        (NEW, {"fact": "LIST", "values": ["vip"]}), "Condition 2: you have no named list “vip”", id="unknown-list"
    ),
    pytest.param(
        ({"fact": "SEGMENT", "values": ["gold"]},), "Condition 1: you have no segment “gold”", id="unknown-segment"
    ),
    pytest.param(
        ({"fact": "SEGMENT", "values": ["own"]},),
        "“Own” refers to itself: take it out of its own conditions.",
        id="itself",
    ),
    pytest.param(({"fact": "NEW", "colour": 1},), "Condition 1: write it as", id="an-unknown-part"),
]
ACCEPTED = [
    pytest.param({"fact": "LAPSED", "days": 1}, id="1-day"),
    pytest.param({"fact": "LAPSED", "days": 3650}, id="3650-days"),
    pytest.param({"fact": "ANNIVERSARY", "days": 0}, id="the-day-itself"),
    pytest.param({"fact": "ANNIVERSARY", "days": 180}, id="180-days"),
    pytest.param({"fact": "SESSIONS", "number": 1, "days": 30}, id="1-session"),
    pytest.param({"fact": "TIER", "values": ["x" * 200]}, id="the-longest-value"),
]


@pytest.mark.parametrize(("conditions", "sentence"), REFUSED)
def test_what_is_no_rule_is_refused_in_a_sentence(people: People, conditions: Any, sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        save_segment(people.here.cpo, SegmentContent("own", "Own", conditions))
    [said] = refused.value.message_dict["conditions"]
    assert said.startswith(sentence)
    with cpo_scope(people.here.cpo):
        assert Segment.objects.count() == 0


@pytest.mark.parametrize("condition", ACCEPTED)
def test_the_neighbour_on_the_other_side_is_taken(people: People, condition: dict[str, Any]) -> None:
    saved = save_segment(people.here.cpo, SegmentContent("own", "Own", (condition, condition)))
    assert saved.conditions == [condition | {"negated": False}]


def test_a_segment_that_refers_to_itself_through_others_is_refused(people: People) -> None:
    cpo = people.here.cpo
    rows = {}
    for name, names in {"a": [], "b": ["a"], "c": ["b"]}.items():
        condition = {"fact": "SEGMENT", "values": names} if names else NEW
        rows[name] = save_segment(cpo, SegmentContent(name, name.upper(), (condition,)))
    with pytest.raises(ValidationError) as refused:
        save_segment(cpo, SegmentContent("a", "A", ({"fact": "SEGMENT", "values": ["c"]},)), rows["a"])
    assert refused.value.message_dict == {
        "conditions": ["“A” refers to itself through “C”, “B”: take one of them out."]
    }
    with cpo_scope(cpo):
        known = rules_of()
        assert Segment.objects.get(segment_id="a").conditions == [NEW | {"negated": False}]
    assert [rule.segment_id for rule in compiled(known)["c"].rules] == ["a", "b", "c"]
    assert circle_in("c", known) == []


def form(*conditions: dict[str, str], **said: str) -> dict[str, str]:
    data = {"name": "Gold members", "segment_id": "gold", "join": "all"} | said
    for number, condition in enumerate(conditions):
        data |= {f"conditions-{number}-{part}": value for part, value in condition.items()}
    return data


def test_a_colleague_makes_a_segment_and_sees_who_is_in_it(people: People) -> None:
    cpo, client = people.here.cpo, signed_in(people.colleague)
    import_customers(cpo, b"phone,tier\n9876543210,Gold\n9000000001,Silver", dry_run=False, author=Author())
    answer = client.post(
        reverse("admin:charging_segment_add"), form({"fact": "TIER", "values": "Gold, Platinum"}), follow=True
    )
    assert answer.status_code == 200
    with cpo_scope(cpo):
        row = Segment.objects.get()
        assert row.conditions == [{"fact": "TIER", "negated": False, "values": ["Gold", "Platinum"]}]
    page = client.get(reverse("admin:charging_segment_change", args=[row.pk])).content.decode()
    assert "Tier Gold or Platinum." in page
    assert "1 of 2 customers." in page
    assert "No offer, no surge and no segment." in page
    looked = signed_in(people.analyst).get(reverse("admin:charging_segment_change", args=[row.pk])).content.decode()
    assert "Tier Gold or Platinum." in looked


def test_lists_and_segments_are_chosen_by_their_names(people: People) -> None:
    cpo, client = people.here.cpo, signed_in(people.colleague)
    with cpo_scope(cpo):
        for name in ("fleet", "taxis"):
            NamedList.objects.create(cpo=cpo, list_id=name, name=name.title())
    save_segment(cpo, SegmentContent("drivers", "Drivers", (NEW,)))
    sent: dict[str, Any] = form({"fact": "LIST"}, {"fact": "SEGMENT"})
    sent |= {"conditions-0-lists": ["fleet", "taxis"], "conditions-1-segments": ["drivers"]}
    assert client.post(reverse("admin:charging_segment_add"), sent).status_code == 302
    with cpo_scope(cpo):
        row = Segment.objects.get(segment_id="gold")
    assert row.conditions == [
        {"fact": "LIST", "negated": False, "values": ["fleet", "taxis"]},
        {"fact": "SEGMENT", "negated": False, "values": ["drivers"]},
    ]
    page = client.get(reverse("admin:charging_segment_change", args=[row.pk])).content.decode()
    for shown in (
        '<option value="fleet" selected>Fleet</option>', '<option value="taxis" selected>Taxis</option>',
        '<option value="drivers" selected>Drivers</option>', '<option value="LIST" data-inputs="lists" selected>',
        '<option value="SESSIONS" data-inputs="days number">', "charging/conditions.js",
    ):  # fmt: skip
        assert shown in page


def test_a_refused_condition_keeps_what_was_chosen(people: People) -> None:
    cpo, client = people.here.cpo, signed_in(people.colleague)
    with cpo_scope(cpo):
        NamedList.objects.create(cpo=cpo, list_id="fleet", name="Fleet")
    sent: dict[str, Any] = form({"fact": "LIST"}, {"fact": "LAPSED", "days": "many"})
    answer = client.post(reverse("admin:charging_segment_add"), sent | {"conditions-0-lists": ["fleet"]})
    assert "Condition 2: give a number of days from 1 to 3650." in answer.content.decode()
    assert '<option value="fleet" selected>Fleet</option>' in answer.content.decode()


def test_a_customer_is_found_by_contact_and_not_by_an_address_that_logs_keep(people: People) -> None:
    cpo = people.here.cpo
    import_customers(cpo, b"phone,tier\n9876543210,Gold", dry_run=False, author=Author())
    with cpo_scope(cpo):
        customer = Customer.objects.get()
    page = reverse("admin:charging_customer_find_by_contact")
    client = signed_in(people.colleague)
    found = client.post(page, {"contact": "+91 98765 43210", "_form_submitted": "on"})
    assert (found.status_code, found.headers["Location"]) == (302, f"/admin/charging/customer/{customer.pk}/change/")
    for contact, sentence in (
        ("9000000001", "No customer has this contact."),
        ("12", "Give a phone number of 7 to 15 digits, such as +919876543210."),
    ):
        assert sentence in client.post(page, {"contact": contact, "_form_submitted": "on"}).content.decode()
    assert signed_in(people.analyst).get(page).status_code == 403
    stranger = signed_in(people.outsider).post(page, {"contact": "9876543210", "_form_submitted": "on"})
    assert "No customer has this contact." in stranger.content.decode()


def test_the_list_of_customers_has_their_tier_for_those_who_operate(people: People) -> None:
    import_customers(people.here.cpo, b"phone,tier,organisation\n9876543210,Gold,Acme", dry_run=False, author=Author())
    page = reverse("admin:charging_customer_changelist")
    text, looked = (signed_in(user).get(page).content.decode() for user in (people.colleague, people.analyst))
    assert ("Gold" in text, "Acme" in text) == (True, True)
    assert ("Gold" in looked, "Acme" in looked) == (False, False)


def test_the_form_refuses_what_the_domain_refuses(people: People) -> None:
    client = signed_in(people.colleague)
    answer = client.post(reverse("admin:charging_segment_add"), form({"fact": "LAPSED", "days": "many"}))
    assert "Condition 1: give a number of days from 1 to 3650." in answer.content.decode()
    with cpo_scope(people.here.cpo):
        assert Segment.objects.count() == 0


def test_a_used_list_and_a_used_segment_stay(people: People) -> None:
    cpo, client = people.here.cpo, signed_in(people.owner)
    with cpo_scope(cpo):
        fleet = NamedList.objects.create(cpo=cpo, list_id="fleet", name="Fleet")
    drivers = save_segment(cpo, SegmentContent("drivers", "Drivers", ({"fact": "LIST", "values": ["fleet"]},)))
    save_segment(cpo, SegmentContent("more", "More", ({"fact": "SEGMENT", "values": ["drivers"]},)))
    for name, row, sentence in (
        ("namedlist", fleet, "“Fleet” is used by the segment Drivers: take it out there first."),
        ("segment", drivers, "“Drivers” is used by the segment More: take it out there before you delete it."),
    ):
        answer = client.post(reverse(f"admin:charging_{name}_delete", args=[row.pk]), {"post": "yes"}, follow=True)
        assert sentence in answer.content.decode()
    with cpo_scope(cpo):
        assert (NamedList.objects.count(), Segment.objects.count()) == (1, 2)


@pytest.mark.parametrize("way", ["page", "api"])
def test_an_unused_list_goes_with_its_contacts(people: People, way: str) -> None:
    cpo = people.here.cpo
    with cpo_scope(cpo):
        fleet = NamedList.objects.create(cpo=cpo, list_id="fleet", name="Fleet")
    import_contacts(fleet, b"phone\n9876543210", replaces=False, dry_run=False, author=Author())
    if way == "api":
        assert api_client(cpo).delete("/api/named-lists/fleet").status_code == 204
    else:
        page = reverse("admin:charging_namedlist_delete", args=[fleet.pk])
        assert "Fleet" in signed_in(people.owner).get(page).content.decode()
        signed_in(people.owner).post(page, {"post": "yes"})
    with cpo_scope(cpo):
        assert (NamedList.objects.count(), NamedListEntry.objects.count()) == (0, 0)


def test_a_file_is_checked_and_then_imported_on_the_page(people: People) -> None:
    cpo, client = people.here.cpo, signed_in(people.colleague)
    page = reverse("admin:charging_customer_import_customers")
    assert client.get(page).status_code == 200

    def send(text: str, button: str) -> str:
        file = SimpleUploadedFile("customers.csv", text.encode())
        answer = client.post(page, {"file": file, "_form_submitted": "on", button: "1"}, follow=True)
        return answer.content.decode()

    said = send("phone,tier\n12,Gold", "_import")
    assert "Nothing is imported: 1 fault." in said
    assert "write a phone number of 7 to 15 digits" in said
    assert "The file can be imported: 1 new, 0 known before." in send("phone,tier\n9876543210,Gold", "_check")
    with cpo_scope(cpo):
        assert Customer.objects.count() == 0
    assert "Imported: 1 new, 0 known before." in send("phone,tier\n9876543210,=Gold", "_import")
    with cpo_scope(cpo):
        [record] = CustomerRecord.objects.all()
    downloaded = client.get(reverse("admin:charging_customer_export")).content.decode("utf-8-sig").splitlines()
    assert downloaded[0] == "customer,tier,organisation,joined_on,vehicle_make"
    assert downloaded[1] == f"{record.customer_id},'=Gold,,,"
    assert "Imported: 0 new, 1 known before." in send("\n".join(downloaded), "_import")
    with cpo_scope(cpo):
        assert CustomerRecord.objects.get().tier == "=Gold"
    assert signed_in(people.analyst).get(page).status_code == 403


def test_the_api_makes_counts_and_deletes_segments(people: People) -> None:
    cpo = people.here.cpo
    find_or_make_customer(cpo, billing={"phone": "9876543210"}, contact={})
    client = api_client(cpo)

    def call(method: str, path: str, body: Any = None) -> Any:
        return getattr(client, method)(f"/api/{path}", body or {}, content_type="application/json")

    body = {"segment_id": "new", "name": "New", "conditions": [NEW]}
    answer = call("post", "segments", body)
    assert (answer.status_code, answer.json()) == (
        201,
        {"segment_id": "new", "name": "New", "match_all": True, "conditions": [NEW | {"negated": False}]}
        | {"former_rule_until": None},
    )
    assert call("get", "segments/new/members").json() == {"inside": 1, "customers": 1}
    refused = call("patch", "segments/new", {"conditions": [{"fact": "LAPSED"}]}).json()["error"]["fields"]
    assert refused == {"conditions": ["Condition 1: give a number of days from 1 to 3650."]}
    assert call("patch", "segments/new", {"name": "Newcomers"}).json()["name"] == "Newcomers"
    assert call("delete", "segments/new").status_code == 204
    with cpo_scope(cpo):
        assert Segment.objects.count() == 0


def test_the_api_fills_a_list_and_imports_customers(people: People) -> None:
    client = api_client(people.here.cpo)

    def post(path: str, body: Any) -> Any:
        return client.post(f"/api/{path}", body, content_type="application/json")

    assert post("named-lists", {"list_id": "fleet", "name": "Fleet"}).status_code == 201
    filled = post("named-lists/fleet/contacts", {"csv": "phone\n9876543210\n9000000001"}).json()
    assert (filled["state"], filled["made"], filled["changed"]) == ("DONE", 2, 0)
    assert client.get(f"/api/imports/{filled['import_id']}").json() == filled
    assert client.get("/api/named-lists/fleet").json()["contacts"] == 2
    refused = post("customers/import", {"csv": "phone,tier\n12,Gold"})
    assert (refused.status_code, refused.json()["error"]["fields"]) == (
        400,
        {
            "csv": [
                {
                    "row": "2",
                    "column": "phone",
                    "message": "write a phone number of 7 to 15 digits, such as +919876543210.",
                }
            ]
        },
    )
    told = post("customers/import", {"csv": "phone,tier\n9876543210,Gold", "dry_run": True}).json()
    assert (told["import_id"], told["made"]) == (None, 1)
    with cpo_scope(people.here.cpo):
        assert (Customer.objects.count(), NamedListEntry.objects.count()) == (0, 2)
