"""Files of offers: dry run, faults by row and column, all or nothing, in the background where large."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.utils import timezone
from django.utils.datastructures import MultiValueDict

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.imports.csv_files import NotRead
from offers import authoring
from offers.authoring import OfferContent
from offers.authoring.drafts import faults_of_new
from offers.engine.values import BenefitKind, OfferLimits
from offers.files.columns import columns_for
from offers.files.example import EXAMPLES, example_file
from offers.forms.offers import OfferForm
from offers.models import Offer, OfferVersion
from tests.offers.authoring.test_offer_admin import FORM
from tests.offers.files.sheets import HEAD, ROW, offers_there, sheet
from tests.offers.files.twins import faults_of, file_of, load, make_twin, rows_of, said_by
from tests.people import weekend

pytestmark = pytest.mark.django_db


@pytest.fixture
def cpo() -> Cpo:
    return make_twin("cpo1.com")


def test_each_column_is_a_label_of_the_form(cpo: Cpo) -> None:
    with cpo_scope(cpo):
        form = OfferForm()
        # What types call differently has one name in files.
        differs = {x: OfferForm.base_fields[x].label for x in ("benefit_item_count", "benefit_item_id")}
        labels = {name: form[name].label for name in form.fields} | differs
    columns = {column.name: column.label for column in columns_for("Asia/Kolkata")}
    assert labels.pop("slabs") == "Slabs (amounts in ₹)"
    assert columns.pop("slabs") == "Slabs"
    assert columns == labels
    assert len({label.casefold() for label in columns.values()}) == len(columns)


def test_a_column_is_known_by_what_a_type_calls_it_too(cpo: Cpo) -> None:
    head = "Offer id,Name,Valid from,Valid until,Type,How many are free,Free product"
    row = "cup,Cup,2026-01-01T00:00,2040-01-01T00:00,Freebie,2,coffee"
    assert load(cpo, f"{head}\n{row}\n").faults.shown == []
    head = "Offer id,Name,Valid from,Valid until,Type,Slabs (amounts in ₹)"
    row = "band,Band,2026-01-01T00:00,2040-01-01T00:00,Slabs of kWh,10-19: 5% max 50"
    assert load(cpo, f"{head}\n{row}\n").faults.shown == []
    with cpo_scope(cpo):
        cup, band = OfferVersion.objects.order_by("offer_id")
    assert (cup.benefit_item_count, cup.benefit_item_id) == (2, "coffee")
    assert [slab["item_count"] for slab in band.slabs] == [10]


def test_a_column_named_in_two_ways_is_there_twice(cpo: Cpo) -> None:
    with pytest.raises(NotRead, match="The column “Of this product” is there twice: leave one out"):
        load(cpo, "Offer id,Name,Valid from,Valid until,Free product,Of this product\na,A,,,,\n")


def test_rows_become_drafts_that_say_what_the_form_would(cpo: Cpo) -> None:
    head = "Offer id;Name;VALUE ;At most;Valid from;Valid until;Weekly windows;Locations;Type;Applied automatically"
    row = "weekend;Weekend;25;100;2026-01-01T00:00;2040-01-01T05:30+05:30;sat,Sun;cp-station;Discount;No"
    report = load(cpo, f"{head}\n{row}\n;;;;;;;;;\n")
    assert (report.rows, report.faults.count, report.job is not None) == (1, 0, True)
    with cpo_scope(cpo):
        offer = Offer.objects.get()
        version = OfferVersion.objects.get()
    assert (offer.offer_id, offer.state, offer.live_version_id, version.published_at) == (
        "weekend",
        "DRAFT",
        None,
        None,
    )
    assert said_by(cpo)["weekend"][0] == OfferContent(
        name="Weekend",
        value=Decimal("25.00"),
        value_cap=Decimal("100.00"),
        valid_from=datetime(2025, 12, 31, 18, 30, tzinfo=UTC),
        valid_until=datetime(2040, 1, 1, tzinfo=UTC),
        weekly_windows=({"weekdays": [6, 7], "start": "00:00", "end": "00:00"},),
        location_ids=("cp-station",),
        auto=False,
        currency="INR",
    )


def test_a_file_writes_the_rows_that_making_each_offer_writes(cpo: Cpo) -> None:
    other = make_twin("cpo2.com")
    limits = OfferLimits(total_uses=5, uses_per_customer_week=2, budget_per_day=Decimal(9), redemption_cap=Decimal(3))
    limits = replace(limits, shared_in_groups=True)
    for name, held in (("limited", limits), ("free", OfferLimits())):
        authoring.create_offer(other, name, weekend(display_code=name), limits=held, by_token="abc")
    assert load(cpo, file_of(other)).faults.count == 0
    assert rows_of(cpo) == rows_of(other)


def test_the_example_has_a_row_for_each_type_and_is_taken_in(cpo: Cpo) -> None:
    with cpo_scope(cpo):
        text = example_file(cpo, timezone.now())
    assert set(EXAMPLES) == set(BenefitKind)
    assert faults_of(load(cpo, text)) == []
    assert {content.benefit_kind for content, _ in said_by(cpo).values()} == {kind.value for kind in BenefitKind}


def cell(label: str, text: str) -> str:
    return sheet(f'{ROW.format("a")},"{text}"', head=f"{HEAD},{label}")


FAULTS = [
    pytest.param(sheet("a,A,x,2026-01-01T00:00,2040-01-01T00:00"), "Value", "Enter a number.", id="no-number"),
    pytest.param(
        sheet("a,A,120,2026-01-01T00:00,2040-01-01T00:00"),
        "Value", "A percentage is at most 100: lower it, or choose an amount.", id="120-percent",
    ),
    pytest.param(
        sheet("a,A,-5,2026-01-01T00:00,2040-01-01T00:00"), "Value", "Give a percentage above 0.", id="negative-percent"
    ),
    pytest.param(
        cell("At most", "-5"), "At most",
        "The cap is the most the driver saves: write it without a minus, or leave it empty.", id="negative-cap",
    ),
    pytest.param(
        sheet("a,A,5,2026-01-01,2040-01-01T00:00"),
        "Valid from", "Give the date and the time, such as 2026-11-21T18:30.", id="no-time",
    ),
    pytest.param(
        sheet("a,A,5,2026-01-02T00:00,2026-01-01T00:00"),
        "Valid until", "The offer ends before it starts: choose a later end.", id="ends-before",
    ),
    pytest.param(
        sheet(
            "a,A,2026-01-01T00:00,2040-01-01T00:00,buyXgetY,Products,2,1,15.00,yes",
            head="Offer id,Name,Valid from,Valid until,Type,What is counted,For every,The driver gets,"
            "At this price each,Applied automatically",
        ),
        "Applied automatically",
        "A driver who pays for the product chooses it: switch “applied automatically” off, or give it at 0.",
        id="a-product-at-a-price-that-nobody-chose",
    ),
    pytest.param(sheet("a,,5,2026-01-01T00:00,2040-01-01T00:00"), "Name", "This field is required.", id="no-name"),
    pytest.param(
        sheet(ROW.format("pe-charging-01")), "Offer id",
        "“pe-charging-01” is the id of an item: give the offer an id of its own.", id="id-of-an-item",
    ),
    pytest.param(
        cell("Locations", "cp-station; elsewhere"), "Locations",
        "You have no location “elsewhere”: give the id of one of yours.", id="no-such-location",
    ),
    pytest.param(
        cell("Locations", "cp-station, elsewhere"), "Locations",
        "You have no location “cp-station, elsewhere”: separate names by semicolons, not by commas.",
        id="locations-between-commas",
    ),
    pytest.param(
        cell("Cities", "Delhi,Mumbai"), "Cities",
        "You have no location in “Delhi,Mumbai”: separate names by semicolons, not by commas.",
        id="cities-between-commas",
    ),
    pytest.param(
        cell("Locations", "cp-station; else, where"), "Locations",
        "You have no location “else, where”: give the id of one of yours.", id="a-comma-between-semicolons",
    ),
    pytest.param(
        cell("Segments", "silver"),
        "Segments",
        "You have no segment “silver”: give the id of one of yours.",
        id="no-segment",
    ),
    pytest.param(
        cell("Cities", "Mumbai"), "Cities",
        "You have no location in “Mumbai”: correct it, or change the location first.", id="no-such-city",
    ),
    pytest.param(
        cell("Type", "Raffle"), "Type",
        "There is no “Raffle”: use one of Discount, Buy X, get Y more, Free product, Slabs of kWh, "
        "Combination, Off the fee, Exchange, Financing.",
        id="no-such-type",
    ),
    pytest.param(
        cell("Type", "Combination"), "Together with",
        "Choose the items that must be in the session beside the offer's own.", id="combination-of-nothing",
    ),
    pytest.param(cell("Applied automatically", "maybe"), "Applied automatically", "Write yes or no.", id="maybe"),
    pytest.param(
        cell("Members of a group share these uses", "yes"), "Members of a group share these uses",
        "Only a limit per customer is shared: set one, or leave this off.", id="nothing-to-share",
    ),
    pytest.param(
        cell("Weekly windows", "Someday 18:00-21:00"), "Weekly windows",
        "Write it as Sat,Sun; Mon-Fri 22:00-06:00 instead of “Someday 18:00-21:00”.", id="no-window",
    ),
    pytest.param(
        cell("Weekly windows", "Sat 18:00-18:00"), "Weekly windows",
        "Window 1: 18:00 to 18:00 is the whole day: write 00:00 to 00:00.", id="window-of-nothing",
    ),
    pytest.param(
        cell("Slabs", '[{""item_count"": 1}]'), "Slabs",
        'Slab 1: write it as {"item_count": 10, "item_count_upper": 19, "value": "10", "value_type": "percent", '
        '"value_cap": "50"}; an open end is null.',
        id="half-a-slab",
    ),
    pytest.param(
        cell("Slabs", "[1"), "Slabs",
        "This is no list: write it as 0-9: 5% max 20; 10-19: 10% max 50; 20+: 80 max 80, or JSON.", id="no-json",
    ),
    pytest.param(
        cell("Locations", r'[""\ud800""]'), "Locations",
        'This is no list: write it as ["highway", "new-station"].', id="half-a-character",
    ),
    pytest.param(
        cell("Blackout dates", "8 Nov"), "Blackout dates",
        "Write the date as 2026-11-08 instead of “8 Nov”.", id="no-date",
    ),
    pytest.param(
        cell("Budget", "100"), "Most per redemption",
        "A budget needs a limit per redemption: set “most per redemption”.", id="budget-without-a-cap",
    ),
    pytest.param(
        cell("Uses in total", "-1"), "Uses in total",
        "Give a number above 0, or leave it empty for no limit.", id="negative-limit",
    ),
    pytest.param(
        cell("Priority", "99999"), "Priority",
        "Give a priority from -32,768 to 32,767: the larger goes first.", id="priority-too-high",
    ),
    pytest.param(
        cell("Never together with", "b"), "Never together with",
        "You have no offer “b”: give the id of one of yours.", id="excludes-nobody",
    ),
    pytest.param(
        cell("The buyer must send the code", "yes"), "Display code",
        "Give the code that the buyer must send.", id="code-without-a-code",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("text", "column", "sentence"), FAULTS)
def test_a_fault_is_told_by_row_and_column_and_nothing_is_written(
    cpo: Cpo, text: str, column: str, sentence: str
) -> None:
    good = sheet(ROW.format("good"), head="")
    head, _, row = text.partition("\r\n")
    report = load(cpo, f"{head}{good}\r\n{row}")
    assert [x for x in faults_of(report) if x[1] == column] == [(3, column, sentence)]
    assert (offers_there(cpo), report.job) == ([], None)


def test_the_file_refuses_what_the_form_refuses_in_the_same_words(cpo: Cpo) -> None:
    wrong = {"value": "120", "value_cap": "-1", "valid_until": "2025-01-01T00:00"}
    sent = {name: value if isinstance(value, list) else [value] for name, value in (FORM | wrong).items()}
    with cpo_scope(cpo):
        form = OfferForm(MultiValueDict(sent))
        told = {form[name].label: list(sentences) for name, sentences in form.errors.items()}
    rows = f"{ROW.format('weekend').replace(',10,', ',120,').replace('2040-01-01', '2025-01-01')},-1"
    found: dict[str, list[str]] = {}
    for _, column, sentence in faults_of(load(cpo, sheet(rows, head=f"{HEAD},At most"))):
        found.setdefault(column, []).append(sentence)
    assert (found, len(found)) == (told, 3)


REPEATED = [
    pytest.param("Offer id", [ROW.format("a"), ROW.format("a")], "Row 2 has this id already: choose another id."),
    pytest.param(
        "Display code",
        [f"{ROW.format('a')},yes,SAVE", f"{ROW.format('b')},yes,save"],
        "The offer of row 2 already asks for this code: choose another.",
    ),
]


@pytest.mark.parametrize(("column", "rows", "sentence"), REPEATED, ids=["id", "code"])
def test_what_an_earlier_row_has_is_refused(cpo: Cpo, column: str, rows: list[str], sentence: str) -> None:
    head = f"{HEAD},The buyer must send the code,Display code"
    assert faults_of(load(cpo, sheet(*rows, head=head))) == [(3, column, sentence)]
    assert offers_there(cpo) == []


def test_what_another_offer_has_is_refused(cpo: Cpo) -> None:
    authoring.create_offer(cpo, "a", weekend(display_code="SAVE", requires_code=True))
    head = f"{HEAD},The buyer must send the code,Display code"
    report = load(cpo, sheet(f"{ROW.format('a')},,", f"{ROW.format('b')},yes,save", head=head))
    assert faults_of(report) == [
        (2, "Offer id", "You already have an offer “a”: choose another id."),
        (3, "Display code", "The offer a already asks for this code: choose another."),
    ]
    assert offers_there(cpo) == ["a"]


def test_offers_of_one_file_may_exclude_each_other(cpo: Cpo) -> None:
    head = f"{HEAD},Never together with"
    assert faults_of(load(cpo, sheet(f"{ROW.format('a')},b", f"{ROW.format('b')},a", head=head))) == []
    assert {name: content.excludes for name, (content, _) in said_by(cpo).items()} == {"a": ("b",), "b": ("a",)}


def test_another_cpos_things_are_not_there(cpo: Cpo) -> None:
    other = make_twin("cpo2.com")
    authoring.create_offer(other, "theirs", weekend())
    text = cell("Never together with", "theirs")
    assert faults_of(load(cpo, text)) == [
        (2, "Never together with", "You have no offer “theirs”: give the id of one of yours.")
    ]
    assert faults_of(load(other, text)) == []


def test_single_checks_stay_what_they_are_outside_of_a_file(cpo: Cpo) -> None:
    with cpo_scope(cpo):
        _, errors = faults_of_new(Offer(cpo=cpo, offer_id="a"), weekend(location_ids=("elsewhere",)), OfferLimits())
    assert errors == {"location_ids": ["You have no location “elsewhere”: give the id of one of yours."]}
