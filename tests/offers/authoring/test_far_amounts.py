"""Numbers with more digits than any amount has are refused at their field, by form, file, content and limits."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from cpo_portal.accounts.tenancy import cpo_scope
from offers import authoring
from offers.authoring.limits import check_limits
from offers.authoring.slabs import normal_slabs
from offers.engine.values import OfferLimits
from offers.models import Offer
from tests.offers.authoring.test_offer_admin import ADD, FORM
from tests.offers.files.twins import faults_of, load, make_twin
from tests.people import make_people, signed_in, weekend

pytestmark = pytest.mark.django_db

DIGITS = "Ensure that there are no more than 14 digits in total."
DECIMALS = "Ensure that there are no more than 2 decimal places."
WHOLE = "Ensure that there are no more than 12 digits before the decimal point."
NO_AMOUNT = "Use a number with at most two decimals."
FAR = ["1E+400", "1E+27", "-1E+400", "NaN", "Infinity"]
MORE: dict[str, Any] = {
    "benefit_kind": "buyXgetY",
    "value": "",
    "value_type": "",
    "value_cap": "",
    "item_unit": "KWH",
    "qualifier_item_count": "10",
    "benefit_item_count": "2",
}
TYPED = [
    pytest.param("1E+400", DIGITS, id="beyond-all-digits"),
    pytest.param("1000000000000", WHOLE, id="a-trillion"),
    pytest.param("0.005", DECIMALS, id="half-a-cent"),
]


@pytest.mark.parametrize(("text", "sentence"), TYPED)
def test_the_form_refuses_the_price_of_what_is_given(text: str, sentence: str) -> None:
    people = make_people()
    answer = signed_in(people.owner).post(ADD, FORM | MORE | {"_save": "1", "item_value": text})
    assert (answer.status_code, answer.context["errors"]) == (200, [[sentence]])
    with cpo_scope(people.here.cpo):
        assert not Offer.objects.exists()


@pytest.mark.parametrize(("text", "sentence"), TYPED)
@pytest.mark.parametrize("dry_run", [True, False], ids=["dry-run", "import"])
def test_a_file_is_refused_at_the_price_of_what_is_given(text: str, sentence: str, dry_run: bool) -> None:
    cpo = make_twin("cpo1.com")
    head = "Offer id,Name,Type,What is counted,For every,The driver gets,At this price each,Valid from,Valid until"
    row = f"more,More,buyXgetY,KWH,10,2,{text},2026-01-01T00:00,2040-01-01T00:00"
    report = load(cpo, f"{head}\r\n{row}", dry_run=dry_run)
    assert faults_of(report) == [(2, "At this price each", sentence)]
    with cpo_scope(cpo):
        assert not Offer.objects.exists()


@pytest.mark.parametrize("text", FAR)
@pytest.mark.parametrize("field", ["value", "value_cap", "min_value", "item_value"])
def test_no_content_says_such_an_amount(field: str, text: str) -> None:
    cpo = make_people().here.cpo
    given = {name: value or None for name, value in MORE.items()} | {"value_type": "", "item_value": Decimal(5)}
    said = given | {"qualifier_item_count": 10, "benefit_item_count": 2} if field == "item_value" else {}
    with pytest.raises(ValidationError) as refused:
        authoring.create_offer(cpo, "far", weekend(**said | {field: Decimal(text)}))
    assert refused.value.message_dict == {field: [NO_AMOUNT]}
    with cpo_scope(cpo):
        assert not Offer.objects.exists()


@pytest.mark.parametrize("text", ["1E+400", "1E+27", "NaN", "Infinity"])
@pytest.mark.parametrize("field", ["budget", "redemption_cap", "budget_per_day"])
def test_no_limit_is_such_an_amount(field: str, text: str) -> None:
    limits = {"redemption_cap": Decimal(10), field: Decimal(text)}
    with pytest.raises(ValidationError) as refused:
        check_limits(OfferLimits(**limits))
    assert refused.value.message_dict == {field: ["Use an amount with at most two decimals."]}


@pytest.mark.parametrize("text", FAR)
def test_no_slab_has_such_an_amount(text: str) -> None:
    slab = {"item_count": 0, "item_count_upper": None, "value": text, "value_type": "amount", "value_cap": "5"}
    with pytest.raises(ValidationError) as refused:
        normal_slabs((slab,))
    assert refused.value.messages == ["Slab 1: give the value as a number with at most two decimals."]
