"""What a template fills a CPO's form in with: its own words, and the CPO's own things that it needs."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from cpo_portal.accounts.models import Cpo
from cpo_portal.charging.models import Segment
from cpo_portal.network.models import Location
from offers.authoring.places import known_tags
from offers.campaigns.table import Makes, Need, Template
from offers.models import Offer
from pricing.engine.wording import money_text
from pricing.models import HolidayCalendar
from pricing.subscriptions import subscriptions_sold

#: How a template writes an amount that is in the CPO's currency.
_AMOUNT = re.compile(r"\{currency\} (\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Filled:
    """The fields of the form with their values, by where they belong; `missing` says what must be made first."""

    template: Template
    content: dict[str, Any] = field(default_factory=dict)
    limits: dict[str, Any] = field(default_factory=dict)
    offer_id: str = ""
    missing: str = ""


def fill(template: Template, cpo: Cpo, now: datetime) -> Filled:
    """Return what the form is filled in with; inside the CPO's scope. Nothing is saved."""
    found = _own_of(template.need) if template.need is not None else {}
    missing = template.need.missing if template.need is not None and not found else ""
    if template.makes is not Makes.OFFER:
        return Filled(template, dict(template.said) | found, missing=missing)
    content = {"name": template.title} | dict(template.said) | found | first_period(ZoneInfo(cpo.time_zone), now)
    return Filled(template, content, dict(template.limits), _free_id(template.key), missing)


def sentence_for(template: Template, cpo: Cpo) -> str:
    """Return what the template does, in the CPO's currency."""
    return _AMOUNT.sub(lambda found: money_text(Decimal(found[1]), cpo.currency), template.sentence)


def first_period(zone: ZoneInfo, now: datetime) -> dict[str, datetime]:
    """Propose the thirty days from the next midnight."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    start = datetime.combine(tomorrow, time(0), tzinfo=zone)
    return {"valid_from": start, "valid_until": datetime.combine(tomorrow + timedelta(days=30), time(0), tzinfo=zone)}


def _own_of(need: Need) -> dict[str, Any]:
    """Return the CPO's first thing that fits as values of the form, nothing where there is none."""
    found = _LOOK_UPS[need.field](need)
    if not found:
        return {}
    return {need.field: found if need.field in _ONE else (found,)}


def _segment(need: Need) -> str:
    rules = Segment.objects.order_by("name").values_list("segment_id", "conditions")
    fits = (name for name, conditions in rules if any(each.get("fact") in need.facts for each in conditions))
    return next(fits, "")


def _calendar(need: Need) -> str:
    return HolidayCalendar.objects.order_by("name").values_list("calendar_id", flat=True).first() or ""


def _tag(need: Need) -> str:
    return next((tag for tag in sorted(known_tags()) if tag.casefold() == need.tag), "")


def _state(need: Need) -> str:
    return Location.objects.exclude(state="").order_by("state").values_list("state", flat=True).first() or ""


def _plan(need: Need) -> str:
    return subscriptions_sold().first() or ""


#: The fields that name one thing; the others name some.
_ONE = frozenset({"holiday_calendar", "plan"})
_LOOK_UPS: Mapping[str, Callable[[Need], str]] = {
    "segment_ids": _segment,
    "holiday_calendar": _calendar,
    "location_tags": _tag,
    "states": _state,
    "plan": _plan,
}


def _free_id(key: str) -> str:
    """Return the template's name, or with a number where offers of that name are there."""
    taken = set(Offer.objects.filter(offer_id__startswith=key).values_list("offer_id", flat=True))
    return next(name for name in (key, *(f"{key}-{n}" for n in range(2, len(taken) + 3))) if name not in taken)
