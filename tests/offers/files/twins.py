"""Two CPOs with the same places, products, calendars and segments: what one gives out, the other can take in."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from decimal import Decimal
from typing import Any

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.segments.stored import SegmentContent, save_segment
from cpo_portal.network.models import Location, Product, ProductStock
from offers.authoring import Actor, OfferContent, content_of, limits_of
from offers.engine.values import OfferLimits
from offers.files.runs import Report, import_offers
from offers.files.writing import offers_as_csv
from offers.models import Offer, OfferVersion
from pricing.models import HolidayCalendar
from tests.world import make_world


def make_twin(provider_id: str) -> Cpo:
    """Make a CPO that has what the tests' offers name."""
    cpo = make_world(provider_id).cpo
    with cpo_scope(cpo):
        Location.objects.update(tags=["highway", "new-station"])
        coffee = Product.objects.create(cpo=cpo, product_id="coffee", name="Coffee", price=Decimal(50), category="FOOD")
        ProductStock.objects.create(product=coffee, units=100)
        HolidayCalendar.objects.create(cpo=cpo, calendar_id="india", name="India")
    for name in ("gold", "fleet"):
        condition = {"fact": "TIER", "values": [name]}
        save_segment(cpo, SegmentContent(name, name.title(), (condition,)))
    return cpo


def file_of(cpo: Cpo) -> str:
    return "".join(offers_as_csv(cpo))


def load(cpo: Cpo, text: str, *, dry_run: bool = False) -> Report:
    return import_offers(cpo, text.encode(), dry_run=dry_run, actor=Actor(by_token="abc"))


def said_by(cpo: Cpo) -> dict[str, tuple[OfferContent, OfferLimits]]:
    """Return what every offer's latest version says, with the limits, by offer id."""
    with cpo_scope(cpo):
        versions = OfferVersion.objects.select_related("offer").order_by("number")
        return {x.offer.offer_id: (content_of(x), limits_of(x.offer)) for x in versions}


def faults_of(report: Report) -> list[tuple[int, str, str]]:
    return [(x.row, x.column, x.sentence) for x in report.faults.shown]


def columns_of(row: Any) -> Iterator[tuple[str, Any]]:
    """Yield what a row of the database says beside its keys and its clock."""
    for column in row._meta.concrete_fields:
        if not (column.primary_key or column.is_relation or column.name == "created_at"):
            yield column.name, getattr(row, column.name)


def rows_of(cpo: Cpo) -> list[list[tuple[str, Any]]]:
    """Return the rows that offers are made of: the offer, its version and its counter."""
    with cpo_scope(cpo):
        offers = Offer.objects.select_related("counter").order_by("offer_id")
        found = [list(columns_of(offer)) for offer in offers]
        found += [list(columns_of(offer.counter)) for offer in offers if hasattr(offer, "counter")]
        versions = OfferVersion.objects.order_by("offer__offer_id")
        return found + [[*columns_of(x), ("by", x.created_by_id)] for x in versions]


LIMITS = tuple(field.name for field in fields(OfferLimits))
