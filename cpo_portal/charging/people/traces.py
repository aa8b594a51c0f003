"""Finding what is kept about one person at one CPO: the customers and orders that name a phone number or an address."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Q

from cpo_portal.accounts.models import Cpo
from cpo_portal.charging.models import (
    Customer,
    CustomerContact,
    CustomerKey,
    NamedListChange,
    NamedListEntry,
    Order,
    OrderContact,
)
from cpo_portal.charging.people.contact_hashes import contact_hashes, prehashed
from cpo_portal.charging.people.contacts import normalise_email, normalise_phone
from cpo_portal.charging.people.customers import find_customer, identity_of

#: Digits that two spellings of one number share at their end, calling code and trunk zero left out.
_LAST_DIGITS = 7
_Listed = TypeVar("_Listed", NamedListEntry, NamedListChange)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom somebody asks about: any of a phone number, an e-mail address and our id of the customer."""

    phone: str = ""
    email: str = ""
    customer: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What names the person: the customers they are, the orders they are named in, also somebody else's, and their
    places on named lists."""

    customers: tuple[Customer, ...]
    orders: tuple[Order, ...]
    listed: tuple[NamedListEntry, ...] = ()
    #: What they were to lists that were filled anew.
    changes: tuple[NamedListChange, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Tell whether nothing was found."""
        return not self.customers and not self.orders and not self.listed and not self.changes


def find_customers(cpo: Cpo, wanted: Wanted) -> tuple[Customer, ...]:
    """Return whom the active scope's CPO knows by these, by their hashes and ids; nobody's orders are read.

    Who is known by a phone number is found by the address that their app said besides, too. What else is kept of a
    person, `find_person` finds. Raises ValueError for a contact that is none.
    """
    phone, email = _checked(cpo, wanted)
    found = {customer.pk: customer for customer in _recognised(cpo, phone, email)}
    if wanted.customer is not None:
        found |= {customer.pk: customer for customer in Customer.objects.filter(pk=wanted.customer)}
    if not found and email:
        contacts = CustomerContact.objects.filter(email__iexact=email).select_related("customer")
        found = {contact.customer_id: contact.customer for contact in contacts.order_by("customer")}
    return tuple(found.values())


def find_person(cpo: Cpo, wanted: Wanted) -> Found:
    """Return what the active scope's CPO keeps of a person; raises ValueError for a contact that is none."""
    phone, email = _checked(cpo, wanted)
    customers = {customer.pk: customer for customer in _customers(cpo, phone, email)}
    if wanted.customer is not None:
        customers |= {customer.pk: customer for customer in Customer.objects.filter(pk=wanted.customer)}
    named = [
        row.order_id for row in _contacts_with(phone, email) if _names(cpo, (row.billing, row.customer), phone, email)
    ]
    orders = Order.objects.filter(Q(customer__in=list(customers)) | Q(pk__in=named)).order_by("created_at", "pk")
    hashes = _hashes(cpo, customers.values(), {"phone": phone, "email": email})
    listed, changes = _on_lists(NamedListEntry, hashes), _on_lists(NamedListChange, hashes)
    return Found(tuple(customers.values()), tuple(orders.select_related("connector")), listed, changes)


def _hashes(cpo: Cpo, customers: Iterable[Customer], said: Mapping[str, str]) -> set[bytes]:
    """Return the hashes by which these customers, and the contacts asked about, are on named lists."""
    keys = [customer.pk for customer in customers]
    kept = CustomerContact.objects.filter(customer__in=keys).values("phone", "email")
    hashes = {*contact_hashes(cpo, said, *kept)}
    return hashes | {bytes(x) for x in CustomerKey.objects.filter(customer__in=keys).values_list("hmac", flat=True)}


def _on_lists(model: type[_Listed], hashes: set[bytes]) -> tuple[_Listed, ...]:
    if not hashes:
        return ()
    found = model._default_manager.filter(hmac__in=hashes).select_related("named_list")
    return tuple(found.order_by("named_list__list_id", "pk"))


def _checked(cpo: Cpo, wanted: Wanted) -> tuple[str, str]:
    phone = normalise_phone(wanted.phone, cpo.country)
    email = normalise_email(wanted.email)
    if wanted.phone and not phone:
        raise ValueError("Give a phone number of 7 to 15 digits, such as +919876543210.")
    if wanted.email and not email:
        raise ValueError("Give an e-mail address, such as asha@example.com.")
    if not (phone or email or wanted.customer):
        raise ValueError("Give a phone number, an e-mail address or a customer's id.")
    return phone, email


def _recognised(cpo: Cpo, phone: str, email: str) -> Iterable[Customer]:
    """Yield the customers with the hashes of these contacts."""
    for said in ({"phone": phone} if phone else {}, {"email": email} if email else {}):
        if not said:
            continue
        for identity in (identity_of(cpo, billing=said, contact={}), prehashed(cpo, said)):
            found = find_customer(identity)
            if found is not None:
                yield found


def _customers(cpo: Cpo, phone: str, email: str) -> Iterable[Customer]:
    yield from _recognised(cpo, phone, email)
    same = Q(pk=None)
    if email:
        same |= Q(email__iexact=email)
    if phone:
        same |= Q(phone__regex=_spelt(phone))
    for contact in CustomerContact.objects.filter(same).select_related("customer"):
        if _names(cpo, ({"phone": contact.phone, "email": contact.email},), phone, email):
            yield contact.customer


def _contacts_with(phone: str, email: str) -> Iterable[OrderContact]:
    """Return the orders' contacts that may name the person; what is said of a number's spelling is too much."""
    may = Q(pk=None)
    for part in ("billing", "customer"):
        if email:
            may |= Q(**{f"{part}__email__iexact": email})
        if phone:
            may |= Q(**{f"{part}__phone__regex": _spelt(phone)})
    return OrderContact.objects.filter(may)


def _names(cpo: Cpo, parts: Iterable[Mapping[str, Any]], phone: str, email: str) -> bool:
    return any(
        (email and normalise_email(str(part.get("email", ""))) == email)
        or (phone and normalise_phone(str(part.get("phone", "")), cpo.country) == phone)
        for part in parts
    )


def _spelt(phone: str) -> str:
    """Return a pattern for the number's last digits, with anything but digits between them; an extension may follow."""
    return r"\D*".join(re.sub(r"\D", "", phone)[-_LAST_DIGITS:]) + r"(\D.*)?$"
