"""The public page of an offer: plain words for anybody, one answer for whatever may not be shown, and links to it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from beckn.presenting.catalogue import catalog_view
from beckn.protocol.catalog_views import OfferView
from beckn.protocol.deg_v1.render_catalog import offer_head
from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.rates import Buckets
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Segment
from cpo_portal.network.models import Connector, Location, Product, ProductStock
from offers import authoring
from offers.engine.values import OfferLimits
from offers.links import offer_page_url
from offers.models import Offer, OfferCounter
from offers.public import limits as public_limits
from offers.public import offer as public
from pricing.models import HolidayCalendar
from tests.people import People, make_people, signed_in, weekend

pytestmark = pytest.mark.django_db

PAGE = "/o/cpo1.com/weekend"
END = datetime(2035, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _full_buckets() -> None:
    public_limits.addresses.forget()


@pytest.fixture
def people() -> People:
    return make_people()


def make(people: People, offer_id: str = "weekend", limits: OfferLimits | None = None, **said: Any) -> Offer:
    made = authoring.create_offer(people.here.cpo, offer_id, weekend(**said), limits=limits)
    return authoring.publish(made)


def words(answer: Any) -> str:
    """Return what a reader of the page reads."""
    text = re.sub(r"<head>.*?</head>", "", answer.content.decode(), flags=re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", text)).strip()


def test_the_page_says_in_plain_words_what_when_where_and_on_which_conditions(people: People) -> None:
    make(
        people,
        limits=OfferLimits(total_uses=1000, uses_per_customer=2),
        short_desc="Charge at the weekend",
        location_ids=("cp-station",),
        item_ids=("pe-charging-01",),
    )
    answer = Client().get(PAGE)
    assert answer.status_code == 200
    assert words(answer) == (
        "cpo1.com EV charging Weekend Special – 25 % off 25 % off energy and add-ons, at most ₹100.00 "
        "Charge at the weekend "
        "When Saturdays and Sundays all day, on the clock of the station. "
        "From 1 Jan 2026 05:30 IST until 1 Jan 2040 05:30 IST What counts is when charging is planned to start. "
        "Where Connaught Place Station, Connaught Place, New Delhi "
        "Only at the connectors: EV Charger #1 (AC Fast Charger), CCS2, Connaught Place Station "
        "Conditions Applied automatically. "
        "From ₹50.00 on, for energy, time and products before fees and tax. "
        "Not combined with other offers. 2 times per customer. As long as it lasts. "
        "Your app may call it WEEKEND25 . Questions? cpo1.com EV charging: 1800 1080 , a@b.example"
    )


def test_an_offer_without_restrictions_is_for_every_station(people: People) -> None:
    make(people, display_code="", weekly_windows=(), min_value=None, additive=True)
    text = words(Client().get(PAGE))
    assert "Where At every station of cpo1.com EV charging." in text
    assert "Conditions Applied automatically. May be combined with other offers." in text


SITE = "Connaught Place Station, Connaught Place, New Delhi"
ELSEWHERE_ON_EARTH = {"near_latitude": Decimal("12.9716"), "near_longitude": Decimal("77.5946")}
WHERE: dict[str, tuple[dict[str, Any], str]] = {
    "tags are the stations that have them": ({"location_tags": ("tier-2",)}, SITE),
    "a circle is the stations in it": ({**ELSEWHERE_ON_EARTH, "radius_km": Decimal(2000)}, SITE),
    "a circle around nothing": (
        {**ELSEWHERE_ON_EARTH, "radius_km": Decimal(5)},
        "At no station of cpo1.com EV charging at present.",
    ),
    "a city by its name": ({"cities": ("new delhi",)}, "At every station of cpo1.com EV charging in New Delhi."),
    "a city by its code": ({"cities": ("std:011",)}, "At every station of cpo1.com EV charging in New Delhi."),
    "a state": ({"states": ("Delhi",)}, "At every station of cpo1.com EV charging in Delhi."),
    "a charger": (
        {"charger_ids": ("EVSE-1",)},
        "Only at the chargers: EV Charger #1 (AC Fast Charger), Connaught Place Station",
    ),
    "a kind of connector": (
        {"connector_types": ("BHARAT_DC_001", "TYPE2"), "currents": ("DC",), "min_power_w": 15_000},
        "At every station of cpo1.com EV charging. Only on DC Bharat DC-001 or Type 2 connectors from 15 kW.",
    ),
    "a product": ({"item_ids": ("cup-1",)}, "At every station of cpo1.com EV charging. For: Coffee"),
}


@pytest.mark.parametrize(("scope", "said"), WHERE.values(), ids=WHERE)
def test_places_are_said_as_people_call_them(people: People, scope: dict[str, Any], said: str) -> None:
    site = people.here.location
    with cpo_scope(people.here.cpo):
        # What is published has a station then; it may be another one, or elsewhere, by the time somebody reads.
        Location.objects.update(tags=["tier-2"], latitude=Decimal("12.9716"), longitude=Decimal("77.5946"))
        Connector.objects.update(connector_type="TYPE2")
        Product.objects.create(cpo=people.here.cpo, product_id="cup-1", name="Coffee", price=Decimal(40))
    make(people, **scope)
    with cpo_scope(people.here.cpo):
        Location.objects.update(latitude=site.latitude, longitude=site.longitude)
        Connector.objects.update(connector_type="CCS2")
    assert f"Where {said} Conditions" in words(Client().get(PAGE))


HIDDEN: list[dict[str, Any]] = [
    {"charger_ids": ("EVSE-1",)},
    {"location_tags": ("tier-2",)},
    {"cities": ("New Delhi",)},
    {"item_ids": ("pe-charging-01",)},
]


@pytest.mark.parametrize("scope", HIDDEN, ids=lambda scope: next(iter(scope)))
def test_a_station_that_is_not_shown_to_buyer_apps_is_not_shown_here(people: People, scope: dict[str, Any]) -> None:
    with cpo_scope(people.here.cpo):
        Location.objects.update(tags=["tier-2"])
    make(people, **scope)
    with cpo_scope(people.here.cpo):
        Location.objects.update(is_published=False)
    text = words(Client().get(PAGE))
    assert "Connaught" not in text
    assert "EV Charger #1" not in text


def test_conditions_call_products_days_and_other_offers_by_name(people: People) -> None:
    cpo = people.here.cpo
    with cpo_scope(cpo):
        goods = {"category": "CAFE", "price": Decimal(40)}
        coffee = Product.objects.create(cpo=cpo, product_id="cup-1", name="Coffee", **goods)
        ProductStock.objects.create(product=coffee, units=9)
        Product.objects.create(cpo=cpo, product_id="cup-2", name="Tea", **goods)
        Segment.objects.create(cpo=cpo, segment_id="vip", name="Whales we must not lose")
        HolidayCalendar.objects.create(
            cpo=cpo,
            calendar_id="ops-7",
            name="Ops calendar 7",
            days=[{"date": "2020-11-08", "name": "Past"}, {"date": "2035-11-08", "name": "Diwali"}],
        )
    make(people, "second", additive=True, name="Second", display_code="", exclusivity_group="g-7")
    make(people, "third", additive=True, name="Third", display_code="")
    make(
        people,
        "coded",
        additive=True,
        name="For few",
        display_code="SECRET",
        requires_code=True,
        exclusivity_group="g-7",
    )
    make(
        people,
        additive=True,
        exclusivity_group="g-7",
        excludes=("third",),
        categories=("CAFE",),
        segment_ids=("vip",),
        stock_product_id="cup-1",
        stock_at_least=5,
        holiday_calendar="ops-7",
        holidays="ONLY",
        weekly_windows=(),
        blackout_dates=(date(2035, 12, 25),),
        limits=OfferLimits(uses_per_customer_week=1, budget_per_day=Decimal(900), redemption_cap=Decimal(90)),
    )
    make(people, "later", additive=True, name="Later", display_code="", excludes=("weekend",))
    text = words(Client().get(PAGE))
    assert text[text.index("Conditions") : text.index("Your app may call")] == (
        "Conditions Applied automatically. From ₹50.00 on, for energy, time and products before fees and tax. "
        "While at least 5 of Coffee are in stock. Only on 8 Nov 2035 (Diwali). Not on 25 Dec 2035. "
        "For some customers: your app shows whether you are among them. Only for Coffee or Tea. "
        "May be combined with other offers, but not with “Later”, “Second”, “Third” or some others. "
        "Once per customer and week. Each day only as long as what is set aside for that day lasts. "
    )


SLABS = (
    {"item_count": 10, "item_count_upper": 19, "value": "10", "value_type": "percent", "value_cap": "50"},
    {"item_count": 20, "item_count_upper": None, "value": "40", "value_type": "amount", "value_cap": "40"},
)
EMI = {
    "provider": "Some Bank",
    "method": "EMI",
    "months": 6,
    "annual_percent": "12",
    "subvention_percent": "50",
}
NO_VALUE: dict[str, Any] = {"value": None, "value_type": "", "value_cap": None}
TYPES: dict[str, tuple[dict[str, Any], str]] = {
    "slab": (
        NO_VALUE | {"slabs": SLABS},
        "10 % off, at most ₹50.00, for 10–19 kWh; ₹40.00 off, at most ₹40.00, for 20 kWh and more ",
    ),
    "freebie": (
        NO_VALUE | {"benefit_item_count": 2, "benefit_item_id": "coffee"},
        "2 × Filter coffee free ",
    ),
    "buyXgetY": (
        NO_VALUE | {"item_unit": "KWH", "qualifier_item_count": 10, "benefit_item_count": 2, "item_value": Decimal(5)},
        "2 kWh at ₹5.00 each after every 10 kWh ",
    ),
    "combo": (
        {"qualifier_item_ids": ("coffee",), "value": Decimal(20)},
        "20 % off in combination with Filter coffee, at most ₹100.00 ",
    ),
    "delivery": ({"value": Decimal(50), "value_cap": None}, "50 % off the fees "),
    "exchange": (NO_VALUE, "An exchange, valued when it is returned; the price stays as it is "),
    "financing": (
        NO_VALUE | {"finance_terms": (EMI,)},
        "6 monthly instalments at 12 % a year by Some Bank, 50 % of the interest borne by the seller ",
    ),
    "discount": (
        {"value_type": "per_kwh", "value": Decimal("2.50"), "value_cap": None},
        "₹2.50 off each kWh ",
    ),
}


@pytest.mark.parametrize("kind", TYPES)
def test_every_type_is_said_in_plain_words(people: People, kind: str) -> None:
    said, benefit = TYPES[kind]
    with cpo_scope(people.here.cpo):
        Product.objects.create(cpo=people.here.cpo, product_id="coffee", name="Filter coffee", price=Decimal(60))
    make(people, benefit_kind=kind, min_value=None, name="Deal", **said)
    text = words(Client().get(PAGE))
    assert f"Deal {benefit}" in text
    together = "Only together with Filter coffee in one session."
    assert (together in text) is (kind == "combo")
    assert ("As long as it is in stock." in text) is (kind == "freebie")


HIDDEN = "a product that is not sold now"


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        pytest.param(
            TYPES["freebie"][0] | {"benefit_kind": "freebie"},
            "The product that it gives is not sold at the moment: nobody gets the offer until it is. ",
            id="given",
        ),
        pytest.param(
            {"stock_product_id": "coffee", "stock_at_least": 5},
            f"While at least 5 of {HIDDEN} are in stock.",
            id="counted",
        ),
    ],
)
def test_a_product_that_is_hidden_from_buyer_apps_has_no_name(
    people: People, said: dict[str, Any], sentence: str
) -> None:
    with cpo_scope(people.here.cpo):
        coffee = Product.objects.create(cpo=people.here.cpo, product_id="coffee", name="Coffee", price=Decimal(60))
        ProductStock.objects.create(product=coffee, units=9)
    make(people, min_value=None, **said)
    with cpo_scope(people.here.cpo):
        Product.objects.update(is_published=False, name="Secret Espresso")
    text = words(Client().get(PAGE))
    assert sentence in text
    assert ("2 × product free" in text) is (said.get("benefit_kind") == "freebie")
    assert "Secret" not in text
    assert "coffee" not in text.casefold()


def test_it_needs_neither_a_script_nor_a_cookie_nor_another_site(people: People) -> None:
    make(people, image_url="https://elsewhere.example/i.png")
    answer = Client().get(PAGE)
    text = answer.content.decode()
    assert "<script" not in text
    assert 'name="viewport" content="width=device-width, initial-scale=1"' in text
    assert re.findall(r'(?:src|href)="(https?:)?//', text) == []
    assert answer.cookies == {}
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_what_an_author_writes_is_text_and_no_markup(people: People) -> None:
    make(people, name="<b>Bold</b>", long_desc="a <script>x</script> b", terms_text="c <i>y</i> d")
    text = Client().get(PAGE).content.decode()
    assert "&lt;b&gt;Bold&lt;/b&gt;" in text
    assert "a &lt;script&gt;x&lt;/script&gt; b" in text
    assert "c &lt;i&gt;y&lt;/i&gt; d" in text


def test_its_terms_stand_behind_its_conditions_and_without_any_there_is_no_heading(people: People) -> None:
    offer = make(people)
    assert "Terms" not in words(Client().get(PAGE))
    authoring.save_draft(offer, weekend(terms_text="Not for taxis.\n\nOne a household."))
    authoring.publish(offer)
    text = words(Client().get(PAGE))
    assert "Terms Not for taxis. One a household." in text
    assert text.index("Conditions") < text.index("Terms")


def test_it_is_cached_for_a_minute_and_confirmed_by_its_tag(people: People) -> None:
    offer = make(people)
    first = Client().get(PAGE)
    assert first.headers["Cache-Control"] == "public, max-age=60"
    again = Client(headers={"If-None-Match": first.headers["ETag"]}).get(PAGE)
    assert (again.status_code, again.content) == (304, b"")
    authoring.save_draft(offer, weekend(name="Another name"))
    authoring.publish(offer)
    changed = Client(headers={"If-None-Match": first.headers["ETag"]}).get(PAGE)
    assert (changed.status_code, "Another name" in changed.content.decode()) == (200, True)


PAUSED = "It is paused: nobody gets it at present, and whoever has it in an order keeps it."
OVER = "It is over: nobody gets it any more, and whoever has it in an order keeps it."


@pytest.mark.parametrize(
    ("move", "said"), [(authoring.pause, PAUSED), (authoring.end, OVER)], ids=["paused", "ended early"]
)
def test_what_is_given_no_more_says_so_and_not_by_which_code_it_went(people: People, move: Any, said: str) -> None:
    offer = make(people)
    assert "WEEKEND25" in words(Client().get(PAGE))
    move(offer)
    answer = Client().get(PAGE)
    assert (answer.status_code, "25 % off energy and add-ons" in words(answer)) == (200, True)
    assert said in words(answer)
    assert "WEEKEND25" not in words(answer)


HIDDEN = {
    "withdrawn": authoring.withdraw,
    "archived": lambda offer: authoring.archive(authoring.end(offer)),
}


@pytest.mark.parametrize("move", HIDDEN.values(), ids=HIDDEN)
def test_what_is_not_given_has_no_page(people: People, move: Any) -> None:
    move(make(people))
    assert answers_like_nothing(PAGE)


@pytest.mark.parametrize(
    "path",
    ["/o/cpo1.com/unknown", "/o/nobody.com/weekend", "/o/cpo2.com/weekend", "/o/cpo1.com/planned"],
    ids=["unknown", "nobody's", "another CPO's", "a draft"],
)
def test_what_may_not_be_seen_is_answered_alike(people: People, path: str) -> None:
    make(people)
    authoring.create_offer(people.here.cpo, "planned", weekend())
    assert answers_like_nothing(path)


CODED: dict[str, tuple[dict[str, Any], str]] = {
    "one code for all": ({"display_code": "SECRET"}, "Applied with a code that you were given."),
    "codes of their own": (
        {"display_code": "", "single_use_codes": True},
        "Applied with a code that you were given, once.",
    ),
}


def test_a_short_code_is_hidden_where_it_stands_alone(people: People) -> None:
    texts = {"name": "TEN or TENTH", "short_desc": "_ten_ TENके, कोड:TEN, often"}
    make(people, "coded", requires_code=True, display_code="TEN", **texts)
    text = words(Client().get("/o/cpo1.com/coded"))
    assert "… or TENTH" in text
    assert "_…_ …के, कोड:…, often" in text


@pytest.mark.parametrize(("said", "condition"), CODED.values(), ids=CODED)
def test_an_offer_for_a_code_has_a_page_that_does_not_name_it(
    people: People, said: dict[str, Any], condition: str
) -> None:
    texts = {
        "name": "Flyer (Secret)",
        "short_desc": "Send SECRET in your app",
        "long_desc": "Say _secret_ or secretnow",
        "terms_text": "Only with Secret.",
    }
    named = texts if said["display_code"] else {"name": "Flyer"}
    offer = make(people, "coded", requires_code=True, **named, **said)
    answer = Client().get("/o/cpo1.com/coded")
    text = words(answer)
    assert (answer.status_code, condition in text, "Your app may call it" in text) == (200, True, False)
    assert '<meta name="robots" content="noindex">' in answer.content.decode()
    if said["display_code"]:
        assert "secret" not in answer.content.decode().lower()
        assert "Flyer (…)" in text
        assert "Send … in your app Say _…_ or …now" in text
    link = f'href="{offer_page_url("cpo1.com", "coded")}"'
    assert link in signed_in(people.analyst).get(f"/admin/offers/offer/{offer.pk}/change/").content.decode()
    authoring.withdraw(offer)
    assert answers_like_nothing("/o/cpo1.com/coded")


def test_the_page_of_an_offer_for_everybody_may_be_found(people: People) -> None:
    make(people)
    assert "noindex" not in Client().get(PAGE).content.decode()


def answers_like_nothing(path: str) -> bool:
    answer, nothing = Client().get(path), Client().get("/o/none.example/none")
    assert (answer.status_code, answer.content, dict(answer.headers)) == (404, nothing.content, dict(nothing.headers))
    assert "There is no offer here" in words(answer)
    # It may be published the next moment.
    assert answer.headers["Cache-Control"] == "no-cache"
    return True


def test_an_offer_is_over_at_its_last_instant(people: People) -> None:
    make(people, valid_until=END)
    last = public.page_of("cpo1.com", "weekend", END - timedelta(microseconds=1))
    over = public.page_of("cpo1.com", "weekend", END)
    assert (last and last.note, over and over.note) == ("", OVER)


def test_what_was_paused_is_over_at_its_end_as_well(people: People) -> None:
    authoring.pause(make(people, valid_until=END))
    notes = [public.page_of("cpo1.com", "weekend", at) for at in (END - timedelta(microseconds=1), END)]
    assert [page and page.note for page in notes] == [PAUSED, OVER]


def test_a_cpo_that_left_has_no_pages(people: People) -> None:
    make(people)
    Cpo.objects.filter(pk=people.here.cpo.pk).update(is_active=False)
    assert answers_like_nothing(PAGE)


def test_an_offer_that_has_not_begun_and_one_that_is_given_out_say_so(people: People) -> None:
    make(people, valid_from=datetime(2035, 1, 1, tzinfo=UTC))
    offer = make(people, "full", limits=OfferLimits(total_uses=1), display_code="")
    with cpo_scope(people.here.cpo):
        OfferCounter.objects.filter(offer=offer).update(uses_committed=1)
    assert "It has not begun yet." in words(Client().get(PAGE))
    assert "All of it is given out at the moment." in words(Client().get("/o/cpo1.com/full"))
    budget = OfferLimits(budget=Decimal("73.39"), redemption_cap=Decimal(50))
    nearly = make(people, "nearly", limits=budget, display_code="")
    with cpo_scope(people.here.cpo):
        OfferCounter.objects.filter(offer=nearly).update(budget_committed=Decimal("23.40"))
    assert "All of it is given out at the moment." in words(Client().get("/o/cpo1.com/nearly"))


@pytest.mark.parametrize("path", ["/o/cpo1.com/%00", "/o/cpo1.com/a%20b", "/o//weekend", "/o/cpo1.com/" + "x" * 200])
def test_what_is_no_id_is_not_found(path: str) -> None:
    assert Client(raise_request_exception=False).get(path).status_code == 404


def test_only_reading_is_answered(people: People) -> None:
    make(people)
    assert Client().head(PAGE).status_code == 200
    assert Client().post(PAGE).status_code == 405


def test_an_address_that_asks_too_often_waits(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_limits, "addresses", Buckets(rate=0.5, burst=2, clock=lambda: 0.0))
    answers = [Client(REMOTE_ADDR="10.1.1.1").get("/o/cpo1.com/unknown") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [404, 404, 429]
    assert answers[2].headers["Retry-After"] == "2"
    assert Client(REMOTE_ADDR="10.1.1.2").get("/o/cpo1.com/unknown").status_code == 404


@override_settings(BASE_URL="https://portal.example")
def test_the_catalogue_links_to_the_page_and_not_for_who_has_no_code(people: People) -> None:
    from beckn.presenting import parts

    parts.offer_view.cache_clear()
    make(people)
    with cpo_scope(people.here.cpo):
        connector = Connector.objects.select_related("cpo", "charger__location").get()
    provider = catalog_view([connector], starts_at=None, ends_at=None, now=timezone.now()).providers[0]
    parts.offer_view.cache_clear()
    expected = "https://portal.example/o/cpo1.com/weekend"
    assert [offer.page_url for offer in provider.offers] == [expected]
    assert [inline.offer.page_url for inline in provider.items[0].offers] == [expected]


def test_the_link_stands_in_the_descriptors_additional_description() -> None:
    written = offer_head(OfferView("weekend", "Weekend", page_url="https://portal.example/o/a/weekend"), in_order=True)
    assert written["descriptor"]["additional_desc"] == {
        "url": "https://portal.example/o/a/weekend",
        "content_type": "text/html",
    }
    assert "additional_desc" not in offer_head(OfferView("weekend", "Weekend"), in_order=True)["descriptor"]


def test_the_offers_own_page_links_to_it_while_it_is_public(people: People) -> None:
    offer = make(people, value=Decimal(25))
    address = f"/admin/offers/offer/{offer.pk}/change/"
    link = f'href="{offer_page_url("cpo1.com", "weekend")}"'
    assert link in signed_in(people.analyst).get(address).content.decode()
    authoring.pause(offer)
    assert link in signed_in(people.analyst).get(address).content.decode()
    authoring.withdraw(offer)
    assert link not in signed_in(people.analyst).get(address).content.decode()
