"""Categories are called by what people call them, wherever an offer names some."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Product
from offers.admin.pages import offer_page
from offers.models import Offer
from offers.names import category_names
from tests.offers.authoring.test_offer_admin import page
from tests.people import People, make_people, signed_in
from tests.world import make_offer

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> People:
    found = make_people()
    for world, goods in ((found.here, ("Coffee", "Tea", "Lassi", "Water")), (found.there, ("Their juice",))):
        with cpo_scope(world.cpo):
            for name in goods:
                Product.objects.create(
                    cpo=world.cpo, product_id=name, name=name, category="hot-drinks", price=Decimal(60)
                )
    return found


NAMES = {
    "charging": ("ev-charging", "charging"),
    "goods": ("hot-drinks", "hot drinks (Coffee, Lassi, Tea and 1 more)"),
    "nothing-is-in-it": ("CAR_WASH", "CAR WASH"),
}


@pytest.mark.parametrize(("code", "name"), NAMES.values(), ids=NAMES)
def test_a_category_is_called_by_its_words_and_the_cpos_own_goods(people: People, code: str, name: str) -> None:
    with cpo_scope(people.here.cpo):
        assert category_names([code])[code] == name


def test_the_page_and_the_form_show_names(people: People) -> None:
    offer = make_offer(people.here.cpo, categories=["ev-charging", "hot-drinks"])
    with cpo_scope(people.here.cpo):
        shown = offer_page(Offer.objects.get(pk=offer.pk), now=timezone.now(), with_facts=True)
    assert "in charging and hot drinks (Coffee, Lassi, Tea and 1 more)" in shown["sentence"]
    assert dict(shown["facts"])["Categories"] == "charging, hot drinks (Coffee, Lassi, Tea and 1 more)"
    form = signed_in(people.owner).get(page(offer)).context["adminform"].form
    assert ("hot-drinks", "hot drinks (Coffee, Lassi, Tea and 1 more)") in form.fields["categories"].choices
