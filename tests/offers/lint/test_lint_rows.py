"""What the linter reads beside an offer: its limits and budget, surges, policies, products and their stock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Segment
from cpo_portal.network.models import Connector, Location, Product, ProductStock
from offers import authoring
from offers.authoring.linting import lint_offer
from offers.engine.book import OfferBook
from offers.engine.lint import FindingCode
from offers.engine.values import BenefitKind, ItemUnit, OfferLimits
from offers.mapping import offer_terms
from offers.models import Offer, OfferPolicy, OfferState
from offers.sites import anywhere, places_of
from pricing.surges.content import Exemptions
from tests.offers.lint.drafted import add_connector, codes, draft
from tests.people import People
from tests.pricing.surges.samples import RUPEE, make_schedule, no_notice, publish
from tests.world import make_offer

NO_OTHERS = OfferBook.compile((), revision=0)
pytestmark = pytest.mark.django_db
SESSIONS = {
    "benefit_kind": BenefitKind.BUY_X_GET_Y,
    "value": None,
    "value_type": "",
    "value_cap": None,
    "qualifier_item_count": 4,
    "benefit_item_count": 1,
    "item_unit": ItemUnit.SESSION,
    "item_value": Decimal(0),
}


def test_what_has_gone_since_the_draft_is_found(people: People) -> None:
    offer = draft(people, location_ids=("cp-station",))
    with cpo_scope(people.here.cpo):
        Location.objects.update(location_id="renamed")
    assert codes(offer) == ["REFUSED", "NO_STATION"]


def test_an_offer_for_one_session_that_is_not_limited_to_one_use_is_found(people: People) -> None:
    offer = draft(people, nth_session=1)
    assert codes(offer) == ["REFUSED"]
    authoring.set_limits(offer, OfferLimits(uses_per_customer=1))
    assert codes(offer) == []


def test_an_offer_of_sessions_that_is_not_limited_to_one_a_day_is_found(people: People) -> None:
    offer = draft(people, **SESSIONS)
    with cpo_scope(offer.cpo):
        report = lint_offer(Offer.objects.select_related("cpo").get(pk=offer.pk), timezone.now())
    (found,) = report.contradictions
    with pytest.raises(ValidationError) as refusal:
        authoring.publish(offer)
    assert refusal.value.message_dict == {found.field: [found.sentence]}
    assert (found.code, found.field) == (FindingCode.REFUSED, "uses_per_customer_day")
    authoring.set_limits(offer, OfferLimits(uses_per_customer_day=1))
    assert "REFUSED" not in codes(offer)


@pytest.mark.parametrize(
    ("exempt", "found"),
    [
        pytest.param(Exemptions(), True, id="nobody"),
        pytest.param(Exemptions(segment_ids=("gold",)), False, id="who-has-the-offer"),
        pytest.param(Exemptions(segment_ids=("silver",)), True, id="others"),
        pytest.param(Exemptions(first_session=True), True, id="new-ones"),
    ],
)
def test_a_surge_cancels_an_offer_for_who_has_it_and_pays(people: People, exempt: Exemptions, found: bool) -> None:
    cpo = people.here.cpo
    with cpo_scope(cpo):
        for name in ("gold", "silver"):
            conditions = [{"fact": "TIER", "values": [name]}]
            Segment.objects.create(cpo=cpo, segment_id=name, name=name.title(), conditions=conditions)
    no_notice(cpo)
    publish(make_schedule(cpo, replace(RUPEE, exemptions=exempt)))
    offer = draft(people, value=Decimal(1), segment_ids=("gold",))
    assert ("SURGE_CANCELS" in codes(offer)) is found


def test_the_policy_is_the_floor(people: People) -> None:
    offer = draft(people, value=Decimal(30), value_cap=None)
    assert codes(offer) == []
    with cpo_scope(people.here.cpo):
        OfferPolicy.objects.create(cpo=people.here.cpo, max_discount_percent=Decimal("29.99"))
    assert codes(offer) == ["BELOW_FLOOR"]


def test_what_is_left_of_the_budget_is_looked_at(people: People) -> None:
    offer = make_offer(
        people.here.cpo, "spent", budget=Decimal(500), redemption_cap=Decimal(100), value_cap=None, min_value=None
    )
    assert codes(offer) == []
    with cpo_scope(people.here.cpo):
        type(offer.counter).objects.update(budget_committed=Decimal("400.01"))  # type: ignore[attr-defined]
    assert codes(offer) == ["BUDGET_LEFT"]


GIFT = {"benefit_kind": "freebie", "value": None, "value_type": "", "value_cap": None, "benefit_item_count": 2}


@pytest.fixture
def coffee(people: People) -> Product:
    """Return a product of which three are left; it is sold everywhere."""
    with cpo_scope(people.here.cpo):
        product = Product.objects.create(cpo=people.here.cpo, product_id="coffee", name="Coffee", price=Decimal(60))
        ProductStock.objects.create(product=product, units=3)
    return product


@pytest.fixture
def elsewhere(people: People) -> None:
    with cpo_scope(people.here.cpo):
        Location.objects.create(
            cpo=people.here.cpo, location_id="elsewhere", name="Elsewhere", latitude=Decimal(19), longitude=Decimal(73)
        )


@pytest.mark.usefixtures("elsewhere")
def test_a_gift_is_published_where_a_station_in_scope_sells_it(people: People, coffee: Product) -> None:
    offer = draft(people, benefit_item_id="coffee", location_ids=("cp-station",), **GIFT)
    assert codes(offer) == []
    with cpo_scope(people.here.cpo):
        coffee.locations.set(Location.objects.filter(location_id="elsewhere"))
    assert codes(offer) == ["NOT_SOLD"]
    with pytest.raises(ValidationError) as refusal:
        authoring.publish(offer)
    sentence = "“Coffee” is sold at no station in its scope: sell it at one of them, or give another product."
    assert refusal.value.message_dict == {"benefit_item_id": [sentence]}
    with cpo_scope(people.here.cpo):
        assert Offer.objects.get().state == "DRAFT"
        coffee.locations.add(Location.objects.get(location_id="cp-station"))
    assert authoring.publish(offer).state == OfferState.APPROVED


@pytest.mark.parametrize(
    ("units", "found"), [pytest.param(2, [], id="enough"), pytest.param(1, ["REFUSED", "STOCK_LEFT"], id="one-short")]
)
def test_what_is_left_of_a_gift_is_looked_at(people: People, coffee: Product, units: int, found: list[str]) -> None:
    offer = draft(people, benefit_item_id="coffee", **GIFT)
    with cpo_scope(people.here.cpo):
        ProductStock.objects.update(units=3, reserved=3 - units)
    assert codes(offer) == found


@pytest.mark.parametrize(
    ("cap", "found"),
    [pytest.param("120.00", [], id="its-value"), pytest.param("119.99", ["CAP_TOO_SMALL"], id="a-paisa-less")],
)
def test_a_gift_above_the_most_per_redemption_is_not_published(
    people: People, coffee: Product, cap: str, found: list[str]
) -> None:
    offer = draft(people, benefit_item_id="coffee", **GIFT)
    authoring.set_limits(offer, OfferLimits(redemption_cap=Decimal(cap)))
    assert codes(offer) == found
    if not found:
        assert authoring.publish(offer).state == OfferState.APPROVED
        return
    with pytest.raises(ValidationError) as refusal:
        authoring.publish(offer)
    assert list(refusal.value.message_dict) == ["redemption_cap"]


def test_a_gift_is_tried_at_stations_that_sell_it(people: People, coffee: Product) -> None:
    offer = draft(people, benefit_item_id="coffee", **GIFT)
    with cpo_scope(people.here.cpo):
        add_connector(people, "a-first")
        coffee.locations.set([Location.objects.get(location_id="cp-station")])
        terms = offer_terms(offer, offer.versions.get())
        found, one = places_of(terms, timezone.now(), NO_OTHERS), anywhere(terms, timezone.now())
    assert ([x.item_id for x in found.sites], found.in_scope) == (["pe-charging-01"], 2)
    assert [x.item_id for x in one.sites] == ["pe-charging-01"]


@pytest.mark.parametrize("scope", [{"item_ids": ["near-13"]}, {"connector_types": ["TYPE2"]}], ids=["item", "kind"])
def test_a_connector_that_another_offer_is_for_is_tried_of_many(people: People, scope: dict[str, list[str]]) -> None:
    with cpo_scope(people.here.cpo):
        add_connector(people, "near-00")
        for n in range(1, 15):
            row = Connector.objects.get(item_id="near-00")
            row.pk, row.item_id, row.connector_id = None, f"near-{n:02}", f"{n}"
            row.connector_type = "TYPE2" if n == 13 else row.connector_type
            row.save()
    all_of_it = {"value_cap": None, "additive": True}
    make_offer(
        people.here.cpo,
        "other",
        value=Decimal(50),
        display_code="",
        weekly_windows=[],
        min_value=None,
        **all_of_it,
        **scope,
    )
    offer = draft(people, value=Decimal(50), **all_of_it)
    assert codes(offer) == ["FREE_ENERGY"]
    with cpo_scope(people.here.cpo):
        Connector.objects.filter(item_id="near-13").delete()
    assert codes(offer) == []


def test_the_number_of_queries_does_not_depend_on_how_many_it_may_be_combined_with(people: People) -> None:
    offer = draft(people, value=Decimal(5), additive=True)
    counts = []
    for number in (2, 9):
        for n in range(number):
            # On one day of the year each, so that no sample need have it.
            day = {
                "valid_from": datetime(2027, 3, 1 + n, tzinfo=UTC),
                "valid_until": datetime(2027, 3, 2 + n, tzinfo=UTC),
            }
            name = f"other-{number}-{n}"
            make_offer(people.here.cpo, name, display_code="", weekly_windows=[], additive=True, **day)
        codes(offer)  # the book is read
        with CaptureQueriesContext(connection) as queries:
            codes(offer)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_an_offer_that_is_over_for_good_has_no_findings(people: People) -> None:
    offer = make_offer(people.here.cpo, "gone", value=Decimal(100), value_cap=None, state="WITHDRAWN")
    assert codes(offer) == []


def test_the_number_of_queries_does_not_depend_on_the_number_of_offers(people: People) -> None:
    offer = draft(people, value=Decimal(5))
    counts = []
    for number in (1, 10):
        for n in range(number):
            make_offer(
                people.here.cpo, f"other-{number}-{n}", display_code="", valid_until=timezone.now() + timedelta(9)
            )
        codes(offer)  # the book is read
        with CaptureQueriesContext(connection) as queries:
            codes(offer)
        counts.append(len(queries))
    assert counts[0] == counts[1] <= 30
