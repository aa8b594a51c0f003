"""The example of a file of offers: a row for each type that the CPO can offer, ready to be imported."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import QuerySet

from cpo_portal.accounts.models import Cpo
from cpo_portal.network.models import Connector, Product
from offers.authoring.content import OfferContent
from offers.engine.values import BenefitKind, OfferLimits
from offers.files.writing import file_of

_SLAB = {"value_type": "percent", "value_cap": "50.00"}
#: What each type says beyond its name and validity. Items are the CPO's own, put in where it has one.
EXAMPLES: dict[BenefitKind, dict[str, Any]] = {
    BenefitKind.DISCOUNT: {
        "name": "Weekend special: 25 % off",
        "campaign_kind": "WEEKEND_SPECIAL",
        "value": Decimal(25),
        "value_cap": Decimal(100),
        "min_value": Decimal(50),
        "weekly_windows": ({"weekdays": [6, 7], "start": "00:00", "end": "00:00"},),
    },
    BenefitKind.BUY_X_GET_Y: {
        "name": "Charge 10 kWh, get 2 more",
        "campaign_kind": "BULK_CHARGING",
        "value_type": "",
        "item_unit": "KWH",
        "qualifier_item_count": 10,
        "benefit_item_count": 2,
        "item_value": Decimal(0),
    },
    BenefitKind.FREEBIE: {
        "name": "Something on the house",
        "value_type": "",
        "min_value": Decimal(300),
        "benefit_item_count": 1,
    },
    BenefitKind.SLAB: {
        "name": "The more you charge",
        "campaign_kind": "BULK_CHARGING",
        "value_type": "",
        "slabs": (
            {"item_count": 10, "item_count_upper": 19, "value": "5.00", **_SLAB},
            {"item_count": 20, "item_count_upper": None, "value": "10.00", **_SLAB},
        ),
    },
    BenefitKind.COMBO: {"name": "Charge and more", "value": Decimal(10), "value_cap": Decimal(50)},
    BenefitKind.DELIVERY: {"name": "No service fee", "value": Decimal(100), "min_value": Decimal(100)},
    BenefitKind.EXCHANGE: {"name": "Bring your old cable", "value_type": ""},
    BenefitKind.FINANCING: {
        "name": "Pay in six months",
        "value_type": "",
        "min_value": Decimal(5000),
        "finance_terms": (
            {
                "provider": "Some Bank",
                "method": "EMI",
                "months": 6,
                "annual_percent": "12.00",
                "subvention_percent": "50.00",
            },
        ),
    },
}


def example_file(cpo: Cpo, now: datetime) -> str:
    """Return the example; inside the CPO's scope."""
    return file_of(cpo, _rows(cpo, now))


def _rows(cpo: Cpo, now: datetime) -> Iterator[tuple[str, OfferContent, OfferLimits]]:
    begin = datetime.combine(now.date() + timedelta(days=1), time(0), tzinfo=ZoneInfo(cpo.time_zone))
    period: dict[str, Any] = {"valid_from": begin, "valid_until": begin + timedelta(days=30)}
    product = _first(Product.objects.filter(is_published=True), "product_id")
    for kind, said in EXAMPLES.items():
        second: dict[str, Any] = {}
        if kind is BenefitKind.COMBO:
            second["qualifier_item_ids"] = (product or _first(Connector.objects.all(), "item_id") or "coffee",)
        elif kind is BenefitKind.FREEBIE:
            if not product:
                continue  # who sells nothing but energy has nothing to give
            second["benefit_item_id"] = product
        limits = OfferLimits(total_uses=1000) if kind is BenefitKind.DISCOUNT else OfferLimits()
        content = OfferContent(benefit_kind=kind.value, **period, **said, **second)
        yield f"example-{kind.value.lower()}", content, limits


def _first(rows: QuerySet[Any], name: str) -> str:
    """Return the first id of these rows, "" where there is none."""
    return rows.order_by(name).values_list(name, flat=True).first() or ""
