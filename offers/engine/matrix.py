"""The template of the offers construct as data: what each type of offer must say, may say, and has no use for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from offers.engine.values import BenefitKind


class Need(StrEnum):
    """Whether a type has a field."""

    MANDATORY = "M"
    OPTIONAL = "O"
    NOT_APPLICABLE = "-"


#: The template from the qualifier's minimum to the benefit's item value; `given` is the benefit's item.
TEMPLATE = """
            min_value item_count item_count_upper item_ids value value_type value_cap given_count given_id item_value
discount    O         -          -                -        M     M          O         -           -        -
buyXgetY    O         M          -                -        -     -          -         M           O        M
freebie     O         -          -                -        -     -          -         M           M        -
slab        O         M          M                -        M     M          M         -           -        -
combo       O         -          -                M        M     M          M         -           -        -
delivery    O         -          -                -        M     M          O         -           -        -
exchange    O         -          -                -        -     -          -         -           -        -
financing   O         -          -                -        -     -          -         -           -        -
"""
#: The types with several values have them in a list of slabs; each slab says all that the template demands of it.
IN_SLABS = ("item_count", "item_count_upper", "value", "value_type", "value_cap")

#: What each way to pay over time says; the template leaves the terms of financing open.
IN_FINANCE = ("provider", "method", "months", "annual_percent", "subvention_percent")

#: Fields of an offer's content, in the order of the template. `base` is what a plain discount is taken of, `item_unit`
#: what is counted where more is given for what is bought.
FIELDS = (
    "min_value",
    "qualifier_item_ids",
    "value",
    "value_type",
    "value_cap",
    "base",
    "slabs",
    "finance_terms",
    "item_unit",
    "qualifier_item_count",
    "benefit_item_count",
    "benefit_item_id",
    "item_value",
)

#: What a type is called in a sentence.
NAMES: Mapping[BenefitKind, str] = {
    BenefitKind.DISCOUNT: "A discount",
    BenefitKind.BUY_X_GET_Y: "Buy X get Y",
    BenefitKind.FREEBIE: "A freebie",
    BenefitKind.SLAB: "An offer by slabs",
    BenefitKind.COMBO: "A combination",
    BenefitKind.DELIVERY: "An offer on the fee",
    BenefitKind.EXCHANGE: "An exchange",
    BenefitKind.FINANCING: "Financing",
}

_WANTED = {
    "qualifier_item_ids": "Choose the items that must be in the session beside the offer's own.",
    "value": "Give the value: per cent, or an amount.",
    "value_type": "Say what the value counts: percent or amount.",
    "value_cap": "Give the most that the driver saves.",
    "slabs": "Give at least one slab of whole kWh.",
    "finance_terms": "Give at least one way to pay over time.",
    "item_unit": "Say what is counted: kWh, sessions or products.",
    "qualifier_item_count": "Give how many are bought before more are given.",
    "benefit_item_count": "Give how many more the driver gets.",
    "benefit_item_id": "Choose the product that is given.",
    "item_value": "Give what one of them costs the driver: 0 for nothing.",
}
#: What a type wants in other words.
_WANTED_OF = {(BenefitKind.FREEBIE, "benefit_item_count"): "Give how many units of the product are free."}
_UNWANTED = {
    "qualifier_item_ids": "secondary items",
    "value": "a value of its own",
    "value_type": "a value type of its own",
    "value_cap": "a cap of its own",
    "base": "another base than its own",
    "slabs": "slabs",
    "finance_terms": "ways to pay over time",
    "item_unit": "something that is counted",
    "qualifier_item_count": "a number to buy",
    "benefit_item_count": "a number to give",
    "benefit_item_id": "a product to give",
    "item_value": "a price for what is given",
}


def needs_of(kind: BenefitKind) -> Mapping[str, Need]:
    """Return what this type needs of each field of the content."""
    return NEEDS[kind]


def kinds_with(field: str, *needs: Need) -> tuple[BenefitKind, ...]:
    """Return the types that need this field in one of these ways."""
    return tuple(kind for kind in BenefitKind if NEEDS[kind][field] in needs)


def fault(kind: BenefitKind, field: str, *, given: bool) -> str:
    """Return the sentence that refuses a field which is missing, or given to a type without it; "" if it is right."""
    need = NEEDS[kind][field]
    if need is Need.MANDATORY and not given:
        return _WANTED_OF.get((kind, field)) or _WANTED[field]
    if need is Need.NOT_APPLICABLE and given:
        return f"{NAMES[kind]} has no use for {_UNWANTED[field]}: leave it empty."
    return ""


def _read(template: str) -> dict[BenefitKind, dict[str, Need]]:
    """Read the template as printed, by type and column."""
    head, *rows = (line.split() for line in template.strip().splitlines())
    return {BenefitKind(kind): dict(zip(head, map(Need, cells), strict=True)) for kind, *cells in rows}


def _fields(kind: BenefitKind, row: Mapping[str, Need]) -> dict[str, Need]:
    """Turn the template's columns into the fields of the content."""
    by_slabs = row["item_count_upper"] is Need.MANDATORY
    needs = {"min_value": row["min_value"], "qualifier_item_ids": row["item_ids"]}
    for name in ("value", "value_type", "value_cap"):
        needs[name] = Need.NOT_APPLICABLE if by_slabs else row[name]
    needs["base"] = Need.OPTIONAL if kind is BenefitKind.DISCOUNT else Need.NOT_APPLICABLE
    needs["slabs"] = Need.MANDATORY if by_slabs else Need.NOT_APPLICABLE
    needs["finance_terms"] = Need.MANDATORY if kind is BenefitKind.FINANCING else Need.NOT_APPLICABLE
    counted = Need.NOT_APPLICABLE if by_slabs else row["item_count"]
    needs |= {"item_unit": counted, "qualifier_item_count": counted, "benefit_item_count": row["given_count"]}
    needs |= {"benefit_item_id": row["given_id"], "item_value": row["item_value"]}
    return needs


def empty(field: str, value: object) -> bool:
    """Say whether a field's value is none; the base of the construct, the items, is as good as none."""
    if field == "base":
        return value in ("", "ITEMS")
    return value is None or (isinstance(value, str | Iterable) and not value)


MATRIX: Mapping[BenefitKind, Mapping[str, Need]] = _read(TEMPLATE)
NEEDS: Mapping[BenefitKind, Mapping[str, Need]] = {kind: _fields(kind, row) for kind, row in MATRIX.items()}
