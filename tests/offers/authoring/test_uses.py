"""How often an offer was used is counted without limits too, and what is not given shows no saving."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from offers import authoring
from offers.engine.values import OfferLimits
from offers.ledger import commit, release
from offers.models import Offer, Redemption
from offers.reversals import reverse_all
from offers.uses import uses_of, with_uses
from pricing.engine.wording import count_text
from tests.offers.authoring.test_limits import hold
from tests.offers.authoring.test_offer_admin import LIST, page
from tests.offers.authoring.test_order_panels import order, people
from tests.people import People, signed_in, weekend

__all__ = ["order", "people"]
pytestmark = pytest.mark.django_db


def make(people: People, offer_id: str = "daily", **limits: bool) -> Offer:
    content = weekend(weekly_windows=(), display_code="")
    made = authoring.create_offer(people.here.cpo, offer_id, content, limits=OfferLimits(**limits))
    return authoring.publish(made)


def use(people: People, offer: Offer, end: str) -> None:
    """Let an order hold the offer, and then release, use, or use and give it back."""
    now = timezone.now()
    with cpo_scope(people.here.cpo):
        made, _ = hold(people.here, Offer.objects.get(pk=offer.pk), "10")
        if end == "released":
            release(made, now=now, reference="given up")
        if end in {"used", "reversed"}:
            commit(made, {offer.pk: Decimal(10)}, now=now)
        if end == "reversed":
            reverse_all(made, reference="r", now=now)
        if end == "tried":
            Redemption.objects.filter(order=made).update(sandbox=True)


#: What became of the orders, whether a use comes back when it is reversed, and how many uses that are.
ENDS = [
    pytest.param((), True, 0, id="none"),
    pytest.param(("held",), True, 1, id="held"),
    pytest.param(("used", "used", "held"), True, 3, id="used-and-held"),
    pytest.param(("used", "released"), True, 1, id="released"),
    pytest.param(("used", "tried"), True, 1, id="a-test-order"),
    pytest.param(("used", "reversed"), True, 1, id="reversed-comes-back"),
    pytest.param(("used", "reversed"), False, 2, id="reversed-stays"),
]


@pytest.mark.parametrize(("ends", "comes_back", "uses"), ENDS)
def test_an_offer_without_limits_shows_how_often_it_was_used(
    people: People, ends: tuple[str, ...], comes_back: bool, uses: int
) -> None:
    offer = make(people, give_use_back=comes_back)
    for end in ends:
        use(people, offer, end)
    with cpo_scope(people.here.cpo):
        assert uses_of(Offer.objects.get()) == uses
        assert [row.uses for row in with_uses(Offer.objects.all())] == [uses]
    browser = signed_in(people.owner)
    for address in (LIST, page(offer)):
        assert f'<span class="portal-figures">{uses} used, no limit</span>' in browser.get(address).content.decode()


def test_a_draft_was_used_by_nobody(people: People) -> None:
    authoring.create_offer(people.here.cpo, "draft", weekend())
    assert "used, no limit" not in signed_in(people.owner).get(LIST).content.decode()


def test_the_list_is_searched_with_its_uses(people: People) -> None:
    use(people, make(people), "used")
    text = signed_in(people.owner).get(LIST, {"q": "daily"}).content.decode()
    assert "1 used, no limit" in text


def test_what_is_not_given_shows_no_saving(people: People, order) -> None:  # type: ignore[no-untyped-def]
    answer = signed_in(people.owner).get(f"/admin/charging/order/{order.pk}/change/")
    [panel] = [x for x in answer.context["order_panels"] if x.title == "Why this price"]
    rows = {
        row.split(" (")[0].rsplit(">", 1)[1]: row for row in panel.body.split("<tr>") if 'data-label="Saving"' in row
    }
    saving = {name: row.split('data-label="Saving">')[1].split("<")[0] for name, row in rows.items()}
    assert saving == {"Weekend Special – 25 % off": "₹22.50", "For the rich": "–"}


COUNTS = [
    pytest.param(999, "INR", "999", id="no-group"),
    pytest.param(10000, "INR", "10,000", id="thousands"),
    pytest.param(1000000, "INR", "10,00,000", id="lakhs"),
    pytest.param(1000000, "EUR", "1,000,000", id="millions"),
]


@pytest.mark.parametrize(("number", "currency", "text"), COUNTS)
def test_a_count_is_grouped_as_amounts_are(number: int, currency: str, text: str) -> None:
    assert count_text(number, currency) == text
