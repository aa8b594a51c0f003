"""Which segments an offer's version is for, compiled, and which offers use a segment."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django.db import connection
from django.db.models import F, Q

from cpo_portal.charging.models import Segment
from cpo_portal.charging.segments.rules import Segment as Compiled
from cpo_portal.charging.segments.stored import USERS, compiled, rules_of
from offers.known import is_remembering, names_there
from offers.models import Offer, OfferState, OfferVersion


def compiled_segments() -> dict[str, Compiled]:
    """Return all segments of the active scope, by id: one query."""
    return compiled(rules_of())


def segments_for(version: OfferVersion, known: Mapping[str, Compiled] | None) -> tuple[Compiled, ...]:
    """Return the segments of a version; one that is gone has nobody in it, so that it never opens an offer."""
    if not version.segment_ids:
        return ()
    found = compiled(rules_of(list(Segment.objects.filter(cpo=version.cpo_id)))) if known is None else known
    return tuple(found.get(name) or Compiled(name, name, ()) for name in version.segment_ids)


def unknown_segments(names: Iterable[str]) -> list[str]:
    """Return which of these ids are no segment of the active scope; inside a transaction the others stay till its end,
    unless the names of a whole file are remembered.

    Who deletes a segment locks its row first: it waits, and then finds the offer.
    """
    wanted = set(names)
    if not wanted:
        return []
    if is_remembering():
        return sorted(wanted - names_there(Segment.objects, "segment_id", wanted))
    rows = Segment.objects.filter(segment_id__in=wanted).order_by("pk")
    if connection.in_atomic_block:
        rows = rows.select_for_update(no_key=True, of=("self",))
    return sorted(wanted - {row.segment_id for row in rows})


def segment_choices() -> list[tuple[str, str]]:
    """Return the active scope's segments as a form offers them."""
    rows = Segment.objects.order_by("name").values_list("segment_id", "name")
    return [(key, f"{name} ({key})") for key, name in rows]


def offers_using(segment: Segment) -> list[str]:
    """Return "the offer weekend-25" for each offer, not archived, whose draft or live version is for the segment."""
    used = (
        OfferVersion.objects.filter(cpo=segment.cpo_id, segment_ids__contains=[segment.segment_id])
        .filter(Q(published_at=None) | Q(offer__live_version=F("pk")))
        .exclude(offer__in=Offer.objects.filter(cpo=segment.cpo_id, state=OfferState.ARCHIVED))
    )
    ids = used.order_by("offer__offer_id").values_list("offer__offer_id", flat=True).distinct()
    return [f"the offer {offer_id}" for offer_id in ids]


USERS.append(offers_using)
