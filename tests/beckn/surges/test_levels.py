"""What is told of a level of demand: at each station its own, until when it is known, and without a page of it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from beckn.presenting.surcharges import surcharges_of
from beckn.protocol.catalog_views import SurchargeView
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Connector
from offers.models import Quote
from offers.receipts.surcharges import explained
from offers.tasks import settle_stopped
from pricing.surges.applying import applying, surges_of
from tests.offers.ordering.sale import Sale
from tests.pricing.demand.samples import add_connectors, decided, live_policy
from tests.pricing.demand.test_sale import sale as sale  # noqa: PLC0414  a fixture
from tests.pricing.surges.samples import RUPEE, make_schedule, no_notice, publish
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> World:
    found = make_world()
    add_connectors(found)
    no_notice(found.cpo)
    return found


def views(world: World) -> tuple[SurchargeView, ...]:
    now = timezone.now()
    with cpo_scope(world.cpo):
        connector = Connector.objects.select_related("charger__location", "cpo").get(pk=world.connector.pk)
        surges = surges_of([world.cpo.pk], now=now)[world.cpo.pk]
        return surcharges_of(applying(surges, connector, at=now), connector, at=now)


def test_a_level_is_told_beside_a_schedule(world: World) -> None:
    live_policy(world.cpo, explanation="The station is nearly full.")
    publish(make_schedule(world.cpo, RUPEE))
    decided(world, 3)
    found = {x.name: x for x in views(world)}
    level, schedule = found["Busy station fee"], found["Congestion fee"]
    assert (level.rate, level.basis, level.when) == (
        Decimal(10),
        "PERCENT",
        "while many chargers of the station are busy",
    )
    assert (level.reason, level.page_url) == ("The station is nearly full.", "")
    assert level.valid_until is not None
    assert schedule.page_url.endswith("/s/cpo1.com/congestion")


def test_a_receipt_explains_a_level_without_a_link(world: World, sale: Sale) -> None:
    live_policy(world.cpo)
    decided(world, 3)
    sale.init()
    sale.pay("128.62")
    otp = sale.confirm()
    sale.start(otp)
    sale.charge(5000)
    assert settle_stopped() > 0
    with cpo_scope(world.cpo):
        (told,) = explained(Quote.objects.get(is_bill=True), "cpo1.com")
    assert (told.name, told.url) == ("Busy station fee", "")
    assert told.words.startswith("10 % of what the energy costs that flows while the surcharge holds, before tax.")
