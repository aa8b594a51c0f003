"""From a buyer app's cart to our own words: the connector, and what is asked of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from beckn.protocol.times import in_zone
from beckn.protocol.values import Measure, MeasureUnit, SelectRequest
from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import every_cpo
from cpo_portal.charging.balances.holds import PREPAID
from cpo_portal.network.loaded import connector_for_sale
from cpo_portal.network.models import Connector
from offers.quoting import SessionAsk
from offers.refusals import Refusal, RefusalKind
from pricing.engine import values as engine

#: How long a plan may lie back: a driver at the charger may send the minute in which the app was opened.
PAST = timedelta(minutes=30)
LONGEST_PLAN = timedelta(days=90)
LONGEST_SESSION = timedelta(days=7)


def find_connector(cart: SelectRequest) -> Connector:
    """Return the connector that is for sale; raise Refusal where the provider or the item is unknown."""
    connector = connector_for_sale(cart.provider_id, cart.item_id)
    if connector is not None:
        return connector
    with every_cpo():
        if Cpo.objects.filter(provider_id=cart.provider_id, is_active=True).exists():
            raise Refusal(
                RefusalKind.ITEM_NOT_FOUND, f"The item {cart.item_id} is unknown; take its id from on_search."
            )
    raise Refusal(
        RefusalKind.PROVIDER_NOT_FOUND, f"The provider {cart.provider_id} is unknown; take its id from on_search."
    )


def read_ask(cart: SelectRequest, connector: Connector, now: datetime) -> SessionAsk:
    """Return what is asked; times without offset are the site's local times, a missing start is now."""
    zone = ZoneInfo(connector.charger.location.time_zone)
    start = in_zone(cart.starts_at, zone) if cart.starts_at else now
    end = in_zone(cart.ends_at, zone) if cart.ends_at else None
    if not now - PAST <= start <= now + LONGEST_PLAN:
        raise Refusal(
            RefusalKind.BUSINESS_RULE,
            f"The start {start.astimezone(zone):%d %b %Y %H:%M} cannot be booked; choose one within 90 days.",
        )
    if end is not None and end <= start:
        raise Refusal(RefusalKind.INVALID_REQUEST, "The session ends before it starts; send a later end.")
    if end is not None and end > start + LONGEST_SESSION:
        raise Refusal(RefusalKind.INVALID_REQUEST, "The session is longer than seven days; send an earlier end.")
    return SessionAsk(
        measure=_measure(cart.measure, connector, start, end),
        planned_start=start,
        planned_end=end,
        products=tuple(engine.ProductOrder(choice.product_id, choice.count) for choice in cart.products),
        # A balance pays unless it is declined: who asks for it asks for what is so.
        opted_in=tuple(x for x in cart.offers.opted_in if x != PREPAID),
        declined=cart.offers.declined,
        codes=tuple(x for x in cart.offers.codes if x != PREPAID),
        start_given=cart.starts_at is not None,
        charge_percent=cart.charge_percent,
    )


def _measure(measure: Measure | None, connector: Connector, start: datetime, end: datetime | None) -> engine.Measure:
    if measure is None:
        if end is None:
            raise Refusal(
                RefusalKind.INVALID_REQUEST, "Say how much: quantity.selected.measure in INR, kWh or minutes."
            )
        return engine.DurationMeasure(max(1, int((end - start).total_seconds()) // 60))
    if measure.unit is MeasureUnit.KWH:
        return engine.EnergyMeasure(int((measure.value * 1000).to_integral_value()))
    if measure.unit is MeasureUnit.MINUTES:
        return engine.DurationMeasure(int(measure.value.to_integral_value()))
    return engine.AmountMeasure(measure.value, MeasureUnit.INR.value)
