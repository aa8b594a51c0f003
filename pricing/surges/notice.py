"""Whether a new version of a surge is a rise, which is announced before it takes effect; pure."""

from __future__ import annotations

from decimal import Decimal

from pricing.engine.week import common_hours, hours_left_out
from pricing.surges.content import Exemptions, Scope, SurgeContent
from pricing.versions.validity import Period, covers
from pricing.windows import read_window


def is_rise(before: SurgeContent, after: SurgeContent) -> bool:
    """Tell whether anybody may pay more by `after`, at any time or place; what cannot be compared counts as a rise."""
    lower = (
        (after.basis, after.stacking_group) == (before.basis, before.stacking_group)
        and after.value <= before.value
        and _at_most(after.maximum_amount, before.maximum_amount)
        and _hours_within(after, before)
        and _days_within(after, before)
        and _signals_within(after, before)
        and covers(Period(before.valid_from, before.valid_until), Period(after.valid_from, after.valid_until))
        and _scope_within(after.scope, before.scope)
        and _exempts_all(after.exemptions, before.exemptions)
    )
    return not lower


def _at_most(after: Decimal | int | None, before: Decimal | int | None) -> bool:
    return before is None or (after is not None and after <= before)


def _hours_within(after: SurgeContent, before: SurgeContent) -> bool:
    if not before.weekly_windows:
        return True
    outside = hours_left_out(map(read_window, before.weekly_windows))
    if not after.weekly_windows:
        return outside == ()
    return common_hours(map(read_window, after.weekly_windows), outside) == ()


def _days_within(after: SurgeContent, before: SurgeContent) -> bool:
    if not before.holiday_calendar and not before.dates:
        return True
    if not after.holiday_calendar and not after.dates:
        return False
    return after.holiday_calendar in {"", before.holiday_calendar} and set(after.dates) <= set(before.dates)


def _signals_within(after: SurgeContent, before: SurgeContent) -> bool:
    if not before.signal_kinds:
        return True
    return bool(after.signal_kinds) and set(after.signal_kinds) <= set(before.signal_kinds)


def _scope_within(after: Scope, before: Scope) -> bool:
    names = [name for name in Scope.__slots__ if not name.endswith("_power_w")]
    listed = all(_narrower(getattr(after, name), getattr(before, name)) for name in names)
    stronger = before.min_power_w is None or (after.min_power_w or 0) >= before.min_power_w
    return listed and stronger and _at_most(after.max_power_w, before.max_power_w)


def _narrower(after: tuple[str, ...], before: tuple[str, ...]) -> bool:
    """Tell whether a list names no more than another, where naming nothing is everything."""
    return not before or (bool(after) and set(after) <= set(before))


def _exempts_all(after: Exemptions, before: Exemptions) -> bool:
    named = ("segment_ids", "bap_ids", "organisations", "vehicle_makes")
    more = all(set(getattr(before, name)) <= set(getattr(after, name)) for name in named)
    charged = before.below_charge_percent is None or (after.below_charge_percent or 0) >= before.below_charge_percent
    return more and charged and (after.first_session or not before.first_session)
