"""The “Try it” panel: the price of now and of a draft, with a reason for every offer; of one's own CPO alone."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cpo_portal.accounts.tenancy import cpo_scope
from offers import authoring
from offers.models import Offer
from pricing import authoring as tariffs
from pricing.authoring import Place, TariffContent
from tests.people import WEEKEND, People, signed_in

pytestmark = pytest.mark.django_db

SESSION = {
    "try-item_id": "pe-charging-01",
    "try-starts_at": "2027-01-02T11:00",
    "try-value": "10",
    "try-unit": "kWh",
}


def tried(person: Any, kind: str, pk: int, **changes: str) -> Any:
    return signed_in(person).post(f"/admin/offers/offer/try-{kind}/{pk}/", SESSION | changes)


def totals(answer: Any) -> dict[str, str]:
    return {trial["title"]: trial.get("total", trial.get("refusal")) for trial in answer.context_data["trials"]}


@pytest.fixture
def offer(people: People) -> Offer:
    content = replace(WEEKEND, weekly_windows=(), location_ids=(), item_ids=())
    return authoring.create_offer(people.here.cpo, "weekend-25", content)


def test_a_draft_of_an_offer_is_tried_before_it_is_published(people: People, offer: Offer) -> None:
    answer = tried(people.owner, "offer", offer.pk)
    assert totals(answer) == {"As it is now": "₹224.20", "If version 1 were live": "₹171.10"}
    trial = answer.context_data["trials"][1]
    assert [(name, outcome) for name, outcome, _ in trial["offers"]] == [(WEEKEND.name, "Applied")]
    with cpo_scope(people.here.cpo):
        assert Offer.objects.get().live_version is None


def test_the_panel_says_why_an_offer_does_not_apply(people: People, offer: Offer) -> None:
    authoring.save_draft(offer, replace(WEEKEND, weekly_windows=(), min_value=Decimal(500)))
    authoring.publish(offer)
    assert "The session is worth less than its minimum" in tried(people.analyst, "offer", offer.pk).content.decode()


def test_a_draft_of_a_tariff_is_tried_where_it_would_apply(people: People) -> None:
    there = TariffContent(rate=Decimal(20), places=(Place(item_id="pe-charging-01"),))
    tariff = tariffs.create_tariff(people.here.cpo, "new", "New", there)
    assert totals(tried(people.owner, "tariff", tariff.pk)) == {
        "As it is now": "₹224.20",
        "If draft 1 were published": "₹236.00",
    }
    tariffs.save_draft(tariff, replace(there, places=(Place(connector_type="TYPE2"),)))
    assert totals(tried(people.owner, "tariff", tariff.pk)) == {
        "As it is now": "₹224.20",
        "If draft 1 were published": "It would not apply here: “Standard” still prices this connector.",
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        pytest.param({"try-item_id": "there-01"}, "item_id", id="foreign connector"),
        pytest.param({"try-starts_at": "soon"}, "starts_at", id="no time"),
        pytest.param({"try-value": "0"}, "value", id="nothing"),
        pytest.param({"try-value": "1.5", "try-unit": "min"}, "value", id="half a minute"),
    ],
)
def test_bad_input_is_told_at_its_field(people: People, offer: Offer, changes: dict[str, str], field: str) -> None:
    answer = tried(people.owner, "offer", offer.pk, **changes)
    assert (answer.status_code, list(answer.context_data["form"].errors)) == (200, [field])
    assert answer.context_data["trials"] == []


def test_an_outsider_finds_no_panel(people: People, offer: Offer) -> None:
    assert tried(people.outsider, "offer", offer.pk).status_code == 404
    assert tried(people.outsider, "tariff", people.here.tariff.pk).status_code == 404


def test_who_tries_an_offer_for_single_use_codes_is_taken_to_have_one(people: People, offer: Offer) -> None:
    content = replace(WEEKEND, weekly_windows=(), display_code="", single_use_codes=True)
    authoring.save_draft(offer, content)
    authoring.publish(offer)
    assert totals(tried(people.owner, "offer", offer.pk)) == {"As it is now": "₹171.10"}
