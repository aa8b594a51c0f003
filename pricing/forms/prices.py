"""The form's rows of prices: what a price is per, and the hours in which it holds."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import ValidationError

from cpo_portal.adminkit.rows import DAYS, RowsField, RowsWidget
from pricing.authoring.components import UNITS, merged
from pricing.engine.values import Dimension, Fee, PriceComponent, WeeklyWindow
from pricing.engine.wording import plain_number
from pricing.windows import fault_of_window, read_window, written_window


class FeeRows(RowsWidget):
    """Rows of a name and an amount."""

    template_name = "pricing/admin/fee_rows.html"
    parts = ("code", "title", "amount")

    def is_blank(self, row: dict[str, Any]) -> bool:
        return not row["title"] and not row["amount"]


class FeesField(RowsField):
    """Fees of a session; a fee keeps its code when it is renamed."""

    widget = FeeRows

    def clean(self, value: Any) -> tuple[Fee, ...]:
        fees, faults = [], []
        for position, row in enumerate(value or [], start=1):
            try:
                fees.append(Fee(row["code"], row["title"], Decimal(row["amount"])))
            except InvalidOperation:
                faults.append(f"Fee {position}: give an amount such as 10.00.")
        if faults:
            raise ValidationError(faults)
        return tuple(fees)


class PriceRows(RowsWidget):
    """Rows of a price, what it is per, its weekly window, and the minutes that are free before it."""

    template_name = "pricing/admin/price_rows.html"
    parts = ("dimension", "rate", "start", "end", "grace_minutes")
    many_parts = ("weekdays",)

    def is_blank(self, row: dict[str, Any]) -> bool:
        return not any(value for name, value in row.items() if name != "dimension")

    def extra_context(self) -> dict[str, Any]:
        return {"days": DAYS, "dimensions": [(key.value, unit) for key, unit in UNITS.items()]}


class PricesField(RowsField):
    """Prices with one window each; no days and no times are all the time, days alone are whole days."""

    widget = PriceRows

    def prepare_value(self, value: Any) -> Any:
        return [_row_of(x) if isinstance(x, PriceComponent) else x for x in value or []]

    def clean(self, value: Any) -> tuple[PriceComponent, ...]:
        parts, faults = [], []
        for position, row in enumerate(value or [], start=1):
            try:
                parts.append(_component(row))
            except ValueError as fault:
                faults.append(f"Price {position}: {fault}")
        if faults:
            raise ValidationError(faults)
        return tuple(parts)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return merged(initial or ()) != merged(self.clean(data))
        except ValidationError:
            return True


def _component(row: dict[str, Any]) -> PriceComponent:
    """Return what a row says; raises ValueError with words that end a sentence."""
    if row["dimension"] not in Dimension.__members__:
        raise ValueError("choose what it is per.")
    try:
        rate = Decimal(row["rate"])
    except InvalidOperation:
        rate = Decimal("NaN")
    if not rate.is_finite():
        raise ValueError("give an amount such as 18.00.")
    grace = row["grace_minutes"] or "0"
    if not (grace.isdecimal() and len(grace) <= 4):
        raise ValueError("give the free minutes as a number such as 15.")
    return PriceComponent(Dimension(row["dimension"]), rate, _windows(row), int(grace))


def _windows(row: dict[str, Any]) -> tuple[WeeklyWindow, ...]:
    if not (row["weekdays"] or row["start"] or row["end"]):
        return ()
    whole_day = not row["start"] and not row["end"]
    window = {
        "weekdays": [int(day) for day in row["weekdays"] if day in dict(DAYS)],
        "start": "00:00" if whole_day else row["start"],
        "end": "00:00" if whole_day else row["end"],
    }
    if fault := fault_of_window(window):
        raise ValueError(fault)
    return (read_window(window),)


def _row_of(part: PriceComponent) -> dict[str, Any]:
    window = written_window(part.windows[0]) if part.windows else {"weekdays": [], "start": "", "end": ""}
    return {
        "dimension": part.dimension.value,
        "rate": plain_number(part.rate),
        "weekdays": [str(day) for day in window["weekdays"]],
        "start": window["start"],
        "end": window["end"],
        "grace_minutes": str(part.grace_minutes) if part.grace_minutes else "",
    }
