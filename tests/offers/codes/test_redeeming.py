"""A single-use code is held from init, used by the bill, given back on release."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Order
from cpo_portal.network.models import Connector
from offers import reversals
from offers.codes.batches import Counts, cancel_batch, cancel_codes, counts_of
from offers.engine.periods import today_at
from offers.models import CodeBatch, Offer, QuoteOffer, Redemption, SingleUseCode
from offers.quoting import Buyer, price_session, store_quote
from offers.refusals import Refusal
from offers.tasks import settle_stopped
from offers.usage import Asked, CodesSent, look_up
from tests.offers.codes.coded import WITH, WITHOUT, buy, init, make_coded_offer, release, standing
from tests.offers.ordering.sale import Sale
from tests.world import ask_for, make_offer, make_world

pytestmark = pytest.mark.django_db

ONE, TWO = "DIWALI-34679ACDEFGHJK", "DIWALI-KJHGFEDCA97643"


SPELLINGS = {
    "as-a-code": {"codes": (ONE,)},
    "in-small-letters": {"codes": (ONE.lower(),)},
    "as-a-bare-id": {"opted_in": (ONE,)},
    "as-a-bare-id-in-small-letters": {"opted_in": (ONE.lower(),)},
    "beside-the-offers-id": {"opted_in": ("weekend-discount-25",), "codes": (ONE,)},
    "beside-a-used-one": {"codes": (ONE, TWO)},
}


@pytest.mark.parametrize("ask", SPELLINGS.values(), ids=SPELLINGS)
def test_a_code_opens_its_offer_however_it_is_sent(ask: dict[str, Any]) -> None:
    world = make_world()
    make_coded_offer(world.cpo, ONE, TWO)
    assert buy(world, "other", codes=(TWO,)) == WITH
    assert buy(world, "t-1", **ask) == WITH
    assert standing(world) == {ONE: ("HELD", "t-1"), TWO: ("HELD", "other")}


def test_without_its_code_the_offer_is_not_given() -> None:
    world = make_world()
    make_coded_offer(world.cpo, ONE)
    placed = init(world, "t-1", opted_in=("weekend-discount-25",))
    assert f"{placed.quote.total:f}" == WITHOUT
    assert [x.reason.code.value for x in placed.priced.trace.outcomes if x.reason] == ["CODE_REQUIRED"]
    assert standing(world) == {ONE: ("FREE", None)}


def test_an_automatic_offer_is_not_given_without_its_code_either() -> None:
    world = make_world()
    make_coded_offer(world.cpo, ONE, auto=True)
    assert buy(world, "t-1") == WITHOUT
    assert buy(world, "t-2", codes=(ONE,)) == WITH


def test_a_code_that_another_order_holds_is_refused_as_used_up() -> None:
    world = make_world()
    make_coded_offer(world.cpo, ONE)
    assert buy(world, "t-1", codes=(ONE,)) == WITH
    with pytest.raises(Refusal) as refused:
        init(world, "t-2", codes=(ONE,))
    assert (refused.value.kind.value, refused.value.message) == (
        "OFFER_NOT_FULFILLABLE",
        "The offer weekend-discount-25 is used up: this code was used already, or another order holds it.",
    )
    assert standing(world) == {ONE: ("HELD", "t-1")}
    with cpo_scope(world.cpo):
        assert Order.objects.count() == 1


def test_select_quotes_without_a_used_code_and_says_so() -> None:
    world = make_world()
    make_coded_offer(world.cpo, ONE)
    assert buy(world, "t-1", codes=(ONE,)) == WITH
    with cpo_scope(world.cpo):
        ask, now = ask_for(codes=(ONE,)), timezone.now()
        priced = price_session(world.connector, ask, now=now)
        stored = store_quote(priced, world.connector, ask, Buyer("bap.example", "t-2"), now=now)
        rows = list(QuoteOffer.objects.filter(quote=stored).values_list("asked_id", "outcome", "reason_code"))
    assert priced.quote.total.amount == Decimal(WITHOUT)
    assert rows == [("weekend-discount-25", "LIMITED", "CODE_USED")]
    assert priced.asked_for(ask) == {"weekend-discount-25"}


UNKNOWN = {
    "no-such-code": "DIWALI-AAAAAAAAAAAAAA",
    "one-character-off": ONE[:-1] + "A",
    "longer-than-any-code": "A" * 100,
    "of-another-cpo": "THERE-34679ACDEFGHJK",
    "cancelled-one-by-one": "ALONE-34679ACDEFGHJK",
    "of-a-cancelled-batch": "BATCH-34679ACDEFGHJK",
    "of-an-offer-that-takes-none-now": "PLAIN-34679ACDEFGHJK",
}


@pytest.mark.parametrize("word", UNKNOWN.values(), ids=UNKNOWN)
def test_a_wrong_code_is_answered_in_the_words_of_an_unknown_one(word: str) -> None:
    world, there = make_world(), make_world("cpo2.com", item_id="there-01")
    make_coded_offer(there.cpo, "THERE-34679ACDEFGHJK")
    make_coded_offer(world.cpo, ONE)
    make_coded_offer(world.cpo, "ALONE-34679ACDEFGHJK", offer_id="alone")
    batch = make_coded_offer(world.cpo, "BATCH-34679ACDEFGHJK", offer_id="batch")
    make_coded_offer(world.cpo, "PLAIN-34679ACDEFGHJK", offer_id="plain", requires_code=False, single_use_codes=False)
    with cpo_scope(world.cpo):
        assert cancel_codes(SingleUseCode.objects.filter(code__startswith="ALONE")) == 1
        assert cancel_batch(CodeBatch.objects.get(offer=batch)) == 1
    with pytest.raises(Refusal) as refused:
        init(world, "t-1", codes=(word,))
    assert refused.value.kind.value == "OFFER_NOT_VALID"
    assert refused.value.message == f"The code {word} belongs to no offer here; leave it out."
    with cpo_scope(world.cpo):
        assert not Order.objects.exists()
        assert not Redemption.objects.exists()


def test_a_repeated_init_keeps_its_code_and_another_code_takes_its_place() -> None:
    world = make_world()
    make_coded_offer(world.cpo, ONE, TWO)
    assert [buy(world, "t-1", codes=(ONE,)) for _ in range(3)] == [WITH] * 3
    assert standing(world) == {ONE: ("HELD", "t-1"), TWO: ("FREE", None)}
    assert buy(world, "t-1", codes=(TWO,)) == WITH
    assert standing(world) == {ONE: ("FREE", None), TWO: ("HELD", "t-1")}
    assert buy(world, "t-1") == WITHOUT
    assert standing(world) == {ONE: ("FREE", None), TWO: ("FREE", None)}


def test_what_is_released_can_be_used_by_another_order() -> None:
    world = make_world()
    make_coded_offer(world.cpo, ONE)
    assert buy(world, "t-1", codes=(ONE,)) == WITH
    release(world, "t-1")
    assert standing(world) == {ONE: ("FREE", None)}
    assert buy(world, "t-2", codes=(ONE,)) == WITH


def test_a_cancelled_batch_leaves_what_is_held_and_takes_it_when_it_is_given_back() -> None:
    world = make_world()
    make_coded_offer(world.cpo, ONE, TWO)
    assert buy(world, "t-1", codes=(ONE,)) == WITH
    with cpo_scope(world.cpo):
        assert cancel_batch(CodeBatch.objects.get()) == 1
    assert buy(world, "t-1", codes=(ONE,)) == WITH
    assert buy(world, "t-2", codes=(TWO,)) == "OFFER_NOT_VALID"
    with cpo_scope(world.cpo):
        assert counts_of(CodeBatch.objects.get()) == Counts(free=0, held=1, used=0, cancelled=1)
    release(world, "t-1")
    assert buy(world, "t-3", codes=(ONE,)) == "OFFER_NOT_VALID"
    with cpo_scope(world.cpo):
        assert counts_of(CodeBatch.objects.get()) == Counts(free=0, held=0, used=0, cancelled=2)


def test_a_sandbox_order_touches_no_code() -> None:
    world = make_world()
    make_coded_offer(world.cpo, ONE)
    placed = init(world, "t-1", sandbox=True, codes=(ONE,))
    assert f"{placed.quote.total:f}" == WITH
    assert standing(world) == {ONE: ("FREE", None)}
    release(world, "t-1")
    assert buy(world, "t-2", codes=(ONE,)) == WITH


def test_the_bill_uses_the_code_up_and_a_use_given_back_frees_it(sale: Sale) -> None:
    make_coded_offer(sale.world.cpo, ONE, offer_id="coded", value=Decimal(30), total_uses=5, uses_per_customer=5)
    sale.init(ask_for(codes=(ONE,)))
    sale.pay("86.14")
    otp = sale.confirm()
    assert standing(sale.world) == {ONE: ("HELD", "t-1")}
    sale.start(otp)
    sale.charge(5000)
    assert settle_stopped() > 0
    assert standing(sale.world) == {ONE: ("USED", "t-1")}
    assert buy(sale.world, "t-2", codes=(ONE,)) == "OFFER_NOT_FULFILLABLE"
    with cpo_scope(sale.world.cpo), transaction.atomic():
        Offer.objects.filter(offer_id="coded").update(give_use_back=True)
        redemption = Redemption.objects.get(offer__offer_id="coded")
        taken = reversals.reverse(redemption, reversals.Part(redemption.committed), reference="r", now=timezone.now())
    assert taken == Decimal("27.00")
    assert standing(sale.world) == {ONE: ("FREE", None)}


@pytest.mark.parametrize("codes", [(), (ONE,), (ONE, TWO, "NO-SUCH-CODE")], ids=["no-code", "a-code", "three-words"])
def test_a_code_costs_no_query_more(codes: tuple[str, ...]) -> None:
    world = make_world()
    make_coded_offer(world.cpo, ONE, TWO)
    make_offer(world.cpo, "limited", total_uses=9, display_code="")
    with cpo_scope(world.cpo):
        connector = Connector.objects.select_related("cpo", "charger__location").get(pk=world.connector.pk)
        price_session(connector, ask_for(), now=timezone.now())
        with CaptureQueriesContext(connection) as captured:
            price_session(connector, ask_for(codes=codes), now=timezone.now())
    of_offers = [x["sql"] for x in captured if "offers_offer " in x["sql"] or "offers_bookrevision" in x["sql"]]
    assert len(of_offers) == 2


def test_as_of_an_instant_before_its_use_the_code_was_free() -> None:
    world = make_world()
    make_coded_offer(world.cpo, ONE)

    def standing_at(instant: datetime) -> list[str]:
        with cpo_scope(world.cpo):
            today = today_at(instant, world.cpo.time_zone)
            found = look_up(Asked(world.cpo.pk, [], today, at=instant, now=instant, codes=CodesSent((ONE,)), past=True))
            return [code.sent.standing.value for code in found.codes.values()]

    with cpo_scope(world.cpo):
        made = CodeBatch.objects.get().created_at
    assert buy(world, "t-1", codes=(ONE,)) == WITH
    hour = timedelta(hours=1)
    with cpo_scope(world.cpo):
        CodeBatch.objects.update(created_at=made - 3 * hour)
        SingleUseCode.objects.update(taken_at=made - hour)
    assert standing_at(made - 4 * hour) == []
    assert standing_at(made - 2 * hour) == ["FREE"]
    assert standing_at(made) == ["USED"]
