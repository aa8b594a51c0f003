"""Recognising a CPO's drivers by keyed hashes of what buyer apps say about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.sealing import HMAC_KEY_ID, keyed_hash
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.contacts import normalise_email, normalise_phone
from cpo_portal.charging.models import Customer, CustomerContact, CustomerKey

#: What is kept of a contact, and how much of it.
LONGEST = {"name": 200, "phone": 40, "email": 254, "organization": 200, "tax_id": 40}


def identity_of(cpo: Cpo, *, billing: Mapping[str, Any], contact: Mapping[str, Any]) -> bytes | None:
    """Return the keyed hash of the billing phone, else of the customer's phone, else of an e-mail address.

    The CPO is hashed in, so that two CPOs' hashes of one driver cannot be matched. None where there is none of them.
    """
    for source in (billing, contact):
        phone = normalise_phone(_text(source, "phone"), cpo.country)
        if phone:
            return keyed_hash(f"customer:{cpo.pk}", f"phone:{phone}")
    for source in (billing, contact):
        email = normalise_email(_text(source, "email"))
        if email:
            return keyed_hash(f"customer:{cpo.pk}", f"email:{email}")
    return None


def find_or_make_customer(cpo: Cpo, *, billing: Mapping[str, Any], contact: Mapping[str, Any]) -> Customer | None:
    """Return the CPO's customer with this identity, made where new; None where nothing identifies the driver.

    Both mappings have the keys of Beckn's billing and customer: name, phone, email, organization, tax_id. What they
    say is kept as the customer's contact; what they leave out stays as it was.
    """
    digest = identity_of(cpo, billing=billing, contact=contact)
    if digest is None:
        return None
    with cpo_scope(cpo), transaction.atomic():
        customer = _find(digest) or _make(cpo, digest)
        _keep_contact(customer, billing, contact)
    return customer


def _find(digest: bytes) -> Customer | None:
    key = CustomerKey.objects.select_related("customer").filter(hmac_key_id=HMAC_KEY_ID, hmac=digest).first()
    return None if key is None else key.customer


def _make(cpo: Cpo, digest: bytes) -> Customer:
    """Make a customer, unless someone else makes the same one first: the unique key waits for them and decides."""
    try:
        with transaction.atomic():
            customer = Customer.objects.create(cpo=cpo)
            CustomerKey.objects.create(cpo=cpo, customer=customer, hmac_key_id=HMAC_KEY_ID, hmac=digest)
            return customer
    except IntegrityError:
        found = _find(digest)
        if found is None:
            raise
        return found


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
    CustomerContact.objects.bulk_create(
        [CustomerContact(customer=customer, **merged)],
        update_conflicts=True,
        unique_fields=["customer"],
        update_fields=[*LONGEST, "updated_at"],
    )


def _text(source: Mapping[str, Any], field: str) -> str:
    value = source.get(field)
    return value.strip() if isinstance(value, str) else ""
