"""Rows to engine values: what a tariff version charges, and which version applies at a connector."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import cache

from cpo_portal.database.queries import columns_of, made_of, one_of, rows_of
from cpo_portal.network.models import Charger, Connector, Product
from pricing.authoring import places as named
from pricing.authoring.claims import layers_of
from pricing.authoring.content import wheeling_of
from pricing.engine.codec import decode
from pricing.engine.values import Fee, PriceComponent, PriceTerms, PricingModel, ProductPrice, Tax
from pricing.models import Tariff, TariffState, TariffStateChange, TariffVersion
from pricing.versions.validity import in_effect

_TAX_AND_SURGES = """
SELECT EXISTS (SELECT FROM pricing_surgeschedule WHERE cpo_id = %(cpo)s AND state = 'APPROVED')
       OR EXISTS (SELECT FROM pricing_demandpolicy WHERE cpo_id = %(cpo)s AND is_active),
       t.label, t.rate, t.sac_code
FROM (SELECT) AS one LEFT JOIN pricing_taxprofile t ON t.cpo_id = %(cpo)s
"""

# Each price asks for it too: made by the ORM it costs more than the price itself. Without a version of its own, an
# assignment stands for the tariff's live one.
_ASSIGNED = """
SELECT a.location_id, a.connector_id, a.connector_type, {columns}
FROM pricing_tariffassignment a
JOIN pricing_tariff t ON t.id = a.tariff_id
JOIN pricing_tariffversion v ON v.id = COALESCE(a.version_id, t.live_version_id)
WHERE a.cpo_id = ANY(%(cpos)s::bigint[]) AND t.state = 'APPROVED'
    AND (a.location_id IS NULL OR a.location_id = ANY(%(locations)s::bigint[]))
    AND (a.connector_id IS NULL OR a.connector_id = ANY(%(connectors)s::bigint[]))
    AND (a.valid_from IS NULL OR a.valid_from <= %(at)s) AND (a.valid_until IS NULL OR a.valid_until > %(at)s)
"""

#: (location, connector, connector type): the place that an assignment names; None and "" name nothing.
Place = tuple[int | None, int | None, str]


def price_terms(version: TariffVersion, tax: Tax | None, *, time_zone: str, products: Iterable[Product]) -> PriceTerms:
    """Return what the engine needs to price with this version; products in another currency cannot be added."""
    return PriceTerms(
        tariff_id=version.tariff.tariff_id,
        tariff_version=version.number,
        model=PricingModel(version.model),
        currency=version.currency,
        time_zone=time_zone,
        components=decode(tuple[PriceComponent, ...], version.components),
        fees=decode(tuple[Fee, ...], version.fees),
        tax=tax,
        product_prices=tuple(
            ProductPrice(product.product_id, product.name, product.price, product.category)
            for product in products
            if product.currency == version.currency
        ),
        minimum_wh=version.minimum_wh,
        maximum_wh=version.maximum_wh,
        minimum_price=version.minimum_price,
        maximum_price=version.maximum_price,
        wheeling=wheeling_of(version),
    )


def tax_of_cpo(cpo_id: int) -> Tax | None:
    """Return a CPO's tax, None where it has none or at 0 %; inside its scope."""
    return tax_and_surges_of(cpo_id)[0]


def tax_and_surges_of(cpo_id: int) -> tuple[Tax | None, bool]:
    """Return a CPO's tax, and whether any surge of it is published or follows demand; inside its scope.

    Each price asks for it, in a fifth of the time that the ORM would take.
    """
    surges, *tax = rows_of(_TAX_AND_SURGES, {"cpo": cpo_id})[0]
    return Tax(*tax) if tax[1] else None, surges


def tariffs_for(
    connectors: Sequence[Connector], *, at: datetime, as_of: datetime | None = None
) -> dict[int, TariffVersion]:
    """Return the version that prices a session planned to start at `at`, by connector's primary key, in few queries.

    The most specific assignment of a published tariff wins: connector, location and type, location, type,
    everywhere. A connector without one is left out. With `as_of` versions and places are as published by that
    instant. Connectors of several CPOs may be mixed.
    """
    if as_of is not None:
        return _tariffs_as_of(connectors, as_of, at)
    locations = _locations_of(connectors)
    versions: dict[tuple[int, Place], TariffVersion] = {}
    for place, assigned in _assigned(connectors, set(locations.values()), at):
        versions[assigned.cpo_id, place] = assigned
    at_site: dict[tuple[int, int, str], TariffVersion | None] = {}
    found = {}
    for connector in connectors:
        own, *others = places_of(connector, locations[connector.charger_id])
        site = connector.cpo_id, locations[connector.charger_id], connector.connector_type
        if site not in at_site:  # most connectors have no tariff of their own
            at_site[site] = next((versions[site[0], x] for x in others if (site[0], x) in versions), None)
        version = versions.get((connector.cpo_id, own), at_site[site])
        if version is not None:
            found[connector.pk] = version
    return found


def tariff_with_draft(connector: Connector, draft: TariffVersion, *, at: datetime) -> TariffVersion | None:
    """Return the version that would price a session planned to start at `at` if this draft were published."""
    location = connector.charger.location
    assigned = _assigned([connector], {location.pk}, at)
    rows = {place: version for place, version in assigned if version.tariff_id != draft.tariff_id}
    own = in_effect([draft, *layers_of([draft.tariff_id]).get(draft.tariff_id, [])], at)
    owned = set(named.places_of(own)) if own is not None else set()
    places = named.most_specific_first(connector, location.location_id)
    for key, place in zip(places_of(connector, location.pk), places, strict=True):
        if place in owned:
            return own
        if key in rows:
            return rows[key]
    return None


def _tariffs_as_of(connectors: Sequence[Connector], instant: datetime, at: datetime) -> dict[int, TariffVersion]:
    """Return the version for `at` by what was published at an instant, versions and the places that they name."""
    placed: dict[tuple[int, named.Place], TariffVersion] = {}
    for version in _published_at(instant, {connector.cpo_id for connector in connectors}, at):
        for place in named.places_of(version):
            placed[version.cpo_id, place] = version
    keys = [connector.pk for connector in connectors]
    sites = dict(Connector.objects.filter(one_of("id", keys)).values_list("pk", "charger__location__location_id"))
    found = {}
    for connector in connectors:
        for place in named.most_specific_first(connector, sites.get(connector.pk, "")):
            if (connector.cpo_id, place) in placed:
                found[connector.pk] = placed[connector.cpo_id, place]
                break
    return found


def _locations_of(connectors: Sequence[Connector]) -> dict[int, int]:
    """Return the location's key by charger; one query for the chargers that are not loaded yet."""
    known: dict[int, int] = {}
    missing: set[int] = set()
    for connector in connectors:
        if Connector.charger.is_cached(connector):
            known[connector.charger_id] = connector.charger.location_id
        else:
            missing.add(connector.charger_id)
    if missing:
        known |= dict(Charger.objects.filter(pk__in=missing).values_list("pk", "location_id"))
    return known


def _assigned(
    connectors: Sequence[Connector], location_ids: set[int], at: datetime
) -> Iterator[tuple[Place, TariffVersion]]:
    """Yield where tariffs are assigned that concern these connectors, and the version that prices there."""
    values = {
        "cpos": list({connector.cpo_id for connector in connectors}),
        "locations": list(location_ids),
        "connectors": [connector.pk for connector in connectors],
        "at": at,
    }
    width = len(Tariff._meta.concrete_fields)
    for location, connector, connector_type, *columns in rows_of(_assigned_statement(), values):
        version = made_of(TariffVersion, columns[width:])
        version.tariff = made_of(Tariff, columns[:width])
        yield (location, connector, connector_type), version


@cache
def _assigned_statement() -> str:
    return _ASSIGNED.format(columns=f"{columns_of(Tariff, 't')}, {columns_of(TariffVersion, 'v')}")


def places_of(connector: Connector, location_id: int) -> tuple[Place, ...]:
    """Return where a tariff for this connector may be assigned, the most specific first."""
    return (
        (None, connector.pk, ""),
        (location_id, None, connector.connector_type),
        (location_id, None, ""),
        (None, None, connector.connector_type),
        (None, None, ""),
    )


def _published_at(instant: datetime, cpo_ids: set[int], at: datetime) -> list[TariffVersion]:
    """Return the versions that price sessions of `at`, one per tariff, by the append-only history up to an instant."""
    last_changes = (
        TariffStateChange.objects.filter(at__lte=instant, tariff__cpo__in=cpo_ids)
        .order_by("tariff_id", "-at", "-id")
        .distinct("tariff_id")
        .select_related("version__tariff")
    )
    live = [x.version for x in last_changes if x.to_state == TariffState.APPROVED and x.version is not None]
    bounded = [x.tariff_id for x in live if x.valid_from is not None or x.valid_until is not None]
    layers = layers_of(bounded, upto=instant) if bounded else {}
    found = (in_effect(layers.get(x.tariff_id, [x]), at) for x in live)
    return [version for version in found if version is not None]
