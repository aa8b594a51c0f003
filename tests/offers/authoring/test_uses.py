"""How often an offer was used is counted without limits too, and what is not given shows no saving."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from offers import authoring
from offers import uses as uses_module
from offers.engine.values import OfferLimits
from offers.ledger import commit, release
from offers.models import Offer, OfferCounter, Redemption
from offers.reversals import reverse_all
from offers.uses import uses_cell, uses_of, uses_text, with_uses
from pricing.engine.wording import count_text
from tests.offers.authoring.test_limits import hold
from tests.offers.authoring.test_offer_admin import LIST, page
from tests.offers.authoring.test_order_panels import order
from tests.people import People, signed_in, weekend

__all__ = ["order"]
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


#: The uses of an offer without limits as they are counted, the CPO's currency, how they are shown and downloaded.
FIGURES = [
    pytest.param(99_999, "INR", "99,999", 99_999, id="below"),
    pytest.param(100_000, "INR", "1,00,000", 100_000, id="as-many-as-are-counted"),
    pytest.param(100_001, "INR", "1,00,000+", "1,00,000+", id="more"),
    pytest.param(100_001, "EUR", "100,000+", "100,000+", id="more-elsewhere"),
]


@pytest.mark.parametrize(("uses", "currency", "text", "cell"), FIGURES)
def test_more_uses_than_are_counted_are_shown_as_more(uses: int, currency: str, text: str, cell: int | str) -> None:
    offer = Offer(cpo=Cpo(currency=currency))
    offer.uses = uses  # type: ignore[attr-defined]
    assert (uses_text(offer), uses_cell(offer)) == (text, cell)


def test_a_counter_knows_every_use() -> None:
    offer = Offer(cpo=Cpo(currency="INR"))
    offer.counter = OfferCounter(offer=offer, uses_reserved=1, uses_committed=250_000)
    assert (uses_text(offer), uses_cell(offer)) == ("2,50,001", 250_001)


def counting(browser: Client, address: str) -> tuple[int, str]:
    """Return how many queries of a page count uses, and the page."""
    with CaptureQueriesContext(connection) as queries:
        text = browser.get(address).content.decode()
    return sum("FROM (SELECT" in x["sql"] and "offers_redemption" in x["sql"] for x in queries), text


def test_uses_are_counted_once_on_a_page_and_so_far_alone(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uses_module, "MOST_COUNTED", 2)
    few, many = make(people, "few"), make(people, "many")
    for offer in (few, few, many, many, many):
        use(people, offer, "used")
    with cpo_scope(people.here.cpo):
        assert {x.offer_id: x.uses for x in with_uses(Offer.objects.all())} == {"few": 2, "many": 3}
        assert [uses_of(Offer.objects.get(pk=x.pk)) for x in (few, many)] == [2, 3]
    browser = signed_in(people.owner)
    count, text = counting(browser, LIST)
    assert (count, [f"{x} used, no limit" in text for x in ("2", "2+", "3")]) == (1, [True, True, False])
    for offer, shown in ((few, "2 used"), (many, "2+ used")):
        count, text = counting(browser, page(offer))
        assert (count, shown in text) == (1, True)
    assert counting(browser, reverse("admin:offers_offer_pause_offer", args=[many.pk]))[0] == 0
    count, text = counting(browser, reverse("admin:offers_offer_export"))
    rows = {row["Offer id"]: row["Used (with reserved)"] for row in csv.DictReader(io.StringIO(text.lstrip("\ufeff")))}
    assert (count, rows) == (1, {"few": "2", "many": "2+"})


COUNTS = [
    pytest.param(999, "INR", "999", id="no-group"),
    pytest.param(10000, "INR", "10,000", id="thousands"),
    pytest.param(1000000, "INR", "10,00,000", id="lakhs"),
    pytest.param(1000000, "EUR", "1,000,000", id="millions"),
]


@pytest.mark.parametrize(("number", "currency", "text"), COUNTS)
def test_a_count_is_grouped_as_amounts_are(number: int, currency: str, text: str) -> None:
    assert count_text(number, currency) == text
