"""Networks made of plain rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.test import Client

from cpo_portal.accounts.models import Cpo, Membership, Role, TokenScope, User
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.accounts.tokens import create_token
from cpo_portal.network.models import Charger, ChargingSystem, Connector, Location, Product


@dataclass
class Net:
    """A CPO, its people by role, the texts of its tokens by scope, and its first rows."""

    cpo: Cpo
    people: dict[str, User]
    tokens: dict[str, str]
    system: ChargingSystem
    location: Location
    charger: Charger
    connectors: list[Connector] = field(default_factory=list)

    def bearer(self, scope: str = "STAFF") -> dict[str, Any]:
        return {"HTTP_AUTHORIZATION": f"Bearer {self.tokens[scope]}"}

    def sign_in(self, role: str) -> Client:
        client = Client()
        client.force_login(self.people[role], backend="django.contrib.auth.backends.ModelBackend")
        return client


def make_net(provider_id: str, name: str) -> Net:
    """Make a CPO with one published site at MG Road, Bengaluru."""
    cpo = Cpo.objects.create(provider_id=provider_id, name=name)
    people, tokens = {}, {}
    with cpo_scope(cpo):
        for role in Role:
            user = User.objects.create_user(f"{role.lower()}@{provider_id}", None)
            Membership.objects.create(cpo=cpo, user=user, role=role)
            people[role.value] = user
        for scope in TokenScope:
            tokens[scope.value] = create_token(cpo, name=scope.label, scope=scope)[1]
        system = ChargingSystem.objects.create(cpo=cpo, name="CSMS")
    location = make_location(cpo, "site-1", name=f"{name} MG Road")
    charger = make_charger(location, "evse-1", system=system)
    net = Net(cpo, people, tokens, system, location, charger)
    net.connectors = [
        make_connector(charger, "item-1"),
        make_connector(charger, "item-2", connector_type="TYPE2", power_type="AC_3_PHASE", max_power_w=22_000),
    ]
    return net


def make_location(cpo: Cpo, location_id: str, **changes: Any) -> Location:
    fields: dict[str, Any] = {
        "name": f"Site {location_id}",
        "address": "1 Road",
        "city": "Bengaluru",
        "city_code": "std:080",
        "latitude": "12.975500",
        "longitude": "77.606000",
    } | changes
    with cpo_scope(cpo):
        return Location.objects.create(cpo=cpo, location_id=location_id, **fields)


def make_charger(location: Location, evse_id: str, **changes: Any) -> Charger:
    with cpo_scope(location.cpo):
        system = ChargingSystem.objects.filter(cpo=location.cpo).first()
        fields = {"name": f"Charger {evse_id}", "system": system} | changes
        return Charger.objects.create(cpo=location.cpo, location=location, evse_id=evse_id, **fields)


def make_connector(charger: Charger, item_id: str, **changes: Any) -> Connector:
    fields: dict[str, Any] = {
        "connector_type": "CCS2",
        "power_type": "DC",
        "max_power_w": 60_000,
        "charging_speed": "FAST",
    } | changes
    with cpo_scope(charger.cpo):
        return Connector.objects.create(cpo=charger.cpo, charger=charger, item_id=item_id, **fields)


def make_site(cpo: Cpo, key: str, *, connectors: int = 1, **changes: Any) -> Location:
    """Make a location with one charger and so many connectors, called key.1, key.2, …"""
    location = make_location(cpo, key, **changes)
    charger = make_charger(location, f"{key}-evse")
    for number in range(connectors):
        make_connector(charger, f"{key}.{number + 1}")
    return location


def make_product(cpo: Cpo, product_id: str, *, locations: tuple[Location, ...] = (), **changes: Any) -> Product:
    with cpo_scope(cpo):
        product = Product.objects.create(
            cpo=cpo, product_id=product_id, **({"name": product_id.capitalize(), "price": "40.00"} | changes)
        )
        product.locations.set(locations)
    return product
