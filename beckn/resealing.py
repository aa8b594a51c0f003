"""Brings everything that is sealed or hashed under the newest data key, in batches, while the portal runs."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.apps import apps
from django.db import connection, models, transaction

from beckn import bodies
from cpo_portal.accounts import sealing
from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.models import Customer, CustomerContact
from cpo_portal.charging.people.customers import UNNAMED_KEY, add_keys, identity_of

BATCH = 200


@dataclass
class Resealed:
    """What was brought under the newest key, what needs an older one still, and what no key opens."""

    secrets: int = 0
    bodies: int = 0
    customers: int = 0
    customers_left: int = 0
    broken: list[str] = field(default_factory=list)


def reseal() -> Resealed:
    """Do it all; what is under the newest key already is left alone, so that it can run twice and be interrupted."""
    done = Resealed()
    for model, name in sealed_columns():
        _reseal_column(model, name, done)
    for batch in _old_bodies():
        for body_id, packed in batch:
            _reseal_body(body_id, packed, done)
    for cpo in Cpo.objects.order_by("pk"):
        with cpo_scope(cpo):
            done.customers += sum(_rehash(cpo, contact) for contact in _old_contacts())
            done.customers_left += _known_under_old_keys().count()
    return done


def sealed_columns() -> list[tuple[type[models.Model], str]]:
    """Return every column that holds a sealed secret: by its name, `sealed_…`."""
    return [
        (model, column.name)
        for model in apps.get_models()
        for column in model._meta.concrete_fields
        if column.name.startswith("sealed_")
    ]


def _reseal_column(model: type[models.Model], name: str, done: Resealed) -> None:
    with every_cpo():
        rows = model._default_manager.exclude(**{name: None}).values_list("pk", name)
        for pk, sealed in list(rows):
            if sealing.is_newest(sealed):
                continue
            try:
                fresh = sealing.seal(sealing.unseal(sealed))
            except sealing.SealBroken as error:
                done.broken.append(f"{model._meta.verbose_name} {pk}: {error}")
                continue
            # A secret that was replaced meanwhile is under the newest key already.
            done.secrets += model._default_manager.filter(pk=pk, **{name: sealed}).update(**{name: fresh})


def _old_bodies() -> Iterator[list[tuple[uuid.UUID, bodies.Packed]]]:
    newest, last = sealing.newest_key().id, uuid.UUID(int=0)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id, codec, key_id, body FROM beckn_messagebody WHERE id > %s AND key_id <> %s "
                "ORDER BY id LIMIT %s",
                [last, newest, BATCH],
            )
            rows = [(body_id, bodies.Packed(*packed)) for body_id, *packed in cursor.fetchall()]
        if not rows:
            return
        last = rows[-1][0]
        yield rows


def _reseal_body(body_id: uuid.UUID, packed: bodies.Packed, done: Resealed) -> None:
    try:
        fresh = bodies.pack(body_id, bodies.unpack(body_id, packed))
    except (sealing.SealBroken, ValueError) as error:
        done.broken.append(f"message body {body_id}: {error}")
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE beckn_messagebody SET codec = %s, key_id = %s, body = %s WHERE id = %s AND key_id = %s",
            [fresh.codec, fresh.key_id, bytes(fresh.body), body_id, packed.key_id],
        )
        done.bodies += cursor.rowcount


def _known_under_old_keys() -> models.QuerySet[Customer]:
    newest = sealing.newest_key().id
    return Customer.objects.filter(keys__isnull=False).exclude(keys__hmac_key_id=newest).distinct()


def _old_contacts() -> Iterator[CustomerContact]:
    contacts = CustomerContact.objects.filter(customer__in=_known_under_old_keys()).select_related("customer")
    return contacts.iterator(chunk_size=BATCH)


def _rehash(cpo: Cpo, contact: CustomerContact) -> bool:
    """Add the newest key's hash where the kept contact is what the customer is known by."""
    for said in ({"phone": contact.phone}, {"email": contact.email}):
        identity = identity_of(cpo, billing=said, contact={})
        by_key = {each.key_id: each.digest for each in identity}
        with transaction.atomic():
            kept = contact.customer.keys.all()
            digests = {bytes(key.hmac) for key in kept if key.hmac_key_id in {*by_key, UNNAMED_KEY}}
            if digests & set(by_key.values()):
                return add_keys(contact.customer, identity) > 0
    return False
