"""What people call the things that an offer names by id or code: offers, products, cities, calendars, connectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Coalesce

from cpo_portal.network.models import CHARGING_CATEGORY, Charger, Connector, ConnectorType, Location, Product
from offers.engine.values import BenefitKind, OfferTerms
from offers.models import Offer, OfferVersion
from pricing.models import HolidayCalendar

#: Of more products in a category only so many are named, and a discount of more items counts them.
MOST_NAMED = 3


def offer_names(offer_ids: Iterable[str] | None = None) -> dict[str, str]:
    """Return the names of these offers of the scope's CPO, or of all, by id: a draft's where none was published."""
    draft = OfferVersion.objects.filter(offer=OuterRef("pk"), published_at=None).values("name")[:1]
    rows = Offer.objects.annotate(called=Coalesce("live_version__name", Subquery(draft)))
    if offer_ids is not None:
        rows = rows.filter(offer_id__in=list(offer_ids))
    return {offer_id: name for offer_id, name in rows.values_list("offer_id", "called") if name}


def city_names() -> dict[str, str]:
    """Return the city of each city code of the scope's CPO."""
    rows = Location.objects.exclude(city="").exclude(city_code="").order_by("city")
    return dict(rows.values_list("city_code", "city"))


def category_names(codes: Iterable[str]) -> dict[str, str]:
    """Return what people call these categories: charging, or the products that the scope's CPO has in one."""
    wanted = set(codes)
    goods: dict[str, list[str]] = {}
    if wanted - {CHARGING_CATEGORY}:
        rows = Product.objects.filter(category__in=wanted).order_by("name").values_list("category", "name")
        for code, name in rows:
            goods.setdefault(code, []).append(name)
    named = {code: _listed(_spoken(code), names) for code, names in goods.items()}
    return {CHARGING_CATEGORY: "charging"} | {code: _spoken(code) for code in wanted - {CHARGING_CATEGORY}} | named


def product_names(product_ids: Iterable[str]) -> dict[str, str]:
    """Return the names of these products of the scope's CPO, by id."""
    wanted = set(product_ids) - {""}
    rows = Product.objects.filter(product_id__in=wanted) if wanted else Product.objects.none()
    return dict(rows.values_list("product_id", "name"))


def calendar_names(calendar_ids: Iterable[str]) -> dict[str, str]:
    """Return these holiday calendars of the scope's CPO as a form offers them, "Delhi (delhi)", by id."""
    wanted = set(calendar_ids) - {""}
    rows = HolidayCalendar.objects.filter(calendar_id__in=wanted) if wanted else HolidayCalendar.objects.none()
    return {key: f"{name} ({key})" for key, name in rows.values_list("calendar_id", "name")}


def gift_shown() -> Subquery:
    """Return what rows of offers are annotated with: the name of the product that the version they show gives."""
    draft = OfferVersion.objects.filter(offer=OuterRef(OuterRef("pk")), published_at=None).values("benefit_item_id")
    given = Coalesce(OuterRef("live_version__benefit_item_id"), Subquery(draft[:1]))
    return Subquery(Product.objects.filter(cpo=OuterRef("cpo"), product_id=given).values("name")[:1])


def gift_named(terms: OfferTerms, names: Mapping[str, str]) -> OfferTerms:
    """Return the terms with the name of the product that they give, where it is known, to be said in words alone."""
    item_id = terms.benefit.item_id
    return replace(terms, benefit=replace(terms.benefit, item_id=names[item_id])) if item_id in names else terms


def item_names(item_ids: Iterable[str]) -> dict[str, str]:
    """Return the names of these products and connectors of the scope's CPO, by id."""
    wanted = set(item_ids) - {""}
    if not wanted:
        return {}
    connectors = Connector.objects.filter(item_id__in=wanted).values_list("item_id", "charger__name")
    return dict(connectors) | product_names(wanted)


def items_of_benefit(terms: OfferTerms, names: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Return what a combination is with, or a discount is taken of, by name; nothing where one of the items has none,
    or it is for all."""
    is_discount = terms.benefit.kind is BenefitKind.DISCOUNT
    wanted = terms.applicability.item_ids if is_discount else terms.qualifier.item_ids
    if is_discount and len(wanted) > MOST_NAMED:
        return ()
    known = item_names(wanted) if names is None else names
    return tuple(sorted(known[x] for x in wanted)) if all(known.get(x) for x in wanted) else ()


def in_names(terms: OfferTerms) -> OfferTerms:
    """Return the terms with names in place of ids and codes, to be said in words and for nothing else."""
    scope, qualifier = terms.applicability, terms.qualifier
    kinds = {str(kind.value): str(kind.label) for kind in ConnectorType}
    chargers = Charger.objects.filter(evse_id__in=scope.charger_ids) if scope.charger_ids else ()
    named = replace(
        scope,
        connector_types=_named(scope.connector_types, kinds),
        charger_ids=_named(scope.charger_ids, {row.evse_id: row.name for row in chargers}),
        cities=_named(scope.cities, city_names() if scope.cities else {}),
        categories=_named(scope.categories, category_names(scope.categories) if scope.categories else {}),
    )
    product = qualifier.stock_product_id
    names = product_names((product, terms.benefit.item_id))
    return replace(
        gift_named(terms, names),
        applicability=named,
        qualifier=replace(qualifier, stock_product_id=names.get(product, product)),
        excludes=_named(terms.excludes, offer_names(terms.excludes) if terms.excludes else {}),
    )


def _spoken(code: str) -> str:
    """Return a category as it is written by hand: "hot-drinks" is "hot drinks"."""
    return code.replace("-", " ").replace("_", " ").strip() or code


def _listed(title: str, names: list[str]) -> str:
    """Return "hot drinks (Coffee, Tea and 2 more)"."""
    more = len(names) - MOST_NAMED
    shown = ", ".join(names[:MOST_NAMED])
    return f"{title} ({shown} and {more} more)" if more > 0 else f"{title} ({shown})"


def _named(keys: Iterable[str], names: Mapping[str, str]) -> frozenset[str]:
    return frozenset(names.get(key) or key for key in keys)
