"""Which tariff has which place, and for sessions that start when: the rows that a quote looks up."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.db.models import Q, QuerySet

from cpo_portal.network.models import Connector, Location
from pricing.authoring.places import Place, faults_of, location_names, places_of
from pricing.models import Tariff, TariffAssignment, TariffState, TariffVersion
from pricing.versions.published import since_last_ended
from pricing.versions.validity import ALWAYS, Bounded, Period, Span, in_effect, overlap, spans_of


@dataclass(frozen=True, slots=True)
class Claim:
    """A place that a tariff has for sessions that start in a stretch of time.

    `version` is None where the one that was published last holds at all times.
    """

    place: Place
    period: Period = ALWAYS
    version: TariffVersion | None = None


def layers_of(tariff_ids: Collection[int], *, upto: datetime | None = None) -> dict[int, list[TariffVersion]]:
    """Return the published versions of tariffs, the newest first, since each was last ended; as of `upto`."""
    return since_last_ended(TariffVersion.objects.filter(tariff__in=tariff_ids), "tariff", upto=upto)


def holding(rows: Iterable[TariffAssignment], now: datetime) -> list[TariffAssignment]:
    """Return those rows of a tariff that hold for sessions that start now."""
    return [row for row in rows if in_effect([row], now) is not None]


def live_now(tariff: Tariff, now: datetime) -> TariffVersion | None:
    """Return the version that is the price now, by the tariff's rows, which all have one at a time; of a tariff that is
    not published the one that was last."""
    if tariff.state != TariffState.APPROVED:
        return tariff.live_version
    rows = holding(tariff.assignments.all(), now)
    return (rows[0].version or tariff.live_version) if rows else None


def coming_of(tariff: Tariff, now: datetime) -> tuple[Span[TariffVersion], ...]:
    """Return which version of a published tariff prices sessions of when, from now on, by its rows, in order of time;
    empty where one always does."""
    if tariff.state != TariffState.APPROVED:
        return ()
    claims = (_claim_in_time(row) for row in tariff.assignments.all())
    spans = dict.fromkeys(Span(period, version) for period, version in claims if version is not None)
    return tuple(sorted((x for x in spans if not x.period.is_over(now)), key=lambda x: x.period.begins))


def claims_with(tariff: Tariff, newest: TariffVersion, *, now: datetime) -> tuple[Claim, ...]:
    """Return what a tariff has once `newest` is published: the versions before it hold where it does not.

    What is over is left out.
    """
    older = layers_of([tariff.pk]).get(tariff.pk, [])
    spans = spans_of([newest, *older])
    if [span.version for span in spans] == [newest] and not spans[0].period.is_bounded:
        return tuple(Claim(place) for place in dict.fromkeys(places_of(newest)))
    return tuple(
        Claim(place, span.period, span.version)
        for span in spans
        if not span.period.is_over(now)
        for place in dict.fromkeys(places_of(span.version))
    )


def conflicts_of(tariff: Tariff, places: Iterable[Place], period: Bounded) -> dict[Place, str]:
    """Return why the tariff cannot have places in a stretch of time, one sentence each: another one applies there."""
    wanted = list(places)
    names = location_names(wanted)
    found = {}
    for place, row in _rows_at(wanted):
        other = row.tariff
        if other.pk == tariff.pk or other.state != TariffState.APPROVED or not overlap(row, period):
            continue
        bounded = any((row.valid_from, row.valid_until, period.valid_from, period.valid_until))
        when = " at that time" if bounded else ""
        found[place] = f"“{other}” already applies {place.named(names)}{when}: take it off there first."
    return found


def take(tariff: Tariff, claims: Sequence[Claim]) -> None:
    """Make these the only claims of the tariff, from tariffs that are not published; in the caller's transaction.

    Raises ValidationError for `places`, and where there is none.
    """
    with connection.cursor() as cursor:
        # Two publications, each sure that a place is free, must not both take it.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('pricing.places'), %s)", [tariff.cpo_id])
    wanted = [claim.place for claim in claims]
    _check(tariff, claims)
    rows = [row for _, row in _rows_at(wanted)]
    stale = [row.pk for row in rows if row.tariff_id != tariff.pk and row.tariff.state != TariffState.APPROVED]
    named = set(claims)
    kept = {claim: row.pk for row in rows if row.tariff_id == tariff.pk and (claim := _claim_of(row)) in named}
    TariffAssignment.objects.filter(Q(pk__in=stale) | Q(tariff=tariff)).exclude(pk__in=kept.values()).delete()
    _assign(tariff, [claim for claim in claims if claim not in kept])


def _check(tariff: Tariff, claims: Sequence[Claim]) -> None:
    faults = faults_of(tariff, [claim.place for claim in claims])
    for period in dict.fromkeys(claim.period for claim in claims):
        faults |= conflicts_of(tariff, [claim.place for claim in claims if claim.period == period], period)
    if faults or not claims:
        said = list(faults.values())
        raise ValidationError({"places": said or "It applies nowhere: name a place before you publish it."})


def _rows_at(places: Iterable[Place]) -> list[tuple[Place, TariffAssignment]]:
    """Return the rows at any of these places, whatever their tariff's state."""
    wanted = set(places)
    rows: QuerySet[TariffAssignment] = TariffAssignment.objects.select_related(
        "tariff", "version", "location", "connector"
    ).filter(
        Q(location=None) | Q(location__location_id__in={place.location_id for place in wanted}),
        Q(connector=None) | Q(connector__item_id__in={place.item_id for place in wanted}),
    )
    return [(place, row) for row in rows if (place := place_of(row)) in wanted]


def _claim_in_time(row: TariffAssignment) -> tuple[Period, TariffVersion | None]:
    return Period(row.valid_from, row.valid_until), row.version


def _claim_of(row: TariffAssignment) -> Claim:
    return Claim(place_of(row), *_claim_in_time(row))


def place_of(row: TariffAssignment) -> Place:
    """Return the place of a row whose location and connector are loaded."""
    return Place(
        row.location.location_id if row.location else "",
        row.connector.item_id if row.connector else "",
        row.connector_type,
    )


def _assign(tariff: Tariff, claims: Sequence[Claim]) -> None:
    site_ids, item_ids = ({getattr(x.place, key) for x in claims} - {""} for key in ("location_id", "item_id"))
    locations = {row.location_id: row for row in Location.objects.filter(location_id__in=site_ids)}
    connectors = {row.item_id: row for row in Connector.objects.filter(item_id__in=item_ids)}
    try:
        with transaction.atomic():
            TariffAssignment.objects.bulk_create(
                TariffAssignment(
                    cpo=tariff.cpo,
                    tariff=tariff,
                    location=locations[claim.place.location_id] if claim.place.location_id else None,
                    connector=connectors[claim.place.item_id] if claim.place.item_id else None,
                    connector_type=claim.place.connector_type,
                    valid_from=claim.period.valid_from,
                    valid_until=claim.period.valid_until,
                    version=claim.version,
                )
                for claim in claims
            )
    except (IntegrityError, KeyError) as race:
        raise ValidationError({"places": "One of the places has just changed: reload and try again."}) from race
