"""Seeds and webhook secrets lie sealed; no page, export, API answer or text of an object shows them or their seal."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.urls import NoReverseMatch, reverse

from beckn import keys
from beckn.models import SigningKey
from beckn.resealing import sealed_columns
from cpo_portal.accounts.models import Role, TokenScope, User
from cpo_portal.accounts.sealing import unseal
from cpo_portal.accounts.tenancy import every_cpo
from cpo_portal.charging.payments.reports import create_gateway
from tests.people import api_client, make_member, signed_in
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


def spellings(secret: bytes) -> Iterator[str]:
    """Yield how these bytes could appear in a text."""
    yield from (secret.hex(), base64.b64encode(secret).decode(), base64.urlsafe_b64encode(secret).decode())
    yield from (repr(secret)[2:-1], json.dumps(list(secret)))
    if secret.isascii():
        yield secret.decode()


@pytest.fixture
def world() -> World:
    """A CPO with a gateway, and the platform's own key."""
    keys.forget()
    world = make_world()
    create_gateway(world.cpo, name="Pay", pay_url="https://pay.example/$transaction_id")
    keys.own_key()
    return world


def secrets() -> list[str]:
    """Return every spelling of every secret in the database, sealed and open; no column may be without a row."""
    found: list[str] = []
    with every_cpo():
        for model, name in sealed_columns():
            values = [bytes(value) for value in model._default_manager.values_list(name, flat=True) if value]
            assert values, f"{model.__name__}.{name} has no row here, so that this test would prove nothing of it"
            for value in values:
                found += [*spellings(value), *spellings(unseal(value))]
    return found


def shown(text: str) -> list[str]:
    return [secret for secret in secrets() if secret in text.replace("&#x2B;", "+")]


def admin_pages() -> Iterator[str]:
    """Yield the list, the form for a new row, and the page and history of every row of every model of the admin."""
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        for page in ("changelist", "add", "export"):
            try:
                yield reverse(f"{name}_{page}")
            except NoReverseMatch:
                continue
        with every_cpo():
            rows = list(model._default_manager.values_list("pk", flat=True)[:5])
        for pk in rows:
            yield reverse(f"{name}_change", args=[pk])
            yield reverse(f"{name}_history", args=[pk])


@pytest.mark.parametrize("who", ["owner", "operator"])
def test_no_page_of_the_admin_shows_a_secret(who: str, world: World) -> None:
    user = (
        make_member(world.cpo, "owner", Role.OWNER)
        if who == "owner"
        else User.objects.create_user("operator@platform.example", is_superuser=True)
    )
    client = signed_in(user)
    seen = {address: client.get(address) for address in admin_pages()}
    assert {answer.status_code for answer in seen.values()} <= {200, 302, 403, 404}
    assert sum(answer.status_code == 200 for answer in seen.values()) > 20
    assert {address: shown(answer.content.decode()) for address, answer in seen.items()} == {
        address: [] for address in seen
    }


@pytest.mark.parametrize("scope", [TokenScope.STAFF, TokenScope.STAFF_READ])
@pytest.mark.parametrize("route", ["offers", "tariffs", "locations", "schema"])
def test_no_api_answer_shows_a_secret(route: str, scope: TokenScope, world: World) -> None:
    answer = api_client(world.cpo, scope).get(f"/api/{route}", follow=True)
    assert answer.status_code == 200
    assert shown(b"".join(answer).decode()) == []


@pytest.mark.usefixtures("world")
def test_no_object_shows_a_secret_when_it_is_printed() -> None:
    printed = [repr(keys.own_key()), str(keys.own_key())]
    with every_cpo():
        for model, _ in sealed_columns():
            printed += [text for row in model._default_manager.all() for text in (repr(row), str(row))]
    out = StringIO()
    call_command("show_own_key", stdout=out)
    assert [shown(text) for text in [*printed, out.getvalue()]] == [[]] * (len(printed) + 1)


def test_no_form_and_no_export_has_a_sealed_column(world: World) -> None:
    for model, name in sealed_columns():
        assert not model._meta.get_field(name).editable
        page: Any = admin.site._registry.get(model)
        if page is not None:
            declared = [*(page.fields or ()), *page.list_display, *getattr(page, "export_fields", ())]
            assert name not in json.dumps(declared)


def test_the_seed_cannot_be_opened_without_the_key_outside_the_database(world: World, settings: Any) -> None:
    sealed = bytes(SigningKey.objects.exclude(sealed_seed=None).get().sealed_seed or b"")
    assert keys.own_key().seed not in sealed
    settings.DATA_KEYS = [b"z" * 32]
    with pytest.raises(RuntimeError, match="PORTAL_DATA_KEY does not hold"):
        unseal(sealed)
