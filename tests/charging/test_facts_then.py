"""What was known of a customer at a past session: summed up and counted on, as if it had been asked for at the time."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import ChargingSession, Customer, CustomerRecord, Order
from cpo_portal.charging.segments.facts import facts_by_customer, histories
from cpo_portal.charging.segments.facts_then import History, Stop
from cpo_portal.charging.segments.rules import Condition, CustomerFacts, Fact, Rule, Segment
from tests.charging.sales import make_sale
from tests.network.places import Net, make_net

NOON = datetime(2026, 11, 7, 12, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
BASE = CustomerFacts(
    tier="Gold", joined_on=date(2024, 11, 1), vehicle_makes=("Tata",), sessions=2, last_session=NOON, energy_wh=5000
)
STOPS = (Stop(NOON + DAY, 10_000), Stop(NOON + 3 * DAY, 1, "Kia"), Stop(NOON + 5 * DAY, 7000, "Kia"))

#: When it was bought and for when, and what was known: sessions, Wh, the last one, and how many in 2 and 4 days.
KNOWN = {
    "before the first": (NOON, NOON, (2, 5000, NOON, 0, 0)),
    "a second before it stopped": (NOON + DAY - SECOND, NOON + 2 * DAY, (2, 5000, NOON, 0, 0)),
    "when it stopped": (NOON + DAY, NOON + DAY, (3, 15_000, NOON + DAY, 1, 1)),
    "two days later": (NOON + 3 * DAY - SECOND, NOON + 3 * DAY, (3, 15_000, NOON + DAY, 0, 1)),
    "for later": (NOON + DAY, NOON + 5 * DAY - SECOND, (3, 15_000, NOON + DAY, 0, 1)),
    "for later than it is counted": (NOON + DAY, NOON + 9 * DAY, (3, 15_000, NOON + DAY, 0, 0)),
    "after the last": (NOON + 5 * DAY, NOON + 5 * DAY, (5, 22_001, NOON + 5 * DAY, 1, 2)),
}


@pytest.mark.parametrize(("until", "at", "known"), KNOWN.values(), ids=KNOWN.keys())
def test_sessions_count_that_had_stopped_by_then(
    until: datetime, at: datetime, known: tuple[int, int, datetime, int, int]
) -> None:
    found = History(BASE, STOPS).facts(at=at, until=until, windows=(2, 4))
    within = tuple(count for _, count in found.sessions_within)
    assert (found.sessions, found.energy_wh, found.last_session, *within) == known
    assert (found.tier, found.joined_on) == ("Gold", date(2024, 11, 1))


@pytest.mark.parametrize(
    ("until", "said", "makes"),
    [
        pytest.param(NOON + 3 * DAY - SECOND, "", ("Tata",), id="not named yet"),
        pytest.param(NOON + 3 * DAY, "", ("Kia", "Tata"), id="named by then"),
        pytest.param(NOON, "MG", ("MG", "Tata"), id="named with the order itself"),
    ],
)
def test_a_make_is_known_from_the_session_that_names_it(until: datetime, said: str, makes: tuple[str, ...]) -> None:
    assert History(BASE, STOPS).facts(at=until, until=until, vehicle_make=said).vehicle_makes == makes


def rules() -> list[Segment]:
    conditions = (Condition(Fact.SESSIONS, number=1, days=3), Condition(Fact.SESSIONS, number=2, days=10))
    return [Segment("s", "S", (Rule("s", "S", True, conditions),))]


def past_session(net: Net, customer: Customer | None, seed: random.Random, stopped_at: datetime) -> Order:
    """Make one of an hour; some gave nothing, and some were a test."""
    start, energy = stopped_at - timedelta(hours=1), seed.choice((0, 1, 5200, 40_000))
    make = seed.choice(("", "Tata", "Kia", "MG"))
    order = make_sale(net, customer=customer, vehicle_make=make, sandbox=seed.random() < 0.1, planned_start=start).order
    made = start - timedelta(minutes=seed.randrange(3000))
    Order.objects.filter(pk=order.pk).update(created_at=made)
    ChargingSession.objects.create(
        cpo=net.cpo,
        order=order,
        system=net.system,
        connector=order.connector,
        session_id=f"{order.pk}",
        state="STOPPED",
        started_at=start,
        stopped_at=stopped_at,
        start_register_wh=1000,
        last_register_wh=1000 + energy,
        last_reading_at=stopped_at,
    )
    order.refresh_from_db()
    return order


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(8))
def test_it_is_what_would_have_been_found_at_the_time(seed: int) -> None:
    chance, net = random.Random(seed), make_net("cpo1.com", "One")
    with cpo_scope(net.cpo):
        people = [Customer.objects.create(cpo=net.cpo) for _ in range(3)]
        CustomerRecord.objects.create(cpo=net.cpo, customer=people[0], tier="Gold", vehicle_make="BYD")
        offsets = sorted(chance.randrange(20 * 24 * 60) for _ in range(24))
        orders = [
            past_session(net, chance.choice([*people, None]), chance, NOON + timedelta(minutes=x)) for x in offsets
        ]
        since = min(x.created_at for x in orders[8:]) - 10 * DAY
        known = dict(histories(net.cpo, rules(), at=NOON + 25 * DAY, since=since))
        assert set(known) >= {x.pk for x in people}
        compared = 0
        for order in orders[8:]:
            if order.customer_id is None:
                continue
            then = {"at": order.planned_start, "until": order.created_at}
            asked = dict(facts_by_customer(net.cpo, rules(), **then))[order.customer_id]
            assert known[order.customer_id].facts(windows=(3, 10), **then) == asked
            compared += 1
        assert compared
