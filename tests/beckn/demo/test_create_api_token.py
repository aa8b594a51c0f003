"""`manage create_api_token`: the text is shown once and works; what cannot be made is explained."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from cpo_portal.accounts.models import ApiToken, Cpo
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.accounts.tokens import find_token
from cpo_portal.network.models import ChargingSystem, ChargingSystemToken

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def cpo() -> Cpo:
    cpo = Cpo.objects.create(provider_id="cpo1.com", name="CPO1")
    with cpo_scope(cpo):
        ChargingSystem.objects.create(cpo=cpo, name="CSMS")
    return cpo


def create(**options: Any) -> str:
    out = StringIO()
    call_command("create_api_token", stdout=out, **({"cpo": "cpo1.com", "scope": "STAFF", "name": "till"} | options))
    return out.getvalue().strip()


def test_the_printed_text_is_a_token_of_the_cpo_with_the_scope(cpo: Cpo) -> None:
    token = find_token(create(), timezone.now())
    assert token is not None
    assert (token.cpo, token.scope, token.name, token.expires_at) == (cpo, "STAFF", "till", None)


def test_days_give_it_an_end() -> None:
    text = create(days=2)
    assert find_token(text, timezone.now() + timedelta(days=1, hours=23)) is not None
    assert find_token(text, timezone.now() + timedelta(days=2, minutes=1)) is None


def test_a_charging_systems_token_speaks_for_that_system() -> None:
    token = find_token(create(scope="CHARGING_SYSTEM", system="CSMS"), timezone.now())
    with every_cpo():
        assert ChargingSystemToken.objects.get(token=token).system.name == "CSMS"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"cpo": "nobody.com"}, "There is no active CPO with the provider id nobody.com."),
        ({"name": " "}, "Give the token a name"),
        ({"days": 0}, "Give --days from 1"),
        ({"system": "CSMS"}, "--system goes with --scope CHARGING_SYSTEM only."),
        ({"scope": "CHARGING_SYSTEM"}, "Name the charging system with --system; cpo1.com has: CSMS."),
        ({"scope": "CHARGING_SYSTEM", "system": "other"}, "cpo1.com has: CSMS."),
    ],
)
def test_what_cannot_be_made_is_explained_and_not_made(options: dict[str, Any], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        create(**options)
    with every_cpo():
        assert not ApiToken.objects.exists()
