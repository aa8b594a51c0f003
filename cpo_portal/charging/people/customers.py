"""Recognising a CPO's drivers by keyed hashes of what buyer apps say about them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models.functions import Lower, Trim

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.sealing import KeyedHash
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Customer, CustomerContact, CustomerKey
from cpo_portal.charging.people.contact_hashes import email_hashes, phone_hashes, prehashed
from cpo_portal.charging.people.contacts import normalise_email, normalise_phone

#: What is kept of a contact, and how much of it.
LONGEST = {"name": 200, "phone": 40, "email": 254, "organization": 200, "tax_id": 40}
#: What rows of version 0.1 say in the place of a key's id.
UNNAMED_KEY = "1"


def identity_of(cpo: Cpo, *, billing: Mapping[str, Any], contact: Mapping[str, Any]) -> list[KeyedHash]:
    """Return the keyed hashes of the billing phone, else of the customer's phone, else of an e-mail address.

    One for each data key, the newest first; none where nothing identifies the driver. The CPO is hashed in, so that two
    CPOs' hashes of one driver cannot be matched.
    """
    for source in (billing, contact):
        phone = normalise_phone(_text(source, "phone"), cpo.country)
        if phone:
            return phone_hashes(cpo, phone)
    for source in (billing, contact):
        email = normalise_email(_text(source, "email"))
        if email:
            return email_hashes(cpo, email)
    return []


def find_or_make_customer(cpo: Cpo, *, billing: Mapping[str, Any], contact: Mapping[str, Any]) -> Customer | None:
    """Return the CPO's customer with this identity, made where new; None where nothing identifies the driver.

    Both mappings have the keys of Beckn's billing and customer: name, phone, email, organization, tax_id. What they
    say is kept as the customer's contact; what they leave out stays as it was.
    """
    identity = identity_of(cpo, billing=billing, contact=contact)
    if not identity:
        return None
    with cpo_scope(cpo), transaction.atomic():
        customer = find_customer(identity) or _find_prehashed(cpo, identity, billing, contact) or _make(cpo, identity)
        _keep_contact(customer, billing, contact)
    return customer


def find_customer(identity: Sequence[KeyedHash]) -> Customer | None:
    """Return the active scope's customer with this identity, whichever key it was hashed with; add the missing keys."""
    key_ids, digests = [UNNAMED_KEY, *(each.key_id for each in identity)], [each.digest for each in identity]
    found = list(CustomerKey.objects.select_related("customer").filter(hmac_key_id__in=key_ids, hmac__in=digests))
    if not found:
        return None
    customer = found[0].customer
    if {each.key_id for each in identity} - {key.hmac_key_id for key in found}:
        add_keys(customer, identity)
    return customer


def _find_prehashed(
    cpo: Cpo, identity: Sequence[KeyedHash], billing: Mapping[str, Any], contact: Mapping[str, Any]
) -> Customer | None:
    """Return the customer whose contact was imported as a hash; from now on they are known by the contact as well."""
    customer = find_customer(prehashed(cpo, billing, contact))
    if customer is not None:
        CustomerKey.objects.bulk_create(_rows(customer, _in_lock_order(identity)), ignore_conflicts=True)
    return customer


def known_by_email(emails: Collection[str]) -> dict[str, UUID]:
    """Return the active scope's customers with these addresses (in their normal form), where it is one alone.

    A driver with a phone number is known by that: the address is what their app said besides.
    """
    rows = CustomerContact.objects.annotate(address=Lower(Trim("email"))).filter(address__in=emails)
    found = defaultdict[str, list[UUID]](list)
    for address, customer in rows.values_list("address", "customer"):
        found[address].append(customer)
    return {address: customers[0] for address, customers in found.items() if len(customers) == 1}


def recognise_by(customers: Mapping[UUID, Sequence[KeyedHash]], cpo: Cpo) -> None:
    """Let each of these customers be found under these hashes too, unless somebody else is."""
    pairs = [(each, customer) for customer, hashes in customers.items() for each in hashes]
    CustomerKey.objects.bulk_create(
        [
            CustomerKey(cpo=cpo, customer_id=customer, hmac_key_id=each.key_id, hmac=each.digest)
            for each, customer in sorted(pairs, key=lambda pair: (pair[0].key_id, pair[0].digest))
        ],
        ignore_conflicts=True,
    )


def add_keys(customer: Customer, identity: Sequence[KeyedHash]) -> int:
    """Let a customer be recognised under every key that is in use; return how many rows are new."""
    known = set(CustomerKey.objects.filter(customer=customer).values_list("hmac_key_id", flat=True))
    missing = [each for each in _in_lock_order(identity) if each.key_id not in known]
    CustomerKey.objects.bulk_create(_rows(customer, missing), ignore_conflicts=True)
    return len(missing)


def _make(cpo: Cpo, identity: Sequence[KeyedHash]) -> Customer:
    """Make a customer, unless someone else makes the same one first: the unique key waits for them and decides.

    It gets a row for every key: while keys change, another process may hold an older one for the newest.
    """
    try:
        with transaction.atomic():
            customer = Customer.objects.create(cpo=cpo)
            CustomerKey.objects.bulk_create(_rows(customer, _in_lock_order(identity)))
            return customer
    except IntegrityError:
        found = find_customer(identity)
        if found is None:
            raise
        return found


def _rows(customer: Customer, identity: Sequence[KeyedHash]) -> list[CustomerKey]:
    return [
        CustomerKey(cpo_id=customer.cpo_id, customer=customer, hmac_key_id=each.key_id, hmac=each.digest)
        for each in identity
    ]


def _in_lock_order(identity: Sequence[KeyedHash]) -> list[KeyedHash]:
    """Return them in one order for all processes, whichever key each takes for the newest."""
    return sorted(identity, key=lambda each: each.key_id)


def _keep_contact(customer: Customer, billing: Mapping[str, Any], contact: Mapping[str, Any]) -> None:
    """Write what is new; an unchanged contact is not written, so that it locks nobody out."""
    known = CustomerContact.objects.filter(customer=customer).first()
    kept = {field: getattr(known, field, "") for field in LONGEST}
    merged = {
        field: (_text(billing, field) or _text(contact, field))[:longest] or kept[field]
        for field, longest in LONGEST.items()
    }
    if known is not None and merged == kept:
        return
    if known is None:
        Customer.objects.filter(pk=customer.pk, forgotten_at__isnull=False).update(forgotten_at=None)
    CustomerContact.objects.bulk_create(
        [CustomerContact(customer=customer, **merged)],
        update_conflicts=True,
        unique_fields=["customer"],
        update_fields=[*LONGEST, "updated_at"],
    )


def _text(source: Mapping[str, Any], field: str) -> str:
    value = source.get(field)
    return value.strip() if isinstance(value, str) else ""
