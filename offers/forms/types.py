"""The fields of an offer's form that belong to its type, and which of them a type shows."""

from __future__ import annotations

from typing import Any

from django import forms

from cpo_portal.adminkit.rows import RowsField, RowsWidget
from offers.authoring.types import without_leftovers
from offers.engine.values import FinanceMethod, ValueType
from offers.forms.giving import GIVING_ROWS
from pricing.forms.rows import IdsField

_METHODS = ((FinanceMethod.EMI.value, "instalments"), (FinanceMethod.PAY_LATER.value, "pay later"))
_TYPES = ((ValueType.PERCENT.value, "percent"), (ValueType.AMOUNT.value, "amount"))

BENEFIT_FIELDSET: Any = (
    "Benefit",
    {
        "fields": (
            "benefit_kind",
            "qualifier_item_ids",
            ("value_type", "value"),
            "value_cap",
            "base",
            "slabs",
            "finance_terms",
            *GIVING_ROWS,
        )
    },
)


class SlabRows(RowsWidget):
    """Rows of two numbers of kWh and what is taken off between them."""

    template_name = "offers/admin/slab_rows.html"
    parts = ("item_count", "item_count_upper", "value", "value_type", "value_cap")

    class Media:
        # Fields of other types are hidden by the sheet alone, so the form works without scripts.
        css = {"screen": ("offers/types.css",)}

    def is_blank(self, row: dict[str, Any]) -> bool:
        return not any(value for part, value in row.items() if part != "value_type")

    def extra_context(self) -> dict[str, Any]:
        return {"types": _TYPES}


class SlabsField(RowsField):
    """Slabs as `offers.authoring.slabs` reads them; what is no whole number is left for it to refuse."""

    widget = SlabRows

    def prepare_value(self, value: Any) -> Any:
        return [row | {name: "" for name, said in row.items() if said is None} for row in value or []]

    def clean(self, value: Any) -> tuple[dict[str, Any], ...]:
        counts = ("item_count", "item_count_upper")
        return tuple(row | {name: _whole(row[name]) for name in counts} for row in value or [])


def _whole(text: str) -> int | str | None:
    if not text:
        return None
    return int(text) if text.isdecimal() and len(text) < 10 else text


class FinanceRows(RowsWidget):
    """Rows of a lender, how it is paid, over how many months, and the interest."""

    template_name = "offers/admin/finance_rows.html"
    parts = ("provider", "method", "months", "annual_percent", "subvention_percent")

    def is_blank(self, row: dict[str, Any]) -> bool:
        return not any(value for part, value in row.items() if part != "method")

    def extra_context(self) -> dict[str, Any]:
        return {"methods": _METHODS}


class FinanceField(RowsField):
    """Ways to pay as `offers.authoring.finance` reads them; an empty percentage is 0."""

    widget = FinanceRows

    def clean(self, value: Any) -> tuple[dict[str, Any], ...]:
        percents = ("annual_percent", "subvention_percent")
        rows = (row | {name: row[name] or "0" for name in percents} for row in value or [])
        return tuple(row | {"months": _whole(row["months"])} for row in rows)


class TypeFields(forms.Form):
    """The fields that not every type has."""

    qualifier_item_ids = IdsField(
        label="Together with",
        required=False,
        help_text="The second items of the combination: every one of them must be in the session.",
    )
    slabs = SlabsField(
        required=False,
        help_text="Bands of whole kWh as delivered, both ends inside; an empty end is open; each has its own "
        "“at most”. Between two bands nothing is taken off.",
    )
    finance_terms = FinanceField(
        label="Ways to pay over time",
        required=False,
        help_text="Shown beside the order, whose price stays as it is.",
    )


def content_values(form: Any, values: dict[str, Any]) -> dict[str, Any]:
    """Return the content that a form says, without what stood there for another type and was not changed."""
    return without_leftovers(values, {name for name in form.changed_data if values.get(name)})
