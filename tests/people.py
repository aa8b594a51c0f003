"""Named people around two CPOs: an owner, a colleague, an analyst, and an outsider who owns the other CPO."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.test import Client

from cpo_portal.accounts.models import Cpo, Membership, Role, TokenScope, User
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.accounts.tokens import create_token
from offers.authoring import OfferContent
from tests.world import World, make_world


@dataclass(frozen=True, slots=True)
class People:
    """Two CPOs and who works there."""

    here: World
    there: World
    owner: User
    colleague: User
    analyst: User
    outsider: User


def make_people() -> People:
    """Make both CPOs and the four people."""
    here, there = make_world(), make_world("cpo2.com", item_id="there-01")
    return People(
        here,
        there,
        make_member(here.cpo, "owner", Role.OWNER),
        make_member(here.cpo, "colleague", Role.MANAGER),
        make_member(here.cpo, "analyst", Role.ANALYST),
        make_member(there.cpo, "outsider", Role.OWNER),
    )


def make_member(cpo: Cpo, name: str, role: Role) -> User:
    """Make a user who works for one CPO."""
    user = User.objects.create_user(f"{name}@example.com", first_name=name.capitalize())
    with cpo_scope(cpo):
        Membership.objects.create(cpo=cpo, user=user, role=role)
    return user


def signed_in(user: User) -> Client:
    """Return a browser in which the user is signed in."""
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


def api_client(cpo: Cpo, scope: TokenScope = TokenScope.STAFF) -> Client:
    """Return a client of the API that acts for a CPO."""
    _, text = create_token(cpo, name=f"test {scope}", scope=scope)
    return Client(headers={"Authorization": f"Bearer {text}"})


WEEKEND = OfferContent(
    name="Weekend Special – 25 % off",
    campaign_kind="WEEKEND_SPECIAL",
    display_code="WEEKEND25",
    value=Decimal(25),
    value_cap=Decimal(100),
    min_value=Decimal(50),
    valid_from=datetime(2026, 1, 1, tzinfo=UTC),
    valid_until=datetime(2040, 1, 1, tzinfo=UTC),
    weekly_windows=({"weekdays": [6, 7], "start": "00:00", "end": "00:00"},),
)


def weekend(**changes: Any) -> OfferContent:
    """Return the weekend offer's content with changes."""
    return replace(WEEKEND, **changes)
