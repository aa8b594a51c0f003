"""Where a surge applies and where a signal counts: pure decisions on what is known of a connector."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

from cpo_portal.network.models import Connector, Location
from pricing.supply import state_code
from pricing.surges.content import Scope
from pricing.surges.promises import Promise


@dataclass(frozen=True, slots=True)
class Area:
    """Where a signal counts: at locations that fit any of what is named; nothing named is everywhere."""

    location_ids: tuple[str, ...] = ()
    location_tags: tuple[str, ...] = ()
    states: tuple[str, ...] = ()


def fits(
    scope: Scope, connector: Connector, product_ids: Collection[str], *, tags: Collection[str] | None = None
) -> bool:
    """Tell whether a surge applies at a connector (charger and location loaded) to a session with these products.

    `tags` are those of the location that count, all of them where None.
    """
    charger, power = connector.charger, connector.max_power_w
    named = (
        (scope.item_ids, (connector.item_id,)),
        (scope.charger_ids, (charger.evse_id,)),
        (scope.connector_types, (connector.connector_type,)),
        (scope.product_ids, tuple(product_ids)),
    )
    if not all(not wanted or not set(wanted).isdisjoint(there) for wanted, there in named):
        return False
    if not fits_location(scope, charger.location, tags):
        return False
    enough = scope.min_power_w is None or power >= scope.min_power_w
    return enough and (scope.max_power_w is None or power <= scope.max_power_w)


def fits_location(scope: Scope, location: Location, tags: Collection[str] | None = None) -> bool:
    """Tell whether a location is one of those that a scope names, by id and by tag, of `tags` or all that it has."""
    if scope.location_ids and location.location_id not in scope.location_ids:
        return False
    counted = location.tags if tags is None else tags
    return not scope.location_tags or not _folded(scope.location_tags).isdisjoint(_folded(counted))


def tags_count_from(location: Location, notice: Promise) -> dict[str, datetime]:
    """Return from when on surges go by those tags of a location that were added to it, in small letters: a place that
    is tagged may cost more by it, which is announced as long as any rise."""
    added = {tag: datetime.fromisoformat(since) for tag, since in location.tags_since.items()}
    return {tag: since + notice.at(since) for tag, since in added.items()}


def tags_at(location: Location, notice: Promise, at: datetime) -> list[str]:
    """Return the tags of a location that count for sessions planned to start then."""
    counts_from = tags_count_from(location, notice) if location.tags_since else {}
    return [tag for tag in location.tags if counts_from.get(tag.casefold(), at) <= at]


def counts_at(area: Area, location: Location, tags: Collection[str] | None = None) -> bool:
    """Tell whether a signal of this area counts at a location, by `tags` or all that it has."""
    if not (area.location_ids or area.location_tags or area.states):
        return True
    return (
        location.location_id in area.location_ids
        or not _folded(area.location_tags).isdisjoint(_folded(location.tags if tags is None else tags))
        or not _states((location.state,)).isdisjoint(_states(area.states))
    )


def lies_within(area: Area, other: Area) -> bool:
    """Tell whether all that one area names is in the other as well."""
    if not (other.location_ids or other.location_tags or other.states):
        return True
    named = bool(area.location_ids or area.location_tags or area.states)
    return (
        named
        and set(area.location_ids) <= set(other.location_ids)
        and _folded(area.location_tags) <= _folded(other.location_tags)
        and _states(area.states) <= _states(other.states)
    )


def _states(names: Iterable[str]) -> set[str]:
    """Return states by their codes; India's are known by several names, and others go by theirs."""
    return {state_code(name) or name.strip().casefold() for name in names}


def _folded(names: Iterable[str]) -> set[str]:
    return {name.casefold() for name in names}
