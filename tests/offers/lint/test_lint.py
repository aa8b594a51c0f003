"""What the linter finds, each with its neighbour that it must not find, and the session that shows it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import Any

import pytest

from cpo_portal.charging.segments.rules import Condition, Fact
from offers.engine.book import OfferBook
from offers.engine.facts import Circle
from offers.engine.lint import FindingCode, Report, lint
from offers.engine.lint.clocks import is_ever_open
from offers.engine.lint.free import find_free
from offers.engine.lint.judging import Ranking, wishes_of
from offers.engine.lint.sessions import sessions_to_try, tried
from offers.engine.lint.shadowed import find_shadow
from offers.engine.lint.values import Rival, Sampled
from offers.engine.values import Objective, OfferTerms, StackLimits
from offers.lint_words import example_in_words, outcome_in_words, tried_in_words
from tests.offers.engine.samples import WEEKEND, offer, rupees_off
from tests.offers.engine.samples_types import by_slabs, slab
from tests.offers.engine.test_giving import freebie, more
from tests.offers.lint import (
    rows_alike,
    rows_free,
    rows_gifts,
    rows_holds,
    rows_limits,
    rows_scope,
    rows_shadows,
    rows_surges,
)
from tests.offers.lint.samples import (
    BEFORE_MONDAY,
    FOR,
    MONDAYS,
    SHOPS,
    WORKDAYS,
    bands,
    cut,
    found,
    of,
    site,
    subject,
)
from tests.pricing.engine.samples import SATURDAY

KINDS = (rows_shadows, rows_free, rows_alike, rows_holds, rows_scope, rows_gifts, rows_surges, rows_limits)
FOUND = {name: row for kind in KINDS for name, row in kind.FOUND.items()}
NOT_FOUND = {name: row for kind in KINDS for name, row in kind.NOT_FOUND.items()}
SAID = {name: said for kind in KINDS for name, said in kind.SAID.items()}


@cache
def looked_at(name: str) -> Report:
    _, own, others, said = (FOUND | NOT_FOUND)[name]
    if "objective" in said:
        said = said | {"objective": Objective(said["objective"])}
    return lint(subject(own, *others, **said))


@pytest.mark.parametrize("name", FOUND)
def test_it_is_found(name: str) -> None:
    assert FOUND[name][0] in [x.code.value for x in looked_at(name).findings]


@pytest.mark.parametrize("name", NOT_FOUND)
def test_its_neighbour_is_not_found(name: str) -> None:
    assert NOT_FOUND[name][0] not in [x.code.value for x in looked_at(name).findings]


def test_every_code_has_a_row_and_a_neighbour() -> None:
    # What publishing would refuse is found in rows of the database.
    codes = {x.value for x in FindingCode} - {"REFUSED"}
    assert {row[0] for row in FOUND.values()} == codes
    assert {row[0] for row in NOT_FOUND.values()} == codes


@pytest.mark.parametrize("name", SAID)
def test_it_is_said_with_the_session_that_shows_it(name: str) -> None:
    code, *said = SAID[name]
    finding = next(x for x in looked_at(name).findings if x.code.value == code)
    example = example_in_words(finding.example) if finding.example is not None else ""
    assert [finding.field, finding.sentence, example, outcome_in_words(finding)] == said


CONTRADICTIONS = {
    "OVER",
    "NO_WINDOW",
    "ENDS_BEFORE_WINDOW",
    "NO_STATION",
    "BUDGET_TOO_SMALL",
    "NOT_SOLD",
    "SAVES_NOTHING",
    "CAP_TOO_SMALL",
}
#: A product has one price; what energy costs is only known of the sessions tried.
TRIED_ONLY = {"the-rate-for-more-energy", "more-than-the-longest-session"}


@pytest.mark.parametrize("name", FOUND)
def test_what_can_never_apply_is_a_contradiction_and_everything_else_a_warning(name: str) -> None:
    code, severities = FOUND[name][0], {x.code.value: x.severity.value for x in looked_at(name).findings}
    certain = code in CONTRADICTIONS and name not in TRIED_ONLY
    assert severities[code] == ("CONTRADICTION" if certain else "WARNING")


def test_the_rivals_are_told_apart_with_how_often_and_by_how_much_each_wins() -> None:
    others = (offer("b", "20", weekly_windows=WEEKEND), offer("c", "30", weekly_windows=WORKDAYS))
    finding = found(offer("a", "10", **FOR), *others)["SHADOWED"]
    assert "Offer c or Offer b save more, by ₹1.80 to ₹288.00." in finding.sentence
    assert [(x.offer_id, x.sessions, f"{x.least}", f"{x.most}") for x in finding.rivals] == [
        ("c", 126, "3.60", "288.00"),
        ("b", 84, "1.80", "144.00"),
    ]
    assert [(x.name, f"{x.value}", x.currency) for x in finding.figures] == [
        ("saving_with_it", "1.80", "INR"),
        ("saving_without_it", "3.60", "INR"),
        ("least_difference", "1.80", "INR"),
        ("most_difference", "288.00", "INR"),
    ]


def test_only_those_are_kept_out_that_were_the_best_before() -> None:
    others = (offer("b", "10", **FOR), offer("c", "15", **FOR))
    report = lint(subject(offer("a", "20", **FOR), *others))
    kept_out = [x for x in report.findings if x.code is FindingCode.SHADOWS]
    assert [[(y.offer_id, y.name) for y in x.rivals] for x in kept_out] == [[("c", "Offer c")]]


def test_of_many_that_are_kept_out_three_are_told() -> None:
    places = tuple(map(site, range(1, 6)))
    others = [offer(f"o{n}", "10", location_ids=frozenset({f"station-{n}"}), **FOR) for n in range(1, 6)]
    report = lint(subject(offer("a", "20", **FOR), *others, sites=places))
    assert [x.rivals[0].offer_id for x in report.findings] == ["o2", "o1", "o3"]


FIGURES = {
    "above-the-floor-together": (
        "value 360.00 INR, taken_off 126.00 INR, percent 35 , floor_percent 30 , largest_discount 108.00 INR",
        "Offer b",
    ),
    "too-few-are-left": ("list_price 60 INR, one_redemption 240.00 INR, left 3 ", ""),
    "none-is-left": ("list_price 60 INR, one_redemption 240.00 INR, left 0 ", ""),
    "a-code-for-members": ("saving_of_a 90.00 INR", "Offer b"),
    "slabs-that-share-19-kwh": ("saving 34.20 INR, saving_of_b 68.40 INR", "Offer b"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_what_it_says_is_figures_too(name: str) -> None:
    finding = next(x for x in looked_at(name).findings if x.code.value == FOUND[name][0])
    figures = ", ".join(f"{x.name} {x.value} {x.currency}" for x in finding.figures)
    assert (figures, ", ".join(x.name for x in finding.rivals)) == FIGURES[name]


def test_both_edges_of_a_slab_for_members_are_shown_by_one() -> None:
    cliffs = [x.example for x in looked_at("an-edge-for-members").findings if x.code is FindingCode.CLIFF]
    assert [(x.energy_wh, x.person.facts.tier) for x in cliffs if x and x.person] == [
        (10_000, "Gold"),
        (20_000, "Gold"),
    ]


def test_each_edge_is_a_cliff_of_the_slab_below() -> None:
    cliffs = [x for x in looked_at("two-edges").findings if x.code is FindingCode.CLIFF]
    assert [[f"{y.value}" for y in x.figures] for x in cliffs] == [["179.98", "162.00"], ["178.18", "158.40"]]


YEARLY = of("yearly", Condition(Fact.ANNIVERSARY, days=7))


@pytest.mark.parametrize("whose", [(), (YEARLY,)], ids=["anybody", "some"])
@pytest.mark.parametrize("qualifier", [{}, {"min_value": "49"}], ids=["any-value", "a-least-value"])
def test_the_shortest_session_is_tried_whatever_is_sampled(whose: Any, qualifier: Any) -> None:
    own = rupees_off("a", "50", segments=whose, **qualifier, **FOR)
    looked = subject(own)
    long = tried(looked.sites[0], SATURDAY, 80_000)
    assert long is not None
    (finding,) = find_free(looked, Ranking(()), [long])
    assert finding.code is FindingCode.FREE_ENERGY
    assert finding.example is not None
    assert finding.example.energy_wh == (2_722 if qualifier else 1_000)


TENTH, MORE = slab(10, 19), slab(20, None, "15")
#: Which way the price goes, from and to what, and at what energy.
JUMPS: dict[str, tuple[OfferTerms, dict[str, Any], list[tuple[str, str, str, str]]]] = {
    "bands": (
        bands("a", TENTH, MORE),
        {},
        [("falls", "₹179.98", "₹162.00", "reaches 10 kWh"), ("falls", "₹323.98", "₹306.00", "reaches 20 kWh")],
    ),
    "no-more-than-so-much-energy": (
        replace(cut(by_slabs(TENTH, MORE, max_wh=15_000)), offer_id="a"),
        {},
        [("falls", "₹179.98", "₹162.00", "reaches 10 kWh"), ("rises", "₹243.00", "₹270.02", "goes beyond 15 kWh")],
    ),
    "no-less-than-so-much-energy": (
        replace(cut(by_slabs(TENTH, MORE, min_wh=15_000)), offer_id="a"),
        {},
        [("falls", "₹269.98", "₹243.00", "reaches 15 kWh"), ("falls", "₹323.98", "₹306.00", "reaches 20 kWh")],
    ),
    "from-a-value-on-that-lies-between": (
        replace(cut(by_slabs(TENTH, MORE, min_value="200")), offer_id="a"),
        {},
        [("falls", "₹323.98", "₹306.00", "reaches 20 kWh")],
    ),
    "half-of-it-at-most": (
        bands("a", slab(10, None, "100")),
        {"stack": StackLimits(None, Decimal(50))},
        [("falls", "₹179.98", "₹90.00", "reaches 10 kWh")],
    ),
    "bands-of-the-same-percentage": (
        bands("a", slab(10, 19), slab(20, None)),
        {},
        [("falls", "₹179.98", "₹162.00", "reaches 10 kWh")],
    ),
}


@pytest.mark.parametrize("name", JUMPS)
def test_a_cliff_is_between_prices_that_are_charged(name: str) -> None:
    own, said, jumps = JUMPS[name]
    sentences = [x.sentence for x in lint(subject(own, **said)).findings if x.code is FindingCode.CLIFF]
    assert sentences == [
        f"The price {way} from {before} to {after}, before fees and tax, when a session {at}."
        for way, before, after, at in jumps
    ]


def test_a_cliff_beside_other_offers_is_by_this_one_alone() -> None:
    finding = found(bands("a", slab(10, None)), offer("b", "5"))["CLIFF"]
    assert finding.sentence == (
        "The price falls from ₹179.98 to ₹162.00, by this offer alone and before fees and tax, when a session reaches "
        "10 kWh."
    )


PLACES = {
    "item_ids": frozenset({"x"}),
    "charger_ids": frozenset({"x"}),
    "location_ids": frozenset({"x"}),
    "circle": Circle(Decimal(28), Decimal(77), Decimal(5)),
    "location_tags": frozenset({"x"}),
    "cities": frozenset({"Pune"}),
    "states": frozenset({"Goa"}),
    "connector_types": ("CHADEMO",),
    "currents": ("AC",),
    "min_power_w": 50_000,
    "max_power_w": 20_000,
    "categories": frozenset({"x"}),
}


@pytest.mark.parametrize("place", PLACES)
def test_a_place_without_a_station_is_said_where_it_is_named(place: str) -> None:
    finding = found(offer("a", **{place: PLACES[place]}, **FOR), sites=(), other_site=site())["NO_STATION"]
    assert finding.field == ("radius_km" if place == "circle" else place)


def test_no_place_without_a_station_is_said_at_the_locations() -> None:
    assert found(offer("a", **FOR), sites=(), other_site=site())["NO_STATION"].field == "location_ids"


def test_a_session_that_never_holds_counts_its_reasons() -> None:
    own = offer("a", weekly_windows=MONDAYS, min_wh=5_040_001, max_busy_percent=1, **FOR)
    finding = found(own)["NEVER_HOLDS"]
    assert [(x.name, x.value) for x in finding.figures] == [("ENERGY", Decimal(128))]


@pytest.mark.parametrize(
    ("own", "sentence"),
    [
        pytest.param(
            offer("a", nth_session=2, min_wh=5_040_001, **FOR),
            "It held in none of the 1 session tried.",
            id="never-holds",
        ),
        pytest.param(
            more("SESSION", 4, 1, "1440", nth_session=5, **FOR),
            "It saves nothing in the 1 session tried: ₹1,440.00 for a given session is no less than what it costs "
            "without the offer.",
            id="saves-nothing",
        ),
    ],
)
def test_one_session_tried_is_one(own: OfferTerms, sentence: str) -> None:
    asked = subject(own)
    sessions, _ = sessions_to_try(asked, ())
    assert [x.sentence for x in find_shadow(asked, Ranking(()), sessions[:1])] == [sentence]


def test_it_is_never_open_where_it_ends_as_its_window_opens() -> None:
    scope = offer("a", weekly_windows=MONDAYS, valid_until=BEFORE_MONDAY).applicability
    assert not is_ever_open(scope, SATURDAY, "Asia/Kolkata")
    assert is_ever_open(replace(scope, valid_until=BEFORE_MONDAY + timedelta(seconds=1)), SATURDAY, "Asia/Kolkata")


def test_given_sessions_are_tried_at_the_turns_that_segments_ask_for() -> None:
    often = tuple(of(f"s{n}", Condition(Fact.SESSIONS, number=n, days=90)) for n in (13, 25, 5))
    assert [x.sessions for x in wishes_of(more("SESSION", 4, 2, segments=often))] == [4, 10, 28, 16, 5]


@pytest.mark.parametrize(
    ("own", "wanted"),
    [
        pytest.param(more("PRODUCT", 2, 1, **FOR), {("cake", 2), ("coffee", 2)}, id="any-product"),
        pytest.param(more("PRODUCT", 3, 1, item="cake", **FOR), {("cake", 3), ("coffee", 3)}, id="another-is-given"),
        pytest.param(
            more("PRODUCT", 2, 1, categories=frozenset({"bakery"}), **FOR), {("cake", 2)}, id="of-its-category"
        ),
        pytest.param(freebie(**FOR), set(), id="a-gift-for-nothing"),
    ],
)
def test_as_much_is_bought_as_it_takes(own: OfferTerms, wanted: set[tuple[str, int]]) -> None:
    sessions, _ = sessions_to_try(subject(own, **SHOPS), ())
    baskets = {x.cart.request.products for x in sessions}
    assert {(x.product_id, x.count) for basket in baskets for x in basket} == wanted


def test_the_same_subject_gets_the_same_report() -> None:
    rivals = [offer(f"o{n}", str(5 + n % 20), additive=bool(n % 2)) for n in range(50)]
    asked = subject(offer("a", "4", **FOR), *rivals, sites=tuple(map(site, range(1, 13))))
    turned = replace(asked, book=OfferBook.compile((*rivals[::-1], asked.offer), revision=2))
    assert lint(asked) == lint(asked) == lint(turned)


@pytest.mark.parametrize(
    ("count", "sampled"),
    [
        pytest.param(1, Sampled(sessions=320, combinations=2520, sites=12, in_scope=12, rivals=1), id="1"),
        pytest.param(1_000, Sampled(sessions=200, combinations=2520, sites=12, in_scope=12, rivals=1000), id="1000"),
        pytest.param(10_000, Sampled(sessions=20, combinations=2520, sites=10, in_scope=12, rivals=10000), id="10000"),
    ],
)
def test_more_offers_are_held_against_fewer_sessions(count: int, sampled: Sampled) -> None:
    rivals = [offer(f"o{n:05}", "20") for n in range(count)]
    report = lint(subject(offer("a", "10", **FOR), *rivals, sites=tuple(map(site, range(1, 13)))))
    assert report.sampled == sampled
    assert [x.code for x in report.findings] == [FindingCode.SHADOWED]


@pytest.mark.parametrize(
    ("count", "ending"),
    [
        pytest.param(20, "against 20 other offers.", id="all-are-compared"),
        pytest.param(
            21,
            "against 21 other offers. In some not all of these were compared: of those that combine the first 20.",
            id="one-more",
        ),
    ],
)
def test_it_says_where_more_offers_combine_than_are_compared(count: int, ending: str) -> None:
    rivals = [offer(f"o{n:02}", "1", additive=True) for n in range(count)]
    report = lint(subject(offer("a", "19", **FOR), *rivals))
    assert report.sampled.cut is (count == 21)
    assert tried_in_words(report).endswith(ending)
    assert [x.code for x in report.findings] == [FindingCode.SHADOWED]


def test_an_offer_that_casts_a_shadow_is_named_before_those_that_help_it() -> None:
    others = (offer("b", "10", **FOR), offer("c", "15", weekly_windows=WORKDAYS, **FOR))
    finding = found(offer("z", "12", **FOR), *others)["SHADOWS"]
    assert finding.sentence == (
        "It makes Offer b never the best offer: in each of the 80 sessions tried in which Offer b holds, Offer z or "
        "Offer c save more, by ₹0.36 to ₹72.00."
    )
    assert finding.rivals == (Rival("b", "Offer b", 80, Decimal("0.36"), Decimal("72.00")),)
