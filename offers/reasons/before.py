"""Reads what a check is about out of its sentence: traces that were stored before checks said so themselves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from offers.engine.about import NOBODY, NOT_COUNTED, About, Lack
from offers.engine.limits import COUNTED_GROUP_USES, COUNTED_USES
from offers.engine.values import Check, ReasonCode

_NOBODY = ("phone or e-mail", "a phone number or e-mail address")


def about_of(check: Check) -> About:
    """Return what the check is about, as it says itself or as it was stored."""
    if check.about is not None:
        return check.about
    if check.expected in _NOBODY:
        return NOBODY
    read = _READ.get(check.code)
    return About() if read is None else read(check)


def _counted(check: Check) -> About:
    return NOT_COUNTED if check.actual.startswith("not ") else About()


def _found(check: Check) -> About:
    return replace(_allowed(check), there=() if check.actual == "none" else tuple(check.actual.split(", ")))


def _allowed(check: Check) -> About:
    number = check.expected.removeprefix("one of ")
    if number != check.expected:
        return About(count=int(number) if number.isdecimal() else 0)
    return About(ids=(check.expected,))


def _uses(check: Check) -> About:
    return About(note=check.margin.removeprefix("0 left").removeprefix(", "))


def _group_uses(check: Check) -> About:
    return About(note=check.margin.removeprefix("used up by the group").removeprefix(", "))


def _missing(check: Check) -> About:
    return About(ids=tuple(check.margin.rpartition(" ")[0].rpartition(" ")[0].split(" and ")))


def _list(check: Check) -> About:
    if check.actual in ("on it", "not on it"):
        return About(ids=(check.expected.partition("on ")[2],))
    return About()


def _stock(check: Check) -> About:
    lack = Lack.FIGURE if check.actual.startswith("not ") else None
    return About(ids=(check.field.removeprefix("stock."),), lack=lack)


def _gift(check: Check) -> About:
    return About(ids=(check.expected,))


def _other(check: Check) -> About:
    return About(ids=(check.actual,), note=check.margin.rpartition("; ")[2] if "; " in check.margin else "")


_READ: Mapping[ReasonCode, Callable[[Check], About]] = {
    **dict.fromkeys((ReasonCode.LOCATION, ReasonCode.ITEM, ReasonCode.CATEGORY), _allowed),
    **dict.fromkeys((ReasonCode.CHARGER, ReasonCode.LOCATION_TAG, ReasonCode.AREA, ReasonCode.CONNECTOR_CLASS), _found),
    **dict.fromkeys((ReasonCode.SESSION_NUMBER, ReasonCode.ITEM_COUNT, ReasonCode.BUSY), _counted),
    **dict.fromkeys(COUNTED_USES, _uses),
    **dict.fromkeys(COUNTED_GROUP_USES, _group_uses),
    ReasonCode.COMBO_ITEMS: _missing,
    ReasonCode.SEGMENT: _list,
    ReasonCode.STOCK: _stock,
    ReasonCode.ITEM_STOCK: _stock,
    ReasonCode.ITEM_NOT_SOLD: _gift,
    ReasonCode.GROUP_TAKEN: _other,
    ReasonCode.EXCLUDED: _other,
}
