"""Ways to pay over time as people write them, in one normal form."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError

from offers.authoring.texts import can_be_seen, is_readable
from offers.engine.matrix import IN_FINANCE
from offers.engine.values import FinanceMethod

_MOST_TERMS = 20
_MOST_MONTHS = 120
_HUNDRED = Decimal(100)
_EXAMPLE = '{"provider": "Some Bank", "method": "EMI", "months": 6, "annual_percent": "12", "subvention_percent": "0"}'
_METHODS = {method.value for method in FinanceMethod}


def normal_finance(terms: Iterable[Any]) -> tuple[dict[str, Any], ...]:
    """Return the terms in their order, percentages as text with two decimals, without repetitions.

    Raises ValidationError with one sentence per fault.
    """
    found: list[dict[str, Any]] = []
    faults: list[str] = []
    for position, term in enumerate(terms, start=1):
        fault = _fault(term)
        if fault:
            faults.append(f"Way {position}: {fault}")
            continue
        percents = {name: f"{_percent(term[name]):.2f}" for name in ("annual_percent", "subvention_percent")}
        normal = term | percents | {"provider": term["provider"].strip()}
        if normal not in found:
            found.append(normal)
    if len(found) > _MOST_TERMS:
        faults.append(f"Give at most {_MOST_TERMS} ways to pay.")
    if faults:
        raise ValidationError(faults)
    return tuple(found)


def _fault(term: Any) -> str:
    if not isinstance(term, dict) or set(term) != set(IN_FINANCE):
        return f"write it as {_EXAMPLE}."
    provider, months = term["provider"], term["months"]
    if not isinstance(provider, str) or not 0 < len(provider.strip()) <= 100:
        return "name who lends, in at most 100 characters."
    if not can_be_seen(provider) or not all(map(is_readable, provider)):
        return "the name of who lends holds a sign that nobody sees: type it anew."
    if term["method"] not in _METHODS:
        return "choose EMI or PAY_LATER."
    if not isinstance(months, int) or isinstance(months, bool) or not 1 <= months <= _MOST_MONTHS:
        return f"give whole months from 1 to {_MOST_MONTHS}."
    if _percent(term["annual_percent"]) is None:
        return "give the interest a year as a percentage from 0 to 100."
    if _percent(term["subvention_percent"]) is None:
        return "give the share of the interest that you bear as a percentage from 0 to 100."
    return ""


def _percent(value: Any) -> Decimal | None:
    try:
        percent = Decimal(value if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else "")
    except InvalidOperation:
        return None
    inside = percent.is_finite() and 0 <= percent <= _HUNDRED
    return percent if inside and percent == round(percent, 2) else None
