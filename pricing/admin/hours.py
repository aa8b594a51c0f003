"""The page of prices by hour: what a kWh costs at a connector in a week, with its surges and holidays laid over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import ceil
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from cpo_portal.accounts.models import Cpo
from cpo_portal.adminkit.actions import page_button
from cpo_portal.adminkit.rules import cpo_of
from cpo_portal.network.models import Connector
from pricing.admin.drafts import TRY_PAGES
from pricing.engine.hourly import HourCell, hours_of_day
from pricing.engine.values import Surge
from pricing.engine.windows import zone_of
from pricing.engine.wording import date_text, money_text, plain_number
from pricing.forms.places import connector_choices
from pricing.hours import ConnectorPrices, prices_of
from pricing.models import HolidayCalendar, SurgeVersion
from pricing.surges.content import content_of
from pricing.surges.describe import amount_in_words, when_in_words
from pricing.surges.spans import starts_of_day

DAYS = 7
#: Shades of a price from the cheapest to the dearest of the week.
SHADES = 5
_DAY = timedelta(days=1)
_MARKS = "abcdefghijklmnopqrstuvwxyz"
_CENT = Decimal("0.01")


class HoursMixin:
    """Offers the page of prices by hour on the list of tariffs."""

    admin_site: Any
    opts: Any

    @page_button(description="Prices by hour", icon="calendar_view_week", permission="view")
    def hours(self, request: HttpRequest) -> HttpResponse:
        """Show the grid of a connector's week, and beside it what a driver will pay."""
        cpo = cpo_of(request)
        if cpo is None:
            raise Http404
        choices = connector_choices()
        connector = _connector(request, [key for key, _ in choices])
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": "Prices by hour"}
        request.crumb = context["title"]  # type: ignore[attr-defined]
        if connector is not None:
            first = _first_day(request, connector)
            asked = urlencode({"item_id": connector.item_id, "at": request.GET.get("at", "")})
            context |= _grid(connector, first, cpo)
            context |= {
                "connectors": choices,
                "first": first.isoformat(),
                "try_url": f"{reverse(TRY_PAGES['hours'])}?{asked}" if "hours" in TRY_PAGES else "",
            }
        return TemplateResponse(request, "pricing/admin/hours.html", context)


def _connector(request: HttpRequest, known: Sequence[str]) -> Connector | None:
    asked = request.GET.get("item_id", "")
    if asked and asked not in known:
        raise Http404
    item_id = asked or next(iter(known), "")
    return Connector.objects.select_related("cpo", "charger__location").filter(item_id=item_id).first()


def _first_day(request: HttpRequest, connector: Connector) -> date:
    """Return the day that the grid begins with: as asked, else today at the connector."""
    today = timezone.now().astimezone(zone_of(connector.charger.location.time_zone)).date()
    try:
        asked = date.fromisoformat(request.GET.get("from", ""))
    except ValueError:
        return today
    # Beyond this no calendar counts, and no tariff is known.
    return asked if abs(asked - today) < 3650 * _DAY else today


def _grid(connector: Connector, first: date, cpo: Cpo) -> dict[str, Any]:
    zone = connector.charger.location.time_zone
    days = [first + n * _DAY for n in range(DAYS)]
    now = timezone.now()
    prices = prices_of(connector, starts_of_day(days[0], zone), starts_of_day(days[-1] + _DAY, zone), now=now)
    marks = {x: _MARKS[n % len(_MARKS)] for n, x in enumerate(dict.fromkeys(x.surge_id for x in prices.surges))}
    columns = [hours_of_day(prices.stretches, day, zone) for day in days]
    known = sorted({price for cells in columns for cell in cells for price in cell.prices})
    holidays = _holidays(days)

    def address(**asked: Any) -> str:
        return f"?{urlencode({'item_id': connector.item_id} | asked)}"

    def cell(column: int, hour: int) -> dict[str, Any]:
        day = days[column]
        at = f"{day.isoformat()}T{hour:02}:00"
        shown = _cell(columns[column][hour], known, marks)
        return shown | {"day": date_text(day), "url": address(**{"from": first.isoformat(), "at": at})}

    return {
        "connector": connector,
        "zone": zone,
        "days": [{"day": day, "holidays": holidays.get(day, "")} for day in days],
        "rows": [(f"{hour:02}", [cell(n, hour) for n in range(DAYS)]) for hour in range(24)],
        "surges": [_legend(x, marks[x.surge_id], cpo.currency) for x in prices.surges],
        "notes": _notes(prices, now, zone),
        "earlier": address(**{"from": (first - DAYS * _DAY).isoformat()}),
        "later": address(**{"from": (first + DAYS * _DAY).isoformat()}),
        "currency": cpo.currency,
    }


def _cell(cell: HourCell, known: Sequence[Decimal], marks: Mapping[str, str]) -> dict[str, Any]:
    prices = cell.prices
    surges = dict.fromkeys(x for stretch in cell.stretches for x in stretch.surges)
    return {
        "prices": [_price(x) for x in prices],
        "marks": "".join(marks[x] for x in surges if x in marks),
        "shade": _shade(max(prices), known) if prices else "",
        "missing": bool(cell.stretches) and not prices,
    }


def _shade(price: Decimal, known: Sequence[Decimal]) -> int:
    low, high = known[0], known[-1]
    return 0 if low == high else ceil((price - low) * (SHADES - 1) / (high - low))


def _price(price: Decimal) -> str:
    return plain_number(price.quantize(_CENT, ROUND_HALF_UP))


def _legend(surge: Surge, mark: str, currency: str) -> dict[str, Any]:
    """Return what a surge adds and when, as its version says it, and where it is written."""
    version = SurgeVersion.objects.select_related("schedule").get(
        schedule__schedule_id=surge.surge_id, number=surge.version
    )
    content = content_of(version)
    calendar = HolidayCalendar.objects.filter(calendar_id=content.holiday_calendar).values_list("name", flat=True)
    return {
        "mark": mark,
        "name": surge.name,
        "amount": amount_in_words(content, currency),
        "when": when_in_words(content, calendar.first() or ""),
        "schedule": version.schedule_id,
    }


def _notes(prices: ConnectorPrices, now: datetime, zone: str) -> list[str]:
    """Return what the grid cannot show."""
    terms = prices.terms
    if terms is None:
        return ["No tariff is published for this connector at these times."]
    notes = [] if prices.stretches else ["Its tariff has one price per session: a kWh has none of its own."]
    once = [f"{x.name} ({money_text(x.value, terms.currency)})" for x in prices.surges if x.basis == "FIXED"]
    notes += [f"Added once per session while it holds: {', '.join(once)}."] if once else []
    if terms.surge_cap_percent is not None:
        notes.append(f"All surges together add at most {plain_number(terms.surge_cap_percent)} % of the energy.")
    return notes


def _holidays(days: Sequence[date]) -> dict[date, str]:
    """Return the names of the holidays on these days, of all calendars of the CPO."""
    wanted = {day.isoformat(): day for day in days}
    found: dict[date, list[str]] = {}
    for calendar in HolidayCalendar.objects.all():
        for entry in calendar.days:
            if entry["date"] in wanted:
                found.setdefault(wanted[entry["date"]], []).append(entry["name"])
    return {day: ", ".join(dict.fromkeys(names)) for day, names in found.items()}
