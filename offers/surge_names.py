"""How people call what a surge has ids for, connectors, chargers, products and days, for its public page."""

from __future__ import annotations

from datetime import date, datetime

from cpo_portal.network.models import Charger, Connector, Location, Product
from pricing.engine.week import joined
from pricing.engine.windows import zone_of
from pricing.engine.wording import date_text
from pricing.models import HolidayCalendar
from pricing.surges.content import Scope

_HIDDEN = "a place that apps do not show at present"
_UNSOLD = "a product that is not sold now"
_MOST_DAYS = 20


def names_in(scope: Scope) -> dict[str, str]:
    """Return the names of connectors, chargers and products by id; what is hidden from apps has none. In the CPO's
    scope."""
    names = dict.fromkeys((*scope.item_ids, *scope.charger_ids), _HIDDEN)
    names |= dict.fromkeys(scope.product_ids, _UNSOLD)
    if scope.item_ids:
        shown = Connector.objects.filter(is_published=True, charger__location__is_published=True)
        rows = shown.filter(item_id__in=scope.item_ids)
        found = rows.values_list("item_id", "charger__name", "charger__location__name")
        names |= {item: f"{charger} of {place}" for item, charger, place in found}
    if scope.charger_ids:
        chargers = Charger.objects.filter(evse_id__in=scope.charger_ids, location__is_published=True)
        named = chargers.values_list("evse_id", "name", "location__name")
        names |= {evse: f"{charger} of {place}" for evse, charger, place in named}
    if scope.product_ids:
        sold = Product.objects.filter(product_id__in=scope.product_ids, is_published=True)
        names |= dict(sold.values_list("product_id", "name"))
    return names


def holidays_left(calendar_id: str, today: date) -> tuple[str, ...]:
    """Return the next days of a calendar, each as "Diwali, 8 Nov 2026"; how the CPO calls the calendar is its own."""
    calendar = HolidayCalendar.objects.filter(calendar_id=calendar_id).first() if calendar_id else None
    days = [(date.fromisoformat(entry["date"]), entry["name"]) for entry in calendar.days] if calendar else []
    left = [f"{name}, {date_text(day)}" for day, name in days if day >= today]
    return tuple(left[:_MOST_DAYS])


def zones_in_words(now: datetime) -> str:
    """Return the zones of the clocks of all stations that apps show: "IST", or "IST and GMT"."""
    names = Location.objects.filter(is_published=True).order_by("time_zone").values_list("time_zone", flat=True)
    return joined(list(dict.fromkeys(f"{now.astimezone(zone_of(name)):%Z}" for name in names.distinct())))
