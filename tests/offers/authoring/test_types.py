"""Each type of offer is held to its row of the matrix by authoring, the form, the API and the database alike."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

import offers
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Product
from offers import authoring
from offers.engine.matrix import FIELDS, NEEDS, Need, fault
from offers.engine.values import BenefitKind
from offers.files.runs import import_offers
from offers.mapping import offer_terms
from offers.models import Offer, OfferVersion
from pricing.versions.review import Actor
from tests.offers.api.asking import fields, send
from tests.offers.authoring.test_offer_admin import ADD, FORM, checks, edit_form, page
from tests.offers.authoring.typed import LOAN, NOTHING, SAID, SLAB, content
from tests.offers.files.sheets import sheet
from tests.people import WEEKEND, People, api_client, make_people, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> People:
    made = make_people()
    with cpo_scope(made.here.cpo):
        Product.objects.create(cpo=made.here.cpo, product_id="coffee", name="Coffee", price=Decimal(60))
    return made


KINDS = [kind.value for kind in BenefitKind]
CELLS = [
    pytest.param(kind, field, id=f"{kind}-{field}") for kind in KINDS for field in FIELDS if NEEDS[BenefitKind(kind)]
]


def twisted(kind: str, field: str) -> tuple[dict[str, Any], str]:
    """Return the field the other way round, and the sentence that refuses it; "" where either way is right."""
    given = NEEDS[BenefitKind(kind)][field] is Need.NOT_APPLICABLE
    return {field: (SAID if given else NOTHING)[field]}, fault(BenefitKind(kind), field, given=given)


@pytest.mark.parametrize("kind", KINDS)
def test_a_type_that_says_what_it_must_is_stored_and_read_back(people: People, kind: str) -> None:
    offer = authoring.create_offer(people.here.cpo, "typed", content(kind))
    authoring.publish(offer)
    with cpo_scope(people.here.cpo):
        version = OfferVersion.objects.select_related("offer").get()
        assert authoring.content_of(version) == replace(content(kind), currency="INR")
        terms = offer_terms(version.offer, version)
    assert (terms.benefit.kind.value, terms.qualifier.min_value) == (kind, Decimal("50.00"))


@pytest.mark.parametrize(("kind", "field"), CELLS)
def test_authoring_holds_each_cell(people: People, kind: str, field: str) -> None:
    changes, sentence = twisted(kind, field)
    if not sentence:
        authoring.create_offer(people.here.cpo, "typed", content(kind, **changes))
        return
    with pytest.raises(ValidationError) as refusal:
        authoring.create_offer(people.here.cpo, "typed", content(kind, **changes))
    assert refusal.value.message_dict == {field: [sentence]}
    with cpo_scope(people.here.cpo):
        assert not Offer.objects.exists()


@pytest.mark.parametrize(("kind", "field"), CELLS)
def test_the_database_holds_each_cell(people: People, kind: str, field: str) -> None:
    changes, sentence = twisted(kind, field)
    authoring.create_offer(people.here.cpo, "typed", content(kind))
    changes = {name: list(value) if isinstance(value, tuple) else value for name, value in changes.items()}
    with cpo_scope(people.here.cpo):
        if not sentence:
            assert OfferVersion.objects.update(**changes) == 1
            return
        with pytest.raises(IntegrityError, match=f"offer_{field}_fits_its_type"), transaction.atomic():
            OfferVersion.objects.update(**changes)
        assert OfferVersion.objects.get().benefit_kind == kind


PARTS = [
    pytest.param(kind, field, row, name, id=f"{field}-{name}")
    for kind, field, row in (("slab", "slabs", SLAB), ("financing", "finance_terms", LOAN))
    for name in row
]


@pytest.mark.parametrize(("kind", "field", "row", "name"), PARTS)
def test_the_database_refuses_a_row_that_leaves_something_out(
    people: People, kind: str, field: str, row: dict[str, Any], name: str
) -> None:
    authoring.create_offer(people.here.cpo, "typed", content(kind))
    part = {key: value for key, value in row.items() if key != name}
    with cpo_scope(people.here.cpo):
        with pytest.raises(IntegrityError, match=f"offer_{field}_are_whole"), transaction.atomic():
            OfferVersion.objects.update(**{field: [row, part]})
        assert getattr(OfferVersion.objects.get(), field) == [row]


WRONG = [
    *(
        pytest.param("slab", {"slabs": [SLAB | changes]}, "offer_slabs_say_what_can_be", id=f"slab-{name}")
        for name, changes in {
            "no-value": {"value": None},
            "no-type": {"value_type": ""},
            "per-kwh": {"value_type": "per_kwh"},
            "no-cap": {"value_cap": None},
            "no-begin": {"item_count": None},
            "below-0": {"item_count": -1},
            "end-below-begin": {"item_count_upper": 9},
            "end-in-words": {"item_count_upper": ""},
            "100.01": {"value": "100.01"},
            "nothing": {"value": "0.00"},
            "a-cap-of-nothing": {"value_cap": "0.00"},
        }.items()
    ),
    *(
        pytest.param(
            "financing", {"finance_terms": [LOAN | changes]}, "offer_finance_terms_say_what_can_be", id=f"way-{name}"
        )
        for name, changes in {
            "nobody": {"provider": ""},
            "another-method": {"method": "CASH"},
            "no-months": {"months": None},
            "0-months": {"months": 0},
            "100.01": {"annual_percent": "100.01"},
            "no-share": {"subvention_percent": None},
        }.items()
    ),
    pytest.param("slab", {"slabs": SLAB}, "offer_slabs_say_what_can_be", id="a-slab-in-no-list"),
    pytest.param("financing", {"finance_terms": LOAN}, "offer_finance_terms_say_what_can_be", id="a-way-in-no-list"),
    pytest.param("discount", {"value_type": "points"}, "offer_amounts_in_bounds", id="another-value-type"),
    pytest.param("discount", {"value_cap": 0}, "offer_amounts_in_bounds", id="a-cap-of-0"),
    pytest.param("discount", {"value_cap": -1}, "offer_amounts_in_bounds", id="a-cap-below-0"),
    pytest.param("discount", {"min_value": Decimal("-0.01")}, "offer_amounts_in_bounds", id="a-minimum-below-0"),
    pytest.param(
        "discount",
        {"value_type": "amount", "value": 50, "value_cap": Decimal("49.99")},
        "offer_amounts_in_bounds",
        id="a-cap-below-the-amount",
    ),
]
RIGHT = [
    pytest.param("slab", {"slabs": [SLAB | {"item_count_upper": None}]}, id="an-open-end"),
    pytest.param("slab", {"slabs": [SLAB | {"item_count_upper": 10, "value": "100.00"}]}, id="one-kwh-for-nothing"),
    pytest.param("slab", {"slabs": [SLAB | {"item_count": 0, "value": "200.00", "value_type": "amount"}]}, id="from-0"),
    pytest.param("financing", {"finance_terms": [LOAN | {"months": 1, "annual_percent": "100.00"}]}, id="a-month"),
    pytest.param("discount", {"value_type": "amount", "value": 50, "value_cap": 50}, id="the-amount-as-its-cap"),
    pytest.param("discount", {"value_type": "percent", "value": 50, "value_cap": Decimal("0.01")}, id="a-paisa"),
    pytest.param("discount", {"min_value": 0}, id="a-minimum-of-0"),
]


@pytest.mark.parametrize(("kind", "changes", "name"), WRONG)
def test_the_database_refuses_what_cannot_be(people: People, kind: str, changes: dict[str, Any], name: str) -> None:
    authoring.create_offer(people.here.cpo, "typed", content(kind))
    with cpo_scope(people.here.cpo):
        before = OfferVersion.objects.values().get()
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            OfferVersion.objects.update(**changes)
        assert OfferVersion.objects.values().get() == before


@pytest.mark.parametrize(("kind", "changes"), RIGHT)
def test_the_database_takes_what_lies_at_the_edge(people: People, kind: str, changes: dict[str, Any]) -> None:
    authoring.create_offer(people.here.cpo, "typed", content(kind))
    with cpo_scope(people.here.cpo):
        assert OfferVersion.objects.update(**changes) == 1


def test_the_items_of_a_combination_are_the_cpos_own(people: People) -> None:
    with cpo_scope(people.there.cpo):
        Product.objects.create(cpo=people.there.cpo, product_id="their-coffee", name="Coffee", price=Decimal(60))
    with pytest.raises(ValidationError) as refusal:
        authoring.create_offer(people.here.cpo, "typed", content("combo", qualifier_item_ids=("their-coffee",)))
    assert refusal.value.message_dict == {
        "qualifier_item_ids": ["You have no connector or product “their-coffee”: give the id of one of yours."]
    }


OWN = "“coffee” is one of the offer's own items: choose another to go with it."
OF_A_COMBO: dict[str, tuple[tuple[str, ...], tuple[str, ...], str]] = {
    "its-own-primary": (("coffee",), ("coffee",), OWN),
    "one-of-its-primaries": (("coffee", "pe-charging-01"), ("coffee",), OWN),
    "one-of-its-secondaries": (("coffee",), ("coffee", "pe-charging-01"), OWN),
    "another": (("coffee",), ("pe-charging-01",), ""),
    "without-a-primary": ((), ("coffee",), ""),
}


@pytest.mark.parametrize("way", ["form", "api", "file"])
@pytest.mark.parametrize(("primary", "secondary", "said"), OF_A_COMBO.values(), ids=OF_A_COMBO)
def test_a_combination_is_of_the_offers_own_items_and_others(
    people: People, primary: tuple[str, ...], secondary: tuple[str, ...], said: str, way: str
) -> None:
    sent = {"item_ids": primary, "qualifier_item_ids": secondary}
    if way == "form":
        form = FORM | {"benefit_kind": "combo", "weekly_windows-0-weekdays": []} | {k: list(x) for k, x in sent.items()}
        answer = signed_in(people.owner).post(ADD, form)
        faults = dict(answer.context["adminform"].form.errors) if answer.status_code == 200 else {}
    elif way == "api":
        body = {"name": "Both", "benefit_kind": "combo", "value": "10", "value_cap": "50", **sent}
        body |= {"valid_from": "2026-01-01T00:00Z", "valid_until": "2040-01-01T00:00Z"}
        answer = send(api_client(people.here.cpo), "offers", {"offer_id": "both", "content": body})
        faults = {} if answer.status_code == 201 else fields(answer)["content"]
    else:
        head = "Offer id,Name,Type,Value,At most,Valid from,Valid until,Connectors and products,Together with"
        row = "both,Both,combo,10,50,2026-01-01T00:00,2040-01-01T00:00"
        rows = sheet(f"{row},{';'.join(primary)},{';'.join(secondary)}", head=head).encode()
        report = import_offers(people.here.cpo, rows, dry_run=False, actor=Actor(people.owner))
        faults = {x.column: [x.sentence] for x in report.faults.shown}
    field = "Together with" if way == "file" else "qualifier_item_ids"
    assert faults == ({field: [said]} if said else {})
    with cpo_scope(people.here.cpo):
        assert Offer.objects.count() == (0 if said else 1)


SLAB_ROWS = {f"slabs-0-{name}": str(value) for name, value in SLAB.items()}


def test_the_form_writes_slabs_and_drops_what_stood_there_for_another_type(people: People) -> None:
    offer = authoring.create_offer(people.here.cpo, "weekend-25", WEEKEND)
    # The hidden fields of a browser still say what the discount said.
    answer = signed_in(people.owner).post(page(offer), edit_form(offer, benefit_kind="slab", **SLAB_ROWS, _save="1"))
    assert answer.status_code == 302
    with cpo_scope(people.here.cpo):
        version = OfferVersion.objects.get()
    assert (version.benefit_kind, version.value, version.value_type, version.value_cap) == ("slab", None, "", None)
    assert version.slabs == [SLAB]


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        pytest.param(
            {"benefit_kind": "slab", "value": "", "value_cap": ""},
            "slabs",
            "Give at least one slab of whole kWh.",
            id="no-slab",
        ),
        pytest.param(
            {"benefit_kind": "slab", **SLAB_ROWS},
            "value",
            "An offer by slabs has no use for a value of its own: leave it empty.",
            id="a-value-was-typed",
        ),
        pytest.param(
            {**SLAB_ROWS},
            "slabs",
            "A discount has no use for slabs: leave it empty.",
            id="slabs-of-a-discount",
        ),
        pytest.param(
            {"benefit_kind": "combo"},
            "qualifier_item_ids",
            "Choose the items that must be in the session beside the offer's own.",
            id="a-combination-of-nothing",
        ),
        pytest.param(
            {"benefit_kind": "slab", "value": "", "value_cap": "", **SLAB_ROWS, "slabs-0-item_count": "ten"},
            "slabs",
            "Slab 1: give whole kWh, such as from 10 to 19; an empty end is open.",
            id="no-number",
        ),
    ],
)
def test_the_form_refuses_at_the_field(people: People, changes: dict[str, Any], field: str, sentence: str) -> None:
    answer = signed_in(people.owner).post(ADD, FORM | {"_save": "1"} | changes)
    assert answer.context["adminform"].form.errors[field] == [sentence]
    with cpo_scope(people.here.cpo):
        assert not Offer.objects.exists()


def test_the_sheet_hides_exactly_what_a_type_has_no_use_for() -> None:
    sheet = (Path(offers.__file__).parent / "static/offers/types.css").read_text()
    hidden = [
        (kind.value, field) for kind, needs in NEEDS.items() for field in FIELDS if needs[field] is Need.NOT_APPLICABLE
    ]
    assert sheet.count(":not(.errors)") == len(hidden)
    for kind, field in hidden:
        assert f'form:has(#id_benefit_kind option[value="{kind}"]:checked) .field-{field}:not(.errors)' in sheet


def test_the_page_shows_the_author_where_the_price_jumps(people: People) -> None:
    offer = authoring.create_offer(people.here.cpo, "bulk", content("slab"))
    text = signed_in(people.owner).get(checks(offer)).content.decode()
    assert "The price falls from ₹179.98 to ₹162.00, before fees and tax, when a session reaches 10 kWh." in text
    assert "The price rises from ₹323.98 to ₹360.00, before fees and tax, when a session reaches 20 kWh." in text
