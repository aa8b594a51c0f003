"""Offers for segments, sold: quoted as if they held at select, decided from the contact at init, in one query."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.models import (
    ChargingSession,
    Customer,
    CustomerRecord,
    NamedList,
    NamedListEntry,
    Order,
    Segment,
)
from cpo_portal.charging.people.contact_hashes import email_hashes, phone_hashes, sha256_hashes
from cpo_portal.charging.people.customers import find_or_make_customer
from cpo_portal.charging.segments.stored import SegmentContent, count_members, delete_segment, save_segment
from cpo_portal.network.models import Connector
from offers.authoring import archive, create_offer, end, publish
from offers.book import book_for
from offers.models import BookRevision, LedgerEntry, Offer, OfferVersion
from offers.ordering.place import Placed, Placing, place
from offers.quoting import Buyer, PricedSession, SessionAsk, price_session
from tests.people import weekend
from tests.processes import run_at_once
from tests.world import World, ask_for, make_offer, make_world

pytestmark = pytest.mark.django_db

ASHA = {"phone": "+91 98765 43210", "email": "Asha@Example.com"}
WITHOUT, WITH = Decimal("118.00"), Decimal("91.45")


def segment(world: World, name: str = "own", *conditions: dict[str, Any], **said: Any) -> Segment:
    return save_segment(world.cpo, SegmentContent(name, name.title(), conditions, **said))


def make(condition: dict[str, Any]) -> World:
    """A CPO with 25 % off for customers who meet one condition."""
    world = make_world()
    segment(world, "own", condition)
    make_offer(world.cpo, segment_ids=["own"])
    return world


def asha(world: World) -> Customer:
    customer = find_or_make_customer(world.cpo, billing=ASHA, contact={})
    assert customer is not None
    return customer


def charged(world: World, *, ago: timedelta, wh: int = 5000, make: str = "", sandbox: bool = False) -> None:
    """Let Asha have charged so much, and stop so long ago."""
    stop = timezone.now() - ago
    customer = asha(world)
    with cpo_scope(world.cpo):
        order = Order.objects.create(
            cpo=world.cpo, transaction_id=str(uuid.uuid4()), bap_id="old.example", customer=customer, state="COMPLETE",
            connector=world.connector, planned_start=stop, quote_ref=uuid.uuid4(), quoted_amount=0, currency="INR",
            payment_until=stop, vehicle_make=make, sandbox=sandbox,
        )  # fmt: skip
        ChargingSession.objects.create(
            cpo=world.cpo, order=order, system=world.system, connector=world.connector, session_id=str(order.pk),
            state="STOPPED", started_at=stop, stopped_at=stop, start_register_wh=1000, last_register_wh=1000 + wh,
            last_reading_at=stop,
        )  # fmt: skip


def select(world: World, *, now: datetime | None = None, **said: Any) -> PricedSession:
    now = now or timezone.now()
    with cpo_scope(world.cpo):
        connector = Connector.objects.select_related("cpo", "charger__location").get(pk=world.connector.pk)
        return price_session(connector, ask_for(start=now, **said), now=now)


def init(
    world: World, *, billing: Any = ASHA, vehicle: str = "", bap: str = "bap.example", ask: SessionAsk | None = None
) -> Placed:
    with cpo_scope(world.cpo), transaction.atomic():
        connector = Connector.objects.select_related("cpo", "charger__location").get(pk=world.connector.pk)
        placing = Placing(
            Buyer(bap, str(uuid.uuid4())), connector, ask or ask_for(), billing=billing, vehicle=(vehicle, "")
        )
        return place(placing, now=timezone.now())


def record(world: World, **said: Any) -> None:
    customer = asha(world)
    with cpo_scope(world.cpo):
        CustomerRecord.objects.update_or_create(customer=customer, defaults={"cpo": world.cpo, **said})


def on_list(world: World, hashes: list[Any]) -> None:
    with cpo_scope(world.cpo):
        named = NamedList.objects.create(cpo=world.cpo, list_id="fleet", name="Fleet")
        newest = hashes[0]
        NamedListEntry.objects.create(cpo=world.cpo, named_list=named, hmac_key_id=newest.key_id, hmac=newest.digest)


DAY, HOUR = timedelta(days=1), timedelta(hours=1)
LAPSED = {"fact": "LAPSED", "days": 30}
TWICE = {"fact": "SESSIONS", "number": 2, "days": 30}


@dataclass(frozen=True)
class Past:
    """What Asha did before."""

    sessions: tuple[dict[str, Any], ...] = ()
    kept: tuple[tuple[str, Any], ...] = ()


def went(*ago: timedelta, **said: Any) -> Past:
    return Past(tuple({"ago": each, **said} for each in ago))


BOUGHT = [
    pytest.param({"fact": "NEW"}, Past(), WITH, id="new"),
    pytest.param({"fact": "NEW"}, went(DAY), WITHOUT, id="no-longer-new"),
    pytest.param({"fact": "NEW"}, went(DAY, sandbox=True), WITH, id="tests-of-buyer-apps-do-not-count"),
    pytest.param({"fact": "NEW"}, went(DAY, wh=0), WITH, id="what-gave-no-energy-does-not-count"),
    pytest.param({"fact": "RETURNING"}, went(DAY), WITH, id="returning"),
    pytest.param(LAPSED, went(29 * DAY), WITHOUT, id="away-29-days"),
    pytest.param(LAPSED, went(30 * DAY), WITH, id="away-30-days"),
    pytest.param(LAPSED, went(31 * DAY), WITH, id="away-31-days"),
    pytest.param(LAPSED, went(31 * DAY, DAY), WITHOUT, id="back-since-yesterday"),
    pytest.param(TWICE, went(DAY), WITHOUT, id="once"),
    pytest.param(TWICE, went(DAY, 30 * DAY - HOUR), WITH, id="twice-within-30-days"),
    pytest.param(TWICE, went(DAY, 30 * DAY), WITHOUT, id="once-30-days-ago"),
    pytest.param(TWICE, went(DAY, 2 * DAY, 3 * DAY), WITH, id="three-times"),
    pytest.param({"fact": "ENERGY", "number": 10}, went(DAY, DAY, wh=4999), WITHOUT, id="9.998-kWh"),
    pytest.param({"fact": "ENERGY", "number": 10}, went(DAY, DAY, wh=5000), WITH, id="10-kWh"),
    pytest.param({"fact": "VEHICLE_MAKE", "values": ["Tata"]}, went(DAY, make="TATA"), WITH, id="make-of-an-order"),
    pytest.param({"fact": "VEHICLE_MAKE", "values": ["Tata"]}, went(DAY, make="MG"), WITHOUT, id="another-make"),
    pytest.param({"fact": "TIER", "values": ["Gold"]}, Past(kept=(("tier", "Gold"),)), WITH, id="tier"),
    pytest.param({"fact": "TIER", "values": ["Gold"]}, Past(kept=(("tier", "Silver"),)), WITHOUT, id="another-tier"),
    pytest.param({"fact": "TIER", "values": ["Gold"]}, Past(), WITHOUT, id="no-record"),
    pytest.param(
        {"fact": "ORGANISATION", "values": ["Acme"]}, Past(kept=(("organisation", "acme"),)), WITH, id="organisation"
    ),
]


@pytest.mark.parametrize(("condition", "past", "total"), BOUGHT)
def test_what_a_customer_did_before_decides_at_init(condition: dict[str, Any], past: Past, total: Decimal) -> None:
    world = make(condition)
    for session in past.sessions:
        charged(world, **session)
    if past.kept:
        record(world, **dict(past.kept))
    placed = init(world)
    assert placed.quote.total == total
    with every_cpo():
        assert LedgerEntry.objects.count() == (1 if total == WITH else 0)


@pytest.mark.parametrize(
    ("days", "total"),
    [pytest.param(7, WITH, id="7-days"), pytest.param(8, WITHOUT, id="8-days")],
)
def test_an_anniversary_is_near_or_not(days: int, total: Decimal) -> None:
    world = make({"fact": "ANNIVERSARY", "days": 7})
    today = timezone.localdate(timezone=ZoneInfo("Asia/Kolkata"))
    record(world, joined_on=(today - timedelta(days=days)).replace(year=today.year - 2))
    assert init(world).quote.total == total


def test_the_buyer_app_and_the_vehicle_of_this_order_count() -> None:
    world = make({"fact": "VEHICLE_MAKE", "values": ["Tata"]})
    assert init(world, vehicle="Tata").quote.total == WITH
    assert init(world, vehicle="MG", billing={"phone": "+91 90000 00001"}).quote.total == WITHOUT
    segment_of_app = segment(world, "app", {"fact": "BAP", "values": ["bap.example"]})
    with cpo_scope(world.cpo):
        make_offer(world.cpo, "app-offer", segment_ids=[segment_of_app.segment_id], display_code="")
    assert init(world, billing={"phone": "+91 90000 00002"}).quote.total == WITH
    assert init(world, billing={"phone": "+91 90000 00003"}, bap="other.example").quote.total == WITHOUT


def _listed(kind: str, world: World) -> list[Any]:
    return {
        "phone": lambda: phone_hashes(world.cpo, "+919876543210"),
        "email-beside-the-phone": lambda: email_hashes(world.cpo, "asha@example.com"),
        "sha256-of-the-phone": lambda: sha256_hashes(world.cpo, hashlib.sha256(b"+919876543210").hexdigest()),
        "sha256-of-the-email": lambda: sha256_hashes(world.cpo, hashlib.sha256(b"asha@example.com").hexdigest()),
    }[kind]()


@pytest.mark.parametrize("kind", ["phone", "email-beside-the-phone", "sha256-of-the-phone", "sha256-of-the-email"])
def test_a_named_list_knows_a_contact_however_it_was_given(kind: str) -> None:
    world = make_world()
    on_list(world, _listed(kind, world))
    own = segment(world, "own", {"fact": "LIST", "values": ["fleet"]})
    make_offer(world.cpo, segment_ids=["own"])
    assert init(world, billing={"phone": "+91 90000 00001", "email": "other@example.com"}).quote.total == WITHOUT
    assert init(world).quote.total == WITH
    with cpo_scope(world.cpo):
        assert count_members(own, timezone.now()).inside == 1
        assert count_members(own, timezone.now()).customers == 2


def test_at_select_it_is_quoted_as_if_it_held_and_marked() -> None:
    priced = select(make({"fact": "TIER", "values": ["Gold"]}))
    assert priced.quote.total.amount == WITH
    [outcome] = priced.trace.outcomes
    assert (outcome.outcome.value, outcome.depends_on_identity) == ("APPLIED", True)


def test_at_init_without_a_contact_it_does_not_hold() -> None:
    placed = init(make({"fact": "NEW"}), billing={"name": "Nobody"})
    [outcome] = placed.priced.trace.outcomes
    assert (placed.quote.total, outcome.outcome.value, outcome.depends_on_identity) == (WITHOUT, "INELIGIBLE", True)
    assert outcome.reason is not None
    assert outcome.reason.actual == "none"


def test_an_opted_in_offer_of_another_segment_is_left_out_and_not_refused() -> None:
    world = make({"fact": "TIER", "values": ["Gold"]})
    placed = init(world, ask=ask_for(opted_in=("weekend-discount-25",)))
    assert placed.quote.total == WITHOUT


def test_the_facts_ride_along_in_the_usage_query() -> None:
    world = make(TWICE)
    make_offer(world.cpo, "limited", total_uses=5, display_code="")
    customer = asha(world)
    select(world, customer=customer, identity_required=True)  # the book is built
    counts = {}
    for name, said in {"known": {"customer": customer}, "unknown": {}}.items():
        with CaptureQueriesContext(connection) as queries:
            select(world, **said)
        counts[name] = [
            x["sql"] for x in queries if "offers_offercounter" in x["sql"] or "charging_customer" in x["sql"]
        ]
    assert (len(counts["known"]), len(counts["unknown"])) == (1, 1)
    assert "charging_customerrecord" in counts["known"][0]
    assert "charging_customerrecord" not in counts["unknown"][0]


def test_another_cpos_sessions_and_lists_count_for_nothing() -> None:
    here, there = make({"fact": "RETURNING"}), make_world("cpo2.com", item_id="there-01")
    charged(there, ago=DAY)
    assert init(here).quote.total == WITHOUT
    with cpo_scope(there.cpo), pytest.raises(ValidationError) as refused:
        save_segment(there.cpo, SegmentContent("x", "X", ({"fact": "SEGMENT", "values": ["own"]},)))
    assert refused.value.message_dict == {
        "conditions": ["Condition 1: you have no segment “own”: choose one of yours."]
    }


def test_a_changed_segment_makes_a_new_book() -> None:
    world = make({"fact": "NEW"})
    charged(world, ago=DAY)
    assert init(world).quote.total == WITHOUT
    with cpo_scope(world.cpo):
        before = BookRevision.objects.get().revision
        row = Segment.objects.get()
        save_segment(world.cpo, SegmentContent("own", "Own", ({"fact": "RETURNING"},)), row)
        assert BookRevision.objects.get().revision == before + 1
    assert init(world, billing=ASHA).quote.total == WITH


def test_a_used_segment_is_not_deleted_by_anybody() -> None:
    world = make({"fact": "NEW"})
    with cpo_scope(world.cpo):
        row = Segment.objects.get()
        with pytest.raises(ValidationError) as refused:
            delete_segment(row)
        assert refused.value.messages == [
            "“Own” is used by the offer weekend-discount-25: take it out there before you delete it."
        ]
        with pytest.raises(IntegrityError, match="used by the offer weekend-discount-25"), transaction.atomic():
            Segment.objects.all().delete()
        assert Segment.objects.count() == 1
        offer = Offer.objects.get()
        archive(end(offer))
        delete_segment(row)
        assert Segment.objects.count() == 0
        assert book_for(world.cpo).book.get("weekend-discount-25") is None


def test_a_draft_uses_its_segment_and_an_unknown_one_is_refused() -> None:
    world = make_world()
    row = segment(world, "own", {"fact": "NEW"})
    with pytest.raises(ValidationError) as refused:
        create_offer(world.cpo, "spring", weekend(segment_ids=("gold",)))
    assert refused.value.message_dict == {"segment_ids": ["You have no segment “gold”: give the id of one of yours."]}
    offer = create_offer(world.cpo, "spring", weekend(segment_ids=("own", "own ")))
    with cpo_scope(world.cpo):
        assert OfferVersion.objects.get().segment_ids == ["own"]
        with pytest.raises(ValidationError, match="used by the offer spring"):
            delete_segment(row)
    publish(offer)
    with cpo_scope(world.cpo):
        [terms] = book_for(world.cpo).book.all()
        assert [x.name for x in terms.segments] == ["Own"]


@pytest.mark.django_db(transaction=True)
def test_publishing_and_deleting_race_to_one_of_two_ends() -> None:
    world = make_world()
    row = segment(world, "own", {"fact": "NEW"})

    def act(number: int) -> str:
        try:
            with cpo_scope(world.cpo):
                if number % 2:
                    delete_segment(Segment.objects.get(pk=row.pk))
                    return "deleted"
                create_offer(world.cpo, f"spring-{number}", weekend(segment_ids=("own",), display_code=""))
                return "used"
        except (ValidationError, Segment.DoesNotExist):
            return "refused"

    answers = run_at_once(6, act)
    with cpo_scope(world.cpo):
        used, there = OfferVersion.objects.count(), Segment.objects.count()
    assert (answers.count("used"), answers.count("deleted")) in ({(3, 0)} if there else {(0, 1)})
    assert used == answers.count("used")


@pytest.mark.django_db(transaction=True)
def test_two_changes_at_once_cannot_close_a_circle() -> None:
    world = make_world()
    rows = [segment(world, name, {"fact": "NEW"}) for name in ("a", "b")]

    def join(number: int) -> str:
        own, other = rows[number], rows[1 - number]
        content = SegmentContent(own.segment_id, own.name, ({"fact": "SEGMENT", "values": [other.segment_id]},))
        try:
            save_segment(world.cpo, content, own)
        except ValidationError as refusal:
            return refusal.messages[0]
        return "saved"

    answers = run_at_once(2, join)
    assert answers.count("saved") == 1
    assert set(answers) - {"saved"} <= {
        "“A” refers to itself through “B”: take one of them out.",
        "“B” refers to itself through “A”: take one of them out.",
    }


def test_an_opted_in_offer_for_somebody_else_says_so_in_the_trace() -> None:
    world = make(TWICE)
    charged(world, ago=DAY)
    [outcome] = init(world).priced.trace.outcomes
    assert outcome.reason is not None
    assert outcome.reason.margin == "Own: 1 of 2 sessions in the last 30 days"
