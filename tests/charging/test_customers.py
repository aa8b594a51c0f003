"""Recognising drivers: one spelling per number, one customer per number, one CPO's at a time."""

from __future__ import annotations

from typing import Any

import pytest

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.models import Customer, CustomerContact, CustomerKey
from cpo_portal.charging.people.contacts import normalise_email, normalise_phone
from cpo_portal.charging.people.customers import find_or_make_customer, identity_of
from tests.network.places import Net
from tests.processes import run_at_once

ASHA = "+919876543210"


@pytest.mark.parametrize(
    ("text", "country", "expected"),
    [
        ("+91-9876543210", "IND", ASHA),
        ("+91 98765 43210", "IND", ASHA),
        ("09876543210", "IND", ASHA),
        ("9876543210", "IND", ASHA),
        ("919876543210", "IND", ASHA),
        ("0091 98765 43210", "IND", ASHA),
        ("+91 (0) 98765 43210", "IND", ASHA),
        (" (+91) 98765-43210 ", "IND", ASHA),
        ("९८७६५४३२१०", "IND", ASHA),
        ("+91-9876543210 ext 5", "IND", ASHA),
        ("+91-9876543210ext.12", "IND", ASHA),
        ("+91 98765 43210;ext=1", "IND", ASHA),
        ("98765 43210 x7", "IND", ASHA),
        ("9876543210#1234567", "IND", ASHA),
        ("9876543210 (ext 5)", "IND", ASHA),
        ("9876543210x5", "IND", ASHA),
        ("+91 98765 x 43210", "IND", ASHA),
        ("98765#43210", "IND", ASHA),
        ("+1 (650) 253-0000x123", "IND", "+16502530000"),
        ("+44 20 7946 0958", "IND", "+442079460958"),
        ("020 7946 0958", "GBR", "+442079460958"),
        ("+971 50 123 4567", "IND", "+971501234567"),
        ("9198765432", "IND", "+919198765432"),
        ("1800 1080", "IND", "IND:18001080"),
        ("030 901820", "DEU", "DEU:30901820"),
        ("+49 30 901820", "DEU", "+4930901820"),
        ("+49 30 901820", "IND", "+4930901820"),
        ("", "IND", ""),
        ("none", "IND", ""),
        ("12345", "IND", ""),
        ("0000000000", "IND", ""),
        ("+1234567890123456", "IND", ""),
    ],
)
def test_one_spelling_per_phone_number(text: str, country: str, expected: str) -> None:
    assert normalise_phone(text, country) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" Asha.Rao@Example.COM ", "asha.rao@example.com"),
        ("asha@localhost", ""),
        ("@example.com", ""),
        ("asha rao@example.com", ""),
        ("asha", ""),
    ],
)
def test_one_spelling_per_address(text: str, expected: str) -> None:
    assert normalise_email(text) == expected


def customer(cpo: Cpo, billing: dict[str, Any], contact: dict[str, Any] | None = None) -> Customer | None:
    return find_or_make_customer(cpo, billing=billing, contact=contact or {})


@pytest.mark.django_db
def test_the_billing_phone_comes_first(net: Net) -> None:
    asha = customer(net.cpo, {"phone": "+91-9876543210", "name": "Asha"}, {"phone": "9000000001"})
    assert asha is not None
    assert customer(net.cpo, {"phone": "098765 43210"}, {"phone": "9000000002", "email": "x@y.example"}) == asha
    assert customer(net.cpo, {}, {"phone": "9876543210"}) == asha
    ravi = customer(net.cpo, {"phone": "n/a", "email": "RAVI@example.com"}, {"phone": "12"})
    assert ravi != asha
    assert customer(net.cpo, {}, {"email": "ravi@example.com"}) == ravi
    with cpo_scope(net.cpo):
        assert (Customer.objects.count(), CustomerKey.objects.count()) == (2, 2)


@pytest.mark.django_db
@pytest.mark.parametrize("billing", [{}, {"phone": None, "email": 5}, {"phone": "", "name": "Asha"}])
def test_without_a_contact_there_is_no_customer(net: Net, billing: dict[str, Any]) -> None:
    assert customer(net.cpo, billing) is None
    with cpo_scope(net.cpo):
        assert (Customer.objects.count(), CustomerContact.objects.count()) == (0, 0)


@pytest.mark.django_db
def test_two_cpos_know_a_driver_apart(net: Net, other: Net) -> None:
    mine, theirs = customer(net.cpo, {"phone": ASHA}), customer(other.cpo, {"phone": ASHA})
    assert mine is not None
    assert theirs is not None
    assert (mine.cpo, theirs.cpo) == (net.cpo, other.cpo)
    assert identity_of(net.cpo, billing={"phone": ASHA}, contact={}) != identity_of(
        other.cpo, billing={"phone": ASHA}, contact={}
    )


@pytest.mark.django_db
def test_the_contact_is_kept_up_to_date(net: Net) -> None:
    customer(net.cpo, {"phone": ASHA, "name": "Asha", "tax_id": "29ABCDE1234F2Z5"}, {"email": "asha@example.com"})
    found = customer(net.cpo, {"phone": "9876543210", "name": "Asha Rao", "organization": "N" * 300})
    with cpo_scope(net.cpo):
        contact = CustomerContact.objects.get(customer=found)
    assert (contact.name, contact.email, contact.tax_id, contact.organization) == (
        "Asha Rao",
        "asha@example.com",
        "29ABCDE1234F2Z5",
        "N" * 200,
    )


@pytest.mark.django_db(transaction=True)
def test_a_driver_who_comes_eight_times_at_once_is_one(net: Net) -> None:
    found = run_at_once(8, lambda n: str(customer(net.cpo, {"phone": ASHA, "name": f"Asha {n}"}).pk))  # type: ignore[union-attr]
    assert len(set(found)) == 1
    with every_cpo():
        counts = Customer.objects.count(), CustomerKey.objects.count(), CustomerContact.objects.count()
    assert counts == (1, 1, 1)
