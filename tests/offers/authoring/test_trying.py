"""“Try it” with products, a named customer and codes: priced as the API's price check does, and nobody else's."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Customer
from cpo_portal.charging.people.customers import find_or_make_customer
from cpo_portal.charging.segments.stored import SegmentContent, save_segment
from cpo_portal.network.models import Charger, Connector, Location, Product
from offers import authoring
from offers.engine.values import OfferLimits
from offers.models import CustomerCounter, Offer
from pricing.models import Tariff
from tests.people import People, api_client, make_people, signed_in, weekend
from tests.prepaid import entries, pool, subscribe

pytestmark = pytest.mark.django_db
SESSION = {
    "try-item_id": "pe-charging-01",
    "try-starts_at": "2027-01-02T11:00",
    "try-value": "10",
    "try-unit": "kWh",
}
CHECK: dict[str, Any] = {
    "item_id": "pe-charging-01",
    "starts_at": "2027-01-02T11:00:00+05:30",
    "measure": {"value": "10", "unit": "kWh"},
}
ASHA, MAIL = "+919876543210", "asha@example.com"


@pytest.fixture
def people() -> People:
    made = make_people()
    with cpo_scope(made.here.cpo):
        for key, name, price in (("coffee", "Coffee", 60), ("cake", "Cake", 40)):
            Product.objects.create(cpo=made.here.cpo, product_id=key, name=name, price=Decimal(price))
    return made


def live(people: People, offer_id: str = "own", limits: OfferLimits | None = None, **said: Any) -> Offer:
    content = weekend(**{"weekly_windows": (), "min_value": None, "display_code": "", **said})
    return authoring.publish(authoring.create_offer(people.here.cpo, offer_id, content, limits=limits))


def address(offer: Offer) -> str:
    return f"/admin/offers/offer/try-offer/{offer.pk}/"


def tried(person: Any, offer: Offer, **said: str) -> Any:
    session = SESSION | {f"try-{name}": value for name, value in said.items()}
    return signed_in(person).post(address(offer), session)


def trial(answer: Any) -> dict[str, Any]:
    """Return the one price that is shown."""
    assert answer.context_data["form"].errors == {}
    (shown,) = answer.context_data["trials"]
    found: dict[str, Any] = shown
    return found


def checked(people: People, **said: Any) -> str:
    """Return the total of the API's price check."""
    answer = api_client(people.here.cpo).post("/api/price-check", CHECK | said, content_type="application/json")
    return f"₹{answer.json()['total']}"


COFFEES = {"products-0-product_id": "coffee", "products-0-count": "2", "products-1-product_id": "cake"}


def test_products_are_tried_with_their_numbers(people: People) -> None:
    offer = live(people, item_ids=("coffee",), value_cap=None)
    shown = trial(tried(people.owner, offer, **COFFEES))
    assert [line for line in shown["lines"] if "Coffee" in line[0] or "Cake" in line[0]] == [
        ("Cake", "₹40.00"),
        ("Coffee × 2", "₹120.00"),
    ]
    assert shown["offers"] == [("Weekend Special – 25 % off", "Applied", "It saves ₹30.00.")]
    asked = [{"product_id": "coffee", "count": 2}, {"product_id": "cake", "count": 1}]
    assert shown["total"] == checked(people, products=asked)
    without = trial(tried(people.owner, offer))
    assert without["offers"][0][1:] == (
        "Not eligible",
        "It is not for this connector or these products: it is for Coffee.",
    )


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        pytest.param({"products-0-product_id": "tea"}, "Row 1: choose a product.", id="unknown"),
        pytest.param({"products-0-count": "2"}, "Row 1: choose a product.", id="a-number-of-nothing"),
        pytest.param(
            {"products-0-product_id": "coffee", "products-0-count": "0"},
            "Row 1: give a whole number from 1 to 1000.",
            id="none",
        ),
        pytest.param(
            {"products-0-product_id": "coffee", "products-0-count": "1001"},
            "Row 1: give a whole number from 1 to 1000.",
            id="too-many",
        ),
        pytest.param(
            {**COFFEES, "products-1-count": "1.5"}, "Row 2: give a whole number from 1 to 1000.", id="half-a-cake"
        ),
    ],
)
def test_products_that_cannot_be_are_told_and_kept(people: People, said: dict[str, str], sentence: str) -> None:
    answer = tried(people.owner, live(people), **said)
    assert answer.context_data["form"].errors == {"products": [sentence]}
    assert answer.context_data["trials"] == []
    text = answer.content.decode()
    assert all(f'value="{value}"' in text for value in said.values() if value != "tea")


def test_what_is_not_sold_at_the_station_is_told_by_name(people: People) -> None:
    with cpo_scope(people.here.cpo):
        place = Location.objects.create(
            cpo=people.here.cpo, location_id="elsewhere", name="Elsewhere", latitude=Decimal(19), longitude=Decimal(73)
        )
        for product in Product.objects.all():
            product.locations.set([place])
    offer, sentence = live(people), "not sold at Connaught Place Station: leave out what is not."
    answer = tried(people.owner, offer, **COFFEES)
    assert answer.context_data["form"].errors == {"products": [f"Cake and Coffee are {sentence}"]}
    with cpo_scope(people.here.cpo):
        Product.objects.get(product_id="cake").locations.clear()
    answer = tried(people.owner, offer, **COFFEES)
    assert answer.context_data["form"].errors == {"products": [f"Coffee is {sentence}"]}


@pytest.fixture
def asha(people: People) -> Customer:
    with cpo_scope(people.here.cpo):
        found = find_or_make_customer(people.here.cpo, billing={"phone": ASHA, "email": MAIL}, contact={})
        assert found is not None
        return found


USED = "The customer has used it as often as it allows: 1 of 1."


def test_a_customer_is_named_by_phone_mail_or_id(people: People, asha: Customer) -> None:
    offer = live(people, limits=OfferLimits(uses_per_customer=1))
    with cpo_scope(people.here.cpo):
        CustomerCounter.objects.create(offer=offer, customer=asha, uses=1, limit_uses=1)
    for named in (ASHA, "98765 43210", MAIL, str(asha.pk)):
        shown = trial(tried(people.colleague, offer, customer=named))
        assert shown["offers"] == [("Weekend Special – 25 % off", "Limit reached", USED)]
        assert shown["total"] == checked(people, customer=str(asha.pk)) == "₹224.20"
    assert trial(tried(people.owner, offer))["offers"] == [
        ("Weekend Special – 25 % off", "Applied", "It saves ₹45.00. It depends on who the customer is.")
    ]


def test_an_analyst_names_a_customer_by_id_alone(people: People, asha: Customer) -> None:
    offer = live(people)
    assert trial(tried(people.analyst, offer, customer=str(asha.pk)))["total"] == "₹171.10"
    answer = tried(people.analyst, offer, customer=ASHA)
    assert answer.context_data["form"].errors == {"customer": ["Give a whole customer id, as orders show it."]}


@pytest.mark.parametrize(
    ("named", "sentence"),
    [
        pytest.param("00000000-0000-0000-0000-000000000001", None, id="an-id-of-nobody"),
        pytest.param("theirs", "Give a phone number of 7 to 15 digits, such as +919876543210.", id="no-number"),
        pytest.param("a@b", "Give an e-mail address, such as asha@example.com.", id="no-address"),
    ],
)
def test_who_is_not_known_is_told_and_kept(people: People, named: str, sentence: str | None) -> None:
    answer = tried(people.owner, live(people), customer=named)
    nobody = "You have no customer with this id: take it from an order, or leave it empty."
    assert answer.context_data["form"].errors == {"customer": [sentence or nobody]}
    assert f'value="{named}"' in answer.content.decode()
    with cpo_scope(people.here.cpo):
        assert not Customer.objects.exists()


@pytest.mark.parametrize("named", ["+919000000000", "new@example.com"])
def test_who_has_never_bought_is_priced_as_at_the_first_purchase(people: People, named: str) -> None:
    """A limit by customer is open to them and depends on nothing more; an offer for known customers is not."""
    cpo = people.here.cpo
    with cpo_scope(cpo):
        save_segment(cpo, SegmentContent("known", "Known", ({"fact": "RETURNING"},)))
    offer = live(people, "first", OfferLimits(uses_per_customer=1), additive=True)
    live(people, "again", name="Again", additive=True, display_code="", segment_ids=["known"])
    answer = tried(people.owner, offer, customer=named)
    shown = trial(answer)
    assert shown["offers"] == [
        ("Weekend Special – 25 % off", "Applied", "It saves ₹45.00."),
        ("Again", "Not eligible", "It is for customers of a segment: 0 sessions instead of 1 session (Known)."),
    ]
    assert shown["total"] == "₹171.10"
    said = "Nobody has bought with this contact yet: this is the price of a first purchase."
    assert said in answer.content.decode()
    with cpo_scope(cpo):
        assert not Customer.objects.exists()


def test_a_customer_of_another_cpo_is_nobody(people: People) -> None:
    with cpo_scope(people.there.cpo):
        theirs = find_or_make_customer(people.there.cpo, billing={"phone": ASHA}, contact={})
        assert theirs is not None
    unknown = tried(people.owner, live(people), customer=str(theirs.pk))
    assert list(unknown.context_data["form"].errors) == ["customer"]
    assert tried(people.owner, live(people, "another"), customer=ASHA).context_data["first_purchase"]


def test_a_contact_in_an_address_is_not_read(people: People, asha: Customer) -> None:
    answer = signed_in(people.owner).get(address(live(people)), SESSION | {"try-customer": ASHA})
    assert (answer.context_data["form"].is_bound, answer.context_data["trials"]) == (False, [])
    assert ASHA not in answer.content.decode()


def test_codes_are_tried(people: People) -> None:
    own = live(people, "own", additive=True, display_code="SAVE25", requires_code=True, auto=False)
    live(people, "other", name="Ten off", additive=True, display_code="TEN", requires_code=True, value=Decimal(10))
    shown = trial(tried(people.owner, own))
    assert ("Weekend Special – 25 % off", "Not eligible", "Its code was not given.") in shown["offers"]
    assert shown["total"] == checked(people)
    shown = trial(tried(people.owner, own, codes="save25, TEN nothing"))
    assert shown["offers"] == [
        ("Weekend Special – 25 % off", "Applied", "It saves ₹45.00."),
        ("Ten off", "Applied", "It saves ₹18.00."),
    ]
    assert shown["unknown"] == ["The code “nothing” belongs to no offer."]
    assert shown["total"] == checked(people, codes=["save25", "TEN", "nothing"])


def test_the_code_of_the_pages_own_offer_stands_there_first(people: People) -> None:
    own = live(people, "own", display_code="SAVE25", requires_code=True)
    form = signed_in(people.owner).get(address(own)).context_data["form"]
    assert form["codes"].value() == "SAVE25"
    plain = live(people, "plain", display_code="LABEL")
    assert signed_in(people.owner).get(address(plain)).context_data["form"]["codes"].value() == ""


def test_it_begins_at_a_connector_and_a_time_of_the_offer(people: People) -> None:
    with cpo_scope(people.here.cpo):
        # The first in the list of connectors is elsewhere.
        elsewhere = Location.objects.create(
            cpo=people.here.cpo, location_id="a-first", name="A", latitude=28, longitude=77
        )
        charger = Charger.objects.create(
            cpo=people.here.cpo, location=elsewhere, evse_id="A-1", name="A", system=people.here.system
        )
        Connector.objects.create(
            cpo=people.here.cpo,
            charger=charger,
            item_id="a-01",
            connector_type="CCS2",
            max_power_w=30000,
            power_type="DC",
        )
    sundays = ({"weekdays": [7], "start": "18:00", "end": "23:00"},)
    here = live(people, location_ids=("cp-station",), weekly_windows=sundays)
    anywhere = live(people, "anywhere")
    # A Wednesday at half past eleven in Delhi.
    with time_machine.travel(datetime(2027, 3, 3, 6, 0, tzinfo=UTC), tick=False):
        browser = signed_in(people.owner)
        forms = [browser.get(address(offer)).context_data["form"] for offer in (here, anywhere)]
    begins = [(form["item_id"].initial, form["starts_at"].initial.isoformat()) for form in forms]
    assert begins == [
        ("pe-charging-01", "2027-03-07T18:00:00+05:30"),
        ("a-01", "2027-03-03T12:00:00+05:30"),
    ]


def test_too_many_codes_are_refused(people: People) -> None:
    answer = tried(people.owner, live(people), codes=",".join(f"C{n}" for n in range(101)))
    assert answer.context_data["form"].errors == {"codes": ["Give at most 100 codes of at most 100 characters."]}


def test_a_tariff_is_tried_with_products_too(people: People) -> None:
    tariff = people.here.tariff.pk
    session = SESSION | {f"try-{name}": value for name, value in COFFEES.items()}
    answer = signed_in(people.owner).post(f"/admin/offers/offer/try-tariff/{tariff}/", session)
    assert trial(answer)["total"] == "₹413.00"


def test_a_subscription_is_tried_with_what_its_customer_has_left(people: People) -> None:
    """A pool would include its energy; nothing of it is held, and nobody else has any."""
    subscribe(people.here.cpo)
    energy = pool(people.here.cpo, "3500")
    with cpo_scope(people.here.cpo):
        tariff = Tariff.objects.get(tariff_id="monthly").pk
    found = {}
    for customer in ("", str(energy.customer_id)):
        session = SESSION | {"try-customer": customer}
        answer = signed_in(people.owner).post(f"/admin/offers/offer/try-tariff/{tariff}/", session)
        found[customer] = trial(answer)["lines"]
    fee = ("Service Fee", "₹10.00")
    assert list(found.values()) == [
        [("Charging session cost (10 kWh @ ₹18.00/kWh)", "₹180.00"), fee, ("GST (18%)", "₹34.20")],
        [
            ("Included energy (3.5 kWh)", "₹0.00"),
            ("Charging session cost (6.5 kWh @ ₹18.00/kWh)", "₹117.00"),
            fee,
            ("GST (18%)", "₹22.86"),
        ],
    ]
    assert checked(people, customer=str(energy.customer_id)) == "₹149.86"
    assert entries(energy) == [("TOP_UP", "3500.00")]
