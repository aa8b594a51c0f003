"""Rows to engine values: what a tariff version charges, and which version applies at a connector."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import connection
from django.db.models import Q

from cpo_portal.database.queries import one_of
from cpo_portal.network.models import Charger, Connector, Product
from pricing.authoring import places as named
from pricing.engine.codec import decode
from pricing.engine.values import Fee, PriceComponent, PriceTerms, PricingModel, ProductPrice, Tax
from pricing.models import TariffAssignment, TariffState, TariffStateChange, TariffVersion

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
    )


def tax_of_cpo(cpo_id: int) -> Tax | None:
    """Return a CPO's tax, None where it has none or at 0 %; inside its scope.

    Each price asks for it, in a fifth of the time that the ORM would take.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT label, rate, sac_code FROM pricing_taxprofile WHERE cpo_id = %s", [cpo_id])
        row = cursor.fetchone()
    return Tax(*row) if row and row[1] else None


def tariffs_for(connectors: Sequence[Connector], *, as_of: datetime | None = None) -> dict[int, TariffVersion]:
    """Return the version that applies at each connector, by primary key, in at most three queries.

    The most specific assignment of a published tariff wins: connector, location and type, location, type,
    everywhere. A connector without one is left out. With `as_of` versions and places are those of that instant.
    Connectors of several CPOs may be mixed.
    """
    if as_of is not None:
        return tariffs_at(connectors, as_of)
    locations = _locations_of(connectors)
    versions: dict[tuple[int, Place], TariffVersion] = {}
    for assignment in _assignments(connectors, set(locations.values())):
        version = assignment.tariff.live_version
        if version is not None and assignment.tariff.state == TariffState.APPROVED:
            version.tariff = assignment.tariff
            place = (assignment.location_id, assignment.connector_id, assignment.connector_type)
            versions[assignment.cpo_id, place] = version
    at_site: dict[tuple[int, int, str], TariffVersion | None] = {}
    found = {}
    for connector in connectors:
        own, *others = _places_of(connector, locations[connector.charger_id])
        site = connector.cpo_id, locations[connector.charger_id], connector.connector_type
        if site not in at_site:  # most connectors have no tariff of their own
            at_site[site] = next((versions[site[0], x] for x in others if (site[0], x) in versions), None)
        version = versions.get((connector.cpo_id, own), at_site[site])
        if version is not None:
            found[connector.pk] = version
    return found


def tariff_with_draft(connector: Connector, draft: TariffVersion) -> TariffVersion | None:
    """Return the version that would apply at a connector if this draft were published."""
    location = connector.charger.location
    rows = {
        (row.location_id, row.connector_id, row.connector_type): row.tariff
        for row in _assignments([connector], {location.pk})
        if row.tariff.state == TariffState.APPROVED and row.tariff_id != draft.tariff_id
    }
    drafted = set(named.places_of(draft))
    places = named.most_specific_first(connector, location.location_id)
    for key, place in zip(_places_of(connector, location.pk), places, strict=True):
        if place in drafted:
            return draft
        if key in rows and (version := rows[key].live_version) is not None:
            version.tariff = rows[key]
            return version
    return None


def tariffs_at(connectors: Sequence[Connector], instant: datetime) -> dict[int, TariffVersion]:
    """Return the version that applied at each connector at an instant, by what the versions of then name as places."""
    live = _live_versions_at(instant, {connector.cpo_id for connector in connectors})
    placed: dict[tuple[int, named.Place], TariffVersion] = {}
    for version in live:
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


def _assignments(connectors: Sequence[Connector], location_ids: set[int]) -> Iterable[TariffAssignment]:
    return TariffAssignment.objects.filter(
        Q(location=None) | one_of("location", location_ids),
        Q(connector=None) | one_of("connector", (connector.pk for connector in connectors)),
        cpo__in={connector.cpo_id for connector in connectors},
    ).select_related("tariff__live_version")


def _places_of(connector: Connector, location_id: int) -> tuple[Place, ...]:
    """Return where a tariff for this connector may be assigned, the most specific first."""
    return (
        (None, connector.pk, ""),
        (location_id, None, connector.connector_type),
        (location_id, None, ""),
        (None, None, connector.connector_type),
        (None, None, ""),
    )


def _live_versions_at(instant: datetime, cpo_ids: set[int]) -> list[TariffVersion]:
    """Return the versions that were live at an instant, one per tariff, from the append-only history."""
    last_changes = (
        TariffStateChange.objects.filter(at__lte=instant, tariff__cpo__in=cpo_ids)
        .order_by("tariff_id", "-at", "-id")
        .distinct("tariff_id")
        .select_related("version__tariff")
    )
    return [
        change.version
        for change in last_changes
        if change.to_state == TariffState.APPROVED and change.version is not None
    ]
