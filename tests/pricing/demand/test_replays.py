"""A back-test is asked for, run once whatever happens to its worker, and replays what the sessions say was in use."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from cpo_portal.accounts.leases import claim
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import ChargingSession
from cpo_portal.charging.payments.reports import create_gateway
from cpo_portal.network.models import Connector
from offers.tasks import settle_stopped
from pricing.demand import replays
from pricing.demand.history import Occupied, connectors_of, history_of, observed
from pricing.demand.replay_words import NO_FORECAST, page
from pricing.demand.replays import ask_for_replay, result_of, run_replays
from pricing.engine.demand import DemandLevel
from pricing.engine.demand_history import PastSession, StaticSurge
from pricing.models import DemandPolicy, DemandReplay, Signal
from tests.offers.ordering.sale import Sale
from tests.people import make_member, signed_in
from tests.pricing.demand.samples import MINUTE, PROMPT, make_policy
from tests.processes import run_at_once
from tests.world import World, make_world

pytestmark = pytest.mark.django_db(transaction=True)
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
ONE_LEVEL = replace(PROMPT, levels=(DemandLevel(Decimal("0.6"), Decimal("0.4"), Decimal(20)),))


def at(minutes: float) -> datetime:
    return NOON + minutes * MINUTE


IN_USE: dict[str, tuple[list[Occupied], list[int]]] = {
    "nothing": ([], [0, 0, 0, 0]),
    "from-start-to-before-its-end": ([Occupied(1, at(5), at(10))], [0, 2, 0, 0]),
    "between-two-instants": ([Occupied(1, at(6), at(9))], [0, 0, 0, 0]),
    "since-before-and-until-after": ([Occupied(2, at(-60), at(60))], [1, 1, 1, 1]),
    "one-after-the-other": ([Occupied(1, at(0), at(5)), Occupied(1, at(5), at(12))], [2, 2, 2, 0]),
    "overlapping-at-one-charger": ([Occupied(1, at(0), at(11)), Occupied(1, at(4), at(6))], [2, 2, 2, 0]),
    "at-two-chargers": ([Occupied(1, at(0), at(6)), Occupied(2, at(3), at(16))], [2, 3, 1, 1]),
}


@pytest.mark.parametrize(("occupied", "expected"), IN_USE.values(), ids=IN_USE)
def test_connectors_are_in_use_while_a_session_overlaps(occupied: list[Occupied], expected: list[int]) -> None:
    found = list(observed(occupied, {1: 2, 2: 1}, at(-2), at(18)))
    assert [(x.observed_at, x.reporting, x.busy) for x in found] == [
        (at(5 * n), 3, count) for n, count in enumerate(expected)
    ]


SIGNALLED: dict[str, tuple[dict[str, Any], list[int]]] = {
    "from-its-start-to-before-its-end": ({"starts_at": at(0), "ends_at": at(10)}, [0, 5]),
    "once-its-notice-was-over": ({"counts_from": at(4)}, [5, 10, 15]),
    "until-it-was-stale": ({"stale_after": at(6)}, [0, 5]),
    "until-it-was-withdrawn": ({"withdrawn_at": at(5)}, [0]),
    "withdrawn-within-its-notice": ({"counts_from": at(4), "withdrawn_at": at(3)}, []),
    "elsewhere": ({"states": ["Goa"]}, []),
    "of-another-kind": ({"kind": "WEATHER"}, []),
}


@pytest.mark.parametrize(("said", "minutes"), SIGNALLED.values(), ids=SIGNALLED)
@pytest.mark.django_db
def test_the_grid_was_stressed_while_a_signal_counted(said: dict[str, Any], minutes: list[int]) -> None:
    world = make_world()
    named = {"signal_id": "s", "kind": "GRID_STRESS", "title": "Stress", "source": "NLDC"}
    times = {"starts_at": at(-60), "counts_from": at(-60), "ends_at": at(60)}
    with cpo_scope(world.cpo):
        Signal.objects.create(cpo=world.cpo, **(named | times | said))
        found = list(history_of(world.location, "INR", at(-2), at(18)).observations)
    assert [x.observed_at for x in found if x.grid_stress] == [at(n) for n in minutes]


@pytest.fixture
def sold(world: World) -> World:
    """Two sessions of 5 kWh were billed: one from three hours ago for an hour, one that began half an hour later."""
    with cpo_scope(world.cpo):
        gateway, secret = create_gateway(world.cpo, name="Pay", pay_url="https://pay.example/$transaction_id/$amount")
    for number, (start, minutes) in enumerate(((180, 60), (150, 10))):
        sale = Sale(world, secret, gateway)
        sale.init(transaction_id=f"t-{number}")
        sale.pay("118.00")
        sale.start(sale.confirm())
        sale.charge(5000)
        assert settle_stopped() > 0
        began = timezone.now().replace(second=0, microsecond=0) - start * MINUTE
        with cpo_scope(world.cpo):
            ChargingSession.objects.filter(session_id="s-1").update(
                session_id=f"done-{number}", started_at=began, stopped_at=began + minutes * MINUTE
            )
    return world


@pytest.fixture
def policy(sold: World) -> DemandPolicy:
    return make_policy(sold.cpo, ONE_LEVEL)


def ask(policy: DemandPolicy, days: int = 30, **said: Any) -> DemandReplay:
    with cpo_scope(policy.cpo):
        return ask_for_replay(policy, days, now=timezone.now(), **said)


def fresh(run: DemandReplay) -> DemandReplay:
    with cpo_scope(run.cpo):
        return DemandReplay.objects.select_related("cpo", "policy").get(pk=run.pk)


def test_a_history_is_made_of_sessions(sold: World) -> None:
    now = timezone.now()
    with cpo_scope(sold.cpo):
        found = history_of(sold.location, "INR", now - timedelta(days=1), now)
        first, second = ChargingSession.objects.order_by("started_at")
        assert connectors_of(sold.location, {sold.charger.pk}) == {sold.charger.pk: 1}
        Connector.objects.update(is_published=False)
        assert connectors_of(sold.location, {sold.charger.pk}) == {sold.charger.pk: 1}
        assert connectors_of(sold.location, ()) == {}
    assert list(found.sessions) == [
        PastSession(first.started_at, 5000, Decimal(90)),
        PastSession(second.started_at, 5000, Decimal(90)),
    ]
    busy = [x.observed_at for x in found.observations if x.busy]
    assert (len(busy), min(busy) - first.started_at < 5 * MINUTE) == (12, True)


def test_a_replay_prices_each_session_at_the_level_of_its_start(policy: DemandPolicy) -> None:
    run = ask(policy, static=StaticSurge((), Decimal(10)))
    assert (run.state, run.total, run_replays(), run_replays()) == ("QUEUED", 1, 1, 0)
    run = fresh(run)
    assert (run.state, run.done, run.attempts, run.error) == ("DONE", 1, 1, "")
    found = result_of(run)
    assert found is not None
    demand, static = found.total.demand, found.total.static
    assert static is not None
    # The second began while the first was on; the first had the place for itself.
    assert (demand.sessions, demand.surcharged, demand.median_surcharge) == (2, 1, Decimal("18.00"))
    assert (static.surcharged, static.median_surcharge) == (2, Decimal("9.00"))
    # The place was in use for an hour, less the notice that the CPO promises.
    assert dict(demand.spans)[1] == 45 * MINUTE
    assert demand.revenue(Decimal(0)).amount == Decimal("198.00")
    assert [x.amount for x in found.total.without.revenues] == [Decimal("180.00")] * 4
    with cpo_scope(run.cpo):
        tables = dict(page(run))
    assert "₹198.00 for 10 kWh (+₹18.00)" in tables["What energy and surcharges would have brought"]
    assert "10 %, at all times" in tables["What energy and surcharges would have brought"]
    assert "1 (50.0 %)" in tables["How often and how much"]
    assert ">45 min<" in tables["Time at each level"]


def test_two_workers_run_it_once(policy: DemandPolicy) -> None:
    run = ask(policy)
    assert sorted(run_at_once(2, lambda _: run_replays())) == [0, 1]
    assert (fresh(run).state, fresh(run).attempts) == ("DONE", 1)


def test_what_a_worker_died_over_is_given_up_after_three(policy: DemandPolicy) -> None:
    run = ask(policy)
    for _ in range(3):
        assert claim(DemandReplay, replays.LEASE, longest="requested_at", related="policy") is not None
        with cpo_scope(run.cpo):
            DemandReplay.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert run_replays() == 1
    assert (fresh(run).state, fresh(run).error) == ("FAILED", "It was begun 3 times and never came to its end.")


def test_a_fault_of_ours_is_told(policy: DemandPolicy, monkeypatch: pytest.MonkeyPatch) -> None:
    def fall(*_: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(replays, "history_of", fall)
    run = ask(policy)
    assert run_replays() == 1
    assert (fresh(run).state, fresh(run).error) == ("FAILED", "It failed on our side: ask for it again.")


def refused(policy: DemandPolicy, days: int) -> Any:
    with pytest.raises(ValidationError) as refusal:
        ask(policy, days)
    with cpo_scope(policy.cpo):
        assert not DemandReplay.objects.exists()
    return refusal.value


def test_what_cannot_be_replayed_is_refused(policy: DemandPolicy) -> None:
    sentence = ["Replay between 1 and 366 days."]
    assert [refused(policy, days).message_dict for days in (0, 367)] == [{"days": sentence}] * 2
    elsewhere = make_policy(policy.cpo, policy_id="elsewhere", location_tags=["highway"])
    assert refused(elsewhere, 30).messages == ["No location is in the scope of this policy: name others first."]
    other = make_policy(make_world("cpo2.com", item_id="there-01").cpo)
    assert refused(other, 30).message_dict == {
        "days": ["No session was billed there in the last 30 days: replay a longer time."]
    }


def test_three_at_a_time_are_enough(policy: DemandPolicy) -> None:
    for _ in range(3):
        ask(policy)
    with pytest.raises(ValidationError, match=r"3 back-tests are under way: wait until one is done\."):
        ask(policy)


def test_the_button_asks_and_its_page_tells(policy: DemandPolicy) -> None:
    browser = signed_in(make_member(policy.cpo, "manager", "MANAGER"))  # type: ignore[arg-type]
    button = f"/admin/pricing/demandpolicy/{policy.pk}/backtest_policy/"
    form = {"_form_submitted": "True", "days": "30", "percent": "", "windows-0-start": "18:00"}
    form |= {"windows-0-end": "21:00", "windows-0-weekdays": "1"}
    told = browser.post(button, form).content.decode()
    assert "Say how many percent these hours add, or leave them empty." in told
    waiting = browser.post(button, form | {"percent": "15"}, follow=True)
    assert "Waiting" in waiting.content.decode()
    assert "15 %, Mondays 18:00–21:00" in waiting.content.decode()
    assert waiting.headers["Refresh"] == "3"
    run_replays()
    with cpo_scope(policy.cpo):
        run = DemandReplay.objects.get()
    done = browser.get(f"/admin/pricing/demandreplay/{run.pk}/change/")
    shown = done.content.decode()
    assert (NO_FORECAST in shown, "Elasticity −0.76" in shown, "Refresh" in done.headers) == (True, True, False)
