"""Surges as buyer apps are told of them before the sale: what is added, when, why, and where more stands about it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from beckn.protocol.catalog_views import CheaperView, SurchargeView
from cpo_portal.accounts.models import Cpo
from cpo_portal.network.models import Connector
from offers.nearby import Cheaper
from pricing.engine.values import PriceTerms, Surge
from pricing.engine.wording import plain_number
from pricing.models import SurgeKindChoice
from pricing.surges.applying import Applying, Surges, announced_levels, applying, with_surges
from pricing.surges.content import content_of
from pricing.surges.describe import calculation_in_words, when_in_words
from pricing.surges.exempt import Driver
from pricing.surges.links import surge_page_url
from pricing.surges.upcoming import upcoming
from pricing.versions.validity import Period
from pricing.windows import read_window

_DAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_Key = tuple[object, ...]


def surcharges_of(found: Sequence[Applying], connector: Connector, *, at: datetime) -> tuple[SurchargeView, ...]:
    """Return what is told of the surges of a session at a connector."""
    return _Telling(connector.cpo).views(found, at=at, zone=connector.charger.location.time_zone)


def cheaper_view(cheaper: Cheaper | None) -> CheaperView | None:
    """Return where the same costs less, as it is told."""
    if cheaper is None:
        return None
    distance = (Decimal(cheaper.distance_m) / 1000).quantize(Decimal("0.1"))
    location = cheaper.connector.charger.location
    return CheaperView(cheaper.connector.item_id, location.name, distance, Decimal(plain_number(cheaper.rate)))


class Surcharges:
    """The surges of one CPO at the connectors of a catalogue, worked out once for all that are alike."""

    def __init__(self, cpo: Cpo, surges: Surges, at: datetime) -> None:
        self._surges, self._at = surges, at
        layers = [layer for each in surges.published for layer in each.layers]
        self._telling = _Telling(cpo)
        self._by_item = any(layer.scope.item_ids for layer in layers)
        self._by_charger = any(layer.scope.charger_ids for layer in layers)
        self._found: dict[_Key, tuple[Applying, ...]] = {}
        self._views: dict[_Key, tuple[SurchargeView, ...]] = {}
        self._priced: dict[_Key, PriceTerms] = {}

    def views(self, connector: Connector) -> tuple[SurchargeView, ...]:
        """Return what is told at a connector, its charger and location loaded."""
        key, zone = self._key(connector), connector.charger.location.time_zone
        if key not in self._views:
            announced = announced_levels(self._surges, connector, at=self._at)
            found = (*self._applying(connector), *announced)
            self._views[key] = self._telling.views(found, at=self._at, zone=zone)
        return self._views[key]

    def priced(self, connector: Connector, terms: PriceTerms) -> PriceTerms:
        """Return the terms of a connector with the surges that a driver pays of whom nothing is known."""
        found, policy = self._applying(connector), self._surges.policy
        if not found:
            return terms
        held = tuple((x.version.pk, x.spans) for x in found)
        key = terms.tariff_id, terms.tariff_version, terms.time_zone, held
        if key not in self._priced:
            self._priced[key] = with_surges(terms, found, policy, Driver(), at=self._at)
        return self._priced[key]

    def _applying(self, connector: Connector) -> tuple[Applying, ...]:
        key = self._key(connector)
        if key not in self._found:
            self._found[key] = tuple(applying(self._surges, connector, at=self._at))
        return self._found[key]

    def _key(self, connector: Connector) -> _Key:
        """Name all by which surges are found at a connector."""
        charger = connector.charger
        return (
            charger.location_id,
            connector.connector_type,
            connector.max_power_w,
            connector.item_id if self._by_item else "",
            charger.evse_id if self._by_charger else "",
        )


@dataclass(frozen=True, slots=True)
class _Telling:
    """Whose surges are told, each once; how a CPO calls its calendars is its own business."""

    cpo: Cpo
    told: dict[tuple[Surge, Period], tuple[SurchargeView, ...]] = field(default_factory=dict)

    def views(self, found: Iterable[Applying], *, at: datetime, zone: str) -> tuple[SurchargeView, ...]:
        """Return what is told of those that hold in the week to come."""
        views: list[SurchargeView] = []
        for surge, period in upcoming(found, at=at, zone=zone):
            key = surge.surge(), period
            if key not in self.told:
                self.told[key] = tuple(self._views(surge, period))
            views += self.told[key]
        return tuple(views)

    def _views(self, surge: Applying, period: Period) -> Iterator[SurchargeView]:
        """Yield one view for each of its weekly windows, which may be on days of their own."""
        content, schedule = content_of(surge.version), surge.version.schedule
        for window in tuple(map(read_window, content.weekly_windows)) or (None,):
            yield SurchargeView(
                name=schedule.name,
                rate=Decimal(plain_number(content.value)),
                basis=content.basis.value,
                window=f"{window.start:%H:%M}-{window.end:%H:%M}" if window is not None else "",
                days=",".join(_DAYS[day - 1] for day in sorted(window.weekdays)) if window is not None else "",
                reason=content.explanation or SurgeKindChoice(schedule.kind).label,
                calculation=calculation_in_words(content, self.cpo.currency),
                effective_from=period.valid_from,
                valid_until=period.valid_until,
                when=surge.level.when if surge.level is not None else when_in_words(content, self.cpo.name),
                page_url=surge_page_url(self.cpo.provider_id, schedule.schedule_id),
            )
