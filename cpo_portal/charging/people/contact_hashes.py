"""The keyed hashes of contacts, raw or hashed before they came: a raw contact is stored nowhere to be matched."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.sealing import KeyedHash, keyed_hashes
from cpo_portal.charging.people.contacts import normalise_email, normalise_phone

#: SHA-256 in hexadecimal of "+919876543210" or "asha@example.com": what a CPO can hand over without the contact.
SHA256 = re.compile(r"[0-9a-f]{64}")


def phone_hashes(cpo: Cpo, phone: str) -> list[KeyedHash]:
    """Return the hashes of a phone number in its normal form, the newest key's first."""
    return keyed_hashes(_purpose(cpo), f"phone:{phone}")


def email_hashes(cpo: Cpo, email: str) -> list[KeyedHash]:
    """Return the hashes of an address in its normal form, the newest key's first."""
    return keyed_hashes(_purpose(cpo), f"email:{email}")


def sha256_hashes(cpo: Cpo, digest: str) -> list[KeyedHash]:
    """Return the hashes of a contact that is known by its SHA-256 alone, the newest key's first."""
    return keyed_hashes(_purpose(cpo), f"sha256:{digest}")


def normal_contacts(cpo: Cpo, *said: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return the phone numbers and the addresses of Beckn's billing and customer, in their normal form."""
    texts = [
        (str(part.get("phone") or "").strip(), str(part.get("email") or "").strip())
        for part in said
        if isinstance(part, Mapping)
    ]
    phones = [phone for text, _ in texts if (phone := normalise_phone(text, cpo.country))]
    emails = [email for _, text in texts if (email := normalise_email(text))]
    return list(dict.fromkeys(phones)), list(dict.fromkeys(emails))


def prehashed(cpo: Cpo, *said: Mapping[str, Any]) -> list[KeyedHash]:
    """Return the hashes under which somebody stands whose contact came hashed, phone numbers first."""
    phones, emails = normal_contacts(cpo, *said)
    return [each for contact in (*phones, *emails) for each in sha256_hashes(cpo, _sha256(contact))]


def contact_hashes(cpo: Cpo, *said: Mapping[str, Any]) -> tuple[bytes, ...]:
    """Return every hash that any of these contacts has, under every key."""
    phones, emails = normal_contacts(cpo, *said)
    found = [each for phone in phones for each in phone_hashes(cpo, phone)]
    found += [each for email in emails for each in email_hashes(cpo, email)]
    return tuple(each.digest for each in (*found, *prehashed(cpo, *said)))


def _sha256(contact: str) -> str:
    return hashlib.sha256(contact.encode()).hexdigest()


def _purpose(cpo: Cpo) -> str:
    # The CPO is hashed in, so that two CPOs' hashes of one driver cannot be matched.
    return f"customer:{cpo.pk}"
