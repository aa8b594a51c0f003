"""Which ceilings prices are above, surges included, and where: told while they are written, or refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, cached_property, partial
from itertools import chain, islice
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.utils import timezone

from cpo_portal.network.models import Connector
from pricing.authoring.components import with_default
from pricing.authoring.content import TariffContent
from pricing.authoring.places import Place, most_specific_first
from pricing.demand.highest import highest_surges
from pricing.engine.ceilings import Breach, Ceiling, breaches
from pricing.engine.values import PriceComponent, Surge
from pricing.engine.week import windows_in_words
from pricing.engine.week_prices import WeekPrice, week_prices
from pricing.engine.wording import money_text
from pricing.models import CeilingMode, DemandPolicy, PriceCeiling, SurgePolicy
from pricing.supply import state_code
from pricing.surges.applying import Applying, Surges, surges_of
from pricing.surges.layers import InTime
from pricing.surges.scope import fits
from pricing.versions.validity import in_effect
from pricing.windows import read_window

#: As many sentences as people read.
MOST_TOLD = 10


@dataclass(frozen=True, slots=True)
class Found:
    """A ceiling that a price is above: what is above it and where, what can be done, and whether it must be.

    `surges` are the names of those that are in the price.
    """

    fault: str
    remedy: str
    blocks: bool
    surges: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """Return all of it for whoever writes the price."""
        return f"{self.fault}: {self.remedy}."


@dataclass(frozen=True, slots=True)
class Priced:
    """A connector, its charger and location loaded, with the prices and the surges that are compared with ceilings."""

    connector: Connector
    components: tuple[PriceComponent, ...]
    surges: tuple[Surge, ...] = ()


class Ceilings:
    """The ceilings of the CPO, the connectors that they may be about, and its surges, each read once; in its scope.

    Of each surge schedule the versions count that hold from now on, each while it does, and of each demand policy that
    is switched on the highest level.
    """

    def __init__(self) -> None:
        self._fitting: dict[int, frozenset[int]] = {}
        self._schedules: dict[tuple[frozenset[int], str], tuple[tuple[Surge, ...], ...]] = {}
        self._now = timezone.now()

    @cached_property
    def rules(self) -> list[PriceCeiling]:
        """Return the ceilings, those that forbid first: of what is above many, they are told."""
        return sorted(PriceCeiling.objects.order_by("pk"), key=lambda x: x.mode != CeilingMode.BLOCK)

    @cached_property
    def connectors(self) -> list[Connector]:
        """Return the CPO's connectors by location and id."""
        rows = Connector.objects.select_related("charger__location")
        return list(rows.order_by("charger__location__location_id", "charger__location__name", "item_id"))

    @cached_property
    def surges(self) -> Surges:
        """Return what the CPO has published of surges."""
        cpo_ids = {x.cpo_id for x in self.connectors}
        return next(iter(surges_of(cpo_ids, now=self._now).values()), Surges())

    @cached_property
    def policies(self) -> list[DemandPolicy]:
        """Return the demand policies that are switched on."""
        return list(DemandPolicy.objects.filter(is_active=True).order_by("pk"))

    @cached_property
    def cap_percent(self) -> Decimal | None:
        """Return the most that all surges together may add, None for no limit; a first surge has to keep to it too."""
        promise = SurgePolicy.objects.first()
        return promise.cap_percent if promise is not None else None

    def above(self, content: TariffContent) -> tuple[Found, ...]:
        """Return what they say against a tariff, with the surges on top of it, at the places that it names."""
        places = set(content.places)
        if not self.rules or not places:
            return ()
        parts = with_default(content.rate, content.components)
        priced = [each for x in self.connectors if _is_named(x, places) for each in self.priced(x, parts)]
        return self.told(priced, content.currency)

    def priced(
        self, connector: Connector, components: tuple[PriceComponent, ...], *own: Surge, without: str = ""
    ) -> list[Priced]:
        """Return a tariff's prices at a connector with each set of surges that may be on a kWh at once, and these.

        The schedule or the demand policy of the id `without` is left out.
        """
        others = [x for x in self.policies if x.policy_id != without]
        levels = highest_surges(others, connector, components)
        return [
            Priced(connector, components, (*scheduled, *levels, *own))
            for scheduled in self._scheduled(connector, without)
        ]

    def told(self, priced: Sequence[Priced], currency: str, *, surged: bool = False) -> tuple[Found, ...]:
        """Return what the ceilings say of these prices, of those that are `surged` alone where it is asked for."""
        rows = list(_rows(priced, self.cap_percent, surged=surged))
        said = (_said(rule, rows, currency) for rule in self.rules)
        return tuple(islice(chain.from_iterable(said), MOST_TOLD))

    def _scheduled(self, connector: Connector, without: str) -> tuple[tuple[Surge, ...], ...]:
        """Return the surges of schedules that hold at a connector at some time from now on, of each such time."""
        if connector.pk not in self._fitting:
            versions = (x for each in self.surges.published for x in each.layers)
            self._fitting[connector.pk] = frozenset(x.version.pk for x in versions if _is_on_each_kwh(x, connector))
        key = self._fitting[connector.pk], without
        if key not in self._schedules:  # many connectors have the same
            self._schedules[key] = self._sets(*key)
        return self._schedules[key]

    def _sets(self, fitting: frozenset[int], without: str) -> tuple[tuple[Surge, ...], ...]:
        """Return what holds of these versions of schedules, of each time at which it is something else."""
        here = [
            each.layers
            for each in self.surges.published
            if each.layers[0].version.schedule.schedule_id != without
            and any(x.version.pk in fitting for x in each.layers)
        ]
        edges = {edge for layers in here for x in layers for edge in (x.valid_from, x.valid_until) if edge}
        sets = (
            tuple(
                Applying(held.version, held.exemptions, None).surge()
                for layers in here
                if (held := in_effect(layers, at)) is not None and held.version.pk in fitting
            )
            for at in sorted({self._now, *(x for x in edges if x > self._now)})
        )
        return tuple(dict.fromkeys(sets))


def _is_on_each_kwh(version: InTime, connector: Connector) -> bool:
    return not version.scope.product_ids and fits(version.scope, connector, ())


def refuse_above(content: TariffContent) -> None:
    """Refuse to publish a tariff that is above a ceiling that says so; raises ValidationError for its prices."""
    faults = [found.sentence for found in Ceilings().above(content) if found.blocks]
    if faults:
        raise ValidationError({"components" if content.rate is None else "rate": faults})


def _ceiling(rule: PriceCeiling) -> Ceiling:
    return Ceiling(rule.maximum_rate, tuple(map(read_window, rule.weekly_windows)))


class _Site(NamedTuple):
    """What of a connector ceilings go by."""

    state: str
    connector_type: str
    power_w: int


class _Row(NamedTuple):
    """A connector, what of it ceilings go by, and its prices, of which `group` is the number: many have the same."""

    connector: Connector
    site: _Site
    group: int
    prices: tuple[WeekPrice, ...]


def _rows(priced: Iterable[Priced], cap_percent: Decimal | None, *, surged: bool) -> Iterator[_Row]:
    """Yield what there is to compare; each tariff with its surges is worked out once."""
    groups: dict[tuple[tuple[PriceComponent, ...], tuple[Surge, ...]], tuple[int, tuple[WeekPrice, ...]]] = {}
    for x in priced:
        key = x.components, x.surges
        if key not in groups:
            found = week_prices(x.components, x.surges, cap_percent)
            groups[key] = len(groups), tuple(price for price in found if price.surges or not surged)
        place = x.connector.charger.location
        yield _Row(x.connector, _Site(place.state, x.connector.connector_type, x.connector.max_power_w), *groups[key])


def _said(rule: PriceCeiling, rows: Iterable[_Row], currency: str) -> Iterator[Found]:
    """Yield a sentence for each price that is above the rule: where first, and at how many other locations."""
    found: dict[Breach, list[Connector]] = {}
    ceiling, under = _ceiling(rule), cache(partial(_applies, rule))
    known: dict[int, tuple[Breach, ...]] = {}
    for row in filter(lambda x: under(x.site), rows):
        if row.group not in known:
            known[row.group] = breaches(row.prices, ceiling)
        for breach in known[row.group]:
            found.setdefault(breach, []).append(row.connector)
    for breach, connectors in found.items():
        places = dict.fromkeys(x.charger.location for x in connectors)
        more = len(places) - 1
        where = f"at {next(iter(places))}" + (f" and {more} more location{'s' if more > 1 else ''}" if more else "")
        price, most = money_text(breach.rate, currency), money_text(rule.maximum_rate, currency)
        with_surges, lower = _surges_in_words(breach.surges)
        yield Found(
            f"{price} per kWh{with_surges} {windows_in_words(breach.hours)} is above “{rule.name}” ({most}) {where}",
            f"lower {lower}, or leave the place out",
            rule.mode == CeilingMode.BLOCK,
            breach.surges,
        )


def _surges_in_words(names: tuple[str, ...]) -> tuple[str, str]:
    """Return how a sentence names the surges that are in a price, and what can be lowered."""
    if not names:
        return "", "it"
    *first, last = (f"“{name}”" for name in names)
    if not first:
        return f" with {last}", "the tariff or the surge"
    return f" with {', '.join(first)} and {last}", "the tariff or one of the surges"


def _applies(rule: PriceCeiling, site: _Site) -> bool:
    return (
        (not rule.state or _same_state(rule.state, site.state))
        and rule.connector_type in ("", site.connector_type)
        and (rule.min_power_w is None or site.power_w >= rule.min_power_w)
        and (rule.max_power_w is None or site.power_w <= rule.max_power_w)
    )


def _same_state(one: str, other: str) -> bool:
    """Tell whether two names are of one state; India's are known by several names."""
    code = state_code(one)
    return code == state_code(other) if code else one.strip().casefold() == other.strip().casefold()


def _is_named(connector: Connector, places: set[Place]) -> bool:
    location_id = connector.charger.location.location_id
    return not places.isdisjoint(most_specific_first(connector, location_id))
