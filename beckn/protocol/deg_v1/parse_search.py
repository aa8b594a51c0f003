"""Reads search: where, when, which connector, whose and what name."""

from __future__ import annotations

import re
from decimal import Decimal

from beckn.protocol.deg_v1 import tags
from beckn.protocol.deg_v1.parse_order import END_STOPS
from beckn.protocol.deg_v1.parse_tags import read_fee
from beckn.protocol.reading import Json, child, children, fault, moment, need_child, need_decimal, need_text, text
from beckn.protocol.values import GeoCircle, SearchIntent

INTENT = "$.message.intent"

#: The connector specifications that can be asked for; other tags are left alone.
SPEC_CODES = frozenset(
    {"connector-id", "power-type", "connector-type", "connector-format", "charging-speed", "power-rating", "status"}
)
#: Words that mean a charger, whatever their case and with blanks as hyphens; DEG v1's own examples say "energy".
CHARGER_WORDS = frozenset({"charger", "ev-charger", "energy"})
MAX_RADIUS_M = Decimal(1_000_000)

_METRES = {"KM": Decimal(1000), "KMS": Decimal(1000), "M": Decimal(1), "METERS": Decimal(1), "METRES": Decimal(1)}
_GPS = re.compile(r"([+-]?\d{1,2}(?:\.\d{1,12})?)\s*,\s*([+-]?\d{1,3}(?:\.\d{1,12})?)", re.ASCII)


def parse_search(body: Json) -> SearchIntent:
    """Read `message.intent`; an empty intent looks for every charger. Raises ProtocolFault."""
    intent = child(body["message"], "intent", "$.message")
    fulfillment = child(intent, "fulfillment", INTENT)
    item = child(intent, "item", INTENT)
    stops = children(fulfillment, "stops", f"{INTENT}.fulfillment")
    stop = _start(stops)
    path = f"{INTENT}.fulfillment.stops[{stop}]"
    chosen = stops[stop] if stops else {}
    time = child(chosen, "time", path)
    span = child(time, "range", f"{path}.time")
    starts_at = moment(span, "start", f"{path}.time.range") or moment(time, "timestamp", f"{path}.time")
    ends_at = moment(span, "end", f"{path}.time.range")
    if starts_at and ends_at and (starts_at.tzinfo is None) == (ends_at.tzinfo is None) and ends_at < starts_at:
        fault(f"{path}.time.range", "The range ends before it starts.")
    intent_tags = tags.read_groups(intent, INTENT)
    item_tags = tags.read_groups(item, f"{INTENT}.item")
    fulfillment_tags = tags.read_groups(fulfillment, f"{INTENT}.fulfillment")
    return SearchIntent(
        circle=_circle(child(chosen, "location", path), f"{path}.location"),
        starts_at=starts_at,
        ends_at=ends_at,
        specs=_specs(fulfillment_tags + item_tags + intent_tags),
        names=_names(intent, item),
        categories=_categories(intent, item),
        provider_id=text(child(intent, "provider", INTENT), "id", f"{INTENT}.provider"),
        item_id=text(item, "id", f"{INTENT}.item"),
        offer_id=text(child(intent, "offer", INTENT), "id", f"{INTENT}.offer"),
        buyer_finder_fee=read_fee(intent_tags, f"{INTENT}.tags"),
    )


def _start(stops: list[Json]) -> int:
    """Return the index of the stop that says where and when: the first that is not an end."""
    for index, stop in enumerate(stops):
        if text(stop, "type", f"{INTENT}.fulfillment.stops[{index}]").upper() not in END_STOPS:
            return index
    return 0


def _circle(location: Json, path: str) -> GeoCircle | None:
    if location.get("circle") is None:
        return None
    circle = child(location, "circle", path)
    path = f"{path}.circle"
    match = _GPS.fullmatch(need_text(circle, "gps", path))
    if match is None:
        fault(f"{path}.gps", 'gps is not "latitude,longitude".')
    latitude, longitude = Decimal(match[1]), Decimal(match[2])
    if abs(latitude) > 90 or abs(longitude) > 180:
        fault(f"{path}.gps", "gps lies outside of the globe.")
    radius = need_child(circle, "radius", path)
    unit = (text(radius, "unit", f"{path}.radius") or "km").upper()
    if unit not in _METRES:
        fault(f"{path}.radius.unit", "The unit is neither km nor m.")
    metres = need_decimal(radius, "value", f"{path}.radius") * _METRES[unit]
    if not 0 < metres <= MAX_RADIUS_M:
        fault(f"{path}.radius.value", "The radius is not more than 0 and at most 1000 km.")
    return GeoCircle(latitude, longitude, max(1, round(metres)))


def _specs(groups: tags.Groups) -> tuple[tuple[str, str], ...]:
    """Return the connector specifications asked for, each pair once, wherever the tags stand."""
    pairs = ((code, value) for _, entries in groups for code, value, _ in entries if value and code in SPEC_CODES)
    return tuple(dict.fromkeys(pairs))


def _names(intent: Json, item: Json) -> tuple[str, ...]:
    """Return the words of the two descriptors that do not merely say "a charger"."""
    words = []
    for owner, path in ((intent, INTENT), (item, f"{INTENT}.item")):
        descriptor = child(owner, "descriptor", path)
        words += [text(descriptor, key, f"{path}.descriptor") for key in ("name", "code")]
    return tuple(dict.fromkeys(word for word in words if word and not _is_charger(word)))


def _is_charger(word: str) -> bool:
    return "-".join(word.casefold().replace("_", "-").split()) in CHARGER_WORDS


def _categories(intent: Json, item: Json) -> tuple[str, ...]:
    """Return the categories asked for, by id, code or name; a category that only means a charger restricts nothing."""
    category = child(intent, "category", INTENT)
    path = f"{INTENT}.category"
    descriptor = child(category, "descriptor", path)
    words = [text(category, "id", path)]
    words += [text(descriptor, key, f"{path}.descriptor") for key in ("code", "name")]
    asked = next((word for word in words if word), "")
    ids = item.get("category_ids") or []
    if not isinstance(ids, list) or not all(isinstance(entry, str) for entry in ids):
        fault(f"{INTENT}.item.category_ids", "category_ids is not an array of texts.")
    return tuple(dict.fromkeys(word for word in (asked, *ids) if word and not _is_charger(word)))
