"""Batches of single-use codes: asked for by staff, made chunk by chunk, cancelled, counted."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

from celery import current_app
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Now
from structlog import get_logger

from cpo_portal.accounts.models import User
from cpo_portal.accounts.tenancy import cpo_scope
from offers.authoring.drafts import lock_offer, working_version
from offers.codes.alphabets import least_length, make_code
from offers.models import MOST_CODES, CodeAlphabet, CodeBatch, CodeState, Offer, OfferState, SingleUseCode
from offers.quoting import LONGEST_CODE

log = get_logger(__name__)

#: So many codes are made in one transaction: a killed worker loses the work of a fraction of a second.
CHUNK = 10_000
_MAKE = "offers.codes.tasks.make_codes"
_OVER = (OfferState.WITHDRAWN, OfferState.ARCHIVED)

# A code that an offer shows is nobody's own.
_INSERT = """
INSERT INTO offers_singleusecode (cpo_id, batch_id, code, state)
SELECT %(cpo)s, %(batch)s, made.code, 'FREE' FROM unnest(%(codes)s::text[]) AS made (code)
WHERE NOT EXISTS (
    SELECT FROM offers_offerversion v WHERE v.cpo_id = %(cpo)s AND upper(v.display_code) = made.code
)
ON CONFLICT (cpo_id, code) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class BatchSpec:
    """What staff ask for: so many codes, each the prefix and `length` random characters; a length of None is enough."""

    count: int
    name: str = ""
    prefix: str = ""
    alphabet: str = CodeAlphabet.MIXED
    length: int | None = None


def ask_for_codes(offer: Offer, spec: BatchSpec, *, by: User | None = None, by_token: str = "") -> CodeBatch:
    """Note that so many codes are to be made, and wake the worker; raises ValidationError by field."""
    with cpo_scope(offer.cpo), transaction.atomic():
        batch = check_spec(lock_offer(offer), spec)
        batch.created_by, batch.by_token = by, by_token
        batch.save(force_insert=True)
        transaction.on_commit(_wake)
    return batch


def check_spec(offer: Offer, spec: BatchSpec) -> CodeBatch:
    """Return the batch that would be made, not saved; raises ValidationError by field."""
    batch = CodeBatch(
        cpo=offer.cpo,
        offer=offer,
        name=spec.name.strip(),
        count=spec.count,
        prefix=spec.prefix.strip().upper(),
        alphabet=spec.alphabet,
        length=spec.length or (least_length(spec.alphabet) if spec.alphabet in CodeAlphabet.values else 0),
    )
    _check(offer, batch)
    return batch


def make_some(batch: CodeBatch) -> int:
    """Make the next chunk of the batch in a transaction of its own; return how many, 0 where none are to be made.

    What is made stands in the batch's locked row, so two workers, or one that was killed, make no more than asked.
    """
    with cpo_scope(batch.cpo), transaction.atomic():
        rows = CodeBatch.objects.select_for_update(skip_locked=True, no_key=True, of=("self",))
        found = rows.filter(pk=batch.pk, finished_at=None, cancelled_at=None).first()
        if found is None:
            return 0
        wanted = min(CHUNK, found.count - found.made)
        codes = [make_code(found.prefix, found.length, found.alphabet) for _ in range(wanted)]
        with connection.cursor() as cursor:
            cursor.execute(_INSERT, {"cpo": found.cpo_id, "batch": found.pk, "codes": codes})
            made = cursor.rowcount
        done = found.made + made >= found.count
        CodeBatch.objects.filter(pk=found.pk).update(made=F("made") + made, finished_at=Now() if done else None)
    return made


def cancel_batch(batch: CodeBatch) -> int:
    """Cancel the batch: what is free opens nothing any more, what orders hold stays theirs; return how many were free.

    Raises ValidationError where it was cancelled before.
    """
    with cpo_scope(batch.cpo), transaction.atomic():
        free = SingleUseCode.objects.filter(batch=batch, state=CodeState.FREE).count()
        if not CodeBatch.objects.filter(pk=batch.pk, cancelled_at=None).update(cancelled_at=Now()):
            raise ValidationError("These codes are cancelled already: make a new batch instead.")
    return free


def cancel_codes(codes: QuerySet[SingleUseCode]) -> int:
    """Cancel the free ones among these codes; return how many that were."""
    return codes.filter(state=CodeState.FREE).update(state=CodeState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many codes of a batch are free, held by orders, used, and cancelled, one by one or with their batch."""

    free: int
    held: int
    used: int
    cancelled: int


def counts_of(batch: CodeBatch) -> Counts:
    """Count the codes of a batch by state, inside its CPO's scope; of a cancelled one none is free."""
    codes = SingleUseCode.objects.filter(batch=batch).order_by()
    found = dict(codes.values("state").annotate(n=Count("pk")).values_list("state", "n"))
    counts = Counts(*(found.get(state, 0) for state in CodeState.values))
    # Cancelling a batch writes its one row alone.
    return counts if batch.cancelled_at is None else replace(counts, free=0, cancelled=counts.free + counts.cancelled)


def takes_codes(offer: Offer) -> bool:
    """Tell whether codes can be made for the offer: its latest version asks for them, and it is not over for good."""
    version = working_version(offer)
    return version is not None and version.single_use_codes and offer.state not in _OVER


def _check(offer: Offer, batch: CodeBatch) -> None:
    errors: dict[str, list[str]] = {}
    try:
        batch.clean_fields(exclude={"offer", "created_by"})
    except ValidationError as refusal:
        errors = refusal.message_dict
    if "alphabet" not in errors:
        _check_length(batch, errors)
    if offer.state in _OVER:
        errors["offer"] = [f"This offer is {offer.get_state_display().lower()}: choose another one."]  # type: ignore[attr-defined]
    elif not takes_codes(offer):
        errors["offer"] = [
            "This offer takes no single-use codes: tick “each buyer must send a code of their own” in it first."
        ]
    asked = CodeBatch.objects.filter(offer=offer, cancelled_at=None).aggregate(n=Sum("count"))["n"] or 0
    if "count" not in errors and asked + batch.count > MOST_CODES:
        left = f"{MOST_CODES - asked:,} more can be made for this one"
        errors["count"] = [f"An offer has at most {MOST_CODES:,} codes: {left}."]
    if errors:
        raise ValidationError(errors)  # type: ignore[arg-type]


def _check_length(batch: CodeBatch, errors: dict[str, list[str]]) -> None:
    least, most = least_length(batch.alphabet), LONGEST_CODE - len(batch.prefix)
    if batch.length < least:
        errors["length"] = [f"Codes this short can be guessed: take at least {least} random characters."]
    elif batch.length > most:
        errors["length"] = [f"A code has at most {LONGEST_CODE} characters: take at most {most} random ones."]


def unfinished() -> list[CodeBatch]:
    """Return the batches that still lack codes, oldest first; inside every CPO's scope."""
    rows = CodeBatch.objects.filter(Q(finished_at=None, cancelled_at=None)).select_related("cpo").order_by("pk")
    return list(rows[:50])


def _wake() -> None:
    """Ask the bulk worker to begin, from a thread: a broker that does not answer must not keep a page waiting."""
    threading.Thread(target=_send, name="make-codes", daemon=True).start()


def _send() -> None:
    try:
        current_app.send_task(_MAKE, queue="bulk", expires=10, retry=False, ignore_result=True)
    except Exception as error:  # noqa: BLE001  whatever a broker throws, the schedule repairs it
        log.warning("codes_not_begun_yet", error=type(error).__name__)
