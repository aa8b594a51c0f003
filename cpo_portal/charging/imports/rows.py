"""Files of customers and of named lists, read into rows that hold contacts as keyed hashes alone."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.sealing import KeyedHash
from cpo_portal.charging.imports.csv_files import Faults, is_blank, read_rows
from cpo_portal.charging.people.contact_hashes import (
    SHA256,
    contact_hashes,
    phone_hashes,
    prehashed,
    sha256_hashes,
)
from cpo_portal.charging.people.contacts import normalise_email, normalise_phone
from cpo_portal.charging.people.customers import known_by_email

CONTACTS = ("phone", "email", "sha256")
FACTS = ("tier", "organisation", "joined_on", "vehicle_make")
LONGEST = {"tier": 60, "organisation": 200, "vehicle_make": 200}
CUSTOMER_COLUMNS = ("customer", *CONTACTS, *FACTS)
NOT_A_CONTACT = {
    "phone": "write a phone number of 7 to 15 digits, such as +919876543210.",
    "email": "write an e-mail address, such as asha@example.com.",
    "sha256": "write the SHA-256 of +919876543210 or asha@example.com as 64 hexadecimal digits.",
}


@dataclass(slots=True)
class Contacts:
    """The contacts of one row: the hashes to be kept (key id, hexadecimal), and those under which it may be known."""

    kept: list[tuple[str, str]] = field(default_factory=list)
    known_by: list[str] = field(default_factory=list)
    #: The address, where no number says better who they are.
    email: str = ""

    def add(self, kept: list[KeyedHash], known_by: list[bytes]) -> None:
        """Add one contact; a row may give the same one twice, as an address and as its SHA-256."""
        self.kept = list(dict.fromkeys([*self.kept, *((each.key_id, each.digest.hex()) for each in kept)]))
        self.known_by = list(dict.fromkeys([*self.known_by, *(digest.hex() for digest in known_by)]))


@dataclass(slots=True)
class ParsedFile:
    """The rows of a file in JSON's types, and its faults: with any, nothing of it is written."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)


def read_customers(cpo: Cpo, data: bytes) -> ParsedFile:
    """Read a file of customers' records; raises NotRead for what is no such file.

    Columns that the file does not have stay as they are; an empty cell empties the field.
    """
    lines = read_rows(data, columns=CUSTOMER_COLUMNS, needed=_missing_of_customers)
    parsed, seen, addresses = ParsedFile(), dict[str, int](), list[str]()
    for number, line in enumerate(lines, start=2):
        if is_blank(line):
            continue
        before = parsed.faults.count
        contacts = _contacts(cpo, line, number, parsed.faults, as_customer=True)
        facts = {name: _fact(name, line[name], number, parsed.faults) for name in FACTS if name in line}
        customer = _customer_id(line, number, parsed.faults)
        if not contacts.known_by and not customer and parsed.faults.count == before:
            parsed.faults.add(number, _first(line), f"give one of {', '.join(('customer', *CONTACTS))}.")
        _refuse_repeated([*contacts.known_by, customer], number, seen, parsed.faults)
        row = {"line": number, "facts": facts, "customer": customer}
        parsed.rows.append(row | {"kept": contacts.kept, "known_by": contacts.known_by})
        addresses.append(contacts.email)
    # The rows are kept until they are written, so they name a driver who is known by the address, and not the address.
    drivers = known_by_email({address for address in addresses if address})
    for row, address in zip(parsed.rows, addresses, strict=True):
        row["driver"] = str(drivers.get(address, ""))
    _refuse_nothing(parsed)
    return parsed


def read_contacts(cpo: Cpo, data: bytes) -> ParsedFile:
    """Read a file of a named list's contacts; each cell is one. Raises NotRead for what is no such file."""
    lines = read_rows(data, columns=CONTACTS, needed=lambda _: "")
    parsed = ParsedFile()
    for number, line in enumerate(lines, start=2):
        if is_blank(line):
            continue
        contacts = _contacts(cpo, line, number, parsed.faults, as_customer=False)
        parsed.rows += [{"line": number, "kept": [each]} for each in contacts.kept]
    _refuse_nothing(parsed)
    return parsed


def _missing_of_customers(header: set[str]) -> str:
    if not header & {"customer", *CONTACTS}:
        return f"The file names nobody: give it one of the columns {', '.join(('customer', *CONTACTS))}."
    if not header & set(FACTS):
        return f"The file says nothing about the customers: give it one of the columns {', '.join(FACTS)}."
    return ""


def _contacts(cpo: Cpo, line: Mapping[str, str], number: int, faults: Faults, *, as_customer: bool) -> Contacts:
    """Return the hashes of a row's contacts.

    A customer is known by their phone number; an address is kept as if it had come hashed, under which a driver is
    looked for once no number is known. A list keeps one hash for each contact, in the same form, so that whoever asks
    to be forgotten is found on it.
    """
    found = Contacts()
    phone = normalise_phone(line.get("phone", ""), cpo.country)
    email = normalise_email(line.get("email", ""))
    digest = line.get("sha256", "").casefold()
    valid = {"phone": phone, "email": email, "sha256": digest if SHA256.fullmatch(digest) else ""}
    for name, normal in valid.items():
        if line.get(name) and not normal:
            faults.add(number, name, NOT_A_CONTACT[name])
    every = slice(None) if as_customer else slice(1)
    if phone:
        found.add(phone_hashes(cpo, phone)[every], list(contact_hashes(cpo, {"phone": phone})))
    if email:
        found.email = "" if phone else email
        found.add(prehashed(cpo, {"email": email})[every], list(contact_hashes(cpo, {"email": email})))
    if valid["sha256"]:
        hashes = sha256_hashes(cpo, digest)
        found.add(hashes[every], [each.digest for each in hashes])
    return found


def _fact(name: str, text: str, number: int, faults: Faults) -> str | None:
    if name != "joined_on":
        if len(text) > LONGEST[name]:
            faults.add(number, name, f"shorten it to {LONGEST[name]} characters.")
        return text
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        faults.add(number, name, "write the day as 2024-05-31.")
        return None
    if not date(1900, 1, 1) <= day <= date(2100, 1, 1):
        faults.add(number, name, "write a day in the years 1900 to 2100.")
    return day.isoformat()


def _customer_id(line: Mapping[str, str], number: int, faults: Faults) -> str:
    text = line.get("customer", "")
    try:
        return str(uuid.UUID(text)) if text else ""
    except ValueError:
        faults.add(number, "customer", "write the customer's whole id, as the export has it.")
        return ""


def _refuse_repeated(names: list[str], number: int, seen: dict[str, int], faults: Faults) -> None:
    """Refuse a row that names somebody of an earlier row: which of the two counts would be chance."""
    earlier = next((seen[name] for name in names if name and name in seen), None)
    if earlier is not None:
        faults.add(number, "", f"this is the customer of row {earlier}: keep one of them.")
    for name in names:
        if name:
            seen.setdefault(name, number)


def _refuse_nothing(parsed: ParsedFile) -> None:
    if not parsed.rows and not parsed.faults.count:
        parsed.faults.add(2, "", "the file has no rows: write one below the header.")


def _first(line: Mapping[str, str]) -> str:
    return next(iter(line), "")
