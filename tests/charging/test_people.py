"""Who is known by a contact is found by its hashes, without reading what orders say of anybody."""

from __future__ import annotations

from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.imports.jobs import Author, import_customers
from cpo_portal.charging.models import Customer
from cpo_portal.charging.people.customers import find_or_make_customer
from cpo_portal.charging.people.traces import Wanted, find_customers, find_person
from offers.forms.trying import TryForm
from tests.people import People, signed_in

pytestmark = pytest.mark.django_db

ASHA, MAIL, RAVI = "+919876543210", "asha@example.com", "ravi@example.com"


@pytest.fixture
def known(people: People) -> dict[str, Customer]:
    """Return Asha, known by her number, and Ravi, known by his address; the other CPO knows Asha too."""
    cpo = people.here.cpo
    asha = find_or_make_customer(cpo, billing={"phone": ASHA, "email": "Asha@Example.com"}, contact={})
    ravi = find_or_make_customer(cpo, billing={"email": RAVI}, contact={})
    theirs = find_or_make_customer(people.there.cpo, billing={"phone": ASHA}, contact={})
    assert asha is not None
    assert ravi is not None
    assert theirs is not None
    return {"asha": asha, "ravi": ravi, "theirs": theirs}


def by_id(name: str) -> Any:
    return lambda known: Wanted(customer=known[name].pk)


FOUND: dict[str, tuple[Any, list[str]]] = {
    "by-number": (lambda _: Wanted(phone="98765 43210"), ["asha"]),
    "by-the-address-said-besides": (lambda _: Wanted(email=" ASHA@example.com"), ["asha"]),
    "by-address": (lambda _: Wanted(email=RAVI), ["ravi"]),
    "by-id": (by_id("ravi"), ["ravi"]),
    "by-number-and-id-of-two": (lambda known: Wanted(phone=ASHA, customer=known["ravi"].pk), ["asha", "ravi"]),
    "a-stranger": (lambda _: Wanted(phone="+919000000009", email="nobody@example.com"), []),
    "an-id-of-nobody": (lambda _: Wanted(customer=UUID(int=1)), []),
    "an-id-of-the-other-cpo": (by_id("theirs"), []),
}


@pytest.mark.parametrize(("wanted", "names"), FOUND.values(), ids=FOUND.keys())
def test_customers_are_found_without_reading_orders(
    people: People, known: dict[str, Customer], wanted: Any, names: list[str]
) -> None:
    with cpo_scope(people.here.cpo), CaptureQueriesContext(connection) as asked:
        found = find_customers(people.here.cpo, wanted(known))
    assert found == tuple(known[name] for name in names)
    assert scans(asked) == []
    with cpo_scope(people.here.cpo):
        assert set(find_person(people.here.cpo, wanted(known)).customers) == set(found)


def test_what_is_no_contact_is_refused_as_everywhere(people: People) -> None:
    for wanted in (Wanted(phone="12"), Wanted(email="a@b"), Wanted()):
        with cpo_scope(people.here.cpo), pytest.raises(ValueError, match=r"^Give a") as refused:
            find_customers(people.here.cpo, wanted)
        with cpo_scope(people.here.cpo), pytest.raises(ValueError, match=r"^Give a") as before:
            find_person(people.here.cpo, wanted)
        assert str(refused.value) == str(before.value)


def test_who_came_as_a_hash_is_found(people: People) -> None:
    cpo = people.here.cpo
    digest = sha256(b"+919000000001").hexdigest()
    import_customers(cpo, f"sha256,tier\n{digest},Gold".encode(), dry_run=False, author=Author())
    with cpo_scope(cpo):
        assert find_customers(cpo, Wanted(phone="90000 00001")) == (Customer.objects.get(),)


@pytest.mark.parametrize("contact", [ASHA, MAIL, RAVI, "+919000000009", "nobody@example.com"])
def test_the_forms_that_ask_for_a_contact_do_not_read_orders(
    people: People, known: dict[str, Customer], contact: str
) -> None:
    client, page = signed_in(people.colleague), reverse("admin:charging_customer_find_by_contact")
    with CaptureQueriesContext(connection) as asked:
        client.post(page, {"contact": contact, "_form_submitted": "on"})
    assert scans(asked) == []
    with cpo_scope(people.here.cpo), CaptureQueriesContext(connection) as asked:
        TryForm(people.here.cpo, {"try-customer": contact}, may_find=True).is_valid()
    assert scans(asked) == []
    assert any("charging_customerkey" in query["sql"] for query in asked)


def scans(asked: CaptureQueriesContext) -> list[str]:
    """Return the queries that read orders or go through contacts by a pattern."""
    said = [query["sql"] for query in asked]
    return [sql for sql in said if "charging_order" in sql or " ~ " in sql]
