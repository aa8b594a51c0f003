"""Top-ups from a CSV file: checked as a whole, with faults by row and column, and written all or not at all.

Amounts are of the balance's currency, of a balance of energy in kWh.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from cpo_portal.accounts.models import Cpo, User
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.balances import changes as balances
from cpo_portal.charging.balances import moves as balance_moves
from cpo_portal.charging.balances.moves import BalanceRefused, Moved
from cpo_portal.charging.balances.units import from_people
from cpo_portal.charging.imports.csv_files import NotRead, is_blank, read_rows
from cpo_portal.charging.models import Balance
from cpo_portal.charging.people.contact_hashes import prehashed
from cpo_portal.charging.people.contacts import normalise_email
from cpo_portal.charging.people.customers import find_customer, identity_of, known_by_email
from cpo_portal.charging.people.groups import Fault, RowsRefused

#: Whose balance it is: its id, or its owner by one of these columns, and its name where the owner has several.
OWNERS = ("phone", "email", "group")
COLUMNS = ("balance", *OWNERS, "name", "amount", "reference", "note")
NEEDED = ("amount", "reference")
MOST_ROWS = 2000
LONGEST = {"reference": 100, "note": 300}


@dataclass(frozen=True, slots=True)
class TopUpRow:
    """A row that was understood."""

    number: int
    balance: Balance
    moved: Moved


@dataclass(frozen=True, slots=True)
class Imported:
    """How many top-ups the file has, how many of them an earlier file had brought, and whether they were written."""

    rows: int
    repeated: int
    written: bool


def import_top_ups(cpo: Cpo, data: bytes, *, dry_run: bool, now: datetime, by: User | None = None) -> Imported:
    """Write every top-up of the file, or none: raises RowsRefused with all faults. A dry run writes nothing.

    Raises NotRead for what is no such file. The first row names the columns.
    """
    table = read_rows(data, columns=COLUMNS, needed=_missing)
    with cpo_scope(cpo), transaction.atomic():
        rows = _read(cpo, table, by)
        # All at once and by id, as everybody locks them; rows stand in any order.
        balance_moves.lock_all(row.balance.pk for row in rows)
        repeated, faults = 0, []
        for row in rows:
            try:
                repeated += balances.top_up(row.balance, row.moved, now=now).repeated
            except BalanceRefused as refusal:
                faults.append(Fault(row.number, refusal.field, str(refusal)))
        if faults or dry_run:
            transaction.set_rollback(True)
        if faults:
            raise RowsRefused(faults)
    return Imported(len(rows), repeated, written=not dry_run)


def _missing(header: set[str]) -> str:
    missing = [name for name in NEEDED if name not in header]
    return f"The file needs the column “{missing[0]}”: add it." if missing else ""


def _read(cpo: Cpo, table: Iterable[dict[str, str]], by: User | None) -> list[TopUpRow]:
    rows: list[TopUpRow] = []
    faults: list[Fault] = []
    seen: dict[tuple[UUID, str], int] = {}
    for number, cells in enumerate(table, start=2):
        if is_blank(cells):
            continue
        if len(rows) + len(faults) == MOST_ROWS:
            raise NotRead(f"The file has more than {MOST_ROWS} top-ups: upload it in parts.")
        try:
            row = _row(cpo, number, cells, by)
            before = seen.setdefault((row.balance.pk, row.moved.reference), number)
            if before != number:
                raise _Wrong("reference", f"Row {before} has the same reference for the same balance.")
            rows.append(row)
        except _Wrong as wrong:
            faults.append(Fault(number, wrong.column, str(wrong)))
    if faults:
        raise RowsRefused(faults)
    if not rows:
        raise NotRead("The file has no rows: write one below the header.")
    return rows


class _Wrong(Exception):
    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


def _row(cpo: Cpo, number: int, cells: dict[str, str], by: User | None) -> TopUpRow:
    for name, longest in LONGEST.items():
        if len(cells.get(name, "")) > longest:
            raise _Wrong(name, f"Write at most {longest} letters.")
    if not cells["reference"]:
        raise _Wrong("reference", "Give a reference of your books, so that the row counts once.")
    balance = _balance(cpo, cells)
    amount = from_people(_amount(cells["amount"]), balance.currency)
    return TopUpRow(number, balance, Moved(amount, cells["reference"], by, cells.get("note", "")))


def _amount(text: str) -> Decimal:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or not 0 < amount < balances.MOST:
        raise _Wrong("amount", "Give an amount above 0, such as 500 or 499.50.")
    return amount


def _balance(cpo: Cpo, cells: dict[str, str]) -> Balance:
    given = [name for name in ("balance", *OWNERS) if cells.get(name)]
    if len(given) != 1:
        raise _Wrong("balance", "Name the balance by its id, or its owner by phone, email or group: one of them.")
    [column] = given
    condition = _owner(cpo, column, cells[column])
    if cells.get("name"):
        condition &= Q(name=cells["name"])
    found = list(Balance.objects.filter(condition)[:2])
    if not found:
        raise _Wrong(column, "There is no such balance; make it first.")
    if len(found) > 1:
        raise _Wrong("name", "There are several such balances: give the name, or the balance's id.")
    return found[0]


def _owner(cpo: Cpo, column: str, text: str) -> Q:
    if column == "balance":
        try:
            return Q(pk=UUID(text))
        except ValueError:
            raise _Wrong("balance", "This is no balance's id; copy it from the balance's page.") from None
    if column == "group":
        return Q(group__name=text)
    identity = identity_of(cpo, billing={column: text}, contact={})
    if not identity:
        sentence = {"phone": "Give a phone number of 7 to 15 digits.", "email": "Give an e-mail address."}[column]
        raise _Wrong(column, sentence)
    address = normalise_email(text) if column == "email" else ""
    driver = known_by_email([address]).get(address)
    customer = find_customer(identity) or find_customer(prehashed(cpo, {column: text}))
    owners = {driver, customer.pk if customer else None} - {None}
    return Q(customer__in=owners) if owners else Q(pk=None)
