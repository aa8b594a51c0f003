"""Stored quotes and receipts, proven again: identical, or what differs; and what is kept for it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Customer, CustomerRecord
from cpo_portal.charging.segments.stored import SegmentContent, save_segment
from offers import authoring, proofs
from offers.engine.proof import Printed, Verdict, differences, price_again
from offers.engine.values import OfferLimits
from offers.models import OfferSnapshot, Quote
from offers.quoting import Buyer, price_session, store_quote
from offers.tasks import settle_stopped
from pricing import authoring as pricing_authoring
from pricing.authoring import Place, TariffContent
from pricing.engine.codec import encode
from pricing.engine.money import Money
from tests.offers.frozen.cases import CASES
from tests.offers.ordering.sale import Sale
from tests.people import weekend
from tests.processes import run_at_once
from tests.world import World, ask_for, make_offer, make_world

pytestmark = pytest.mark.django_db

SECRETS = ("Sarah", "9876543210")


@pytest.fixture(autouse=True)
def _nothing_remembered() -> None:
    proofs.forget()


def select(world: World, transaction_id: str = "t-1", **asked: object) -> Quote:
    """Store a quote as select does."""
    now, ask = timezone.now(), ask_for(**asked)  # type: ignore[arg-type]
    priced = price_session(world.connector, ask, now=now)
    return store_quote(priced, world.connector, ask, Buyer("bap.example", transaction_id), now=now)


def stored(quote: Quote) -> Quote:
    return Quote.objects.get(pk=quote.pk)


def verdicts(order_id: object) -> list[tuple[bool, str]]:
    rows = Quote.objects.filter(order=order_id).order_by("created_at")
    return [(row.is_bill, proofs.reprove(row).verdict.value) for row in rows]


def test_a_quote_is_identical_whatever_became_of_its_offers_since() -> None:
    world = make_world()
    offers = [
        make_offer(world.cpo, total_uses=5, budget=Decimal(900), redemption_cap=Decimal(100)),
        make_offer(world.cpo, "rival", value=Decimal(20), display_code="RIVAL"),
        make_offer(world.cpo, "code-only", display_code="SECRET", requires_code=True, auto=False),
    ]
    with cpo_scope(world.cpo):
        quote = select(world, codes=("secret",), declined=("rival",))
        authoring.set_limits(offers[0], OfferLimits(1, None, Decimal(100), Decimal(100)))
        authoring.pause(offers[1])
        authoring.withdraw(offers[0])
        answer = proofs.reprove(stored(quote))
    assert (answer.verdict, answer.differences) == (Verdict.IDENTICAL, ())
    assert (answer.stored_engine, answer.engine) == (quote.engine_version, quote.engine_version)


def test_every_quote_of_a_sale_and_its_receipt_are_identical(sale: Sale) -> None:
    sale.init()
    sale.pay()
    otp = sale.confirm()
    sale.start(otp)
    sale.charge(5200)
    settle_stopped()
    with cpo_scope(sale.world.cpo):
        assert verdicts(sale.fresh().pk) == [(False, "IDENTICAL"), (True, "IDENTICAL")]


def test_a_bill_that_lost_its_offer_is_identical_too(sale: Sale) -> None:
    sale.init()
    sale.pay()
    otp = sale.confirm()
    sale.start(otp)
    sale.charge(2000)
    settle_stopped()
    with cpo_scope(sale.world.cpo):
        assert verdicts(sale.fresh().pk) == [(False, "IDENTICAL"), (True, "IDENTICAL")]
        assert sale.lines("BILLED") == ["36.00", "10.00", "8.28"]


def test_another_answer_names_the_line_the_offer_and_the_engines() -> None:
    world = make_world()
    make_offer(world.cpo)
    with cpo_scope(world.cpo):
        quote = stored(select(world))
        quote.lines[2]["amount"]["amount"] = "-22.49"
        quote.trace["outcomes"][0]["saving"]["amount"] = "22.49"
        quote.engine_version = "0.9"
        answer = proofs.reprove(quote)
    assert answer.verdict is Verdict.DIFFERS
    assert (answer.stored_engine, answer.engine) == ("0.9", "1.5")
    title = quote.lines[2]["title"]
    assert [(x.what, x.name, x.stored, x.now) for x in answer.differences] == [
        ("LINE", "DISCOUNT-1", f"{title}: -22.49 INR", f"{title}: -22.50 INR"),
        ("OFFER", "weekend-discount-25", "APPLIED, 22.49 INR", "APPLIED, 22.50 INR"),
    ]


@pytest.mark.parametrize(
    ("name", "said"), [("most", "22.50"), ("cut", "4.50")], ids=["the-largest-discount", "what-is-above-it"]
)
def test_another_cut_is_a_difference(name: str, said: str) -> None:
    evidence = CASES["largest_discount_cuts_the_last"]
    quote = price_again(evidence)
    assert quote.trace is not None
    stored = replace(quote.trace, **{name: Money(Decimal("22.49"), "INR")})
    printed = Printed(quote.lines, stored, quote.energy_wh, quote.engine_version)
    assert [(x.what, x.name, x.stored, x.now) for x in differences(evidence, printed)] == [
        (
            "CHOICE",
            name,
            "{'amount': '22.49', 'currency': 'INR'}",
            f"{{'amount': '{said}', 'currency': 'INR'}}",
        )
    ]


def test_a_quote_from_before_proofs_were_kept_says_so() -> None:
    world = make_world()
    with cpo_scope(world.cpo):
        quote = stored(select(world))
        quote.proof = None
        assert proofs.reprove(quote).verdict is Verdict.NOT_KEPT


def test_terms_that_are_gone_are_a_difference_and_no_fault() -> None:
    world = make_world()
    make_offer(world.cpo)
    with cpo_scope(world.cpo):
        quote = stored(select(world))
        quote.proof["offers"] = ["0" * 64]
        answer = proofs.reprove(quote)
    assert (answer.verdict, [x.what for x in answer.differences]) == (Verdict.DIFFERS, ["PROOF"])


def test_the_terms_of_a_popular_offer_are_kept_once_and_again_when_they_change() -> None:
    world = make_world()
    offer = make_offer(world.cpo, total_uses=5)
    with cpo_scope(world.cpo):
        for number in range(3):
            select(world, f"t-{number}")
        assert OfferSnapshot.objects.count() == 1
        authoring.set_limits(offer, OfferLimits(6))
        select(world, "t-3")
        assert [row.terms["limits"]["total_uses"] for row in OfferSnapshot.objects.order_by("pk")] == [5, 6]


@pytest.mark.django_db(transaction=True)
def test_a_select_asks_nothing_more_once_the_terms_are_known_to_be_kept() -> None:
    world = make_world()
    make_offer(world.cpo)

    def queries() -> int:
        with cpo_scope(world.cpo), transaction.atomic(), CaptureQueriesContext(connection) as caught:
            select(world)
        return sum("offersnapshot" in query["sql"] for query in caught)

    assert [queries() for _ in range(3)] == [2, 0, 0]


@pytest.mark.django_db(transaction=True)
def test_terms_of_a_transaction_that_failed_are_kept_by_the_next() -> None:
    world = make_world()
    make_offer(world.cpo)
    with cpo_scope(world.cpo), transaction.atomic():
        select(world)
        transaction.set_rollback(True)
    with cpo_scope(world.cpo), transaction.atomic():
        assert OfferSnapshot.objects.count() == 0
        assert proofs.reprove(stored(select(world))).verdict is Verdict.IDENTICAL


@pytest.mark.django_db(transaction=True)
def test_quotes_that_meet_an_offers_new_terms_at_the_same_moment_are_all_proven() -> None:
    world = make_world()
    offers = [make_offer(world.cpo), make_offer(world.cpo, "rival", display_code="RIVAL", value=Decimal(20))]
    assert len(offers) == 2

    def work(number: int) -> str:
        with cpo_scope(world.cpo), transaction.atomic():
            return str(select(world, f"t-{number}").pk)

    keys = run_at_once(4, work)
    with cpo_scope(world.cpo):
        assert [proofs.reprove(Quote.objects.get(pk=key)).verdict.value for key in keys] == ["IDENTICAL"] * 4
        assert OfferSnapshot.objects.values("hash").distinct().count() == 2


def test_what_is_kept_names_nobody(sale: Sale) -> None:
    sale.init()
    with cpo_scope(sale.world.cpo):
        for quote in Quote.objects.all():
            kept = f"{quote.proof} {list(OfferSnapshot.objects.values_list('terms', flat=True))}"
            assert [word for word in (*SECRETS, str(sale.fresh().customer_id)) if word in kept] == []


RECORD = {"tier": "Gold", "organisation": "Rao Motors", "joined_on": date(2024, 5, 31), "vehicle_make": "Tata"}
#: What a segment asks for, and what of the record is kept for it.
ASKED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "tier": ({"fact": "TIER", "values": ["Gold"]}, ["Gold"]),
    "another-tier": ({"fact": "TIER", "values": ["Silver"]}, ["Gold"]),
    "organisation": ({"fact": "ORGANISATION", "values": ["Rao Motors"]}, ["Rao Motors"]),
    "vehicle": ({"fact": "VEHICLE_MAKE", "values": ["Tata"]}, ["Tata"]),
    "anniversary": ({"fact": "ANNIVERSARY", "days": 3}, ["2024-05-31"]),
    "sessions": ({"fact": "SESSIONS", "number": 1, "days": 30}, []),
    "buyer-app": ({"fact": "BAP", "values": ["bap.example"]}, []),
}


@pytest.mark.parametrize("name", ASKED)
def test_only_facts_that_offers_ask_for_are_kept_and_either_proof_is_identical(name: str) -> None:
    condition, kept = ASKED[name]
    world = make_world()
    save_segment(world.cpo, SegmentContent("own", "Own", (condition,)))
    make_offer(world.cpo, segment_ids=["own"])
    with cpo_scope(world.cpo):
        customer = Customer.objects.create(cpo=world.cpo)
        CustomerRecord.objects.create(cpo=world.cpo, customer=customer, **RECORD)
        now, ask = timezone.now(), ask_for(customer=customer, identity_required=True, bap_id="bap.example")
        priced = price_session(world.connector, ask, now=now)
        quote = stored(store_quote(priced, world.connector, ask, Buyer("bap.example", "t-1"), now=now))
        text = json.dumps(quote.proof, ensure_ascii=False)
        said = [value if isinstance(value, str) else value.isoformat() for value in RECORD.values()]
        assert [value for value in said if value in text] == kept
        assert proofs.reprove(quote).verdict is Verdict.IDENTICAL
        # As quotes were kept before, with all that was known.
        assert quote.proof is not None
        quote.proof["context"]["customer"] = encode(priced.context.customer) if priced.context is not None else None
        assert proofs.reprove(quote).verdict is Verdict.IDENTICAL


def test_the_limits_of_then_are_those_of_a_price_as_of_then() -> None:
    world = make_world()
    pricing_authoring.save_draft(world.tariff, TariffContent(rate=Decimal(18), places=(Place(),)))
    pricing_authoring.publish(world.tariff)
    content = weekend(weekly_windows=())
    offer = authoring.publish(authoring.create_offer(world.cpo, "weekend", content, limits=OfferLimits(total_uses=3)))
    then = timezone.now()
    authoring.set_limits(offer, OfferLimits(total_uses=9))
    with cpo_scope(world.cpo):
        before = price_session(world.connector, ask_for(), now=then, as_of=then)
        after = price_session(world.connector, ask_for(), now=timezone.now(), as_of=timezone.now())
    limits = [
        next(check.expected for check in priced.trace.outcomes[0].checks if check.code == "TOTAL_USES")
        for priced in (before, after)
    ]
    assert limits == ["3", "9"]
