"""Which ceilings a tariff is above, and at which of its connectors: told while it is written, or refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice

from django.core.exceptions import ValidationError

from cpo_portal.network.models import Connector
from pricing.authoring.components import with_default
from pricing.authoring.content import TariffContent
from pricing.authoring.places import EVERYWHERE, Place
from pricing.engine.ceilings import Breach, Ceiling, breaches
from pricing.engine.week import windows_in_words
from pricing.engine.wording import money_text
from pricing.models import CeilingMode, PriceCeiling
from pricing.supply import state_code
from pricing.windows import read_window

#: As many sentences as people read.
MOST_TOLD = 10


@dataclass(frozen=True, slots=True)
class Found:
    """A sentence about a ceiling that a tariff is above, and whether it keeps it from being published."""

    sentence: str
    blocks: bool


@dataclass(frozen=True, slots=True, order=True)
class _Kind:
    """A kind of connector at a location, as ceilings tell them apart."""

    location_id: str
    location: str
    state: str
    item_id: str
    connector_type: str
    power_w: int


class Ceilings:
    """The ceilings of the CPO and the connectors that they may be about, each read once; inside its scope."""

    @cached_property
    def _rules(self) -> list[PriceCeiling]:
        return list(PriceCeiling.objects.order_by("pk"))

    @cached_property
    def _connectors(self) -> list[_Kind]:
        rows = Connector.objects.values_list(
            "charger__location__location_id",
            "charger__location__name",
            "charger__location__state",
            "item_id",
            "connector_type",
            "max_power_w",
        )
        return sorted(_Kind(*row) for row in rows)

    def above(self, content: TariffContent) -> tuple[Found, ...]:
        """Return what they say against a tariff at the places that it names."""
        places = set(content.places)
        if not self._rules or not places:
            return ()
        parts = with_default(content.rate, content.components)
        exceeded = [(rule, found) for rule in self._rules if (found := breaches(parts, _ceiling(rule)))]
        kinds = [kind for kind in self._connectors if _is_named(kind, places)] if exceeded else []
        told = chain.from_iterable(_said(rule, found, kinds, content.currency) for rule, found in exceeded)
        return tuple(islice(told, MOST_TOLD))


def refuse_above(content: TariffContent) -> None:
    """Refuse to publish a tariff that is above a ceiling that says so; raises ValidationError for its prices."""
    faults = [found.sentence for found in Ceilings().above(content) if found.blocks]
    if faults:
        raise ValidationError({"components" if content.rate is None else "rate": faults})


def _ceiling(rule: PriceCeiling) -> Ceiling:
    return Ceiling(rule.maximum_rate, tuple(map(read_window, rule.weekly_windows)))


def _said(rule: PriceCeiling, found: Sequence[Breach], kinds: Iterable[_Kind], currency: str) -> Iterator[Found]:
    """Yield a sentence for the first connector that the rule is about, and how many other locations have one."""
    under = [kind for kind in kinds if _applies(rule, kind)]
    if not under:
        return
    more = len({kind.location_id for kind in under}) - 1
    where = f"at {under[0].location}" + (f" and {more} more location{'s' if more > 1 else ''}" if more else "")
    for breach in found:
        price, most = money_text(breach.rate, currency), money_text(rule.maximum_rate, currency)
        hours = windows_in_words(breach.hours)
        yield Found(
            f"{price} per kWh {hours} is above “{rule.name}” ({most}) {where}: lower it, or leave the place out.",
            rule.mode == CeilingMode.BLOCK,
        )


def _applies(rule: PriceCeiling, kind: _Kind) -> bool:
    return (
        (not rule.state or _same_state(rule.state, kind.state))
        and rule.connector_type in ("", kind.connector_type)
        and (rule.min_power_w is None or kind.power_w >= rule.min_power_w)
        and (rule.max_power_w is None or kind.power_w <= rule.max_power_w)
    )


def _same_state(one: str, other: str) -> bool:
    """Tell whether two names are of one state; India's are known by several names."""
    code = state_code(one)
    return code == state_code(other) if code else one.strip().casefold() == other.strip().casefold()


def _is_named(kind: _Kind, places: set[Place]) -> bool:
    return not places.isdisjoint(
        (
            EVERYWHERE,
            Place(item_id=kind.item_id),
            Place(kind.location_id),
            Place(kind.location_id, connector_type=kind.connector_type),
            Place(connector_type=kind.connector_type),
        )
    )
