"""An evening of use case 7: ₹16/kWh, and from 18:00 to 21:00 ₹1/kWh for congestion, at a quarter past six."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.utils import timezone

from beckn.models import NetworkProfile, SigningKey, Subscriber
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.payments.reports import create_gateway
from cpo_portal.network.models import ChargingSystem
from cpo_portal.network.systems import create_system_token
from pricing import authoring
from pricing.authoring import Place, TariffContent
from pricing.engine.values import SurgeBasis
from pricing.models import SurgeSchedule, TaxProfile
from pricing.surges.content import SurgeContent
from tests.beckn.actions.conversation import BILLING
from tests.beckn.infra.support import BuyerApp
from tests.endings.stage import Stage
from tests.pricing.surges.samples import EVENING, make_schedule, no_notice, publish
from tests.world import FROM, make_world

RUPEE = SurgeContent(basis=SurgeBasis.PER_KWH, value=Decimal(1), weekly_windows=(EVENING,))
CONGESTION = "Congestion fee (5 kWh @ ₹1.00/kWh): ₹5.00."
CALCULATED = (
    "₹1.00 for each kWh that flows while the surcharge holds, before tax. It comes on top of the price of charging, "
    "and never on top of another surcharge."
)


@dataclass
class Evening(Stage):
    """A sale at a CPO that surges in the evening; `begins` is the planned start, at 18:25."""

    begins: datetime | None = None

    def cart(self, *offers: Any, **changes: Any) -> dict[str, Any]:
        """Return the order of a select: 5 kWh from 18:25 on."""
        return super().cart(*offers, **{"start": self.begins} | changes)

    def quoted(self, **changes: Any) -> dict[str, Any]:
        """Send select and return its order."""
        order: dict[str, Any] = self.say("select", self.cart(**changes))["message"]["order"]
        return order

    def agree(self, quote_id: str = "", accepted: str = "yes", *offers: Any, **changes: Any) -> dict[str, Any]:
        """Send init with an acknowledgement, and return the whole answer."""
        entries = [{"descriptor": {"code": "accepted"}, "value": accepted}]
        entries += [{"descriptor": {"code": "quote-id"}, "value": quote_id}] if quote_id else []
        cart = self.cart(*offers, **changes)
        cart["order"]["billing"] = BILLING
        cart["order"]["tags"] = [{"descriptor": {"code": "surcharge-acknowledgement"}, "list": entries}]
        return self.say("init", cart)

    def ask_for_consent(self) -> None:
        """Let the CPO ask for consent to surges."""
        with cpo_scope(self.world.cpo):
            NetworkProfile.objects.update_or_create(cpo=self.world.cpo, defaults={"surge_consent_required": True})

    def surge(self, content: SurgeContent = RUPEE, **changes: Any) -> SurgeSchedule:
        """Publish a surge of the CPO."""
        return publish(make_schedule(self.world.cpo, content, **changes))


def make_evening() -> Evening:
    """Return an evening without an offer, fee or tax; the surge is published where a test says so."""
    world = make_world()
    app = BuyerApp("bap.example", seed=b"b" * 32)
    app.register()
    Subscriber.objects.update(sandbox=False)
    SigningKey.objects.update(valid_from=FROM)
    no_notice(world.cpo)
    own = TariffContent(rate=Decimal(16), places=(Place(),))
    with cpo_scope(world.cpo):
        TaxProfile.objects.update(rate=0)
        world.tariff.state = "ENDED"
        world.tariff.save(update_fields=["state"])
        _, secret = create_gateway(world.cpo, name="Pay", pay_url="https://pay.example/$transaction_id/$amount")
        ChargingSystem.objects.update(is_simulated=False)
        token = create_system_token(world.system)
    authoring.publish(authoring.create_tariff(world.cpo, "evening", "Evening", own))
    begins = timezone.now() + timedelta(minutes=10)
    return replace(
        Evening(world, app, str(uuid.uuid4()), token=token, secret=secret), begins=begins.replace(microsecond=0)
    )


def groups(order_or_item: dict[str, Any], code: str) -> list[dict[str, str]]:
    """Return all tag groups of a code, each as a mapping."""
    return [
        {entry["descriptor"]["code"]: entry["value"] for entry in group["list"]}
        for group in order_or_item.get("tags", [])
        if group["descriptor"]["code"] == code
    ]
