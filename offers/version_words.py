"""What a version of an offer says, field by field in words: its facts, and what two versions say differently."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from cpo_portal.adminkit.display import EMPTY, money, when
from cpo_portal.network.models import Connector, ConnectorType, Location, Product
from offers.applicability_words import LABELS as APPLICABILITY
from offers.applicability_words import said_in_units
from offers.authoring import content_of
from offers.engine.describe import benefit_in_words
from offers.mapping import applicability, offer_terms
from offers.models import OfferVersion
from offers.names import calendar_names, category_names, city_names, offer_names, product_names
from offers.segments import segment_choices
from offers.type_words import label_of
from pricing.engine.week import windows_in_words
from pricing.engine.wording import plain_number

_MONEY_FIELDS = ("value_cap", "min_value", "item_value")
_IN_ORDER = (
    "name",
    "short_desc",
    "long_desc",
    "terms_text",
    "image_url",
    "campaign_kind",
    "display_code",
    "requires_code",
    "single_use_codes",
    "location_ids",
    "item_ids",
    "categories",
    "segment_ids",
    "valid_from",
    "valid_until",
    "weekly_windows",
    "min_value",
    "benefit_kind",
    "qualifier_item_ids",
    "value",
    "value_cap",
    "base",
    "slabs",
    "finance_terms",
    "item_unit",
    "qualifier_item_count",
    "benefit_item_count",
    "benefit_item_id",
    "item_value",
    "additive",
    "auto",
    "priority",
    "exclusivity_group",
    "excludes",
    *APPLICABILITY,
)
_EMPTY_MEANS = {
    "location_ids": "Every location",
    "item_ids": "All of them",
    "weekly_windows": "Always",
    "segment_ids": "Every customer",
    "value_cap": "No cap",
    "min_value": "None",
}


def differences(before: OfferVersion, after: OfferVersion) -> list[dict[str, str]]:
    """Return what two versions say differently, field by field, in words."""
    return changes_of(before, after, names_in((before, after)))


def changes_of(before: OfferVersion, after: OfferVersion, names: dict[str, str]) -> list[dict[str, str]]:
    """Return what two versions say differently, with the `names_in` them."""
    old, new = content_of(before), content_of(after)
    return [
        {
            "label": label_of(name, after.benefit_kind),
            "before": _said(before, name, names),
            "after": _said(after, name, names),
        }
        for name in (*_IN_ORDER, "value_type")
        if getattr(old, name) != getattr(new, name)
    ]


def facts_of(version: OfferVersion, names: dict[str, str]) -> list[tuple[str, str]]:
    """Return the fields of a version that say something, with the `names_in` it: label and words."""
    kind = version.benefit_kind
    return [(label_of(name, kind), said) for name in _IN_ORDER if (said := _said(version, name, names)) != EMPTY]


def _said(version: OfferVersion, name: str, names: dict[str, str]) -> str:
    """Return a field of a version in words."""
    value = getattr(version, name)
    if value is None or value in ("", []):
        return _EMPTY_MEANS.get(name, EMPTY)
    if name == "weekly_windows":
        return windows_in_words(applicability(version).weekly_windows)
    if name in ("slabs", "finance_terms"):
        return benefit_in_words(offer_terms(version.offer, version))
    if name in _MONEY_FIELDS or (name == "value" and version.value_type != "percent"):
        per = " per kWh" if name == "value" and version.value_type == "per_kwh" else ""
        return f"{money(value, version.currency)}{per}"
    if name == "value":
        return f"{plain_number(value)} %"
    if name in APPLICABILITY and (text := said_in_units(version, name)):
        return text
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(str(names.get(key, key)) for key in value)
    if isinstance(value, datetime):
        return when(value, version.cpo.time_zone)
    if name in ("stock_product_id", "benefit_item_id"):
        return names.get(value, value)
    if name == "holiday_calendar":
        return names.get(_calendar_key(value), value)
    shown = getattr(version, f"get_{name}_display", None)
    return str(shown() if shown else value)


def names_in(versions: Iterable[OfferVersion]) -> dict[str, str]:
    """Return the names of what these versions name, by Beckn id; of calendars by `_calendar_key`."""
    rows = list(versions)
    places = {key for version in rows for key in version.location_ids}
    items = {key for version in rows for key in (*version.item_ids, *version.qualifier_item_ids)}
    names = dict(Location.objects.filter(location_id__in=places).values_list("location_id", "name"))
    names |= dict(Product.objects.filter(product_id__in=items).values_list("product_id", "name"))
    names |= dict(segment_choices())
    names |= offer_names({key for version in rows for key in version.excludes})
    names |= category_names({key for version in rows for key in version.categories})
    names |= city_names() | {kind.value: str(kind.label) for kind in ConnectorType}
    names |= product_names(key for version in rows for key in (version.stock_product_id, version.benefit_item_id))
    names |= {_calendar_key(key): name for key, name in calendar_names(x.holiday_calendar for x in rows).items()}
    return names | {row.item_id: str(row) for row in Connector.objects.filter(item_id__in=items)}


def _calendar_key(calendar_id: str) -> str:
    """Return a calendar's key among the names: its id may be a segment's or an item's too, and no id has a space."""
    return f"calendar {calendar_id}"
