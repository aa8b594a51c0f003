"""Why an offer did not apply, in one short sentence for people; ids and codes are said by their names or not at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from cpo_portal.network.models import ConnectorType
from offers.engine.about import Lack
from offers.engine.limits import COUNTED_GROUP_USES, COUNTED_USES
from offers.engine.values import Check, ReasonCode
from offers.reasons.before import about_of
from offers.reasons.parts import NO_NAMES, Names, joined, named, with_margin
from offers.reasons.texts import REASONS
from pricing.engine.wording import money_text

_KINDS = {str(kind.value): str(kind.label) for kind in ConnectorType}
_Say = Callable[[Check, Names], str]


def check_in_words(check: Check, names: Names = NO_NAMES) -> str:
    """Return "The session is worth less than its minimum: ₹45.00 instead of ₹50.00 (₹5.00 short)."."""
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
    return with_margin(REASONS[check.code], check.margin)


def _compared(check: Check, names: Names) -> str:
    return _figures(REASONS[check.code], check, check.expected, check.actual)


def _amounts(check: Check, names: Names) -> str:
    """Compare two sums of money."""
    if not names.currency:
        return _compared(check, names)
    said = [money_text(Decimal(x), names.currency) for x in (check.expected, check.actual)]
    return _figures(REASONS[check.code], check, *said)


def _figures(text: str, check: Check, expected: str, actual: str) -> str:
    lack = about_of(check).lack
    if lack is Lack.CUSTOMER:
        return f"{text}, and the customer is not known"
    if lack is Lack.FIGURE:
        return with_margin(f"{text}: {actual}", check.margin)
    if expected and actual:
        text = f"{text}: {actual} instead of {expected}"
    return with_margin(text, check.margin)


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
    return with_margin(f"The planned start, {check.actual}, is outside its weekly windows", check.margin)


def _holiday(check: Check, names: Names) -> str:
    if check.expected.startswith("no "):
        return with_margin(f"It does not hold on a {check.expected.removeprefix('no ')}", check.margin)
    return with_margin(f"It holds only on {check.expected}", check.margin)


def _currency(check: Check, names: Names) -> str:
    return f"It is in {check.actual}, and the session is priced in {check.expected}"


def _uses(check: Check, names: Names) -> str:
    return with_margin(f"{REASONS[check.code]}: {check.actual} of {check.expected}", about_of(check).note)


def _group_uses(check: Check, names: Names) -> str:
    return with_margin(REASONS[check.code], about_of(check).note)


def _session(check: Check, names: Names) -> str:
    if about_of(check).lack:
        return _compared(check, names)
    return with_margin(
        f"It is for session {check.expected} of the customer, and this is session {check.actual}", check.margin
    )


def _busy(check: Check, names: Names) -> str:
    now = "how many are, is not known" if about_of(check).lack else f"{check.actual} are"
    return f"It holds while {check.expected} of the chargers are busy, and {now}"


def _stock(check: Check, names: Names) -> str:
    product, text = named(check, names.items), REASONS[check.code]
    if product:
        text = f"Too few of {product} are in stock"
        if check.code is ReasonCode.ITEM_STOCK:
            text = f"What it gives, {product}, is out of stock"
    return _figures(text, check, check.expected, check.actual)


def _gift_sold(check: Check, names: Names) -> str:
    product = named(check, names.items)
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
        return with_margin(f"{REASONS[check.code]}, and the customer is not known", check.margin)
    if about.ids:
        on = named(check, names.lists) if len(about.ids) == 1 else ""
        text = f"{REASONS[check.code]}: {check.actual.removesuffix(' it')} {f'the list {on}' if on else 'its list'}"
        return with_margin(text, check.margin)
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
    return with_margin(text, about.note)


def _group(check: Check, names: Names) -> str:
    other = named(check, names.offers) or "another"
    return with_margin(f"Only one offer of its group applies, and {other} is chosen", about_of(check).note)


def _excluded(check: Check, names: Names) -> str:
    about, other = about_of(check), named(check, names.offers)
    if not other:
        text = REASONS[check.code]
    elif check.about is None:
        # Stored before it was kept which of the two excludes the other.
        text = f"It does not combine with {other}"
    elif about.theirs:
        text = f"{other}, which is chosen, excludes it"
    else:
        text = f"It excludes {other}, which is chosen"
    return with_margin(text, about.note)


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
    **dict.fromkeys(COUNTED_USES, _uses),
    **dict.fromkeys(COUNTED_GROUP_USES, _group_uses),
    **dict.fromkeys(
        (ReasonCode.MIN_VALUE, ReasonCode.BUDGET, ReasonCode.BUDGET_DAY, ReasonCode.REDEMPTION_CAP), _amounts
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
