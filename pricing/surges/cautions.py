"""What the author of a surge may not have meant: that nobody will pay it, or not all of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property
from zoneinfo import ZoneInfo

from django.db.models import Q, QuerySet

from cpo_portal.accounts.models import Cpo
from cpo_portal.network.models import Connector
from pricing.engine.values import SurgeBasis
from pricing.engine.wording import moment_text, plain_number
from pricing.models import HolidayCalendar
from pricing.surges.content import Scope, SurgeContent
from pricing.surges.policies import policy_of
from pricing.surges.scope import fits


class Cautions:
    """What the CPO has and promises, each read once, to be compared with these surges; inside its scope."""

    def __init__(self, cpo: Cpo, contents: Iterable[SurgeContent], now: datetime) -> None:
        self.cpo = cpo
        self.now = now
        self._scopes = [x.scope for x in contents]
        self._zone = ZoneInfo(cpo.time_zone)

    def of(self, content: SurgeContent) -> tuple[str, ...]:
        """Return a sentence for each reason why the surge is not charged, or not all of it."""
        return tuple(self._said(content))

    def _said(self, content: SurgeContent) -> Iterator[str]:
        ended = content.valid_until
        if ended is not None and ended <= self.now:
            when = moment_text(ended.astimezone(self._zone))
            yield f"It ended on {when}: give a later end to charge it again."
        if not self._has_days(content):
            yield "None of its dates and holidays is still to come: add one, or let it hold on all days."
        if not self._is_anywhere(content.scope):
            yield "No connector in your shop fits where it applies: nobody pays it until one does."
        most = self._cap
        if most is not None and content.basis is SurgeBasis.PERCENT and content.value > most:
            yield (
                f"It is above the {plain_number(most)} % that all of your surges together may add: "
                "what goes beyond that is not charged."
            )

    def _has_days(self, content: SurgeContent) -> bool:
        if not content.holiday_calendar and not content.dates:
            return True
        today = self.now.astimezone(self._zone).date()
        return max((*content.dates, *self._holidays.get(content.holiday_calendar, ())), default=date.min) >= today

    def _is_anywhere(self, scope: Scope) -> bool:
        candidates = self._named if _ids_of(scope) else self._kinds
        return any(fits(scope, x, scope.product_ids) for x in candidates)

    @cached_property
    def _named(self) -> list[Connector]:
        """The connectors in the shop at which one of the surges may be by an id."""
        ids = {x for scope in self._scopes for x in _ids_of(scope)}
        at_place = Q(charger__location__location_id__in=ids) | Q(charger__evse_id__in=ids)
        return list(_in_shop().filter(at_place | Q(item_id__in=ids)))

    @cached_property
    def _kinds(self) -> list[Connector]:
        """One connector in the shop of each kind that a surge without ids tells apart."""
        alike = ("charger__location__tags", "connector_type", "max_power_w")
        return list(_in_shop().order_by(*alike).distinct(*alike))

    @cached_property
    def _holidays(self) -> dict[str, list[date]]:
        rows = HolidayCalendar.objects.values_list("calendar_id", "days")
        return {key: [date.fromisoformat(day["date"]) for day in days] for key, days in rows}

    @cached_property
    def _cap(self) -> Decimal | None:
        return policy_of(self.cpo).cap.at(self.now)


def _ids_of(scope: Scope) -> tuple[str, ...]:
    return (*scope.location_ids, *scope.charger_ids, *scope.item_ids)


def _in_shop() -> QuerySet[Connector]:
    rows = Connector.objects.filter(is_published=True, charger__location__is_published=True)
    return rows.select_related("charger__location")
