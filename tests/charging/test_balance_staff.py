"""Staff open balances, top them up, pay back and end them, by page, API and CSV alike, with the same sentences."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.balances import changes as balances
from cpo_portal.charging.balances import files as balance_csv
from cpo_portal.charging.balances import moves as balance_moves
from cpo_portal.charging.balances.files import COLUMNS, import_top_ups
from cpo_portal.charging.imports.csv_files import NotRead
from cpo_portal.charging.models import Balance, BalanceEntry, Customer, CustomerGroup, CustomerGroupMember
from cpo_portal.charging.people.groups import RowsRefused, add_members
from tests.charging.books import api, owner, post
from tests.prepaid import SARAH, credit, entries, family, figures
from tests.processes import run_at_once
from tests.world import World, make_world

__all__ = ["api", "owner"]

pytestmark = pytest.mark.django_db


def test_a_balance_from_opening_to_its_end_by_api(world: World, api: Client) -> None:
    made = post(api, "balances", {"name": "Prepaid credit", "contact": SARAH}).json()
    assert {key: made[key] for key in ("currency", "left", "held", "group", "expires_at")} == {
        "currency": "INR", "left": "0.00", "held": "0.00", "group": None, "expires_at": None,
    }  # fmt: skip
    at = f"balances/{made['id']}"
    for _ in range(2):
        assert post(api, f"{at}/top-up", {"amount": "499.50", "reference": "r-1"}).json()["left"] == "499.50"
    assert post(api, f"{at}/pay-back", {"amount": "99.50", "reference": "b-1"}).json()["left"] == "400.00"
    assert post(api, f"{at}/expire", {"note": "moved away"}).json()["left"] == "0.00"
    rows = api.get(f"/api/{at}/entries").json()["results"]
    assert [(row["kind"], row["amount"], row["reference"]) for row in rows][1:] == [
        ("REFUND", "99.50", "b-1"), ("TOP_UP", "499.50", "r-1"),
    ]  # fmt: skip
    assert rows[0]["kind"] == "EXPIRE"
    assert rows[0]["note"].startswith("moved away (API token ")


REFUSED = [
    pytest.param({"name": "x"}, "contact", "Give the driver's phone or e-mail, or a group, and not both.", id="nobody"),
    pytest.param(
        {"name": "x", "contact": "12"},
        "contact",
        "Give a phone number such as +919876543210, or an e-mail address.",
        id="no-phone",
    ),
    pytest.param(
        {"name": "x", "contact": SARAH, "valid_days": 0},
        "valid_days",
        "Ensure this value is greater than or equal to 1.",
        id="no-day",
    ),
]


@pytest.mark.parametrize(("body", "field", "sentence"), REFUSED)
def test_a_balance_that_cannot_be_is_refused_at_the_field(
    world: World, api: Client, body: dict[str, Any], field: str, sentence: str
) -> None:
    answer = post(api, "balances", body)
    assert (answer.status_code, answer.json()["error"]["fields"]) == (400, {field: [sentence]})
    with cpo_scope(world.cpo):
        assert (Balance.objects.count(), Customer.objects.count()) == (0, 0)


def test_a_used_reference_is_refused_at_its_field(world: World, api: Client) -> None:
    balance = credit(world.cpo, "100")
    answer = post(api, f"balances/{balance.pk}/top-up", {"amount": "7", "reference": "first"})
    sentence = "The reference first was used for ₹100.00; give this one a reference of its own."
    assert (answer.status_code, answer.json()["error"]["fields"]) == (400, {"reference": [sentence]})


def test_the_page_makes_a_balance_and_its_buttons_move_it(world: World, owner: Client) -> None:
    assert owner.post("/admin/charging/balance/add/", {"name": "Credit", "contact": SARAH}).status_code == 302
    with cpo_scope(world.cpo):
        balance = Balance.objects.get()
    moved = {"amount": "12.5", "reference": "r-1", "note": "cash", "_form_submitted": "on"}
    at = f"/admin/charging/balance/{balance.pk}"
    assert owner.post(f"{at}/top_up/", moved).status_code == 302
    assert owner.post(f"{at}/pay_back/", moved | {"amount": "2.5"}).status_code == 302
    assert figures(balance) == (10, 0)
    assert "₹10.00" in owner.get(f"{at}/change/").content.decode()
    refused = owner.post(f"{at}/pay_back/", moved | {"amount": "20", "reference": "r-2"}).content.decode()
    assert "Only ₹10.00 of this balance is held by no order: give that much or less." in refused
    assert 'value="r-2"' in refused
    assert owner.post(f"{at}/expire/", {"note": "over", "_form_submitted": "on"}).status_code == 302
    assert figures(balance) == (0, 0)
    with cpo_scope(world.cpo):
        assert BalanceEntry.objects.filter(by__email__startswith="owner", note="cash").count() == 2


@pytest.mark.parametrize(("button", "did"), [("top_up", "added"), ("pay_back", "taken off")])
def test_a_reference_that_was_written_before_is_said_to_move_nothing(
    world: World, owner: Client, button: str, did: str
) -> None:
    balance = credit(world.cpo, "100")
    form = {"amount": "40", "reference": "r-1", "_form_submitted": "on"}
    at = f"/admin/charging/balance/{balance.pk}/{button}/"
    assert f"₹40.00 was {did}." in owner.post(at, form, follow=True).content.decode()
    then = figures(balance)
    said = owner.post(at, form, follow=True).content.decode()
    assert f"Nothing was {did}: r-1 had been written before, ₹40.00 on" in said
    assert f"₹40.00 was {did}." not in said
    assert figures(balance) == then


def test_the_entries_show_no_reference_that_only_the_portal_needs(world: World, owner: Client) -> None:
    balance = credit(world.cpo, "100")
    owner.post(f"/admin/charging/balance/{balance.pk}/expire/", {"note": "over", "_form_submitted": "on"})
    with cpo_scope(world.cpo):
        own = BalanceEntry.objects.get(kind="EXPIRE").reference
    for page in (f"balance/{balance.pk}/change/", "balanceentry/"):
        text = owner.get(f"/admin/charging/{page}").content.decode()
        assert "first" in text
        assert own not in text


def test_saving_the_page_leaves_the_figures_to_the_orders(world: World, owner: Client) -> None:
    balance = credit(world.cpo, "100")
    form = {"name": "Renamed", "expires_at": "", "valid_days": "30"}
    with CaptureQueriesContext(connection) as queries:
        assert owner.post(f"/admin/charging/balance/{balance.pk}/change/", form).status_code == 302
    [written] = [x["sql"] for x in queries if x["sql"].startswith('UPDATE "charging_balance"')]
    assert 'SET "name" = \'Renamed\', "valid_days" = 30 WHERE' in written
    assert figures(balance) == (100, 0)


def test_saving_the_page_leaves_a_later_date_to_the_top_up_that_came_in_between(world: World, owner: Client) -> None:
    soon = timezone.now().replace(microsecond=0) + timedelta(days=1)
    balance = credit(world.cpo, "0", valid_days=30, expires_at=soon)
    at = f"/admin/charging/balance/{balance.pk}/change/"
    shown = dict(re.findall(r'<input[^>]*? name="([\w-]+)"(?=[^>]*? value="([^"]*)")', owner.get(at).content.decode()))
    sent = {name: value for name, value in shown.items() if name.removeprefix("initial-").startswith(EDITED)}
    with cpo_scope(world.cpo):
        balances.top_up(balance, balance_moves.Moved(Decimal(5), "r-1"), now=timezone.now())
        extended = Balance.objects.get().expires_at
    assert extended is not None
    assert extended > soon
    assert owner.post(at, sent | {"name": "Renamed"}).status_code == 302
    with cpo_scope(world.cpo):
        assert (Balance.objects.get().name, Balance.objects.get().expires_at) == ("Renamed", extended)
    with CaptureQueriesContext(connection) as queries:
        assert owner.post(at, sent | {"name": "Renamed", "initial-name": "Renamed"}).status_code == 302
    assert [x["sql"] for x in queries if x["sql"].startswith('UPDATE "charging_balance"')] == []


EDITED = ("name", "expires_at", "valid_days")


def test_the_customers_page_leads_to_their_groups_and_balances(world: World, owner: Client) -> None:
    own, group = credit(world.cpo, "100"), family(world.cpo, SARAH)
    shared = credit(world.cpo, "40", name="Shared", customer=None, group=group)
    text = owner.get(f"/admin/charging/customer/{own.customer_id}/change/").content.decode()
    for page in (f"balance/{own.pk}", f"balance/{shared.pk}", f"customergroup/{group.pk}"):
        assert f'href="/admin/charging/{page}/change/"' in text
    assert "₹40.00" in text


def test_a_balance_expires_by_the_clock_of_the_cpo(world: World, owner: Client) -> None:
    balance = credit(world.cpo, "100")
    address = f"/admin/charging/balance/{balance.pk}/change/"
    form = {"name": "Credit", "expires_at": "2031-03-01T18:30", "valid_days": ""}
    assert owner.post(address, form).status_code == 302
    with cpo_scope(world.cpo):
        assert Balance.objects.get().expires_at == datetime(2031, 3, 1, 13, 0, tzinfo=UTC)
    text = owner.get(address).content.decode()
    assert 'type="datetime-local" name="expires_at" value="2031-03-01T18:30"' in text


BAD_FORMS = [
    pytest.param({"contact": ""}, "Give the driver’s phone", id="nobody"),
    pytest.param({"contact": "12"}, "Give a phone number such as", id="no-phone"),
]


@pytest.mark.parametrize(("wrong", "sentence"), BAD_FORMS)
def test_the_page_refuses_at_the_field(world: World, owner: Client, wrong: dict[str, str], sentence: str) -> None:
    form = {"name": "Credit", "contact": SARAH} | wrong
    answer = owner.post("/admin/charging/balance/add/", form)
    assert answer.status_code == 200
    assert sentence.replace("’", "&#x27;") in answer.content.decode()
    with cpo_scope(world.cpo):
        assert Balance.objects.count() == 0


def test_an_export_says_whose_it_is_and_what_is_left(world: World, owner: Client) -> None:
    credit(world.cpo, "15", name="=Credit", customer=None, group=family(world.cpo, SARAH))
    text = owner.get("/admin/charging/balance/export/").content.decode("utf-8-sig")
    assert text.splitlines()[1].split(",")[1:8] == ["'=Credit", "", "Rao family", "15.00", "0.00", "INR", ""]
    entry = owner.get("/admin/charging/balanceentry/export/").content.decode("utf-8-sig").splitlines()[1].split(",")
    assert (entry[2], entry[4:]) == ("'=Credit", ["Topped up", "15.00", "INR", "first", "", "", ""])


def table(*rows: str) -> str:
    return "\n".join(("phone,group,name,amount,reference,note", *rows))


def test_a_file_is_checked_then_written_then_counts_once(world: World) -> None:
    own = credit(world.cpo, "0")
    shared = credit(world.cpo, "0", customer=None, group=family(world.cpo, SARAH), name="Shared")
    text = table(f"{SARAH},,Prepaid credit,500,r-1,cash", ",Rao family,,99.50,r-2,")
    now = timezone.now()
    checked = import_top_ups(world.cpo, text.encode(), dry_run=True, now=now)
    assert (checked.rows, checked.repeated, checked.written) == (2, 0, False)
    assert (figures(own), figures(shared)) == ((0, 0), (0, 0))
    assert import_top_ups(world.cpo, text.encode(), dry_run=False, now=now).written
    again = import_top_ups(world.cpo, text.encode(), dry_run=False, now=now)
    assert (again.rows, again.repeated) == (2, 2)
    assert (figures(own), figures(shared)) == ((500, 0), (Decimal("99.50"), 0))
    assert entries(own) == [("TOP_UP", "500.00")]


GOOD = f"{SARAH},,,500,r-1,"
NOBODY = "Name the balance by its id, or its owner by phone, email or group: one of them."
FAULTS = [
    pytest.param(
        table(GOOD, ",,,5,r-2,"),
        ["Row 3, balance: Name the balance by its id, or its owner by phone, email or group: one of them."],
        id="nobodys",
    ),
    pytest.param(
        table(GOOD, f"{SARAH},,,abc,r-2,", "12,,,5,r-3,"),
        [
            "Row 3, amount: Give an amount above 0, such as 500 or 499.50.",
            "Row 4, phone: Give a phone number of 7 to 15 digits.",
        ],
        id="two-faults",
    ),
    pytest.param(
        table(GOOD, GOOD), ["Row 3, reference: Row 2 has the same reference for the same balance."], id="twice"
    ),
    pytest.param(
        table(GOOD, f"{SARAH},,,5.005,r-2,"),
        ["Row 3, amount: Give an amount with at most 2 decimals."],
        id="half-a-paisa",
    ),
    pytest.param(
        table(GOOD, f"{SARAH},,,7,first,"),
        ["Row 3, reference: The reference first was used for ₹10.00; give this one a reference of its own."],
        id="used-reference",
    ),
    pytest.param(
        table(GOOD, f"{SARAH},,Other,7,r-2,"),
        ["Row 3, phone: There is no such balance; make it first."],
        id="unknown-balance",
    ),
    pytest.param(
        table(GOOD, f"{SARAH},,,7,,"),
        ["Row 3, reference: Give a reference of your books, so that the row counts once."],
        id="no-reference",
    ),
    pytest.param(
        table(GOOD, f"{SARAH},,,NaN,r-2,"), ["Row 3, amount: Give an amount above 0, such as 500 or 499.50."], id="nan"
    ),
    pytest.param(table("", GOOD, ",,,,,", ",,,5,r-2,"), [f"Row 5, balance: {NOBODY}"], id="after-empty-rows"),
    pytest.param(table(GOOD, ",,,5,r-2,").replace(",", ";"), [f"Row 3, balance: {NOBODY}"], id="semicolons"),
]
NO_FILES = [
    pytest.param("x,amount,reference\n", f"The column “x” is unknown: use {', '.join(COLUMNS)}.", id="unknown-column"),
    pytest.param("phone,amount\n1,2", "The file needs the column “reference”: add it.", id="missing-column"),
    pytest.param(table(), "The file has no rows: write one below the header.", id="empty"),
    pytest.param(
        table(*[GOOD] * 2001),
        "The file has more than 2000 top-ups: upload it in parts.",
        id="too-many",
        marks=pytest.mark.slow,  # the next test says the same of three rows
    ),
    pytest.param(
        table(GOOD + ",more"),
        "Row 2 has more cells than the header: put a text with commas into quotes.",
        id="too-many-cells",
    ),
    pytest.param("\x00", "The file is no text: save the sheet as “CSV UTF-8” and upload that.", id="no-text"),
]


@pytest.mark.parametrize(("text", "faults"), FAULTS)
def test_a_file_with_a_fault_writes_nothing_and_names_row_and_column(
    world: World, text: str, faults: list[str]
) -> None:
    balance = credit(world.cpo, "10")
    with pytest.raises(RowsRefused) as refused:
        import_top_ups(world.cpo, text.encode(), dry_run=False, now=timezone.now())
    assert [str(fault) for fault in refused.value.faults] == faults
    assert entries(balance) == [("TOP_UP", "10.00")]


@pytest.mark.parametrize(("text", "sentence"), NO_FILES)
def test_what_is_no_file_of_top_ups_is_refused_whole(world: World, text: str, sentence: str) -> None:
    balance = credit(world.cpo, "10")
    with pytest.raises(NotRead) as refused:
        import_top_ups(world.cpo, text.encode(), dry_run=False, now=timezone.now())
    assert str(refused.value) == sentence
    assert entries(balance) == [("TOP_UP", "10.00")]


def test_a_file_of_more_rows_than_are_taken_is_refused_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(balance_csv, "MOST_ROWS", 3)
    balance = credit(world.cpo, "10")
    with pytest.raises(NotRead) as refused:
        import_top_ups(world.cpo, table(*[GOOD] * 4).encode(), dry_run=False, now=timezone.now())
    assert str(refused.value) == "The file has more than 3 top-ups: upload it in parts."
    assert entries(balance) == [("TOP_UP", "10.00")]


def test_the_api_says_what_is_no_file_at_its_field(world: World, api: Client) -> None:
    wrong = post(api, "balances/import", {"csv": "phone,amount\n1,2"})
    sentence = "The file needs the column “reference”: add it."
    assert (wrong.status_code, wrong.json()["error"]["fields"]) == (400, {"csv": [sentence]})


def test_another_cpos_balance_cannot_be_topped_up_by_its_id(world: World) -> None:
    theirs = credit(make_world("cpo2.com", item_id="there-01").cpo, "10")
    with pytest.raises(RowsRefused, match="There is no such balance; make it first"):
        import_top_ups(
            world.cpo, f"balance,amount,reference\n{theirs.pk},5,r".encode(), dry_run=False, now=timezone.now()
        )
    assert figures(theirs) == (10, 0)


def test_the_page_of_the_import_checks_first_and_then_writes(world: World, owner: Client) -> None:
    balance = credit(world.cpo, "0")

    def send(**said: str) -> str:
        file = SimpleUploadedFile("top-ups.csv", table(GOOD).encode(), "text/csv")
        at, form = "/admin/charging/balance/import_top_ups/", {"_form_submitted": "on", "file": file, **said}
        return owner.post(at, form, follow=True).content.decode()

    checked = send(_check="")
    assert "1 top-up can be written." in checked
    assert "Nothing was written yet" in checked
    assert figures(balance) == (0, 0)
    assert "1 top-up written." in send(_import="")
    assert figures(balance) == (500, 0)
    assert "0 top-ups written; 1 had been written before." in send(_import="")
    assert figures(balance) == (500, 0)


def test_the_page_of_the_import_tells_faults_by_the_rows_of_the_sheet(world: World, owner: Client) -> None:
    credit(world.cpo, "0")
    for text, said in ((table(GOOD, ",,,5,r-2,"), '<td class="" data-label="Row">3</td>'), ("x", "is unknown: use")):
        file = SimpleUploadedFile("top-ups.csv", text.encode(), "text/csv")
        form = {"_form_submitted": "on", "file": file, "_import": ""}
        assert said in owner.post("/admin/charging/balance/import_top_ups/", form).content.decode()


def test_the_api_imports_the_same_file(world: World, api: Client) -> None:
    balance = credit(world.cpo, "0")
    assert post(api, "balances/import", {"csv": table(GOOD), "dry_run": True}).json() == {
        "rows": 1, "repeated": 0, "written": False,
    }  # fmt: skip
    wrong = post(api, "balances/import", {"csv": table(",,,5,r,")})
    assert wrong.status_code == 400
    assert wrong.json()["error"]["fields"]["csv"][0].startswith("Row 2, balance: Name the balance")
    assert post(api, "balances/import", {"csv": table(GOOD)}).json()["written"] is True
    assert figures(balance) == (500, 0)


def test_a_group_takes_its_members_by_contact_all_or_none(world: World, api: Client) -> None:
    group = post(api, "customer-groups", {"name": "Rao family"}).json()
    at = f"customer-groups/{group['id']}"
    wrong = post(api, f"{at}/add", {"contacts": [SARAH, "nobody"]})
    assert wrong.json()["error"]["fields"] == {
        "contacts": ["Row 2, contact: Give a phone number such as +919876543210, or an e-mail address."]
    }
    with cpo_scope(world.cpo):
        assert (CustomerGroupMember.objects.count(), Customer.objects.count()) == (0, 0)
    for _ in range(2):
        members = post(api, f"{at}/add", {"contacts": [SARAH, "asha@example.com"]}).json()["members"]
        assert len(members) == 2
    assert post(api, f"{at}/remove", {"customer": members[0]}).json()["members"] == members[1:]
    again = post(api, "customer-groups", {"name": "Rao family"})
    assert again.json()["error"]["fields"] == {"name": ["A group with this name exists already."]}


@pytest.mark.django_db(transaction=True)
def test_two_lists_of_the_same_people_in_opposite_order_make_each_of_them_once() -> None:
    world = make_world()
    people = [f"+91 98765 {number:05d}" for number in range(60)]
    with cpo_scope(world.cpo):
        groups = [CustomerGroup.objects.create(cpo=world.cpo, name=name) for name in ("Rao family", "Acme Logistics")]

    def add(number: int) -> int:
        with cpo_scope(world.cpo):
            return add_members(groups[number], people[:: -1 if number else 1])

    assert run_at_once(2, add) == [60, 60]
    with cpo_scope(world.cpo):
        assert (Customer.objects.count(), CustomerGroupMember.objects.count()) == (60, 120)


def test_refused_members_stay_in_the_form_to_be_corrected(world: World, owner: Client) -> None:
    group = family(world.cpo)
    form = {"contacts": f"{SARAH}\nnobody", "_form_submitted": "on"}
    at = f"/admin/charging/customergroup/{group.pk}/add_members/"
    for headers in ({}, {"HX-Request": "true"}):
        text = owner.post(at, form, headers=headers).content.decode()
        assert "Row 2, contact: Give a phone number such as +919876543210, or an e-mail address." in text
        assert f"{SARAH}\nnobody</textarea>" in text
    with cpo_scope(world.cpo):
        assert CustomerGroupMember.objects.count() == 0


def test_a_list_of_more_than_a_thousand_is_refused_whole(world: World) -> None:
    group = family(world.cpo)
    with cpo_scope(world.cpo), pytest.raises(RowsRefused, match="Send at most 1000 contacts at once"):
        add_members(CustomerGroup.objects.get(pk=group.pk), ["a@example.com"] * 1001)
