"""Why an offer did not apply, in one short sentence for people; ids and codes are said by their names or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from cpo_portal.network.models import ConnectorType
from offers.engine.about import Lack
from offers.engine.values import Check, ReasonCode
from offers.reason_before import about_of
from offers.reason_texts import REASONS

_KINDS = {str(kind.value): str(kind.label) for kind in ConnectorType}
#: Offers that are named in a sentence.
_NAMED = 3


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
    lack = about_of(check).lack
    if lack is Lack.CUSTOMER:
        return f"{text}, and the customer is not known"
    if lack is Lack.FIGURE:
        return _with(f"{text}: {actual}", check.margin)
    if expected and actual:
        text = f"{text}: {actual} instead of {expected}"
    return _with(text, check.margin)


def _with(text: str, margin: str) -> str:
    return f"{text} ({margin})" if margin else text


def _for(kind: Callable[[Names], Mapping[str, str]]) -> _Say:
    """Say for which other one it is, by name, or for how many; an id without a name is left out."""

    def say(check: Check, names: Names) -> str:
        about = about_of(check)
        wanted = next((kind(names)[x] for x in about.ids if x in kind(names)), None)
        if wanted is None and about.count:
            wanted = f"{about.count} others"
        return f"{REASONS[check.code]}: it is for {wanted}" if wanted else REASONS[check.code]

    return say


def _among(kind: Callable[[Names], Mapping[str, str]]) -> _Say:
    """Say what was wanted and what is there, by name where it has one."""

    def say(check: Check, names: Names) -> str:
        known, there = kind(names), about_of(check).there
        expected = known.get(check.expected, check.expected)
        if not there:
            return f"{REASONS[check.code]}: {expected}"
        return _figures(REASONS[check.code], check, expected, ", ".join(dict.fromkeys(known.get(x, x) for x in there)))

    return say


def _area(check: Check, names: Names) -> str:
    """Say the city or the state that was wanted and where this is; a code of a city without a name is left out."""
    there = (names.areas.get(x, x) for x in about_of(check).there if x in names.areas or ":" not in x)
    expected = names.areas.get(check.expected, check.expected)
    if ":" in expected:
        return REASONS[check.code]
    return _figures(REASONS[check.code], check, expected, ", ".join(dict.fromkeys(there)))


def _window(check: Check, names: Names) -> str:
    return _with(f"The planned start, {check.actual}, is outside its weekly windows", check.margin)


def _holiday(check: Check, names: Names) -> str:
    if check.expected.startswith("no "):
        return _with(f"It does not hold on a {check.expected.removeprefix('no ')}", check.margin)
    return _with(f"It holds only on {check.expected}", check.margin)


def _currency(check: Check, names: Names) -> str:
    return f"It is in {check.actual}, and the session is priced in {check.expected}"


def _uses(check: Check, names: Names) -> str:
    return _with(f"{REASONS[check.code]}: {check.actual} of {check.expected}", about_of(check).note)


def _group_uses(check: Check, names: Names) -> str:
    return _with(REASONS[check.code], about_of(check).note)


def _session(check: Check, names: Names) -> str:
    if about_of(check).lack:
        return _compared(check, names)
    return _with(
        f"It is for session {check.expected} of the customer, and this is session {check.actual}", check.margin
    )


def _busy(check: Check, names: Names) -> str:
    now = "how many are, is not known" if about_of(check).lack else f"{check.actual} are"
    return f"It holds while {check.expected} of the chargers are busy, and {now}"


def _stock(check: Check, names: Names) -> str:
    product, text = _named(check, names.items), REASONS[check.code]
    if product:
        text = f"Too few of {product} are in stock"
        if check.code is ReasonCode.ITEM_STOCK:
            text = f"What it gives, {product}, is out of stock"
    return _figures(text, check, check.expected, check.actual)


def _gift_sold(check: Check, names: Names) -> str:
    product = _named(check, names.items)
    return f"What it gives, {product}, is not sold at this location" if product else REASONS[check.code]


def _combination(check: Check, names: Names) -> str:
    """Say which items are missing; where one has no name, how many of them are there."""
    called = [names.items.get(x, "") for x in about_of(check).ids]
    if called and all(called):
        return f"{REASONS[check.code]}: {' and '.join(called)} {'is' if len(called) == 1 else 'are'} missing"
    return f"{REASONS[check.code]}: {check.actual}"


def _segment(check: Check, names: Names) -> str:
    about = about_of(check)
    if about.lack is Lack.CUSTOMER:
        return _with(f"{REASONS[check.code]}, and the customer is not known", check.margin)
    if about.ids:
        on = _named(check, names.lists) if len(about.ids) == 1 else ""
        text = f"{REASONS[check.code]}: {check.actual.removesuffix(' it')} {f'the list {on}' if on else 'its list'}"
        return _with(text, check.margin)
    return _compared(check, names)


def _alone_or_not(check: Check, names: Names) -> str:
    """Say which of the two stands alone: this offer, or the one that is chosen."""
    about = about_of(check)
    if not about.ids:
        return _with_margin(check, names)
    called = [names.offers[x] for x in about.ids if x in names.offers]
    if about.theirs:
        text = f"{joined(called) or 'Another offer'}, which is chosen, combines with no other offer"
    else:
        are = "is" if len(called) == 1 else "are"
        text = f"It combines with no other offer, and {joined(called) or 'others'} {are} chosen"
    return _with(text, about.note)


def _group(check: Check, names: Names) -> str:
    other = _named(check, names.offers) or "another"
    return _with(f"Only one offer of its group applies, and {other} is chosen", about_of(check).note)


def _excluded(check: Check, names: Names) -> str:
    about, other = about_of(check), _named(check, names.offers)
    if not other:
        text = REASONS[check.code]
    elif check.about is None:
        # Stored before it was kept which of the two excludes the other.
        text = f"It does not combine with {other}"
    elif about.theirs:
        text = f"{other}, which is chosen, excludes it"
    else:
        text = f"It excludes {other}, which is chosen"
    return _with(text, about.note)


def _named(check: Check, known: Mapping[str, str]) -> str:
    """Return the name of the first that the check is about, "" where it has none."""
    return next((known[x] for x in about_of(check).ids if x in known), "")


def joined(names: Sequence[str]) -> str:
    """Return "A, B and C", and of more than three "A, B, C and 2 more"."""
    said = [*names[:_NAMED], *([f"{len(names) - _NAMED} more"] if len(names) > _NAMED else [])]
    return f"{', '.join(said[:-1])} and {said[-1]}" if len(said) > 1 else "".join(said)


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
    ReasonCode.NOT_ADDITIVE: _alone_or_not,
}
