"""The stations to which a surge is limited, for its public page, with from when those join that were tagged lately."""

from __future__ import annotations

from datetime import datetime

from cpo_portal.network.models import Location
from offers.public.names import site_in_words
from pricing.engine.windows import zone_of
from pricing.engine.wording import moment_text
from pricing.surges.content import Scope
from pricing.surges.promises import Promise
from pricing.surges.scope import fits_location, tags_at, tags_count_from


def stations_of(scope: Scope, notice: Promise, now: datetime) -> tuple[str, ...] | None:
    """Return the stations that apps show of those that a scope names by id and tag, None where it names none.

    A tag that is added to a station counts once the notice is over; until then it says so. Inside the CPO's scope.
    """
    if not scope.location_ids and not scope.location_tags:
        return None
    rows = Location.objects.filter(is_published=True)
    return tuple(sorted({_in_words(row, scope, notice, now) for row in rows if fits_location(scope, row)}))


def _in_words(row: Location, scope: Scope, notice: Promise, now: datetime) -> str:
    words = site_in_words(row)
    if fits_location(scope, row, tags_at(row, notice, now)):
        return words
    wanted = {tag.casefold() for tag in scope.location_tags}
    joins = min(at for tag, at in tags_count_from(row, notice).items() if tag in wanted)
    return f"{words} (from {moment_text(joins.astimezone(zone_of(row.time_zone)))} on)"
