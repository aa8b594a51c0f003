"""Takes in files of offers, all of one or nothing: small ones at once, large ones in the background with progress."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from celery import shared_task
from django.core.exceptions import ValidationError
from django.db import DatabaseError, DataError, IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import F
from django.db.models.functions import Now

from cpo_portal.accounts.leases import claim, go_on, held
from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.imports.csv_files import Faults, NotRead
from cpo_portal.database.errors import describe
from offers.authoring.bulk import NewOffer, create_offers
from offers.files.columns import columns_for, values_by_field
from offers.files.reading import count_rows, read_offers
from offers.models import OfferImport, OfferImportState
from pricing.versions.review import Actor

log = structlog.get_logger(__name__)
#: Above so many rows a file is taken in in the background.
AT_ONCE = 1000
#: Files of one CPO that may wait or run at a time.
MOST_AT_ONCE = 3
#: Longer than the slowest writing: a lease is not renewed inside the one transaction.
LEASE = timedelta(minutes=5)
#: The same file would fail in the same way: nothing is gained by sending it again.
NOT_WRITTEN = (
    "The database refused an offer of this file, so that nothing is imported: import its rows in parts to find the "
    "one, and enter that by the form."
)
#: Workers that died over one file before it is given up.
ATTEMPTS = 3
_UNDER_WAY = (OfferImportState.QUEUED, OfferImportState.RUNNING)


@dataclass(slots=True)
class Report:
    """What a file did or would do: its rows, its faults, and the import where it was written or goes on.

    `made` are the ids of the offers that were written.
    """

    rows: int
    faults: Faults = field(default_factory=Faults)
    job: OfferImport | None = None
    made: tuple[str, ...] = ()


class _Lost(Exception):
    """Another worker has taken the file over."""


def import_offers(cpo: Cpo, data: bytes, *, dry_run: bool, actor: Actor) -> Report:
    """Take in a file of offers as drafts; faults write nothing. Raises NotRead for what is no such file."""
    with cpo_scope(cpo):
        rows = count_rows(cpo, data)
        job = OfferImport(cpo=cpo, total=rows, dry_run=dry_run, by=actor.by, by_token=actor.by_token)
        if rows > AT_ONCE:
            return Report(rows, job=_queued(job, data))
        offers, faults = read_offers(cpo, data)
        if faults.count or dry_run:
            return Report(rows, faults)
        try:
            faults = _written(cpo, offers, actor)
        except (DataError, IntegrityError) as error:
            log.error("offer_import_refused", error=describe(error))
            raise NotRead(NOT_WRITTEN) from error
        if faults.count:
            return Report(rows, faults)
        job.state, job.done, job.finished_at = OfferImportState.DONE, rows, Now()
        job.save(force_insert=True)
        return Report(rows, job=job, made=tuple(new.offer_id for new in offers))


def import_checked(job: OfferImport, actor: Actor) -> None:
    """Import the file of a check that found no fault; raises ValidationError where it is gone or was imported."""
    with cpo_scope(job.cpo), transaction.atomic():
        kept = OfferImport.objects.filter(pk=job.pk, state=OfferImportState.CHECKED, file__isnull=False)
        if not kept.update(
            state=OfferImportState.QUEUED, dry_run=False, done=0, attempts=0, by=actor.by, by_token=actor.by_token
        ):
            raise ValidationError("The file is no longer kept: upload it again.")
        transaction.on_commit(_wake, robust=True)


def is_kept(job: OfferImport) -> bool:
    """Tell whether a checked file can be imported as it is."""
    return OfferImport.objects.filter(pk=job.pk, state=OfferImportState.CHECKED, file__isnull=False).exists()


def _queued(job: OfferImport, data: bytes) -> OfferImport:
    with transaction.atomic():
        # The CPO's row makes two people who press at once one after the other.
        Cpo.objects.select_for_update(no_key=True).get(pk=job.cpo_id)
        if OfferImport.objects.filter(state__in=_UNDER_WAY).count() >= MOST_AT_ONCE:
            raise NotRead(f"{MOST_AT_ONCE} files are being taken in: wait until one is done.")
        OfferImport.objects.filter(state=OfferImportState.CHECKED, file__isnull=False).update(file=None)
        job.file = zlib.compress(data)
        job.save(force_insert=True)
        # Should no broker hear of it, the schedule finds it.
        transaction.on_commit(_wake, robust=True)
    return job


def _wake() -> None:
    run_offer_imports.apply_async(queue="bulk")


@shared_task
def run_offer_imports() -> int:
    """Take in the file that waits longest, or that a worker has died over; return how many were finished.

    One at a time: a CPO with many files does not keep the rest of the background's work waiting.
    """
    job = claim(OfferImport, LEASE, longest="created_at", related="by")
    if job is None:
        return 0
    with cpo_scope(job.cpo):
        return _run(job)


def _run(job: OfferImport) -> int:
    if job.attempts > ATTEMPTS:
        return _end(job, OfferImportState.FAILED, f"It was begun {ATTEMPTS} times and never came to its end.")
    try:
        return _take_in(job)
    except _Lost:
        return 0
    except NotRead as refusal:
        return _end(job, OfferImportState.REFUSED, str(refusal)[:300])
    except (OperationalError, InterfaceError):
        raise  # the database is away or another was in between: the lease lapses, and the file is taken up again
    except DatabaseError as error:
        log.error("offer_import_refused", offer_import=str(job.pk), error=describe(error))
        return _end(job, OfferImportState.FAILED, NOT_WRITTEN)
    except Exception as error:  # noqa: BLE001  whatever it was, its page says so and the next file is taken in
        log.error("offer_import_failed", offer_import=str(job.pk), error=describe(error))
        return _end(job, OfferImportState.FAILED, "It failed on our side: send the file again.")


def _take_in(job: OfferImport) -> int:
    data = zlib.decompress(job.file or b"")
    offers, faults = read_offers(job.cpo, data, progress=lambda done: _go_on(job, done))
    if not faults.count and job.dry_run:
        return _end(job, OfferImportState.CHECKED)
    if not faults.count:
        _go_on(job, job.total)
        # The drafts and the end of the import are one: a worker that was late writes nothing.
        with transaction.atomic():
            faults = _written(job.cpo, offers, Actor(job.by, job.by_token))
            if not faults.count and _end(job, OfferImportState.DONE):
                return 1
            transaction.set_rollback(True)
    return _end(job, OfferImportState.REFUSED, faults=faults) if faults.count else 0


def _written(cpo: Cpo, offers: list[NewOffer], actor: Actor) -> Faults:
    """Write the offers, or return what has come in between."""
    faults, columns = Faults(), values_by_field(columns_for(cpo.time_zone))
    for line, name, sentence in create_offers(cpo, offers, actor):
        faults.add(line, columns[name].label, sentence)
    return faults


def _go_on(job: OfferImport, done: int) -> None:
    """Tell the progress and renew the lease; raises where it was lost."""
    if not go_on(job, LEASE, done):
        raise _Lost


def _end(job: OfferImport, state: OfferImportState, reason: str = "", faults: Faults | None = None) -> int:
    found = faults or Faults()
    whole = found.count > 0 or state in {OfferImportState.CHECKED, OfferImportState.DONE}
    changes = {} if state == OfferImportState.CHECKED else {"file": None}
    return held(job).update(
        state=state,
        reason=reason,
        faults=[{"row": x.row, "column": x.column, "message": x.sentence} for x in found.shown],
        fault_count=found.count,
        finished_at=Now(),
        leased_until=None,
        done=F("total") if whole else F("done"),
        **changes,
    )
