"""Makes what the demonstration's CPOs charge and promise: tariffs, tax, policies, products, refund terms."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from beckn.demo.tables import (
    EVENING,
    FEE_TITLE,
    GRACE_MINUTES,
    GSTINS,
    PRODUCTS,
    REFUND_TERMS,
    SURGES,
    TARIFFS,
    ProductRow,
    SurgeRow,
    TariffRow,
)
from beckn.models import NetworkProfile
from cpo_portal.accounts.models import Cpo
from cpo_portal.charging.models import RefundTerm
from cpo_portal.network.models import Location, Product, ProductStock
from offers.models import OfferPolicy
from pricing.authoring import Place, TariffContent, create_tariff, publish
from pricing.engine.values import Dimension, Fee, PriceComponent, PricingModel, WeeklyWindow
from pricing.models import SurgeSchedule, Tariff, TaxProfile
from pricing.surges import schedules
from pricing.surges.content import Exemptions, Scope, SurgeContent


def make_prices(cpo: Cpo) -> None:
    """Make what is missing; what is there is left as staff may have changed it."""
    tax = {"label": "GST", "rate": Decimal(18), "sac_code": "998714", "gstin": GSTINS.get(cpo.provider_id, "")}
    TaxProfile.objects.get_or_create(cpo=cpo, defaults=tax)
    OfferPolicy.objects.get_or_create(cpo=cpo)
    NetworkProfile.objects.get_or_create(cpo=cpo)
    _make_refund_terms(cpo)
    _make_tariffs(cpo)
    _make_products(cpo)
    _make_surges(cpo)


def _make_refund_terms(cpo: Cpo) -> None:
    if RefundTerm.objects.exists():
        return
    for row in REFUND_TERMS:
        term = RefundTerm(
            cpo=cpo,
            fulfillment_state=row.fulfillment_state,
            notice_minutes=row.notice_minutes,
            refund_eligible=row.percent is not None,
            percent=row.percent,
            within_minutes=row.within_minutes,
            description=row.description,
        )
        term.full_clean()
        term.save()


def _make_tariffs(cpo: Cpo) -> None:
    there = set(Tariff.objects.values_list("tariff_id", flat=True))
    for row in TARIFFS:
        if row.cpo != cpo.provider_id or row.tariff_id in there:
            continue
        fees = (Fee("", FEE_TITLE, Decimal(row.fee)),) if row.fee else ()
        content = TariffContent(
            model=_model(row),
            rate=Decimal(row.rate),
            components=tuple(_components(row)),
            fees=fees,
            places=tuple(_places(row)),
        )
        tariff = create_tariff(cpo, row.tariff_id, row.name, content)
        if row.published:
            publish(tariff)


def _model(row: TariffRow) -> PricingModel:
    if row.subscription:
        return PricingModel.SUBSCRIPTION
    return PricingModel.TIME_OF_DAY if row.evening else PricingModel.PER_KWH


def _components(row: TariffRow) -> Iterator[PriceComponent]:
    if row.evening:
        window = WeeklyWindow(frozenset(range(1, 8)), *EVENING)
        yield PriceComponent(Dimension.ENERGY, Decimal(row.evening), (window,))
    if row.idle:
        yield PriceComponent(Dimension.IDLE, Decimal(row.idle), grace_minutes=GRACE_MINUTES)


def _places(row: TariffRow) -> Iterable[Place]:
    if row.location:
        return [Place(row.location, connector_type=row.connector_type)]
    if not row.location_tag:
        return [Place(connector_type=row.connector_type)]
    tagged = Location.objects.filter(tags__contains=[row.location_tag])
    return [Place(place.location_id, connector_type=row.connector_type) for place in tagged]


def _make_surges(cpo: Cpo) -> None:
    """Publish the surges, which take effect when their notice is over."""
    there = set(SurgeSchedule.objects.values_list("schedule_id", flat=True))
    for row in SURGES:
        if row.cpo == cpo.provider_id and row.schedule_id not in there:
            schedule = SurgeSchedule(cpo=cpo, schedule_id=row.schedule_id, name=row.name, kind=row.kind.value)
            schedules.publish(schedules.create_schedule(schedule, _surge_content(row)))


def _surge_content(row: SurgeRow) -> SurgeContent:
    start, end = row.hours
    return SurgeContent(
        basis=row.basis,
        value=Decimal(row.value),
        maximum_amount=Decimal(row.at_most) if row.at_most else None,
        explanation=row.explanation,
        weekly_windows=({"weekdays": list(row.weekdays), "start": start, "end": end},),
        scope=Scope(location_tags=(row.location_tag,)),
        exemptions=Exemptions(below_charge_percent=row.vehicle_charge_below),
    )


def _make_products(cpo: Cpo) -> None:
    there = set(Product.objects.values_list("product_id", flat=True))
    for row in PRODUCTS:
        if row.cpo == cpo.provider_id and row.product_id not in there:
            _make_product(cpo, row)


def _make_product(cpo: Cpo, row: ProductRow) -> None:
    product = Product(
        cpo=cpo,
        product_id=row.product_id,
        name=row.name,
        short_desc=row.short_desc,
        kind=row.kind,
        category=row.category,
        price=Decimal(row.price),
    )
    product.full_clean()
    product.save()
    if row.location_tag:
        product.locations.set(Location.objects.filter(tags__contains=[row.location_tag]))
    if row.stock is not None:
        ProductStock.objects.create(product=product, units=row.stock)
