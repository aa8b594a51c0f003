"""What an evaluation observes beside the limits, in the same query: the customer's sessions, the levels of a site."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from cpo_portal.charging.models import OrderState
from cpo_portal.network.models import StatusChoice
from offers.engine.demand import counts_sessions
from offers.engine.facts import UNOBSERVED, Good, Levels, StockLevel
from offers.engine.values import ItemUnit, OfferTerms

#: States in which nobody else can charge there, and states in which nobody can.
_BUSY = (StatusChoice.CHARGING, StatusChoice.RESERVED, StatusChoice.BLOCKED)
_BROKEN = (StatusChoice.INOPERATIVE, StatusChoice.OUT_OF_ORDER)
_COUNTED = (OrderState.ACTIVE, OrderState.COMPLETE)

#: A column of JSON that depends on no row: PostgreSQL works each part out once, and only those that are asked for.
LEVELS = """
jsonb_build_object(
    'sessions', CASE WHEN %(count_sessions)s THEN (
        SELECT count(*) FROM charging_order s
        WHERE s.cpo_id = %(cpo)s AND s.customer_id = %(customer)s AND s.state = ANY(%(counted)s) AND NOT s.sandbox
        AND (%(as_of)s::timestamptz IS NULL OR s.confirmed_at <= %(as_of)s)) END,
    'chargers', CASE WHEN %(location)s::bigint IS NOT NULL THEN (
        SELECT jsonb_build_array(count(*) FILTER (WHERE site.busy), count(*) FILTER (WHERE site.working)) FROM (
            SELECT COALESCE(bool_or(t.status = ANY(%(busy)s)), false) AS busy,
                   bool_or(t.status IS NULL OR t.status <> ALL(%(broken)s)) AS working
            FROM network_charger h JOIN network_connector c ON c.charger_id = h.id AND c.is_published
            LEFT JOIN network_connectorstatus t ON t.connector_id = c.id
            WHERE h.cpo_id = %(cpo)s AND h.location_id = %(location)s GROUP BY h.id) site) END,
    'stock', (
        SELECT jsonb_object_agg(p.product_id, k.units - k.reserved) FROM network_product p
        LEFT JOIN network_productstock k ON k.product_id = p.id
        WHERE p.cpo_id = %(cpo)s AND p.product_id = ANY(%(stocked)s)),
    'goods', (
        SELECT jsonb_object_agg(p.product_id,
            jsonb_build_array(p.name, p.price::text, p.category, k.units - k.reserved)) FROM network_product p
        LEFT JOIN network_productstock k ON k.product_id = p.id
        WHERE p.cpo_id = %(cpo)s AND p.product_id = ANY(%(given)s) AND p.is_published
        AND (EXISTS (SELECT FROM network_product_locations l WHERE l.product_id = p.id AND l.location_id = %(site)s)
             OR NOT EXISTS (SELECT FROM network_product_locations l WHERE l.product_id = p.id)))
)
"""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be observed: whether sessions are counted, the location's key for its chargers, products by id.

    `given` are products that offers give, as they are sold at the location with the key `site`.
    """

    sessions: bool = False
    location: int | None = None
    products: tuple[str, ...] = ()
    given: tuple[str, ...] = ()
    site: int | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """What was found; None is not asked for."""

    customer_sessions: int | None = None
    levels: Levels = UNOBSERVED
    goods: Mapping[str, Good] = field(default_factory=dict)


NOTHING_WANTED, NOTHING_OBSERVED = Wanted(), Observed()


@dataclass(frozen=True, slots=True)
class Sight:
    """From where is observed: the location's key, the products bought there with their units, and the levels that are
    known already."""

    location: int
    bought: Mapping[str, int] = field(default_factory=dict)
    known: Levels = UNOBSERVED


def wanted_by(offers: Collection[OfferTerms], sight: Sight, *, customer_id: UUID | None, past: bool) -> Wanted:
    """Return what these offers need to be judged, beside what is known already; of levels of the past nothing is
    kept."""
    counted = customer_id is not None and any(counts_sessions(x) for x in offers)
    given = goods_given(offers, sight.bought)
    site = sight.location if given else None
    if past:
        return Wanted(counted, given=given, site=site)
    held = {x.product_id for x in sight.known.stock}
    stocked = {x.qualifier.stock_product_id for x in offers if x.qualifier.stock_at_least is not None}
    busy = sight.known.busy is None and any(x.qualifier.max_busy_percent is not None for x in offers)
    return Wanted(counted, sight.location if busy else None, tuple(sorted(stocked - held)), given, site)


def goods_given(offers: Collection[OfferTerms], bought: Collection[str]) -> tuple[str, ...]:
    """Return the products that these offers may give where these are bought, by id."""
    found: set[str] = set()
    for benefit in (x.benefit for x in offers if x.benefit.item_count is not None):
        if benefit.item_id:
            found.add(benefit.item_id)
        elif benefit.item_unit is ItemUnit.PRODUCT:
            found.update(bought)
    return tuple(sorted(found))


def parameters(wanted: Wanted) -> dict[str, Any]:
    """Return the parameters of LEVELS beside the CPO, the customer and the instant."""
    return {
        "count_sessions": wanted.sessions,
        "location": wanted.location,
        "stocked": list(wanted.products),
        "given": list(wanted.given),
        "site": wanted.site,
        "counted": [state.value for state in _COUNTED],
        "busy": [state.value for state in _BUSY],
        "broken": [state.value for state in _BROKEN],
    }


def observed_from(found: Mapping[str, Any]) -> Observed:
    """Return what the column of LEVELS says."""
    busy, working = found["chargers"] or (None, None)
    stock = tuple(StockLevel(product, units) for product, units in sorted((found["stock"] or {}).items()))
    goods = {
        product: Good(title, Decimal(price), category, units)
        for product, (title, price, category, units) in (found["goods"] or {}).items()
    }
    return Observed(found["sessions"], Levels(busy, working, stock), goods)


def goods_left(
    found: Mapping[str, Good], own: Mapping[str, int], bought: Mapping[str, int], *, past: bool
) -> Mapping[str, Good]:
    """Return the products that may be given, with what the order itself holds and without what it buys.

    Of the stock of then nothing is kept.
    """
    return {
        product: good if good.units is None else replace(good, units=None if past else left)
        for product, good in found.items()
        for left in [(good.units or 0) + own.get(product, 0) - bought.get(product, 0)]
    }
