"""Signals as they are sent, sent again and withdrawn: what raises prices is announced before it counts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Q

from cpo_portal.accounts.models import User
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.database.instants import FAR, is_near
from cpo_portal.network.models import Location
from pricing.models import Signal
from pricing.surges.policies import policy_of
from pricing.surges.scope import Area, lies_within
from pricing.versions.validity import Period, covers

MOST_AREAS = 1000
#: What a source says of a signal, the area apart.
_SAID = ("kind", "title", "source", "starts_at", "ends_at", "stale_after", "by")
_AREA = ("location_ids", "location_tags", "states")


class Standing(StrEnum):
    """What a signal is at an instant."""

    COMING = "COMING"
    COUNTS = "COUNTS"
    STALE = "STALE"
    OVER = "OVER"
    WITHDRAWN = "WITHDRAWN"


def announce(signal: Signal, now: datetime) -> Signal:
    """Save what a source says, with its CPO set, and return the row; raises ValidationError by field.

    The signal of the CPO with this id is made or changed, so that it may be sent again. It counts from the later of its
    start and now plus the notice of signals. A change that lets it hold earlier, longer or elsewhere, and one that
    begins to count anew, is announced anew; what only narrows it, or says in time that it still holds, counts at once.
    """
    with cpo_scope(signal.cpo), transaction.atomic():
        check(signal, now)
        stored = _locked(signal)
        if stored is None:
            signal.counts_from = max(signal.starts_at, now + _notice(signal, now))
            try:
                with transaction.atomic():
                    signal.save(force_insert=True)
            except IntegrityError:  # the same was sent a moment ago
                stored = _locked(signal)
                if stored is None:
                    raise
            else:
                return signal
        counts_from = stored.counts_from if _holds_already(stored, signal, now) else now + _notice(signal, now)
        stored.counts_from = max(signal.starts_at, counts_from)
        stored.withdrawn_at = None
        for name in (*_SAID, *_AREA):
            setattr(stored, name, getattr(signal, name))
        stored.save()
        return stored


def check(signal: Signal, now: datetime) -> None:
    """Put what a source says into its normal form, or raise ValidationError by field; inside the CPO's scope."""
    _normal(signal)
    errors: dict[str, list[str]] = {}
    try:
        signal.clean_fields(exclude=("cpo", "by", "counts_from", "starts_at", "ends_at"))
    except ValidationError as refusal:
        errors |= refusal.message_dict
    for name, sentence in (*_times(signal, now), *_areas(signal)):
        errors.setdefault(name, []).append(sentence)
    if errors:
        raise ValidationError(errors)  # type: ignore[arg-type]


def withdraw(signal: Signal, now: datetime, *, by: User | None = None) -> Signal:
    """Let a signal count no more, at once, and return it as it is then; withdrawn already, it stays as it was."""
    with cpo_scope(signal.cpo), transaction.atomic():
        rows = Signal.objects.filter(pk=signal.pk, withdrawn_at=None)
        rows.update(withdrawn_at=now, by=by, changed_at=now)
        found: Signal = Signal.objects.select_related("cpo").get(pk=signal.pk)
        return found


def standing(signal: Signal, at: datetime) -> Standing:
    """Return what a signal is at an instant."""
    if signal.withdrawn_at is not None:
        return Standing.WITHDRAWN
    if signal.ends_at <= at:
        return Standing.OVER
    if signal.stale_after is not None and signal.stale_after <= at:
        return Standing.STALE
    return Standing.COUNTS if max(signal.starts_at, signal.counts_from) <= at else Standing.COMING


def counting(at: datetime) -> Q:
    """Return the condition of rows for which `standing` is COUNTS."""
    fresh = Q(stale_after=None) | Q(stale_after__gt=at)
    return fresh & Q(withdrawn_at=None, starts_at__lte=at, counts_from__lte=at, ends_at__gt=at)


def counts_until(signal: Signal) -> datetime:
    """Return when a signal counts no more unless it is sent again: when it ends, or when it is stale before."""
    return signal.ends_at if signal.stale_after is None else min(signal.ends_at, signal.stale_after)


def area_of(signal: Signal) -> Area:
    """Return where a signal counts."""
    return Area(tuple(signal.location_ids), tuple(signal.location_tags), tuple(signal.states))


def _notice(signal: Signal, now: datetime) -> timedelta:
    return policy_of(signal.cpo).signal_notice.at(now)


def _locked(signal: Signal) -> Signal | None:
    rows = Signal.objects.select_for_update(no_key=True, of=("self",)).select_related("cpo")
    return rows.filter(signal_id=signal.signal_id).first()


def _holds_already(stored: Signal, said: Signal, now: datetime) -> bool:
    """Tell whether all that is said now was announced before and still stands."""
    return (
        standing(stored, now) in {Standing.COMING, Standing.COUNTS}
        and stored.kind == said.kind
        and covers(_ahead(stored, now), _ahead(said, now))
        and lies_within(area_of(said), area_of(stored))
    )


def _ahead(signal: Signal, now: datetime) -> Period:
    return Period(max(signal.starts_at, now), signal.ends_at)


def _normal(signal: Signal) -> None:
    """Sort lists, with each entry once and without space around it."""
    signal.signal_id, signal.title = signal.signal_id.strip(), " ".join(signal.title.split())
    signal.source = " ".join(signal.source.split())
    for name in _AREA:
        setattr(signal, name, sorted({entry.strip() for entry in getattr(signal, name)} - {""}))


def _times(signal: Signal, now: datetime) -> Iterator[tuple[str, str]]:
    starts_at, ends_at, stale_after = signal.starts_at, signal.ends_at, signal.stale_after
    for name in ("starts_at", "ends_at", "stale_after"):
        instant = getattr(signal, name)
        if instant is not None and not is_near(instant):
            yield name, FAR
    if starts_at is None:
        yield "starts_at", "Say from when it holds."
    if ends_at is None:
        yield "ends_at", "Say until when it holds: a signal without an end would raise prices for ever."
    elif starts_at is not None and ends_at <= starts_at:
        yield "ends_at", "It ends before it begins: give a later end."
    elif ends_at <= now:
        yield "ends_at", "It would be over already: give a later end."
    if stale_after is not None and stale_after <= now:
        yield "stale_after", "It would be stale already: give a later time, or leave it empty."


def _areas(signal: Signal) -> Iterator[tuple[str, str]]:
    for name in _AREA:
        if len(getattr(signal, name)) > MOST_AREAS:
            yield name, f"Name at most {MOST_AREAS}: use tags or states, or leave it empty for everywhere."
    missing = sorted(_unknown(signal.location_ids[:MOST_AREAS]))
    if missing:
        yield "location_ids", f"You have no location “{missing[0]}”: name one of yours."


def _unknown(location_ids: Iterable[str]) -> set[str]:
    wanted = set(location_ids)
    return wanted - set(Location.objects.filter(location_id__in=wanted).values_list("location_id", flat=True))
