"""Authors and buyers at the same time, against real PostgreSQL: one wins, and nothing is counted wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Connector, Product
from offers import authoring
from offers.engine.values import OfferLimits
from offers.ledger import LimitReached, release
from offers.models import Offer, OfferCounter, OfferStateChange, OfferVersion, Redemption
from tests.offers.authoring.test_limits import hold
from tests.people import WEEKEND, api_client, weekend
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
AT_ONCE = 6


def at_once(*jobs: Callable[[], Any]) -> list[str]:
    """Run the jobs in threads that start together; return "done" or the refusal of each, sorted."""
    barrier = threading.Barrier(len(jobs))

    def run(job: Callable[[], Any]) -> str:
        try:
            barrier.wait()
            job()
        except ValidationError as refusal:
            return " ".join(refusal.messages)
        except LimitReached:
            return "limit reached"
        else:
            return "done"
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return sorted(pool.map(run, jobs))


def test_a_draft_published_by_many_at_once_is_published_once(world: World) -> None:
    offer = authoring.create_offer(world.cpo, "weekend-25", WEEKEND)
    answers = at_once(*[lambda: authoring.publish(offer)] * AT_ONCE)
    assert answers == ["There is no draft to publish: change the offer first."] * (AT_ONCE - 1) + ["done"]
    with cpo_scope(world.cpo):
        assert OfferStateChange.objects.filter(move="publish").count() == 1
        assert OfferVersion.objects.exclude(published_at=None).count() == 1


def add(kind: str, world: World, *, asked: bool) -> None:
    """Take the id “tea” as staff would, or as whoever writes rows without asking."""
    with cpo_scope(world.cpo), transaction.atomic():
        if kind == "offer" and asked:
            authoring.create_offer(world.cpo, "Tea", WEEKEND)
            return
        row: Any = Offer(cpo=world.cpo, offer_id="Tea")
        if kind == "product":
            row = Product(cpo=world.cpo, product_id="tea", name="Tea", price=Decimal(20))
        elif kind == "connector":
            row = Connector.objects.get(pk=world.connector.pk)
            row.pk, row._state.adding, row.item_id, row.connector_id = None, True, "TEA", "2"
        if asked:
            row.full_clean()
        row.save()


PAIRS = {
    "product-then-offer": ("product", "offer", "“Tea” is the id of an item: give the offer an id of its own."),
    "offer-then-product": ("offer", "product", "“tea” is the id of an offer: give the product an id of its own."),
    "connector-then-offer": ("connector", "offer", "“Tea” is the id of an item: give the offer an id of its own."),
    "offer-then-connector": ("offer", "connector", "“TEA” is the id of an offer: give the connector an id of its own."),
}


@pytest.mark.parametrize("asked", [True, False], ids=["asked", "unasked"])
@pytest.mark.parametrize(("first", "second", "sentence"), PAIRS.values(), ids=PAIRS)
def test_who_comes_second_waits_and_gets_no_id_that_is_taken(
    world: World, first: str, second: str, sentence: str, asked: bool
) -> None:
    told = []

    def late() -> None:
        try:
            add(second, world, asked=asked)
        except (ValidationError, IntegrityError) as refusal:
            told.append(" ".join(refusal.messages) if asked else str(refusal).splitlines()[0])
        finally:
            connection.close()

    with transaction.atomic():
        add(first, world, asked=asked)
        thread = threading.Thread(target=late)
        thread.start()
        until_somebody_waits()
        assert told == []
    thread.join(timeout=30)
    name = {"offer": "Tea", "product": "tea", "connector": "TEA"}[second]
    assert told == [sentence if asked else f"the id {name} is taken by another kind of item"]
    with cpo_scope(world.cpo):
        rows = {
            "product": Product.objects,
            "offer": Offer.objects,
            "connector": Connector.objects.filter(item_id="TEA"),
        }
        assert [kind for kind, found in rows.items() if found.exists()] == [first]


def until_somebody_waits() -> None:
    """Return once another connection to this database waits for a lock."""
    waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    for _ in range(10_000):
        with connection.cursor() as cursor:
            # Within a transaction the view is read once.
            cursor.execute("SELECT pg_stat_clear_snapshot()")
            cursor.execute(waits)
            if cursor.fetchone()[0]:
                return
    raise AssertionError("nobody waits")


def test_many_authors_saving_at_once_share_one_draft(world: World) -> None:
    offer = authoring.publish(authoring.create_offer(world.cpo, "weekend-25", WEEKEND))
    jobs = [lambda value=value: authoring.save_draft(offer, weekend(value=Decimal(value))) for value in range(30, 36)]
    assert at_once(*jobs) == ["done"] * len(jobs)
    with cpo_scope(world.cpo):
        assert list(OfferVersion.objects.order_by("number").values_list("number", flat=True)) == [1, 2]


def test_an_id_taken_by_many_at_once_goes_to_one(world: World) -> None:
    answers = at_once(*[lambda: authoring.create_offer(world.cpo, "weekend-25", WEEKEND)] * AT_ONCE)
    refusal = "You already have an offer “weekend-25”: choose another id."
    assert answers == [refusal] * (AT_ONCE - 1) + ["done"]
    with cpo_scope(world.cpo):
        assert Offer.objects.count() == 1


def test_a_code_taken_by_many_at_once_goes_to_one(world: World) -> None:
    coded = weekend(requires_code=True)
    jobs = [lambda n=n: authoring.create_offer(world.cpo, f"offer-{n}", coded) for n in range(AT_ONCE)]
    assert at_once(*jobs).count("done") == 1
    with cpo_scope(world.cpo):
        assert Offer.objects.count() == 1


def reserve_one(world: World, offer: Offer) -> None:
    with cpo_scope(world.cpo):
        hold(world, offer, "10.00", transaction_id=f"thread-{threading.get_ident()}")


def test_a_limit_lowered_while_buyers_reserve_is_never_below_what_they_hold(world: World) -> None:
    offer = authoring.publish(authoring.create_offer(world.cpo, "weekend-25", WEEKEND))
    authoring.set_limits(offer, OfferLimits(total_uses=100))
    lower = lambda: authoring.set_limits(offer, OfferLimits(total_uses=3))  # noqa: E731
    at_once(lower, *[lambda: reserve_one(world, offer)] * AT_ONCE)
    with cpo_scope(world.cpo):
        counter = OfferCounter.objects.get(offer=offer)
        held = Redemption.objects.filter(offer=offer, state="RESERVED").count()
        assert counter.uses_reserved == held
        assert counter.limit_uses in {3, 100}
        assert counter.limit_uses == Offer.objects.get(pk=offer.pk).total_uses
        assert held <= counter.limit_uses


def test_a_limit_set_while_buyers_settle_counts_them_once(world: World) -> None:
    offer = authoring.publish(authoring.create_offer(world.cpo, "weekend-25", WEEKEND))
    with cpo_scope(world.cpo):
        orders = [hold(world, offer, "10.00")[0] for _ in range(AT_ONCE)]

    def settle(order: Any) -> None:
        with cpo_scope(world.cpo), transaction.atomic():
            release(order, now=timezone.now(), reference="expired")

    limit = lambda: authoring.set_limits(offer, OfferLimits(total_uses=50))  # noqa: E731
    assert at_once(limit, *[lambda order=order: settle(order) for order in orders]) == ["done"] * (AT_ONCE + 1)
    with cpo_scope(world.cpo):
        counter = OfferCounter.objects.get(offer=offer)
        assert (counter.uses_reserved, counter.budget_reserved) == (0, Decimal("0.00"))


def test_one_new_id_by_the_api_and_by_the_form_at_once_is_given_to_one(world: World) -> None:
    """Both lock the CPO's ids before they write; who wrote first and locked then would wait for the other for ever."""
    client, body = api_client(world.cpo), {"product_id": "tea", "name": "Tea", "price": "20"}
    told: list[tuple[int, Any]] = []

    def late() -> None:
        try:
            answer = client.post("/api/products", body, content_type="application/json")
            told.append((answer.status_code, answer.json()))
        finally:
            connection.close()

    with cpo_scope(world.cpo), transaction.atomic():
        row = Product(cpo=world.cpo, product_id="tea", name="Tea", price=Decimal(20))
        row.full_clean()
        thread = threading.Thread(target=late)
        thread.start()
        until_somebody_waits()
        row.save()
    thread.join(timeout=30)
    assert [status for status, _ in told] == [409]
    with cpo_scope(world.cpo):
        assert Product.objects.count() == 1
