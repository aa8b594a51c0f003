"""Files of customers and named lists: dry run, faults by row and column, all or nothing, no raw contact kept."""

from __future__ import annotations

import hashlib
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.sealing import key_named
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.imports import jobs as imports
from cpo_portal.charging.imports.csv_files import NotRead
from cpo_portal.charging.imports.jobs import Author, Report, import_contacts, import_customers, run_imports
from cpo_portal.charging.models import (
    ContactImport,
    Customer,
    CustomerContact,
    CustomerKey,
    CustomerRecord,
    NamedList,
    NamedListEntry,
)
from cpo_portal.charging.people.customers import find_or_make_customer
from tests.processes import run_at_once
from tests.world import make_world

pytestmark = pytest.mark.django_db

ASHA = {"phone": "+91 98765 43210", "email": "Asha@Example.com"}
SHA_OF_PHONE = hashlib.sha256(b"+919876543210").hexdigest()
SHA_OF_EMAIL = hashlib.sha256(b"asha@example.com").hexdigest()


@pytest.fixture
def cpo() -> Cpo:
    return make_world().cpo


def load(cpo: Cpo, text: str, *, dry_run: bool = False) -> Report:
    return import_customers(cpo, text.encode(), dry_run=dry_run, author=Author(token="abc"))


def fleet(cpo: Cpo) -> NamedList:
    with cpo_scope(cpo):
        return NamedList.objects.create(cpo=cpo, list_id="fleet", name="Fleet")


def fill(named: NamedList, text: str, *, replaces: bool = False, dry_run: bool = False) -> Report:
    return import_contacts(named, text.encode(), replaces=replaces, dry_run=dry_run, author=Author())


def kept(cpo: Cpo) -> list[tuple[str, str, str, str]]:
    with cpo_scope(cpo):
        rows = CustomerRecord.objects.order_by("tier", "organisation")
        return [(x.tier, x.organisation, str(x.joined_on or ""), x.vehicle_make) for x in rows]


def everything() -> list[int]:
    with every_cpo():
        models = (Customer, CustomerKey, CustomerRecord, NamedListEntry, ContactImport)
        return [model.objects.count() for model in models]


def test_a_person_who_never_bought_becomes_a_customer_who_is_found_at_the_first_purchase(cpo: Cpo) -> None:
    report = load(cpo, "phone,tier,organisation,joined_on,vehicle_make\n98765 43210,Gold,Acme,2024-02-29,Tata\n")
    assert (report.made, report.changed, report.lines, report.faults.count) == (1, 0, 1, 0)
    assert kept(cpo) == [("Gold", "Acme", "2024-02-29", "Tata")]
    customer = find_or_make_customer(cpo, billing=ASHA, contact={})
    with cpo_scope(cpo):
        assert [customer] == list(Customer.objects.all())
        assert customer is not None
        assert customer.record.tier == "Gold"


IMPORTED: list[Any] = [
    pytest.param("phone", "+91 98765-43210", id="phone"),
    pytest.param("email", "ASHA@example.com", id="email-of-one-who-gives-a-phone-as-well"),
    pytest.param("sha256", SHA_OF_PHONE.upper(), id="sha256-of-the-phone"),
    pytest.param("sha256", SHA_OF_EMAIL, id="sha256-of-the-email"),
]


@pytest.mark.parametrize(("column", "contact"), IMPORTED)
@pytest.mark.parametrize("given", [ASHA, {"email": "asha@example.com"}], ids=["with-both", "with-the-email"])
def test_the_imported_customer_is_found_however_the_contact_came(
    cpo: Cpo, column: str, contact: str, given: dict[str, str]
) -> None:
    load(cpo, f"{column},tier\n{contact},Gold")
    first, again = (find_or_make_customer(cpo, billing=given, contact={}) for _ in range(2))
    of_phone = contact not in (SHA_OF_EMAIL, "ASHA@example.com")
    with cpo_scope(cpo):
        known = Customer.objects.filter(record__tier="Gold").get()
        assert first == again
        assert (first == known) is not (of_phone and "phone" not in given)


def test_a_known_customer_keeps_the_fields_that_the_file_leaves_out(cpo: Cpo) -> None:
    customer = find_or_make_customer(cpo, billing=ASHA, contact={})
    assert customer is not None
    load(cpo, "phone,tier,organisation\n9876543210,Gold,Acme")
    report = load(cpo, f"customer,tier\n{customer.pk},Silver")
    assert (report.made, report.changed) == (0, 1)
    assert kept(cpo) == [("Silver", "Acme", "", "")]
    load(cpo, "email,phone,organisation\n,9876543210,")
    assert kept(cpo) == [("Silver", "", "", "")]


def test_a_contact_given_raw_and_hashed_in_one_row_is_one(cpo: Cpo) -> None:
    report = load(cpo, f"email,sha256,tier\nasha@example.com,{SHA_OF_EMAIL},Gold")
    assert (report.made, report.faults.count) == (1, 0)
    with cpo_scope(cpo):
        assert CustomerKey.objects.count() == 1
    assert kept(cpo) == [("Gold", "", "", "")]


FAULTS = [
    pytest.param("phone,tier\n12,Gold", [(2, "phone", "write a phone number of 7 to 15 digits")], id="no-phone"),
    pytest.param("email,tier\nasha,Gold", [(2, "email", "write an e-mail address")], id="no-email"),
    pytest.param("sha256,tier\nabc,Gold", [(2, "sha256", "write the SHA-256 of")], id="no-sha256"),
    pytest.param("customer,tier\n7,Gold", [(2, "customer", "write the customer's whole id")], id="no-id"),
    pytest.param(
        f"customer,tier\n{uuid.UUID(int=7)},Gold", [(2, "customer", "you have no such customer")], id="unknown-id"
    ),
    pytest.param("phone,joined_on\n9876543210,29/02/2024", [(2, "joined_on", "write the day as")], id="no-day"),
    pytest.param("phone,joined_on\n9876543210,2023-02-29", [(2, "joined_on", "write the day as")], id="no-such-day"),
    pytest.param(
        "phone,joined_on\n9876543210,1899-12-31", [(2, "joined_on", "write a day in the years")], id="too-early"
    ),
    pytest.param(f"phone,tier\n9876543210,{'x' * 61}", [(2, "tier", "shorten it to 60")], id="long-tier"),
    pytest.param("phone,tier\n,Gold", [(2, "phone", "give one of customer, phone")], id="nobody"),
    pytest.param(
        "phone,tier\n9876543210,Gold\n+919876543210,Silver", [(3, "", "this is the customer of row 2")], id="twice"
    ),
    pytest.param(
        "phone,tier\n12,Gold\n9876543210,Gold\n13,Gold",
        [(2, "phone", "write a phone number"), (4, "phone", "write a phone number")],
        id="two-faults-and-a-good-row",
    ),
    pytest.param("phone,tier\n\n", [(2, "", "the file has no rows")], id="no-rows"),
]


@pytest.mark.parametrize(("text", "faults"), FAULTS)
def test_faults_are_told_by_row_and_column_and_nothing_is_written(
    cpo: Cpo, text: str, faults: list[tuple[int, str, str]]
) -> None:
    before = everything()
    found = load(cpo, text).faults
    assert [(x.row, x.column) for x in found.shown] == [(row, column) for row, column, _ in faults]
    for fault, (_, _, sentence) in zip(found.shown, faults, strict=True):
        assert fault.sentence.startswith(sentence)
    assert everything() == before


def test_contacts_of_two_customers_in_one_row_are_refused(cpo: Cpo) -> None:
    find_or_make_customer(cpo, billing={"phone": "9876543210"}, contact={})
    find_or_make_customer(cpo, billing={"email": "asha@example.com"}, contact={})
    before = everything()
    [fault] = load(cpo, "phone,email,tier\n9876543210,asha@example.com,Gold").faults.shown
    assert (fault.row, fault.sentence) == (2, "its contacts belong to different customers: give one of them.")
    assert everything() == before


UNREAD: list[Any] = [
    pytest.param(b"", "The file is empty", id="empty"),
    pytest.param(b"phone,colour\n1,2", "The column “colour” is unknown", id="unknown-column"),
    pytest.param(b"phone,tier,phone\n1,2,3", "The column “phone” is there twice", id="column-twice"),
    pytest.param(b"tier\nGold", "The file names nobody", id="names-nobody"),
    pytest.param(b"phone\n9876543210", "The file says nothing about the customers", id="says-nothing"),
    pytest.param(b"phone,tier\n1,2,3", "Row 2 has more cells than the header", id="more-cells"),
    pytest.param(b"phone,tier\n1," + b"x" * 1001, "Row 2 has a cell of more than 1000", id="long-cell"),
    pytest.param("phone,tier\n1,é".encode("latin-1"), "The file is not in UTF-8", id="latin-1"),
    pytest.param(b"PK\x03\x04\0\0", "The file is no text", id="a-workbook"),
    pytest.param(b'phone,tier\n1,"open', "The file is no CSV", id="open-quote"),
    pytest.param(b"x" * (2 * 1024 * 1024 + 1), "The file is larger than 2 MB", id="too-large"),
]


@pytest.mark.parametrize(("data", "sentence"), UNREAD)
def test_what_is_no_such_file_is_refused_in_a_sentence(cpo: Cpo, data: bytes, sentence: str) -> None:
    with pytest.raises(NotRead, match=sentence):
        import_customers(cpo, data, dry_run=False, author=Author())
    assert everything() == [0, 0, 0, 0, 0]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("﻿phone;tier\n9876543210;Gold", id="semicolons-and-a-mark"),
        pytest.param("Phone\tTIER\n9876543210\t Gold ", id="tabs-and-capitals"),
        pytest.param("phone,tier\r\n'+919876543210,Gold\r\n", id="as-an-export-writes-it"),
    ],
)
def test_files_as_spreadsheets_write_them_are_read(cpo: Cpo, text: str) -> None:
    assert load(cpo, text).made == 1
    assert kept(cpo) == [("Gold", "", "", "")]


def test_a_dry_run_counts_and_writes_nothing(cpo: Cpo) -> None:
    find_or_make_customer(cpo, billing=ASHA, contact={})
    before = everything()
    report = load(cpo, "phone,tier\n9876543210,Gold\n9000000001,Silver", dry_run=True)
    assert (report.made, report.changed, report.job) == (1, 1, None)
    assert everything() == before


def test_no_raw_contact_is_kept_of_a_file(cpo: Cpo) -> None:
    load(cpo, "phone,email,tier\n9876543210,asha@example.com,Gold")
    fill(fleet(cpo), "phone,email\n9876543210,asha@example.com")
    with every_cpo(), connection.cursor() as cursor:
        assert CustomerContact.objects.count() == 0
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for (table,) in cursor.fetchall():
            for word in ("9876543210", "asha@example.com"):
                cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text ILIKE %s', [f"%{word}%"])
                assert cursor.fetchone() == (0,), table


def test_a_list_is_extended_or_replaced_and_counted(cpo: Cpo) -> None:
    named = fleet(cpo)
    report = fill(named, f"phone,email,sha256\n9876543210,asha@example.com,\n,,{SHA_OF_PHONE}\n9876543210,,")
    assert (report.made, report.changed) == (3, 0)
    report = fill(named, "phone\n9876543210\n9000000001", dry_run=True)
    assert (report.made, report.changed) == (1, 1)
    fill(named, "phone\n9876543210\n9000000001")
    with cpo_scope(cpo):
        assert named.entries.count() == 4
    fill(named, "phone\n9000000001", replaces=True)
    with cpo_scope(cpo):
        assert named.entries.count() == 1
        assert {len(bytes(each.hmac)) for each in named.entries.all()} == {32}
        assert [job.lines for job in named.imports.order_by("created_at")] == [4, 2, 1]


def test_a_list_with_faults_stays_as_it_was(cpo: Cpo) -> None:
    named = fleet(cpo)
    fill(named, "phone\n9876543210")
    found = fill(named, "phone,email\n9000000001,\n,nobody\n12,", replaces=True).faults
    assert [(x.row, x.column) for x in found.shown] == [(3, "email"), (4, "phone")]
    with cpo_scope(cpo):
        assert named.entries.count() == 1


def test_a_large_file_waits_for_the_background_and_keeps_hashes_alone(
    cpo: Cpo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "AT_ONCE", 2)
    report = load(cpo, "phone,tier\n9876543210,Gold\n9000000001,Gold\n9000000002,Gold")
    assert report.job is not None
    with cpo_scope(cpo):
        job = ContactImport.objects.get()
        assert (job.state, Customer.objects.count()) == ("WAITING", 0)
        assert "9000000001" not in str(job.rows)
        key_named(job.rows[0]["kept"][0][0])
    assert (run_imports(), run_imports()) == (1, 0)
    with cpo_scope(cpo):
        job.refresh_from_db()
        assert (job.state, job.made, job.changed, job.rows) == ("DONE", 3, 0, None)
        assert CustomerRecord.objects.filter(tier="Gold").count() == 3


def test_a_waiting_file_that_no_longer_fits_is_refused_whole(cpo: Cpo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "AT_ONCE", 0)
    load(cpo, "phone,email,tier\n9876543210,asha@example.com,Gold")
    find_or_make_customer(cpo, billing={"phone": "9876543210"}, contact={})
    find_or_make_customer(cpo, billing={"email": "asha@example.com"}, contact={})
    assert run_imports() == 1
    with cpo_scope(cpo):
        job = ContactImport.objects.get()
        assert (job.state, job.rows) == ("FAILED", None)
        assert job.reason == "Row 2: its contacts belong to different customers: give one of them."
        assert (Customer.objects.count(), CustomerRecord.objects.count()) == (2, 0)


def test_a_file_that_fails_on_our_side_is_told_and_the_next_one_is_written(
    cpo: Cpo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "AT_ONCE", 0)
    load(cpo, "phone,tier\n9876543210,Gold")
    load(cpo, "phone,tier\n9000000001,Silver")
    write = imports._write_records

    def fall(*given: Any) -> None:
        write(*given)
        raise IntegrityError("no row fits")

    with monkeypatch.context() as patched:
        patched.setattr(imports, "_write_records", fall)
        assert run_imports() == 1
    assert (run_imports(), run_imports()) == (1, 0)
    with cpo_scope(cpo):
        found = ContactImport.objects.order_by("created_at").values_list("state", "reason", "rows")
        assert list(found) == [
            ("FAILED", "It failed on our side: send the file again.", None),
            ("DONE", "", None),
        ]
    assert kept(cpo) == [("Silver", "", "", "")]


def test_a_file_waits_for_the_next_run_where_the_database_is_away(cpo: Cpo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "AT_ONCE", 0)
    load(cpo, "phone,tier\n9876543210,Gold")

    def fall(*given: Any) -> None:
        raise OperationalError("the connection is lost")

    with monkeypatch.context() as patched:
        patched.setattr(imports, "_write_records", fall)
        with pytest.raises(OperationalError):
            run_imports()
    assert run_imports() == 1
    assert kept(cpo) == [("Gold", "", "", "")]


def test_one_run_writes_one_file_and_leaves_the_rest_to_the_next(cpo: Cpo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "AT_ONCE", 0)
    load(cpo, "phone,tier\n9876543210,Gold")
    load(cpo, "phone,tier\n9000000001,Silver")
    assert run_imports() == 1
    assert kept(cpo) == [("Gold", "", "", "")]


@pytest.mark.parametrize("own", [pytest.param(True, id="own"), pytest.param(False, id="another-cpos")])
def test_an_id_is_taken_of_the_own_customers_alone(cpo: Cpo, own: bool) -> None:
    other = make_world("cpo2.com", item_id="there-01").cpo
    customer = find_or_make_customer(cpo if own else other, billing=ASHA, contact={})
    assert customer is not None
    report = load(cpo, f"customer,tier\n{customer.pk},Gold")
    assert report.faults.count == (0 if own else 1)
    assert kept(other) == []


@pytest.mark.django_db(transaction=True)
def test_a_first_purchase_and_an_import_at_once_make_one_customer() -> None:
    cpo = make_world().cpo

    def act(number: int) -> str:
        if number % 2:
            return str(load(cpo, "phone,tier\n9876543210,Gold").faults.count)
        found = find_or_make_customer(cpo, billing=ASHA, contact={})
        return str(found.pk if found else "")

    answers = run_at_once(8, act)
    with cpo_scope(cpo):
        [customer] = Customer.objects.all()
        assert set(answers) == {str(customer.pk), "0"}
        assert customer.record.tier == "Gold"


def test_a_key_that_is_replaced_still_finds_whom_a_file_brought(cpo: Cpo, settings: Any) -> None:
    old, new = b"o" * 32, b"n" * 32
    settings.DATA_KEYS = [old]
    load(cpo, f"sha256,tier\n{SHA_OF_PHONE},Gold")
    settings.DATA_KEYS = [new, old]
    customer = find_or_make_customer(cpo, billing=ASHA, contact={})
    settings.DATA_KEYS = [new]
    assert find_or_make_customer(cpo, billing=ASHA, contact={}) == customer
    with cpo_scope(cpo):
        assert Customer.objects.count() == 1
