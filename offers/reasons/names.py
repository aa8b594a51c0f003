"""The names of what the failing checks of a trace have by id or code, read for people; inside the CPO's scope."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from cpo_portal.charging.models import NamedList
from cpo_portal.network.models import Charger, Connector, Location, Product
from offers.engine.values import Check, OfferOutcome, ReasonCode
from offers.names import category_names, city_names
from offers.reasons.before import about_of
from offers.reasons.parts import Names

_ITEMS = frozenset(
    {
        ReasonCode.ITEM,
        ReasonCode.STOCK,
        ReasonCode.ITEM_STOCK,
        ReasonCode.ITEM_NOT_SOLD,
        ReasonCode.COMBO_ITEMS,
    }
)


def names_for(outcomes: Iterable[OfferOutcome]) -> Names:
    """Return the names that the failing checks of these outcomes need: at most one query for each kind of thing."""
    offers: dict[str, str] = {}
    currency = ""
    checks: list[Check] = []
    for outcome in outcomes:
        currency = outcome.saving.currency
        if outcome.name:
            offers[outcome.offer_id] = outcome.name
        checks += [x for x in outcome.checks if not x.passed]
    return replace(names_of(checks), offers=offers, currency=currency)


def names_of(checks: Iterable[Check]) -> Names:
    """Return the names that these failing checks need, but those of offers: one query for each kind of thing."""
    wanted: dict[ReasonCode, set[str]] = defaultdict(set)
    for check in checks:
        wanted[check.code].update(about_of(check).ids)
    items = set().union(*(wanted.get(x, ()) for x in _ITEMS))
    locations, chargers = wanted.get(ReasonCode.LOCATION), wanted.get(ReasonCode.CHARGER)
    categories, lists = wanted.get(ReasonCode.CATEGORY), wanted.get(ReasonCode.SEGMENT)
    return Names(
        locations=_read(Location, "location_id", "name", locations),
        items=_read(Connector, "item_id", "charger__name", wanted.get(ReasonCode.ITEM))
        | _read(Product, "product_id", "name", items),
        categories=category_names(categories) if categories else {},
        chargers=_read(Charger, "evse_id", "name", chargers),
        areas=city_names() if ReasonCode.AREA in wanted else {},
        lists=_read(NamedList, "list_id", "name", lists),
    )


def _read(
    model: type[Location | Connector | Product | Charger | NamedList], key: str, name: str, ids: set[str] | None
) -> dict[str, str]:
    if not ids:
        return {}
    rows = model.objects.filter(**{f"{key}__in": ids}).values_list(key, name)
    return {found: called for found, called in rows if called}
