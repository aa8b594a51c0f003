"""Weekly windows as people write them, in one normal form."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError

from pricing.engine.codec import decode, encode
from pricing.engine.values import WeeklyWindow

_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d")


def normal_windows(windows: Iterable[Any]) -> tuple[dict[str, Any], ...]:
    """Return [{"weekdays": [6, 7], "start": "18:00", "end": "00:00"}, …] without repetitions, days sorted.

    Weekdays are ISO (1 = Monday); an end at or before the start lies on the next day, 00:00 is the day's end.
    Raises ValidationError with one sentence per fault.
    """
    found: list[dict[str, Any]] = []
    faults: list[str] = []
    for position, window in enumerate(windows, start=1):
        fault = fault_of_window(window)
        if fault:
            faults.append(f"Window {position}: {fault}")
            continue
        normal = {"weekdays": sorted(set(window["weekdays"])), "start": window["start"], "end": window["end"]}
        if normal not in found:
            found.append(normal)
    if faults:
        raise ValidationError(faults)
    return tuple(found)


def check_windows(windows: Any) -> None:
    """Refuse what is not in the normal form of `normal_windows`."""
    if not isinstance(windows, list) or list(normal_windows(windows)) != windows:
        raise ValidationError('Write the windows as [{"weekdays": [6, 7], "start": "18:00", "end": "21:00"}, …].')


def read_window(window: Any) -> WeeklyWindow:
    """Return what a window without a fault says."""
    return decode(WeeklyWindow, window)


def written_window(window: WeeklyWindow) -> dict[str, Any]:
    """Return a window as people write it."""
    data = encode(window)
    return data | {"start": f"{window.start:%H:%M}", "end": f"{window.end:%H:%M}"}


def fault_of_window(window: Any) -> str:
    """Return why this is no window, in words that end a sentence; "" where it is one."""
    if not isinstance(window, dict) or set(window) != {"weekdays", "start", "end"}:
        return 'write it as {"weekdays": [6, 7], "start": "18:00", "end": "21:00"}.'
    weekdays, start, end = window["weekdays"], window["start"], window["end"]
    if not isinstance(weekdays, list | tuple) or not all(_is_weekday(day) for day in weekdays):
        return "weekdays are numbers from 1 (Monday) to 7 (Sunday)."
    if not weekdays:
        return "tick at least one day."
    if "24:00" in (start, end):
        return "write 00:00 instead of 24:00; as an end it is the end of the day."
    if not all(isinstance(clock, str) and _CLOCK.fullmatch(clock) for clock in (start, end)):
        return "give both times as HH:MM, such as 18:00."
    if start == end != "00:00":
        return f"{start} to {end} is the whole day: write 00:00 to 00:00."
    return ""


def _is_weekday(day: Any) -> bool:
    return isinstance(day, int) and not isinstance(day, bool) and 1 <= day <= 7
