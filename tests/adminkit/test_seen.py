"""A form that was open while somebody else saved: it is told and nothing is overwritten, until it is sent again."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.adminkit.seen import CHANGED, NOTHING_SAVED
from cpo_portal.network.models import Product
from offers import authoring
from pricing.engine.demand import DemandPolicy as DemandRules
from pricing.models import DemandPolicy, PriceCeiling, SurgePolicy, TaxProfile
from tests.offers.authoring.test_review import weekend
from tests.pages import what_a_browser_sends
from tests.people import People, signed_in
from tests.pricing.demand.samples import LEVELS, make_policy
from tests.pricing.surges.samples import make_schedule

pytestmark = pytest.mark.django_db


def ceiling(people: People) -> PriceCeiling:
    values = {"ceiling_id": "cap", "name": "Cap", "maximum_rate": Decimal(20), "mode": "WARN"}
    return PriceCeiling.objects.create(cpo=people.here.cpo, **values)


def tea(people: People) -> Product:
    return Product.objects.create(cpo=people.here.cpo, product_id="tea", name="Tea", price=Decimal(40), currency="INR")


def policy(people: People) -> DemandPolicy:
    return make_policy(people.here.cpo, DemandRules(LEVELS, Decimal(25)))


#: The page's address, how its row is made, and a field with what the one and what the other makes of it.
PAGES: dict[str, tuple[str, Callable[[People], Any], str, str, str]] = {
    "a-location": ("network/location", lambda people: people.here.location, "name", "North", "South"),
    "a-charger": ("network/charger", lambda people: people.here.charger, "name", "North", "South"),
    "a-product": ("network/product", tea, "name", "Coffee", "Milk"),
    "a-ceiling": ("pricing/priceceiling", ceiling, "name", "Delhi", "Goa"),
    "a-tariff": ("pricing/tariff", lambda people: people.here.tariff, "name", "Fast", "Slow"),
    "a-surge": ("pricing/surgeschedule", lambda people: make_schedule(people.here.cpo), "name", "Rush", "Crowd"),
    "a-demand-policy": ("pricing/demandpolicy", policy, "name", "Rush", "Crowd"),
    "an-offer": (
        "offers/offer",
        lambda people: authoring.create_offer(people.here.cpo, "weekend", weekend()),
        "name",
        "Saturday",
        "Sunday",
    ),
    "the-tax": ("pricing/taxprofile", lambda people: TaxProfile.objects.get(), "label", "VAT", "Tax"),
}


def made(people: People, kind: str) -> tuple[str, Any]:
    address, make, *_ = PAGES[kind]
    with cpo_scope(people.here.cpo):
        row = make(people)
    return f"/admin/{address}/{row.pk}/change/", row


def opened(client: Client, path: str) -> dict[str, list[str]]:
    answer = client.get(path)
    assert answer.status_code == 200
    return what_a_browser_sends(answer.content.decode())


def send(client: Client, path: str, shown: dict[str, list[str]], **typed: str) -> tuple[Any, dict[str, list[str]]]:
    """Return what the form says at its fields, None where it is saved, and what the page shows then."""
    answer = client.post(path, shown | {"_save": "Save"} | typed)
    if answer.status_code == 302:
        return None, {}
    form = answer.context["adminform"].form
    return form.errors.get_json_data(), what_a_browser_sends(answer.content.decode())


def sentences(errors: Any) -> dict[str, list[str]]:
    return {name: [each["message"] for each in found] for name, found in errors.items()}


def stored(client: Client, path: str, field: str) -> str:
    form = client.get(path).context["adminform"].form
    return str(form[field].value())


@pytest.mark.parametrize("kind", PAGES)
def test_what_somebody_else_has_saved_meanwhile_is_told_and_kept(people: People, kind: str) -> None:
    path, _ = made(people, kind)
    field, one, other = PAGES[kind][2:]
    first, second = signed_in(people.owner), signed_in(people.colleague)
    open_first, open_second = opened(first, path), opened(second, path)
    assert send(first, path, open_first, **{field: one}) == (None, {})
    told, shown = send(second, path, open_second, **{field: other})
    said = f"Somebody has made this “{one}” since you opened the page."
    assert sentences(told) == {field: [said], "__all__": [NOTHING_SAVED]}
    assert stored(first, path, field) == one
    # What was typed is still there, and sent again it is what both have seen.
    assert shown[field] == [other]
    assert send(second, path, shown) == (None, {})
    assert stored(first, path, field) == other


#: What the first and the second make of a location, and what the second is told; None where it is saved.
BOTH: dict[str, tuple[dict[str, str], dict[str, str], Any]] = {
    "the-same": ({"name": "North"}, {"name": "North"}, None),
    "another-field": (
        {"name": "North"},
        {"city": "Agra"},
        {"name": ["Somebody has made this “North” since you opened the page."]},
    ),
    "a-list": ({"tags": "urban"}, {"tags": "airport"}, {"tags": [CHANGED]}),
}


@pytest.mark.parametrize(("one", "other", "told"), BOTH.values(), ids=BOTH)
def test_only_what_would_be_overwritten_is_told(
    people: People, one: dict[str, str], other: dict[str, str], told: Any
) -> None:
    path, _ = made(people, "a-location")
    first, second = signed_in(people.owner), signed_in(people.colleague)
    open_first, open_second = opened(first, path), opened(second, path)
    assert send(first, path, open_first, **one) == (None, {})
    errors, _ = send(second, path, open_second, **other)
    assert (errors and sentences(errors)) == (told and told | {"__all__": [NOTHING_SAVED]})


@pytest.mark.parametrize(
    "sent", ["", "{", "[]", "7", '{"name": 7}', "[" * 100_000], ids=lambda text: text[:9] or "none"
)
def test_what_no_page_sends_is_taken_for_nothing(people: People, sent: str) -> None:
    path, _ = made(people, "a-location")
    client = signed_in(people.owner)
    shown = opened(client, path)
    assert send(client, path, shown, name="North", _seen=sent) == (None, {})


def test_a_page_of_settings_is_held_to_it_as_well(people: People) -> None:
    first, second = signed_in(people.owner), signed_in(people.colleague)
    first.get("/admin/pricing/surgepolicy/", follow=True)
    with cpo_scope(people.here.cpo):
        path = f"/admin/pricing/surgepolicy/{SurgePolicy.objects.get().pk}/change/"
    open_first, open_second = opened(first, path), opened(second, path)
    send(first, path, open_first, cap_percent="20")
    told, _ = send(second, path, open_second, cap_percent="30")
    assert list(sentences(told)) == ["cap_percent", "__all__"]
    with cpo_scope(people.here.cpo):
        assert SurgePolicy.objects.get().cap_percent == 20
