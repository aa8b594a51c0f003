"""The world of the tests: one CPO with the numbers of the pricing rules, made of plain rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import RefundTerm
from cpo_portal.network.models import Charger, ChargingSystem, Connector, Location
from offers.mapping import LIMIT_NAMES
from offers.models import Offer, OfferCounter, OfferState, OfferVersion
from offers.quoting import SessionAsk
from pricing.engine import values as engine
from pricing.models import Tariff, TariffAssignment, TariffState, TariffVersion, TaxProfile

FROM = datetime(2026, 1, 1, tzinfo=UTC)
UNTIL = datetime(2030, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class World:
    """A CPO that sells at one connector for ₹18/kWh, a ₹10 fee and 18 % GST."""

    cpo: Cpo
    location: Location
    charger: Charger
    connector: Connector
    system: ChargingSystem
    tariff: Tariff


def make_world(provider_id: str = "cpo1.com", *, item_id: str = "pe-charging-01") -> World:
    """Make a CPO with everything that a sale needs, but no offer."""
    cpo = Cpo.objects.create(
        provider_id=provider_id,
        name=f"{provider_id} EV charging",
        support_phone="1800 1080",
        support_email="a@b.example",
    )
    with cpo_scope(cpo):
        system = ChargingSystem.objects.create(cpo=cpo, name="CSMS", is_simulated=True)
        location = Location.objects.create(
            cpo=cpo,
            location_id="cp-station",
            name="Connaught Place Station",
            address="Connaught Place, New Delhi",
            city="New Delhi",
            city_code="std:011",
            state="Delhi",
            latitude=Decimal("28.631451"),
            longitude=Decimal("77.216667"),
            instructions="Ground floor, Pillar Number 4",
        )
        charger = Charger.objects.create(
            cpo=cpo, location=location, evse_id="EVSE-1", name="EV Charger #1 (AC Fast Charger)", system=system
        )
        connector = Connector.objects.create(
            cpo=cpo,
            charger=charger,
            item_id=item_id,
            connector_type="CCS2",
            power_type="DC",
            max_power_w=30_000,
            charging_speed="FAST",
        )
        tariff = make_tariff(cpo)
        TaxProfile.objects.create(cpo=cpo)
        RefundTerm.objects.create(
            cpo=cpo,
            fulfillment_state="PENDING",
            notice_minutes=240,
            percent=Decimal(85),
            description="85 % comes back if cancelled at least 4 hours before the planned start.",
        )
        RefundTerm.objects.create(cpo=cpo, fulfillment_state="PENDING", notice_minutes=0, refund_eligible=False)
        RefundTerm.objects.create(cpo=cpo, fulfillment_state="ACTIVE", notice_minutes=0, refund_eligible=False)
    return World(cpo, location, charger, connector, system, tariff)


def make_tariff(cpo: Cpo, *, rate: str = "18", fee: str = "10", tariff_id: str = "standard") -> Tariff:
    """Publish a tariff everywhere."""
    tariff = Tariff.objects.create(cpo=cpo, tariff_id=tariff_id, name="Standard", state=TariffState.APPROVED)
    version = TariffVersion.objects.create(
        cpo=cpo,
        tariff=tariff,
        number=1,
        components=[{"dimension": "ENERGY", "rate": rate}],
        fees=[{"code": "service-fee", "title": "Service Fee", "amount": fee}],
        published_at=FROM,
    )
    tariff.live_version = version
    tariff.save(update_fields=["live_version"])
    TariffAssignment.objects.create(cpo=cpo, tariff=tariff)
    return tariff


def make_offer(cpo: Cpo, offer_id: str = "weekend-discount-25", **changes: Any) -> Offer:
    """Publish an offer: 25 % off, from ₹50, at most ₹100, automatic and alone unless `changes` say otherwise."""
    limits = {key: changes.pop(key) for key in LIMIT_NAMES if key in changes}
    state = changes.pop("state", OfferState.APPROVED)
    with cpo_scope(cpo):
        offer = Offer.objects.create(cpo=cpo, offer_id=offer_id, state=state, **limits)
        content = {
            "name": "Weekend Special – 25 % off",
            "campaign_kind": "WEEKEND_SPECIAL",
            "display_code": "WEEKEND25",
            "value_type": "percent",
            "value": Decimal(25),
            "value_cap": Decimal(100),
            "min_value": Decimal(50),
            "valid_from": FROM,
            "valid_until": UNTIL,
        } | changes
        version = OfferVersion.objects.create(cpo=cpo, offer=offer, number=1, published_at=FROM, **content)
        offer.live_version = version
        offer.save(update_fields=["live_version"])
        if limits.get("total_uses") or limits.get("budget"):
            OfferCounter.objects.create(
                offer=offer, limit_uses=limits.get("total_uses"), limit_budget=limits.get("budget")
            )
    return offer


def ask_for(amount: str = "100", *, start: datetime | None = None, **changes: Any) -> SessionAsk:
    """Ask for so many rupees' worth of charging, for an hour from now on."""
    start = start or timezone.now()
    return SessionAsk(
        measure=engine.AmountMeasure(Decimal(amount), "INR"),
        planned_start=start,
        planned_end=start + timedelta(hours=1),
        **changes,
    )
