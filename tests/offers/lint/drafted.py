"""Drafts to be checked, and what the linter finds in them as their rows stand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Connector, Location
from offers import authoring
from offers.authoring.linting import lint_offer
from offers.models import Offer
from tests.people import People, weekend

ALWAYS = {"weekly_windows": (), "min_value": None, "display_code": ""}


def draft(people: People, offer_id: str = "draft", **changes: Any) -> Offer:
    return authoring.create_offer(people.here.cpo, offer_id, weekend(**{**ALWAYS, **changes}))


def add_connector(people: People, item_id: str, **said: Any) -> None:
    """Make another connector like the world's, at a location of its own; inside the CPO's scope."""
    connector = Connector.objects.select_related("charger__location").get(item_id="pe-charging-01")
    place = Location.objects.create(
        cpo=people.here.cpo, location_id="a-shop", name="Shop", latitude=Decimal(19), longitude=Decimal(73), **said
    )
    charger = connector.charger
    charger.pk, charger.evse_id, charger.location = None, "shop-charger", place
    charger.save()
    connector.pk, connector.item_id, connector.charger = None, item_id, charger
    connector.save()


def codes(offer: Offer) -> list[str]:
    with cpo_scope(offer.cpo):
        found = lint_offer(Offer.objects.select_related("cpo").get(pk=offer.pk), timezone.now())
    return [x.code.value for x in found.findings]
