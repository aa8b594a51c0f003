"""Why an offer did not apply, in one short sentence for people; ids and codes are said by their names or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from cpo_portal.network.models import ConnectorType
from offers.engine.values import Check, ReasonCode
from offers.reason_texts import REASONS

_NOBODY = "phone or e-mail"
_NONE = "none"
_KINDS = {str(kind.value): str(kind.label) for kind in ConnectorType}


@dataclass(frozen=True, slots=True)
class Names:
    """What people call what checks name by id or code: places, connectors and products, categories, offers, lists."""

    locations: Mapping[str, str] = field(default_factory=dict)
    items: Mapping[str, str] = field(default_factory=dict)
    categories: Mapping[str, str] = field(default_factory=dict)
    chargers: Mapping[str, str] = field(default_factory=dict)
    areas: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, str] = field(default_factory=dict)
    offers: Mapping[str, str] = field(default_factory=dict)


NO_NAMES = Names()
_Say = Callable[[Check, Names], str]


def check_in_words(check: Check, names: Names = NO_NAMES) -> str:
    """Return "The session is worth less than its minimum: 45.00 instead of 50.00 (₹5.00 short)."."""
    return f"{_said(check, names)}."


def in_short(check: Check) -> str:
    """Return by how much it misses, or, where no figure says that, the reason, without a full stop: for drivers."""
    return check.margin or _said(check, NO_NAMES)


def _said(check: Check, names: Names) -> str:
    say = _alone if check.field == "state" else _SAID.get(check.code, _compared)
    return say(check, names)


def _alone(check: Check, names: Names) -> str:
    return REASONS[check.code]


def _with_margin(check: Check, names: Names) -> str:
    """Say a reason whose margin says it all; the figures beside it are instants and sums for machines."""
    return _with(REASONS[check.code], check.margin)


def _compared(check: Check, names: Names) -> str:
    return _figures(REASONS[check.code], check, check.expected, check.actual)


def _figures(text: str, check: Check, expected: str, actual: str) -> str:
    if expected == _NOBODY:
        return f"{text}, and the customer is not known"
    if actual.startswith("not "):
        return _with(f"{text}: {actual}", check.margin)
    if expected and actual:
        text = f"{text}: {actual} instead of {expected}"
    return _with(text, check.margin)


def _with(text: str, margin: str) -> str:
    return f"{text} ({margin})" if margin else text


def _for(kind: Callable[[Names], Mapping[str, str]]) -> _Say:
    """Say for which other one it is, by name, or for how many; an id without a name is left out."""

    def say(check: Check, names: Names) -> str:
        text, wanted = REASONS[check.code], kind(names).get(check.expected)
        if wanted is None and check.expected.startswith("one of "):
            wanted = f"{check.expected.removeprefix('one of ')} others"
        return f"{text}: it is for {wanted}" if wanted else text

    return say


def _among(kind: Callable[[Names], Mapping[str, str]]) -> _Say:
    """Say what was wanted and what is there, by name where it has one."""

    def say(check: Check, names: Names) -> str:
        known = kind(names)
        expected = known.get(check.expected, check.expected)
        there = ", ".join(dict.fromkeys(known.get(x, x) for x in check.actual.split(", ")))
        if there == _NONE:
            return f"{REASONS[check.code]}: {expected}"
        return _figures(REASONS[check.code], check, expected, there)

    return say


def _area(check: Check, names: Names) -> str:
    """Say the city or the state that was wanted and where this is; a code of a city without a name is left out."""
    there = [names.areas.get(x, x) for x in check.actual.split(", ") if x in names.areas or ":" not in x]
    expected = names.areas.get(check.expected, check.expected)
    if ":" in expected:
        return REASONS[check.code]
    actual = ", ".join(dict.fromkeys(there))
    return _figures(REASONS[check.code], check, expected, "" if actual == _NONE else actual)


def _window(check: Check, names: Names) -> str:
    return _with(f"The planned start, {check.actual}, is outside its weekly windows", check.margin)


def _holiday(check: Check, names: Names) -> str:
    if check.expected.startswith("no "):
        return _with(f"It does not hold on a {check.expected.removeprefix('no ')}", check.margin)
    return _with(f"It holds only on {check.expected}", check.margin)


def _currency(check: Check, names: Names) -> str:
    return f"It is in {check.actual}, and the session is priced in {check.expected}"


def _uses(check: Check, names: Names) -> str:
    again = check.margin.removeprefix("0 left").removeprefix(", ")
    return _with(f"{REASONS[check.code]}: {check.actual} of {check.expected}", again)


def _group_uses(check: Check, names: Names) -> str:
    return _with(REASONS[check.code], check.margin.removeprefix("used up by the group").removeprefix(", "))


def _session(check: Check, names: Names) -> str:
    if check.expected == _NOBODY or check.actual.startswith("not "):
        return _compared(check, names)
    return _with(
        f"It is for session {check.expected} of the customer, and this is session {check.actual}", check.margin
    )


def _busy(check: Check, names: Names) -> str:
    now = "how many are, is not known" if check.actual == "not known" else f"{check.actual} are"
    return f"It holds while {check.expected} of the chargers are busy, and {now}"


def _stock(check: Check, names: Names) -> str:
    product = names.items.get(check.field.removeprefix("stock."))
    text = REASONS[check.code]
    if product:
        text = f"Too few of {product} are in stock"
        if check.code is ReasonCode.ITEM_STOCK:
            text = f"What it gives, {product}, is out of stock"
    return _figures(text, check, check.expected, check.actual)


def _gift_sold(check: Check, names: Names) -> str:
    product = names.items.get(check.expected)
    return f"What it gives, {product}, is not sold at this location" if product else REASONS[check.code]


def _combination(check: Check, names: Names) -> str:
    """Say which items are missing; where one has no name, how many of them are there."""
    missing, _, verb = check.margin.rpartition(" ")[0].rpartition(" ")
    called = [names.items.get(x, "") for x in missing.split(" and ")]
    if all(called):
        return f"{REASONS[check.code]}: {' and '.join(called)} {verb} missing"
    return f"{REASONS[check.code]}: {check.actual}"


def _segment(check: Check, names: Names) -> str:
    if check.actual == _NONE and check.expected.startswith("a phone number"):
        return f"{REASONS[check.code]}, and the customer is not known" + (f" ({check.margin})" if check.margin else "")
    if check.actual in ("on it", "not on it"):
        wanted = check.expected.partition("on ")[2]
        on = names.lists.get(wanted)
        text = f"{REASONS[check.code]}: {check.actual.removesuffix(' it')} {f'the list {on}' if on else 'its list'}"
        return _with(text, check.margin)
    return _compared(check, names)


def _group(check: Check, names: Names) -> str:
    other = names.offers.get(check.actual, "another")
    return _with(f"Only one offer of its group applies, and {other} is chosen", _better(check))


def _excluded(check: Check, names: Names) -> str:
    other = names.offers.get(check.actual)
    return _with(f"It does not combine with {other}" if other else REASONS[check.code], _better(check))


def _better(check: Check) -> str:
    """Return the part of the margin that names no offer and no group."""
    return check.margin.rpartition("; ")[2] if "; " in check.margin else ""


_SAID: Mapping[ReasonCode, _Say] = {
    **dict.fromkeys(
        (
            ReasonCode.UNKNOWN,
            ReasonCode.NOT_LIVE,
            ReasonCode.PAUSED,
            ReasonCode.WITHDRAWN,
            ReasonCode.NOT_OPTED_IN,
            ReasonCode.DECLINED,
            ReasonCode.CODE_REQUIRED,
            ReasonCode.CODE_USED,
            ReasonCode.CUSTOMER_UNKNOWN,
            ReasonCode.NO_BENEFIT,
        ),
        _alone,
    ),
    **dict.fromkeys(
        (
            ReasonCode.BLACKOUT,
            ReasonCode.NOT_YET_VALID,
            ReasonCode.ENDED,
            ReasonCode.NOT_ADDITIVE,
            ReasonCode.BETTER_SET,
            ReasonCode.STACK_FULL,
            ReasonCode.MAX_DISCOUNT,
        ),
        _with_margin,
    ),
    **dict.fromkeys(
        (
            ReasonCode.TOTAL_USES,
            ReasonCode.CUSTOMER_USES,
            ReasonCode.CUSTOMER_USES_DAY,
            ReasonCode.CUSTOMER_USES_WEEK,
            ReasonCode.CUSTOMER_USES_MONTH,
        ),
        _uses,
    ),
    **dict.fromkeys(
        (
            ReasonCode.GROUP_USES,
            ReasonCode.GROUP_USES_DAY,
            ReasonCode.GROUP_USES_WEEK,
            ReasonCode.GROUP_USES_MONTH,
        ),
        _group_uses,
    ),
    ReasonCode.OUTSIDE_WEEKLY_WINDOW: _window,
    ReasonCode.LOCATION: _for(lambda names: names.locations),
    ReasonCode.ITEM: _for(lambda names: names.items),
    ReasonCode.CATEGORY: _for(lambda names: names.categories),
    ReasonCode.CHARGER: _for(lambda names: names.chargers),
    ReasonCode.LOCATION_TAG: _among(lambda names: {}),
    ReasonCode.AREA: _area,
    ReasonCode.CONNECTOR_CLASS: _among(lambda names: _KINDS),
    ReasonCode.CURRENCY: _currency,
    ReasonCode.HOLIDAY: _holiday,
    ReasonCode.SESSION_NUMBER: _session,
    ReasonCode.BUSY: _busy,
    ReasonCode.STOCK: _stock,
    ReasonCode.ITEM_STOCK: _stock,
    ReasonCode.ITEM_NOT_SOLD: _gift_sold,
    ReasonCode.COMBO_ITEMS: _combination,
    ReasonCode.SEGMENT: _segment,
    ReasonCode.GROUP_TAKEN: _group,
    ReasonCode.EXCLUDED: _excluded,
}
