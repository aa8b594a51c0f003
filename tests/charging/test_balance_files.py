"""Files of top-ups, by function, API and page: checked, then written whole or not at all."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from cpo_portal.charging.balances import files as balance_csv
from cpo_portal.charging.balances.files import COLUMNS, import_top_ups
from cpo_portal.charging.imports.csv_files import NotRead
from cpo_portal.charging.people.groups import RowsRefused
from tests.charging.asking import post
from tests.prepaid import SARAH, credit, entries, family, figures
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


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
