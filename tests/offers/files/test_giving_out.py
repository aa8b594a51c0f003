"""What is given out is taken in as it was: cell by cell, and as drafts of another CPO."""

from __future__ import annotations

import csv
import io
import itertools
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cpo_portal.accounts.models import Cpo
from cpo_portal.adminkit.cells import escaped
from cpo_portal.charging.imports.csv_files import read_rows
from offers import authoring
from offers.authoring import OfferContent
from offers.authoring.texts import can_be_seen, is_readable
from offers.engine.matrix import NEEDS, Need
from offers.engine.values import BenefitKind, FinanceMethod, OfferLimits
from offers.files import writing
from offers.files.cells import read_names, read_rows_of, write_names, write_rows_of
from offers.models import CampaignKind
from tests.offers.files.twins import faults_of, file_of, load, make_twin, said_by
from tests.people import weekend

ROWS = [
    pytest.param("weekly_windows", "Sat,Sun", [{"weekdays": [6, 7], "start": "00:00", "end": "00:00"}], id="days"),
    pytest.param(
        "weekly_windows", "fri-Mon 22:00-06:00; Wed 18:00-00:00",
        [
            {"weekdays": [1, 5, 6, 7], "start": "22:00", "end": "06:00"},
            {"weekdays": [3], "start": "18:00", "end": "00:00"},
        ],
        id="over-the-weekend",
    ),
    pytest.param(
        "slabs", "0-9: 5% max 20; 20+: 80 max 80",
        [
            {"item_count": 0, "item_count_upper": 9, "value": "5", "value_type": "percent", "value_cap": "20"},
            {"item_count": 20, "item_count_upper": None, "value": "80", "value_type": "amount", "value_cap": "80"},
        ],
        id="slabs",
    ),
    pytest.param(
        "finance_terms", "Bank: of India: EMI 6 months 12.5% bearing 50%; Later: pay_later 1 months 0%",
        [
            {"provider": "Bank: of India", "method": "EMI", "months": 6, "annual_percent": "12.5",
             "subvention_percent": "50"},
            {"provider": "Later", "method": "PAY_LATER", "months": 1, "annual_percent": "0", "subvention_percent": "0"},
        ],
        id="ways-to-pay",
    ),
    pytest.param("slabs", '[{"item_count": 1, "value": 2.50}]', [{"item_count": 1, "value": "2.50"}], id="json"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "text", "rows"), ROWS)
def test_rows_are_read_from_their_short_form_and_from_json(field: str, text: str, rows: list[Any]) -> None:
    assert list(read_rows_of(field, text)) == rows


HOSTILE = [
    pytest.param("weekly_windows", "Sat" + " " * 100_000 + "x", "Write it as Sat,Sun; Mon-Fri", id="spaces"),
    pytest.param("finance_terms", "a: " * 40_000, "Write it as Some Bank: EMI", id="colons"),
    pytest.param("slabs", "1-2: 5" + " " * 100_000 + "max", "Write it as 0-9: 5% max 20", id="a-long-slab"),
    pytest.param("weekly_windows", "Sat;" * 201, "Give at most 200 of them.", id="201-windows"),
    pytest.param("slabs", f"[{'1,' * 200}1]", "Give at most 200 of them.", id="201-rows-of-json"),
    pytest.param("slabs", "[" * 50_000, "This is no list", id="deep"),
]


@pytest.mark.parametrize(("field", "text", "sentence"), HOSTILE)
def test_a_cell_that_would_take_long_is_refused_at_once(field: str, text: str, sentence: str) -> None:
    begin = time.process_time()
    with pytest.raises(ValidationError, match=re.escape(sentence)):
        read_rows_of(field, text)
    assert time.process_time() - begin < 1


def test_names_are_read_between_semicolons_and_from_json() -> None:
    assert read_names(" highway ;; new-station; ") == ("highway", "new-station")
    assert read_names('["Delhi; New", "[x"]') == ("Delhi; New", "[x")
    assert write_names(("Delhi, New", "Pune")) == "Delhi, New; Pune"
    assert write_names(("Delhi; New",)) == '["Delhi; New"]'


#: What authors may write.
READABLE = st.characters(exclude_categories=["Cs"]).filter(lambda x: x in "\r\n\t" or is_readable(x))
WORDS = st.text(READABLE, max_size=40).map(str.strip)


def in_one_line(text: str) -> str:
    return text.translate(str.maketrans("", "", "\r\n\t")).strip()


@given(st.lists(WORDS.filter(bool)))
def test_any_names_come_back_as_they_were(names: list[str]) -> None:
    assert read_names(write_names(names).strip()) == tuple(names)


SPICE = st.lists(st.sampled_from("'=+-@|%\t\r\n19. a\"“,;"), max_size=8).map("".join).map(str.strip)


@given(st.lists(SPICE | WORDS, min_size=2, max_size=4).filter(any))
def test_no_cell_is_run_by_a_sheet_and_each_comes_back_as_it_was(cells: list[str]) -> None:
    written = [escaped(cell) for cell in cells]
    assert [cell for cell in written if cell[:1] in "=@|%" and cell] == []
    parts = [part for cell in written for part in re.split("[;\t\r\n]", cell)[1:]]
    assert [part for part in parts if part.lstrip(" ")[:1] in tuple("=+-@|%")] == []
    assert [cell for cell in written if cell[:1] in ("+", "-") and not cell[1:].replace(".", "").isdigit()] == []
    text = io.StringIO(newline="")
    columns = [f"c{number}" for number in range(len(cells))]
    csv.writer(text).writerows([columns, written])
    [row] = read_rows(text.getvalue().encode(), columns=columns, needed=lambda _: "")
    assert list(row.values()) == cells


def amounts(least: str = "0.01", most: str = "1000") -> st.SearchStrategy[Decimal]:
    return st.decimals(Decimal(least), Decimal(most), places=2)


SLAB = st.builds(
    lambda first, length, value, cap: {
        "item_count": first, "item_count_upper": None if length is None else first + length,
        "value": f"{value:.2f}", "value_type": "percent", "value_cap": f"{cap:.2f}",
    },
    st.integers(0, 1000), st.none() | st.integers(0, 50), amounts(most="100"), amounts(),
)  # fmt: skip
TERM = st.fixed_dictionaries(
    {
        "provider": WORDS.map(in_one_line).filter(can_be_seen),
        "method": st.sampled_from([method.value for method in FinanceMethod]),
        "months": st.integers(1, 120),
        "annual_percent": amounts("0", "100").map(lambda x: f"{x:.2f}"),
        "subvention_percent": amounts("0", "100").map(lambda x: f"{x:.2f}"),
    }
)
CLOCK = st.times().map(lambda x: f"{x:%H:%M}")
WINDOW = st.fixed_dictionaries(
    {
        "weekdays": st.sets(st.integers(1, 7), min_size=1).map(sorted),
        "start": CLOCK,
        "end": CLOCK,
    }
)


@pytest.mark.parametrize(
    ("field", "row"),
    [pytest.param("slabs", SLAB), pytest.param("finance_terms", TERM), pytest.param("weekly_windows", WINDOW)],
)
@settings(max_examples=50)
@given(data=st.data())
def test_any_rows_come_back_as_they_were(field: str, row: st.SearchStrategy[Any], data: st.DataObject) -> None:
    rows = data.draw(st.lists(row, max_size=4))
    assert list(read_rows_of(field, write_rows_of(field, rows))) == rows


def some(*names: str) -> st.SearchStrategy[tuple[str, ...]]:
    return st.sets(st.sampled_from(names)).map(lambda found: tuple(sorted(found)))


def maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | strategy


BEGIN = st.datetimes(datetime(2026, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))
COMMON: dict[str, st.SearchStrategy[Any]] = {
    "name": (WORDS | SPICE).map(in_one_line).filter(can_be_seen),
    "short_desc": (WORDS | SPICE).map(in_one_line),
    "long_desc": WORDS | SPICE,
    "terms_text": WORDS | SPICE,
    "image_url": st.sampled_from(["", "https://cpo1.com/a,b.png"]),
    "campaign_kind": st.sampled_from(CampaignKind.values),
    "display_code": st.sampled_from(["", "SAVE", "-10%", "=1+1"]),
    "location_ids": some("cp-station"),
    "item_ids": some("pe-charging-01", "coffee"),
    "categories": some("FOOD", "NEW; OLD"),
    "segment_ids": some("gold", "fleet"),
    "weekly_windows": st.lists(WINDOW.filter(lambda x: x["start"] != x["end"]), max_size=3, unique_by=str).map(tuple),
    "additive": st.booleans(),
    "auto": st.booleans(),
    "priority": st.integers(-32768, 32767),
    "exclusivity_group": st.sampled_from(["", "night-offers"]),
    "location_tags": some("highway", "new-station"),
    "cities": some("New Delhi", "std:011"),
    "states": some("Delhi"),
    "charger_ids": some("EVSE-1"),
    "connector_types": some("CCS2", "GB_T"),
    "currents": some("AC", "DC"),
    "min_power_w": maybe(st.integers(1, 30_000)),
    "max_power_w": maybe(st.integers(30_000, 400_000)),
    "blackout_dates": st.sets(st.dates(date(2026, 1, 1), date(2027, 1, 1)), max_size=4).map(
        lambda found: tuple(sorted(found))
    ),
    "min_energy_wh": maybe(st.integers(1, 30_000)),
    "max_energy_wh": maybe(st.integers(30_000, 400_000)),
    "nth_session": maybe(st.integers(1, 1000)),
    "max_busy_percent": maybe(st.integers(1, 100)),
}
#: What comes together or not at all.
TOGETHER: list[st.SearchStrategy[dict[str, Any]]] = [
    st.fixed_dictionaries({"holiday_calendar": st.just("india"), "holidays": st.sampled_from(["ONLY", "EXCEPT"])}),
    st.fixed_dictionaries({"stock_product_id": st.just("coffee"), "stock_at_least": st.integers(1, 1000)}),
    st.fixed_dictionaries(
        {
            "near_latitude": st.decimals(-90, 90, places=6),
            "near_longitude": st.decimals(-180, 180, places=6),
            "radius_km": st.decimals(Decimal("0.001"), 20_000, places=3),
        }
    ),
]
OF_TYPE: dict[str, st.SearchStrategy[Any]] = {
    "min_value": amounts("0"),
    "qualifier_item_ids": some("pe-charging-01", "coffee").filter(bool),
    "value": amounts(most="100"),
    "value_type": st.just("percent"),
    "value_cap": amounts(),
    "base": st.sampled_from(["ITEMS", "ITEMS_AND_SURGE"]),
    "slabs": SLAB.map(lambda slab: (slab,)),
    "finance_terms": st.lists(TERM, min_size=1, max_size=3, unique_by=str).map(tuple),
    "item_unit": st.just("PRODUCT"),
    "qualifier_item_count": st.integers(1, 1000),
    "benefit_item_count": st.integers(1, 100),
    "benefit_item_id": st.just("coffee"),
    "item_value": amounts("0", "49.99"),
}
NOTHING: dict[str, Any] = {
    "min_value": None,
    "qualifier_item_ids": (),
    "value": None,
    "value_type": "",
    "value_cap": None,
}
LIMITS = st.builds(
    OfferLimits,
    total_uses=maybe(st.integers(1, 10_000)),
    uses_per_customer_day=maybe(st.integers(1, 5)),
    budget=maybe(amounts("500", "100000")),
    redemption_cap=amounts("1", "500"),
    give_use_back=st.booleans(),
    shared_in_groups=st.booleans(),
).map(lambda x: replace(x, shared_in_groups=x.shared_in_groups and x.is_personal))


@st.composite
def contents(draw: Callable[..., Any]) -> OfferContent:
    kind = draw(st.sampled_from(list(BenefitKind)))
    said = {name: draw(strategy) for name, strategy in COMMON.items()}
    for pair in TOGETHER:
        said |= draw(st.just({}) | pair)
    for name, strategy in OF_TYPE.items():
        need = NEEDS[kind][name]
        if need is Need.MANDATORY or (need is Need.OPTIONAL and draw(st.booleans())):
            said[name] = draw(strategy)
        elif name in NOTHING:
            said[name] = NOTHING[name]
    if kind is BenefitKind.COMBO:  # what goes with an item is another
        said["item_ids"] = tuple(x for x in said["item_ids"] if x not in said["qualifier_item_ids"])
    if said.get("item_value"):
        said["auto"] = False  # a product that costs something is chosen
    begin = draw(BEGIN)
    period = {"valid_from": begin, "valid_until": begin + draw(st.timedeltas(timedelta(seconds=1), timedelta(days=90)))}
    return OfferContent(benefit_kind=kind.value, currency="INR", **period, **said)


@pytest.mark.django_db
class TestWholeFiles:
    @pytest.fixture
    def twins(self) -> tuple[Cpo, Cpo]:
        return make_twin("cpo1.com"), make_twin("cpo2.com")

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.lists(st.tuples(contents(), LIMITS), min_size=1, max_size=4))
    def test_what_is_given_out_is_taken_in_as_it_was(
        self, twins: tuple[Cpo, Cpo], offers: list[tuple[OfferContent, OfferLimits]]
    ) -> None:
        here, there = twins
        with transaction.atomic():
            for number, (content, limits) in enumerate(offers):
                authoring.create_offer(here, f"offer-{number}", content, limits=limits)
            assert faults_of(load(there, file_of(here))) == []
            assert said_by(there) == said_by(here)
            assert file_of(there) == file_of(here)
            transaction.set_rollback(True)

    def test_codes_and_exclusions_are_given_out_too(self, twins: tuple[Cpo, Cpo]) -> None:
        here, there = twins
        authoring.create_offer(here, "a", weekend(display_code="", single_use_codes=True))
        authoring.create_offer(here, "b", weekend(display_code="SAVE", requires_code=True, excludes=("a",)))
        assert faults_of(load(there, file_of(here))) == []
        assert said_by(there) == said_by(here)
        assert {(x.requires_code, x.single_use_codes, x.excludes) for x, _ in said_by(there).values()} == {
            (True, True, ()),
            (True, False, ("a",)),
        }

    def test_the_latest_version_of_each_offer_that_is_not_archived_is_given_out(
        self, twins: tuple[Cpo, Cpo], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here, there = twins
        monkeypatch.setattr(writing, "PAGE", 1)
        for name in ("live", "changed", "gone"):
            offer = authoring.publish(authoring.create_offer(here, name, weekend()))
            if name == "changed":
                authoring.save_draft(offer, weekend(name="Changed"))
            if name == "gone":
                authoring.archive(authoring.end(offer))
        authoring.create_offer(there, "theirs", weekend())
        lines = list(csv.DictReader(io.StringIO(file_of(here))))
        assert [(line["Offer id"], line["Name"]) for line in lines] == [
            ("live", "Weekend Special – 25 % off"),
            ("changed", "Changed"),
        ]

    def test_an_offer_is_written_in_the_words_of_the_form(self, twins: tuple[Cpo, Cpo]) -> None:
        here, _ = twins
        said = replace(weekend(), location_ids=("cp-station",), blackout_dates=(date(2026, 11, 8), date(2026, 12, 25)))
        authoring.create_offer(here, "weekend", said, limits=OfferLimits(total_uses=5))
        [line] = csv.DictReader(io.StringIO(file_of(here)))
        assert {name: text for name, text in line.items() if text} == {
            "Offer id": "weekend",
            "Name": "Weekend Special – 25 % off",
            "Campaign kind": "Weekend special",
            "Type": "Discount",
            "Value type": "Percent",
            "Value": "25.00",
            "At most": "100.00",
            "Minimum session value": "50.00",
            "Valid from": "2026-01-01T05:30+05:30",
            "Valid until": "2040-01-01T05:30+05:30",
            "Taken off": "Energy, time and products",
            "Display code": "WEEKEND25",
            "The buyer must send the code": "no",
            "Locations": "cp-station",
            "Weekly windows": "Sat,Sun 00:00-00:00",
            "May combine with other offers": "no",
            "Applied automatically": "yes",
            "Priority": "0",
            "Each buyer must send a code of their own": "no",
            "Blackout dates": "2026-11-08; 2026-12-25",
            "Uses in total": "5",
            "Give the use back when it is reversed": "no",
            "Members of a group share these uses": "no",
        }

    def test_a_formula_in_an_offer_is_written_so_that_no_sheet_runs_it(self, twins: tuple[Cpo, Cpo]) -> None:
        here, there = twins
        authoring.create_offer(here, "a", weekend(name="=HYPERLINK(1)", short_desc="'=1", display_code="-10%"))
        [line] = csv.DictReader(io.StringIO(file_of(here)))
        told = line["Name"], line["Short description"], line["Display code"]
        assert told == ("'=HYPERLINK(1)", "''=1", "'-10%")
        load(there, file_of(here))
        assert said_by(there) == said_by(here)


def test_the_time_zone_of_the_reader_changes_nothing() -> None:
    columns = {column.name: column for column in itertools.chain(writing.columns_for("Asia/Kolkata"))}
    instant = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    for zone in ("Asia/Kolkata", "Europe/Berlin", "America/St_Johns"):
        there = {column.name: column for column in writing.columns_for(zone)}
        assert columns["valid_from"].read(there["valid_from"].write(instant)) == instant
