"""Slabs as people write them, in one normal form: bands of whole kWh that do not overlap."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError

from offers.authoring.amounts import is_amount
from offers.engine.matrix import IN_SLABS
from offers.engine.values import ValueType

_MOST_SLABS = 20
_MOST_KWH = 100_000
_HUNDRED = Decimal(100)
_EXAMPLE = '{"item_count": 10, "item_count_upper": 19, "value": "10", "value_type": "percent", "value_cap": "50"}'


def normal_slabs(slabs: Iterable[Any]) -> tuple[dict[str, Any], ...]:
    """Return the slabs by rising kWh, amounts as text with two decimals, None for an open end.

    Raises ValidationError with one sentence per fault.
    """
    found: list[tuple[int, dict[str, Any]]] = []
    faults: list[str] = []
    for position, slab in enumerate(map(_with_end, slabs), start=1):
        fault = _shape_fault(slab) or _band_fault(slab) or _value_fault(slab)
        if fault:
            faults.append(f"Slab {position}: {fault}")
        else:
            found.append((position, _normal(slab)))
    found.sort(key=lambda x: x[1]["item_count"])
    faults += [fault for before, after in pairwise(found) if (fault := _overlap(before, after))]
    if len(found) > _MOST_SLABS:
        faults.append(f"Give at most {_MOST_SLABS} slabs.")
    if faults:
        raise ValidationError(faults)
    return tuple(slab for _, slab in found)


def _with_end(slab: Any) -> Any:
    """Return the slab with None for an end that is an empty text, as the ONDC construct writes an open one."""
    is_open = isinstance(slab, dict) and slab.get("item_count_upper") == ""
    return slab | {"item_count_upper": None} if is_open else slab


def _overlap(lower: tuple[int, dict[str, Any]], upper: tuple[int, dict[str, Any]]) -> str:
    """Return why two slabs, each with its position, share kWh, and how they need not; "" where they share none."""
    (before, low), (after, high) = lower, upper
    last, first, end = low["item_count_upper"], high["item_count"], high["item_count_upper"]
    if last is not None and first > last:
        return ""
    text = f"Slab {after} begins inside slab {before}"
    if first == low["item_count"]:
        return f"{text}: let each kWh belong to one slab."
    why = "which has no end" if last is None else f"which goes on to {last} kWh"
    fits_above = last is not None and (end is None or end > last)
    later = f", or begin slab {after} at {last + 1}" if fits_above and last is not None else ""
    return f"{text}, {why}: end slab {before} at {first - 1}{later}."


def _shape_fault(slab: Any) -> str:
    if not isinstance(slab, dict) or set(slab) != set(IN_SLABS):
        return f"write it as {_EXAMPLE}; an open end is null."
    if slab["value_type"] not in (ValueType.PERCENT.value, ValueType.AMOUNT.value):
        return "it takes off percent or an amount: choose one of them."
    return ""


def _band_fault(slab: dict[str, Any]) -> str:
    first, last = slab["item_count"], slab["item_count_upper"]
    if not _is_kwh(first) or not (last is None or _is_kwh(last)):
        return "give whole kWh, such as from 10 to 19; an empty end is open."
    return "" if last is None or last >= first else "it ends below its beginning: give a higher end."


def _value_fault(slab: dict[str, Any]) -> str:
    value, cap = _amount(slab["value"]), _amount(slab["value_cap"])
    if value is None:
        return "give the value as a number with at most two decimals."
    if cap is None:
        return "give the most that it saves, “at most”, as a number with at most two decimals."
    percent = slab["value_type"] == ValueType.PERCENT.value
    if value <= 0:
        return "give a percentage above 0." if percent else "give an amount above 0."
    if percent and value > _HUNDRED:
        return "a percentage is at most 100: lower it, or choose an amount."
    if cap <= 0:
        return "the cap is the most the driver saves: write a number above 0."
    return "the cap is below the amount: raise it." if not percent and cap < value else ""


def _normal(slab: dict[str, Any]) -> dict[str, Any]:
    return slab | {name: f"{_amount(slab[name]):.2f}" for name in ("value", "value_cap")}


def _amount(value: Any) -> Decimal | None:
    try:
        amount = Decimal(value if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else "")
    except InvalidOperation:
        return None
    return amount if is_amount(amount) else None


def _is_kwh(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_KWH
