"""Imports of customers' records and of named lists: a dry run, all or nothing, and in the background where large."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

import structlog
from celery import shared_task
from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone

from cpo_portal.accounts.models import Cpo, User
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.imports.csv_files import Faults
from cpo_portal.charging.imports.rows import ParsedFile, read_contacts, read_customers
from cpo_portal.charging.models import (
    ContactImport,
    Customer,
    CustomerKey,
    CustomerRecord,
    ImportKind,
    ImportState,
    NamedList,
    NamedListEntry,
)
from cpo_portal.charging.segments.list_past import note_changes
from cpo_portal.database.errors import describe

log = structlog.get_logger(__name__)
#: Above so many rows the file is written in the background.
AT_ONCE = 2000
BATCH = 2000
ROUNDS = 3
_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class Author:
    """Who imports: a person, or an API token by its first characters."""

    user: User | None = None
    token: str = ""


@dataclass(slots=True)
class Report:
    """What a file does, or would do: how many customers or contacts are new and how many were known, and its faults."""

    made: int = 0
    changed: int = 0
    lines: int = 0
    faults: Faults = field(default_factory=Faults)
    job: ContactImport | None = None


class Refused(Exception):
    """Rows of a file do not fit what is there."""

    def __init__(self, faults: Faults) -> None:
        super().__init__(f"Row {faults.shown[0].row}: {faults.shown[0].sentence}")
        self.faults = faults


def import_customers(cpo: Cpo, data: bytes, *, dry_run: bool, author: Author) -> Report:
    """Take in a file of customers' records; faults write nothing. Raises NotRead for what is no such file."""
    with cpo_scope(cpo):
        job = ContactImport(cpo=cpo, kind=ImportKind.CUSTOMERS, by=author.user, by_token=author.token)
        return _take_in(job, read_customers(cpo, data), dry_run=dry_run)


def import_contacts(named_list: NamedList, data: bytes, *, replaces: bool, dry_run: bool, author: Author) -> Report:
    """Take in a file of contacts into a named list, in the place of those there or beside them."""
    cpo = named_list.cpo
    with cpo_scope(cpo):
        job = ContactImport(cpo=cpo, kind=ImportKind.LIST, named_list=named_list, replaces=replaces, by=author.user)
        job.by_token = author.token
        return _take_in(job, read_contacts(cpo, data), dry_run=dry_run)


def _take_in(job: ContactImport, parsed: ParsedFile, *, dry_run: bool) -> Report:
    report = Report(lines=len(parsed.rows), faults=parsed.faults)
    if parsed.faults.count:
        return report
    try:
        with transaction.atomic():
            if dry_run or len(parsed.rows) <= AT_ONCE:
                report.made, report.changed = _write(job, parsed.rows, dry_run=dry_run)
            if not dry_run:
                report.job = _noted(job, parsed.rows, report)
    except Refused as refusal:
        report.faults = refusal.faults
    return report


def _noted(job: ContactImport, rows: list[dict[str, Any]], report: Report) -> ContactImport:
    job.lines = len(rows)
    if len(rows) > AT_ONCE:
        job.rows = rows
    else:
        job.state, job.finished_at = ImportState.DONE, timezone.now()
        job.made, job.changed = report.made, report.changed
    job.save(force_insert=True)
    return job


@shared_task
def run_imports() -> int:
    """Write the file that has waited longest; return how many that was. Killed in it, nothing of it is written.

    One at a time: a CPO with many files does not keep the rest of the background's work waiting.
    """
    return int(_run_next())


def _run_next() -> bool:
    with every_cpo(), transaction.atomic():
        waiting = ContactImport.objects.filter(state=ImportState.WAITING).select_for_update(
            skip_locked=True, of=("self",)
        )
        job = waiting.select_related("cpo", "named_list__cpo").order_by("created_at").first()
        if job is None:
            return False
        with cpo_scope(job.cpo):
            try:
                with transaction.atomic():
                    job.made, job.changed = _write(job, job.rows or [], dry_run=False)
                job.state = ImportState.DONE
            except Refused as refusal:
                job.state, job.reason = ImportState.FAILED, str(refusal)[:300]
                log.warning("import_refused", import_id=str(job.pk))
            except OperationalError:
                raise  # the database is away or another was in between: the file waits for the next run
            except Exception as error:  # noqa: BLE001  whatever it was, the files behind it are written
                job.state, job.reason = ImportState.FAILED, "It failed on our side: send the file again."
                log.error("import_failed", import_id=str(job.pk), error=describe(error))
            job.rows, job.finished_at = None, timezone.now()
            job.save()
    return True


def _write(job: ContactImport, rows: list[dict[str, Any]], *, dry_run: bool) -> tuple[int, int]:
    """Write the rows, or only count; return how many are new and how many were there. Raises Refused."""
    if job.kind == ImportKind.LIST:
        return _write_contacts(job, rows, dry_run=dry_run)
    for left in reversed(range(ROUNDS)):
        try:
            with transaction.atomic():
                return _write_customers(job.cpo, rows, dry_run=dry_run)
        except IntegrityError:
            # Somebody's first purchase came in between: they are a customer now, and found in the next round.
            if not left:
                raise
    raise AssertionError("unreachable")


def _write_contacts(job: ContactImport, rows: list[dict[str, Any]], *, dry_run: bool) -> tuple[int, int]:
    named_list = NamedList.objects.select_for_update(of=("self",)).get(pk=_list_of(job).pk)
    digests = {bytes.fromhex(digest): key_id for row in rows for key_id, digest in row["kept"]}
    entries = NamedListEntry.objects.filter(named_list=named_list)
    known = sum(entries.filter(hmac__in=part).count() for part in _parts(list(digests)))
    if dry_run:
        return len(digests) - known, known
    note_changes(named_list, digests, replaces=job.replaces, now=timezone.now())
    if job.replaces:
        entries.delete()
    for part in _parts(list(digests.items())):
        NamedListEntry.objects.bulk_create(
            [
                NamedListEntry(cpo=job.cpo, named_list=named_list, hmac_key_id=key_id, hmac=digest)
                for digest, key_id in part
            ],
            ignore_conflicts=True,
        )
    NamedList.objects.filter(pk=named_list.pk).update(filled_at=timezone.now())
    return len(digests) - known, known


def _list_of(job: ContactImport) -> NamedList:
    if job.named_list is None:
        raise ValueError("an import of contacts goes into a list")
    return job.named_list


def _write_customers(cpo: Cpo, rows: list[dict[str, Any]], *, dry_run: bool) -> tuple[int, int]:
    faults = Faults()
    found = dict(_matched(rows, faults))
    if faults.count:
        raise Refused(faults)
    strangers = [row for row in rows if row["line"] not in found]
    if dry_run:
        return len(strangers), len(found)
    made = Customer.objects.bulk_create([Customer(cpo=cpo) for _ in strangers], batch_size=BATCH)
    found |= {row["line"]: customer.pk for row, customer in zip(strangers, made, strict=True)}
    keys = [
        CustomerKey(cpo=cpo, customer_id=found[row["line"]], hmac_key_id=key_id, hmac=bytes.fromhex(digest))
        for row in strangers
        for key_id, digest in row["kept"]
    ]
    # In one order for all processes, as where a driver is made a customer.
    CustomerKey.objects.bulk_create(sorted(keys, key=lambda key: (key.hmac_key_id, bytes(key.hmac))), batch_size=BATCH)
    Customer.objects.filter(pk__in=list(found.values()), forgotten_at__isnull=False).update(forgotten_at=None)
    _write_records(cpo, rows, found)
    return len(strangers), len(rows) - len(strangers)


def _write_records(cpo: Cpo, rows: list[dict[str, Any]], found: dict[int, UUID]) -> None:
    given = list(rows[0]["facts"]) if rows else []
    for part in _parts(rows):
        CustomerRecord.objects.bulk_create(
            [CustomerRecord(cpo=cpo, customer_id=found[row["line"]], **_typed(row["facts"])) for row in part],
            update_conflicts=True,
            unique_fields=["customer"],
            update_fields=[*given, "updated_at"],
        )


def _typed(facts: dict[str, Any]) -> dict[str, Any]:
    joined = facts.get("joined_on")
    return facts | ({"joined_on": date.fromisoformat(joined)} if joined else {})


def _matched(rows: Sequence[dict[str, Any]], faults: Faults) -> Iterator[tuple[int, UUID]]:
    """Yield (line, customer) of the rows whose customer is there; note those that name two, or one that is not."""
    taken: dict[UUID, int] = {}
    for part in _parts(rows):
        digests = [bytes.fromhex(digest) for row in part for digest in row["known_by"]]
        by_hash = CustomerKey.objects.filter(hmac__in=digests).values_list("hmac", "customer_id")
        whose = {bytes(digest).hex(): customer for digest, customer in by_hash}
        ids = [UUID(row["customer"]) for row in part if row["customer"]]
        there = set(Customer.objects.filter(pk__in=ids).values_list("pk", flat=True))
        for row in part:
            named = {whose[digest] for digest in row["known_by"] if digest in whose}
            if row["customer"]:
                own = UUID(row["customer"])
                if own not in there:
                    faults.add(row["line"], "customer", "you have no such customer: take the id from the export.")
                    continue
                named.add(own)
            elif not named and row.get("driver"):
                named.add(UUID(row["driver"]))
            if len(named) > 1:
                faults.add(row["line"], "", "its contacts belong to different customers: give one of them.")
                continue
            for customer in named:
                if customer in taken:
                    faults.add(row["line"], "", f"this is the customer of row {taken[customer]}: keep one of them.")
                taken.setdefault(customer, row["line"])
                yield row["line"], customer


def _parts(rows: Sequence[_Row]) -> Iterator[Sequence[_Row]]:
    return (rows[start : start + BATCH] for start in range(0, len(rows), BATCH))
