"""Which surges name a segment or a product, and what they name in words."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Segment
from cpo_portal.charging.segments.past import KEEPERS
from cpo_portal.charging.segments.stored import USERS
from cpo_portal.network.models import Charger, Connector, Location, Product
from cpo_portal.network.usage import NEEDS
from pricing.models import HolidayCalendar, SurgePolicy, SurgeSchedule, SurgeState, SurgeVersion
from pricing.surges.content import SurgeContent
from pricing.surges.layers import layers_of
from pricing.versions.validity import spans_of

_PRICES = (SurgeState.APPROVED, SurgeState.PAUSED)


def schedules_naming(cpo_id: int, named: Q, now: datetime) -> list[SurgeSchedule]:
    """Return the schedules, not archived, whose draft, or a version that prices from now on, fits; in the CPO's scope.

    A paused schedule prices again once it is resumed.
    """
    rows = SurgeVersion.objects.filter(named, cpo=cpo_id).exclude(schedule__state=SurgeState.ARCHIVED)
    found = {x.pk: x.schedule_id for x in rows}
    drafts = {x.schedule_id for x in rows if x.published_at is None}
    schedules = SurgeSchedule.objects.filter(pk__in=found.values()).order_by("schedule_id")
    layers = layers_of([x for x in schedules if x.state in _PRICES])
    holding = {
        key
        for key, newest_first in layers.items()
        for span in spans_of(newest_first)
        if not span.period.is_over(now) and span.version.version.pk in found
    }
    return [x for x in schedules if x.pk in drafts | holding]


def surges_using(segment: Segment) -> list[str]:
    """Return "the surge congestion" for each schedule that lets a segment off."""
    named = Q(exemptions__segment_ids__contains=[segment.segment_id])
    found = schedules_naming(segment.cpo_id, named, timezone.now())
    return [f"the surge {x.schedule_id}" for x in found]


def exempting_until(cpo_id: int, segment_ids: Collection[str], now: datetime) -> datetime | None:
    """Return until when surges let off whom these segments are for now, if they are changed: their notice.

    None where no surge lets any of them off.
    """
    named = Q(*(Q(exemptions__segment_ids__contains=[x]) for x in sorted(segment_ids)), _connector=Q.OR)
    if not segment_ids or not schedules_naming(cpo_id, named, now):
        return None
    return now + (SurgePolicy.objects.filter(cpo=cpo_id).first() or SurgePolicy()).notice.at(now)


def why_kept(row: object) -> str:
    """Return why a product is not deleted, "" where no surge is for it or the row is no product."""
    if not isinstance(row, Product):
        return ""
    with cpo_scope(row.cpo):
        named = Q(scope__product_ids__contains=[row.product_id])
        found = schedules_naming(row.cpo_id, named, timezone.now())
    if not found:
        return ""
    names = " and ".join(f"“{x.name}” ({x.schedule_id})" for x in found[:3])
    more = f" and {len(found) - 3} more" if len(found) > 3 else ""
    surges, they = ("surge", "it") if len(found) == 1 else ("surges", "them")
    return (
        f"“{row.name}” cannot be deleted: the {surges} {names}{more} {'is' if len(found) == 1 else 'are'} for sessions "
        f"that order it. Take it out there or end {they}, then delete the product."
    )


def keep_named(content: SurgeContent) -> None:
    """Let nobody delete the segments and products that a content names until the transaction ends.

    Who deletes one locks its row first: they wait, and then find the surge; who was faster leaves nothing to name.
    """
    for model, key, ids in (
        (Segment, "segment_id", content.exemptions.segment_ids),
        (Product, "product_id", content.scope.product_ids),
    ):
        if ids:
            rows = model.objects.filter(**{f"{key}__in": ids}).order_by("pk")
            list(rows.select_for_update(no_key=True, of=("self",)).values_list("pk"))


def names_of(contents: Iterable[SurgeContent]) -> dict[str, str]:
    """Return the names of the places, things, segments and calendars that these name, by id; in the CPO's scope."""
    said = list(contents)
    wanted = (
        (Location, "location_id", "name", [x for each in said for x in each.scope.location_ids]),
        (Charger, "evse_id", "name", [x for each in said for x in each.scope.charger_ids]),
        (Product, "product_id", "name", [x for each in said for x in each.scope.product_ids]),
        (Segment, "segment_id", "name", [x for each in said for x in each.exemptions.segment_ids]),
        (HolidayCalendar, "calendar_id", "name", [x.holiday_calendar for x in said if x.holiday_calendar]),
    )
    names: dict[str, str] = {}
    for model, key, column, ids in wanted:
        if ids:
            names |= dict(model.objects.filter(**{f"{key}__in": ids}).values_list(key, column))  # type: ignore[attr-defined]
    items = [x for each in said for x in each.scope.item_ids]
    if items:
        names |= {row.item_id: str(row) for row in Connector.objects.filter(item_id__in=items)}
    return names


USERS.append(surges_using)
KEEPERS.append(exempting_until)
NEEDS.append(why_kept)
