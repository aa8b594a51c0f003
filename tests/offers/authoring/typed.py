"""What tests of the types of offers share: one content that each type takes, and who authors it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from offers.authoring import OfferContent
from offers.engine.matrix import FIELDS, NEEDS, Need
from offers.engine.values import BenefitKind
from tests.people import WEEKEND

SLAB = {"item_count": 10, "item_count_upper": 19, "value": "10.00", "value_type": "percent", "value_cap": "50.00"}
LOAN = {
    "provider": "Some Bank",
    "method": "EMI",
    "months": 6,
    "annual_percent": "12.00",
    "subvention_percent": "50.00",
}
#: Something in every field of the matrix, as authoring takes it.
SAID: dict[str, Any] = {
    "min_value": Decimal("50.00"),
    "qualifier_item_ids": ("pe-charging-01",),
    "value": Decimal("25.00"),
    "value_type": "percent",
    "value_cap": Decimal("100.00"),
    "base": "ITEMS_AND_SURGE",
    "slabs": (SLAB,),
    "finance_terms": (LOAN,),
    "item_unit": "PRODUCT",
    "qualifier_item_count": 2,
    "benefit_item_count": 1,
    "benefit_item_id": "coffee",
    "item_value": Decimal("15.00"),
}
NOTHING: dict[str, Any] = {
    "min_value": None,
    "qualifier_item_ids": (),
    "value": None,
    "value_type": "",
    "value_cap": None,
    "base": "ITEMS",
    "slabs": (),
    "finance_terms": (),
    "item_unit": "",
    "qualifier_item_count": None,
    "benefit_item_count": None,
    "benefit_item_id": "",
    "item_value": None,
}


def content(kind: str, **changes: Any) -> OfferContent:
    """Return an offer of this type that says all that it may, with changes."""
    needs = NEEDS[BenefitKind(kind)]
    said = {name: (NOTHING if needs[name] is Need.NOT_APPLICABLE else SAID)[name] for name in FIELDS}
    # A product that the driver pays for is chosen by the driver.
    return replace(WEEKEND, **{"benefit_kind": kind, "auto": kind != "buyXgetY", **said, **changes})


def slab(**changes: Any) -> dict[str, Any]:
    return SLAB | changes


KWH = {"item_unit": "KWH", "benefit_item_id": ""}
