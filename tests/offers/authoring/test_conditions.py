"""Conditions on the session: said alike in the form and the API, refused alike, and refused by the database."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from cpo_portal.accounts.tenancy import cpo_scope
from offers import authoring
from offers.models import Offer, OfferVersion
from tests.offers.authoring.test_offer_admin import ADD, FORM
from tests.people import People, api_client, make_people, signed_in, weekend

pytestmark = pytest.mark.django_db

CONTENT = {"name": "Here", "value": "25", "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2040-01-01T00:00:00Z"}
CONDITIONS: dict[str, Any] = {"min_energy_wh": 10_000, "max_energy_wh": 20_500}
IN_FORM = {"min_energy_wh": "10", "max_energy_wh": "20.5"}


@pytest.fixture
def people() -> People:
    return make_people()


def send(people: People, conditions: dict[str, Any]) -> Any:
    body = json.dumps({"offer_id": "here", "content": CONTENT | conditions})
    return api_client(people.here.cpo).post("/api/offers", body, content_type="application/json")


def test_the_api_reads_back_what_it_was_given(people: People) -> None:
    answer = send(people, CONDITIONS)
    assert answer.status_code == 201, answer.content
    assert {name: answer.json()["draft"]["content"][name] for name in CONDITIONS} == CONDITIONS


def test_the_form_saves_the_same(people: People) -> None:
    assert signed_in(people.owner).post(ADD, FORM | IN_FORM | {"_save": "1"}).status_code == 302
    with cpo_scope(people.here.cpo):
        version = OfferVersion.objects.get()
    assert {name: getattr(version, name) for name in CONDITIONS} == CONDITIONS


BAD = [
    pytest.param(
        {"min_energy_wh": 20_001, "max_energy_wh": 20_000},
        "max_energy_wh",
        "The highest energy is below the lowest: swap them.",
        id="range-upside-down",
    ),
]


@pytest.mark.parametrize(("conditions", "field", "sentence"), BAD)
def test_form_and_api_refuse_at_the_field(
    people: People, conditions: dict[str, Any], field: str, sentence: str
) -> None:
    assert send(people, conditions).json()["error"]["fields"] == {"content": {field: [sentence]}}
    in_form = {name: value / 1000 if name.endswith("_wh") else value for name, value in conditions.items()}
    form = signed_in(people.owner).post(ADD, FORM | in_form | {"_save": "1"}).context["adminform"].form
    assert form.errors == {field: [sentence]}
    with cpo_scope(people.here.cpo):
        assert not Offer.objects.exists()


@pytest.mark.parametrize("columns", [pytest.param({"min_energy_wh": 2, "max_energy_wh": 1}, id="range-upside-down")])
def test_the_database_refuses_it_too(people: People, columns: dict[str, Any]) -> None:
    with cpo_scope(people.here.cpo):
        authoring.create_offer(people.here.cpo, "here", weekend())
        with pytest.raises(IntegrityError), transaction.atomic():
            OfferVersion.objects.update(**columns)
