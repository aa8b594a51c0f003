"""What refused a reservation: which of an offer's counters, or its stock, and what a new price makes of that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from offers.engine.periods import Period
from offers.engine.values import Usage

#: More than any limit.
_USES = 2**62
_AMOUNT = Decimal(10) ** 15
_FOR_THE_PERIOD = {period.value: period for period in Period}


class Guard(StrEnum):
    """A counter of all uses and the budget, of a day's budget, of a customer or of a group of theirs; or the stock."""

    TOTAL = "TOTAL"
    BUDGET_DAY = "BUDGET_DAY"
    CUSTOMER = "CUSTOMER"
    CUSTOMER_DAY = "CUSTOMER_DAY"
    CUSTOMER_WEEK = "CUSTOMER_WEEK"
    CUSTOMER_MONTH = "CUSTOMER_MONTH"
    GROUP = "GROUP"
    GROUP_DAY = "GROUP_DAY"
    GROUP_WEEK = "GROUP_WEEK"
    GROUP_MONTH = "GROUP_MONTH"
    STOCK = "STOCK"


def guard_of_uses(*, of_group: bool, period: Period | None) -> Guard:
    """Return the guard of a customer's uses, or of a group's, in a period or ever."""
    whose = "GROUP" if of_group else "CUSTOMER"
    return Guard(whose if period is None else f"{whose}_{period.value}")


def as_refused(usage: Mapping[str, Usage], refused: Mapping[str, Iterable[Guard]]) -> dict[str, Usage]:
    """Return the usage of offers with what refused them a moment ago used up, whatever a counter says by now."""
    found = dict(usage)
    for offer_id, guards in refused.items():
        for guard in guards:
            found[offer_id] = _used_up(found.get(offer_id, Usage()), guard)
    return found


def _used_up(usage: Usage, guard: Guard) -> Usage:
    whose, _, span = guard.value.partition("_")
    if whose in ("CUSTOMER", "GROUP"):
        name = f"{whose.lower()}_{'period_' if span else ''}uses"
        used: Any = {**getattr(usage, name), _FOR_THE_PERIOD[span]: _USES} if span else _USES
        # That a group is full is said to who is in one.
        together = 0 if whose == "GROUP" and usage.group_uses is None else usage.group_uses
        return replace(usage, **{"group_uses": together, name: used})
    if guard is Guard.STOCK:
        return replace(usage, refused=True)
    if guard is Guard.BUDGET_DAY:
        return replace(usage, budget_used_today=_AMOUNT)
    return replace(usage, uses=_USES, budget_used=_AMOUNT)
