"""Groups of customers: who belongs to one, by phone or e-mail, added one by one or by a list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.sealing import KeyedHash
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Customer, CustomerGroup, CustomerGroupMember
from cpo_portal.charging.people.contact_hashes import prehashed
from cpo_portal.charging.people.contacts import normalise_email, normalise_phone
from cpo_portal.charging.people.customers import find_or_make_customer, identity_of, known_by_email, recognise_by

#: The most contacts that one list names.
MOST_CONTACTS = 1000
NO_CONTACT = "Give a phone number such as +919876543210, or an e-mail address."


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong in one row (of a file, where the header is 1, or of a list of contacts), and what to do."""

    row: int
    column: str
    message: str

    def __str__(self) -> str:
        return f"Row {self.row}, {self.column}: {self.message}"


class RowsRefused(Exception):
    """Rows that cannot be; nothing was written. `faults` has one for each."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(" ".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


def customer_by_contact(cpo: Cpo, text: str) -> Customer:
    """Return the customer with this phone or e-mail, made where new; raises ValueError with a sentence."""
    said = _said(cpo, text)
    if not said:
        raise ValueError(NO_CONTACT)
    [customer] = _customers(cpo, [said])
    return customer


def _customers(cpo: Cpo, contacts: Iterable[Mapping[str, str]]) -> list[Customer]:
    """Return the customers with these contacts, made where new.

    Who is named by an address is the driver whose app gave it beside a phone number, or will be: the hash under which
    an imported address is found stands for that.
    """
    contacts = list(contacts)
    with cpo_scope(cpo), transaction.atomic():
        emails = [normalise_email(said["email"]) for said in contacts if "email" in said]
        known = known_by_email(emails)
        drivers = Customer.objects.in_bulk(list(known.values()))
        found, named = list[Customer](), dict[UUID, list[KeyedHash]]()
        for said in contacts:
            driver = known.get(normalise_email(said.get("email", "")))
            customer = drivers[driver] if driver else find_or_make_customer(cpo, billing=said, contact={})
            if customer is None:
                raise ValueError(NO_CONTACT)
            found.append(customer)
            if "email" in said and not driver:
                named[customer.pk] = prehashed(cpo, said)
        recognise_by(named, cpo)
    return found


def _said(cpo: Cpo, text: str) -> dict[str, str]:
    """Return what Beckn's billing would say of this contact, nothing where it is none."""
    if "@" in text:
        return {"email": text} if normalise_email(text) else {}
    return {"phone": text} if normalise_phone(text, cpo.country) else {}


def contacts_of(text: str) -> list[str]:
    """Return the contacts of a list, one a line or divided by commas."""
    return [part.strip() for part in re.split(r"[\n,;]", text) if part.strip()]


@transaction.atomic
def add_members(group: CustomerGroup, contacts: Sequence[str]) -> int:
    """Add these people, all or none, in the group's scope; who is in it stays in it. Return how many are new."""
    if len(contacts) > MOST_CONTACTS:
        raise RowsRefused([Fault(MOST_CONTACTS + 1, "contact", f"Send at most {MOST_CONTACTS} contacts at once.")])
    faults, named = [], dict[tuple[tuple[str, bytes], ...], str]()
    for number, contact in enumerate(contacts, start=1):
        identity = identity_of(group.cpo, billing=_said(group.cpo, contact), contact={})
        if identity:
            named.setdefault(tuple(sorted((each.key_id, each.digest) for each in identity)), contact)
        else:
            faults.append(Fault(number, "contact", NO_CONTACT))
    if faults:
        raise RowsRefused(faults)
    # In one order for all: two lists that name the same people wait for each other, and not in a circle.
    customers = _customers(group.cpo, [_said(group.cpo, contact) for _, contact in sorted(named.items())])
    known = set(CustomerGroupMember.objects.filter(group=group).values_list("customer", flat=True))
    new = {customer.pk: customer for customer in customers if customer.pk not in known}
    CustomerGroupMember.objects.bulk_create(
        [CustomerGroupMember(cpo=group.cpo, group=group, customer=customer) for customer in new.values()],
        ignore_conflicts=True,
    )
    return len(new)
