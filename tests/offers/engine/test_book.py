"""The offer book: who is a candidate where, and how a code or id is found."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offers.engine.book import OfferBook
from tests.offers.engine.samples import offer

HERE = ("station-1", "connector-1", "EV_CHARGING")


def ids(found):
    return [x.offer_id for x in found]


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        pytest.param({}, True, id="everywhere"),
        pytest.param({"location_ids": frozenset({"station-1", "x"})}, True, id="this-location"),
        pytest.param({"location_ids": frozenset({"x"})}, False, id="another-location"),
        pytest.param({"item_ids": frozenset({"connector-1"})}, True, id="this-item"),
        pytest.param({"item_ids": frozenset({"x"})}, False, id="another-item"),
        pytest.param({"categories": frozenset({"EV_CHARGING"})}, True, id="this-category"),
        pytest.param({"categories": frozenset({"x"})}, False, id="another-category"),
        pytest.param(
            {"item_ids": frozenset({"connector-1"}), "location_ids": frozenset({"x"})}, False, id="item-elsewhere"
        ),
        pytest.param(
            {"location_ids": frozenset({"station-1"}), "categories": frozenset({"x"})},
            False,
            id="location-and-category",
        ),
    ],
)
def test_a_candidate_could_apply_here(scope, expected):
    book = OfferBook.compile([offer(**scope)], revision=7)
    assert bool(book.candidates(*HERE)) is expected
    assert book.revision == 7


def test_products_in_the_cart_bring_their_offers():
    book = OfferBook.compile(
        [offer("item", item_ids=frozenset({"coffee"})), offer("kind", categories=frozenset({"FOOD"}))], revision=1
    )
    assert book.candidates(*HERE) == ()
    assert ids(book.candidates(*HERE, products=(("coffee", "FOOD"),))) == ["item", "kind"]


def test_only_live_states_are_candidates_but_all_are_found_by_id():
    offers = [offer(state, state=state) for state in ("APPROVED", "PAUSED", "WITHDRAWN", "ENDED", "DRAFT")]
    book = OfferBook.compile(offers, revision=1)
    assert ids(book.candidates(*HERE)) == ["APPROVED"]
    assert ids(book.all()) == sorted(x.offer_id for x in offers)
    assert book.get("PAUSED").state == "PAUSED"
    assert book.get("nobody") is None


def test_a_code_is_found_in_any_case_and_the_live_offer_answers():
    old, new = offer("a", display_code="Weekend25", state="ENDED"), offer("b", display_code="WEEKEND25")
    for order in ([old, new], [new, old]):
        assert OfferBook.compile(order, revision=1).by_code("weekend25") == new
    assert OfferBook.compile([old], revision=1).by_code("WEEKEND25") == old
    assert OfferBook.compile([offer()], revision=1).by_code("") is None


def test_the_highest_version_counts():
    book = OfferBook.compile([offer(version=2), offer(version=1)], revision=1)
    assert book.get("weekend").version == 2


def test_offers_elsewhere_are_not_even_looked_at(monkeypatch):
    many = [offer(f"x{n}", location_ids=frozenset({f"station-{n}"})) for n in range(2, 1000)]
    book = OfferBook.compile([offer("here", location_ids=frozenset({"station-1"})), *many], revision=1)
    looked_at = []
    monkeypatch.setattr(
        "offers.engine.book._could_apply", lambda scope, *_: looked_at.append(scope.location_ids) or True
    )
    assert ids(book.candidates(*HERE)) == ["here"]
    assert looked_at == [frozenset({"station-1"})]


places = st.frozensets(st.sampled_from("xyz"), max_size=2)
authored = st.builds(
    lambda offer_id, version, state, code, items, locations, categories: offer(
        offer_id,
        version=version,
        state=state,
        display_code=code,
        item_ids=items,
        location_ids=locations,
        categories=categories,
    ),
    st.sampled_from("abcdefgh"),
    st.integers(1, 9),
    st.sampled_from(["APPROVED", "APPROVED", "PAUSED"]),
    st.sampled_from(["", "SAVE", "save", "MORE"]),
    places,
    places,
    places,
)
some = st.lists(authored, max_size=8, unique_by=lambda x: x.offer_id)


@settings(deadline=None, max_examples=150)
@given(some, some, st.frozensets(st.sampled_from("abcdefgh"), max_size=3))
def test_a_changed_book_is_what_would_be_compiled_anew(before, changes, gone):
    old = OfferBook.compile(before, revision=1)
    new = {x.offer_id: x for x in before if x.offer_id not in gone} | {x.offer_id: x for x in changes}
    found = old.changed(changes, gone=gone, revision=2)
    anew = OfferBook.compile(new.values(), revision=2)
    assert (found.revision, found.all()) == (2, anew.all())
    assert [found.by_code(x) for x in ("save", "more")] == [anew.by_code(x) for x in ("save", "more")]
    for location, item, category in product("xyzw", repeat=3):
        assert found.candidates(location, item, category) == anew.candidates(location, item, category)
    assert old.all() == OfferBook.compile(before, revision=1).all()
