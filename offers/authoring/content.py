"""What staff write into an offer, and every reason to refuse it: by field, in one sentence that says what to do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from cpo_portal.database.instants import FAR, is_near
from cpo_portal.network.models import Connector, Location, Product
from offers.authoring.amounts import check_amounts
from offers.authoring.codes import codes_like, is_offer_id, offer_of_single_use
from offers.authoring.conditions import OWN_FIELDS as CONDITION_FIELDS
from offers.authoring.conditions import check_conditions
from offers.authoring.days import OWN_FIELDS as DAY_FIELDS
from offers.authoring.days import check_days
from offers.authoring.finance import normal_finance
from offers.authoring.giving import OWN_FIELDS as GIVING_FIELDS
from offers.authoring.giving import check_giving
from offers.authoring.ids import is_id_of_an_offer
from offers.authoring.places import OWN_FIELDS as PLACE_FIELDS
from offers.authoring.places import PLACE_LISTS, check_places
from offers.authoring.slabs import normal_slabs
from offers.authoring.stacking import check_stacking, normal_stacking
from offers.authoring.texts import check_texts, shows_each_sign, with_plain_lines
from offers.authoring.types import check_type
from offers.authoring.unread import Finding, partly, readable, told, unread_of
from offers.known import names_there
from offers.models import Offer, OfferVersion
from offers.segments import unknown_segments
from pricing.windows import normal_windows


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferContent:
    """One version's content, field by field as in OfferVersion; ids are Beckn ids, instants are aware.

    `currency` may be left empty: it is the CPO's.
    """

    name: str
    valid_from: datetime
    valid_until: datetime
    value: Decimal | None = None
    value_type: str = "percent"
    benefit_kind: str = "discount"
    value_cap: Decimal | None = None
    base: str = "ITEMS"
    min_value: Decimal | None = None
    short_desc: str = ""
    long_desc: str = ""
    terms_text: str = ""
    image_url: str = ""
    campaign_kind: str = "OTHER"
    display_code: str = ""
    requires_code: bool = False
    location_ids: tuple[str, ...] = ()
    item_ids: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    weekly_windows: tuple[dict[str, Any], ...] = ()
    additive: bool = False
    auto: bool = True
    priority: int = 0
    currency: str = ""
    exclusivity_group: str = ""
    excludes: tuple[str, ...] = ()
    segment_ids: tuple[str, ...] = ()
    single_use_codes: bool = False
    location_tags: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    near_latitude: Decimal | None = None
    near_longitude: Decimal | None = None
    radius_km: Decimal | None = None
    charger_ids: tuple[str, ...] = ()
    connector_types: tuple[str, ...] = ()
    currents: tuple[str, ...] = ()
    min_power_w: int | None = None
    max_power_w: int | None = None
    holiday_calendar: str = ""
    holidays: str = ""
    blackout_dates: tuple[date, ...] = ()
    min_energy_wh: int | None = None
    max_energy_wh: int | None = None
    nth_session: int | None = None
    max_busy_percent: int | None = None
    stock_product_id: str = ""
    stock_at_least: int | None = None
    qualifier_item_ids: tuple[str, ...] = ()
    slabs: tuple[dict[str, Any], ...] = ()
    finance_terms: tuple[dict[str, Any], ...] = ()
    item_unit: str = ""
    qualifier_item_count: int | None = None
    benefit_item_count: int | None = None
    benefit_item_id: str = ""
    item_value: Decimal | None = None


CONTENT_FIELDS = tuple(field.name for field in fields(OfferContent))
#: What the column holds.
LEAST_PRIORITY, MOST_PRIORITY = -32_768, 32_767
NO_PRIORITY = f"Give a priority from {LEAST_PRIORITY:,} to {MOST_PRIORITY:,}: the larger goes first."
_IDS = ("location_ids", "item_ids", "categories", "segment_ids", *PLACE_LISTS, "qualifier_item_ids")
#: Lists of small rows, each with the function that brings it into its normal form.
ROWS: dict[str, Any] = {"weekly_windows": normal_windows, "slabs": normal_slabs, "finance_terms": normal_finance}
#: What a version holds as a list and a content as a tuple.
LISTS = (*_IDS, *ROWS, "blackout_dates", "excludes")


def content_from(values: Mapping[str, Any]) -> OfferContent:
    """Return the content that these fields say, the others as where nothing was said; needed ones may be unread."""
    unsaid: dict[str, Any] = {"name": "", "valid_from": None, "valid_until": None}
    return OfferContent(**unsaid | dict(values))


def content_of(version: OfferVersion) -> OfferContent:
    """Return what a version says."""
    values = {name: getattr(version, name) for name in CONTENT_FIELDS}
    return OfferContent(**values | {name: tuple(values[name]) for name in LISTS})


def apply_content(version: OfferVersion, content: OfferContent) -> None:
    """Write the content into an unsaved or draft version."""
    _apply(version, content, CONTENT_FIELDS)


def _apply(version: OfferVersion, content: OfferContent, names: Iterable[str]) -> None:
    for name in names:
        value = getattr(content, name)
        setattr(version, name, list(value) if name in LISTS else value)


def checked(offer: Offer, content: OfferContent, unread: Collection[str] = ()) -> OfferContent:
    """Return the content in its normal form, or raise ValidationError by field.

    Call inside a transaction that holds the offer's row, or for an offer that is not saved yet. Of a content with
    fields that could not be read, all is refused that depends on the others alone.
    """
    errors: dict[str, list[str]] = {}
    values = {name: getattr(content, name) for name in CONTENT_FIELDS}
    values |= {name: _unique(values[name]) for name in _IDS}
    values["blackout_dates"] = tuple(sorted(set(content.blackout_dates)))
    values["currency"] = values["currency"] or offer.cpo.currency
    values["display_code"] = values["display_code"].strip()
    values |= {name: with_plain_lines(values[name]) for name in ("long_desc", "terms_text")}
    values |= normal_stacking(content)
    values["requires_code"] = values["requires_code"] or values["single_use_codes"]
    for name, normal in ROWS.items():
        try:
            values[name] = normal(values[name])
        except ValidationError as refusal:
            errors[name] = refusal.messages
            values[name] = ()
    result = OfferContent(**values)
    for name, message in told(_CHECKS, offer, partly(result, {*errors, *unread})):
        errors.setdefault(name, []).append(message)
    if errors:
        raise ValidationError(errors)  # type: ignore[arg-type]
    return result


_Findings = Iterable[Finding]
_CHECKED_ELSEWHERE = {
    *("cpo", "offer", "created_by", "published_at", "value", "value_cap", "min_value", "name", "priority"),
    *(*PLACE_FIELDS, *DAY_FIELDS, *CONDITION_FIELDS, *GIVING_FIELDS),
}


def _check_texts(offer: Offer, content: OfferContent) -> _Findings:
    return check_texts(content)


def _check_fields(offer: Offer, content: OfferContent) -> _Findings:
    """Check types, lengths and choices as the model states them."""
    probe = OfferVersion(cpo=offer.cpo, number=1)
    _apply(probe, content, readable(content, CONTENT_FIELDS))
    try:
        probe.clean_fields(exclude=_CHECKED_ELSEWHERE | unread_of(content))
    except ValidationError as refusal:
        for name, messages in refusal.message_dict.items():
            yield from ((name, message) for message in messages)


def _check_priority(offer: Offer, content: OfferContent) -> _Findings:
    if not LEAST_PRIORITY <= content.priority <= MOST_PRIORITY:
        yield "priority", NO_PRIORITY


def _check_image(offer: Offer, content: OfferContent) -> _Findings:
    if content.image_url and not content.image_url.casefold().startswith("https://"):
        yield "image_url", "Give an address that begins with https://: buyer apps load no other."


def _check_currency(offer: Offer, content: OfferContent) -> _Findings:
    if content.currency != offer.cpo.currency:
        yield "currency", f"Your offers are in {offer.cpo.currency}: leave the currency out."


def _check_type(offer: Offer, content: OfferContent) -> _Findings:
    return check_type(content)


def _check_time(offer: Offer, content: OfferContent) -> _Findings:
    faults = []
    for name in readable(content, ("valid_from", "valid_until")):
        if getattr(content, name).utcoffset() is None:
            faults.append((name, "Give the time with its offset, such as 2026-01-03T00:00:00+05:30."))
        elif not is_near(getattr(content, name)):
            faults.append((name, FAR))
    yield from faults
    if not faults and content.valid_until <= content.valid_from:
        ends = "ends when" if content.valid_until == content.valid_from else "ends before"
        yield "valid_until", f"The offer {ends} it starts: choose a later end."


def _check_locations(offer: Offer, content: OfferContent) -> _Findings:
    known = names_there(Location.objects, "location_id", content.location_ids)
    for unknown in sorted(set(content.location_ids) - known):
        yield "location_ids", f"You have no location “{unknown}”: give the id of one of yours."


def _check_items(offer: Offer, content: OfferContent) -> _Findings:
    items = names_there(Connector.objects, "item_id", content.item_ids)
    items |= names_there(Product.objects, "product_id", content.item_ids)
    for unknown in sorted(set(content.item_ids) - items):
        yield "item_ids", f"You have no connector or product “{unknown}”: give the id of one of yours."


def _check_segments(offer: Offer, content: OfferContent) -> _Findings:
    for unknown in unknown_segments(content.segment_ids):
        yield "segment_ids", f"You have no segment “{unknown}”: give the id of one of yours."


def _check_code(offer: Offer, content: OfferContent) -> _Findings:
    code = content.display_code
    if any(character.isspace() for character in code):
        yield "display_code", "Write the code without spaces, such as WEEKEND25."
    elif not code.isprintable() or not shows_each_sign(code):
        yield "display_code", "The code holds a sign that nobody sees: type it anew, such as WEEKEND25."
    elif content.single_use_codes:
        if code:
            yield "display_code", "Each buyer sends a code of their own: leave the display code empty."
    elif content.requires_code and not code:
        yield "display_code", "Give the code that the buyer must send."
    elif code and (fault := taken(offer, code, required=content.requires_code)):
        yield "display_code", fault


def taken(offer: Offer, code: str, *, required: bool) -> str:
    """Return the sentence that refuses a code which means something else already, "" where it is free."""
    if fault := codes_like(offer, code).fault(code, required=required):
        return fault
    if is_offer_id(offer, code) or (required and code.upper() == offer.offer_id.upper()):
        return is_id_of_an_offer(code)
    other = offer_of_single_use(offer, code)
    return f"This is a single-use code of the offer {other}: choose another." if other else ""


#: Each yields faults of the content by field; inside the CPO's scope.
_CHECKS: tuple[Callable[[Offer, OfferContent], _Findings], ...] = (
    _check_texts,
    _check_fields,
    _check_priority,
    _check_image,
    _check_currency,
    _check_type,
    check_amounts,
    _check_time,
    _check_locations,
    _check_items,
    _check_segments,
    check_places,
    check_days,
    check_conditions,
    check_giving,
    _check_code,
    check_stacking,
)


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({value.strip() for value in values if value.strip()}))
