"""A back-test is asked for, run once whatever happens to its worker, and replays what was really billed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from cpo_portal.accounts.leases import claim
from cpo_portal.accounts.runs import RunState
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import ChargingSession, CustomerGroup, Order
from cpo_portal.charging.segments.stored import SegmentContent, save_segment
from offers.backtest import runs
from offers.backtest.history import known_of, past_sessions
from offers.backtest.runs import ask_for_backtest, run_backtests
from offers.backtest.words import assumptions, page, result_of
from offers.engine.backtest import OfGroup, Touched
from offers.engine.values import ReasonCode
from offers.mapping import offer_terms
from offers.models import BacktestRun, Offer, Quote
from offers.tasks import settle_stopped
from pricing.models import HolidayCalendar
from tests.offers.ordering import test_giving as giving
from tests.offers.ordering.sale import Sale
from tests.offers.ordering.test_types import live, sold
from tests.prepaid import family
from tests.processes import run_at_once
from tests.world import ask_for, make_offer, make_world

pytestmark = pytest.mark.django_db(transaction=True)
EVER = datetime(2026, 1, 1, tzinfo=UTC)


def ask(offer: Offer, days: int = 30, **said: Any) -> BacktestRun:
    with cpo_scope(offer.cpo):
        return ask_for_backtest(offer, days, now=timezone.now(), **said)


def fresh(run: BacktestRun) -> BacktestRun:
    with cpo_scope(run.cpo):
        return BacktestRun.objects.select_related("cpo", "offer").get(pk=run.pk)


def test_a_replay_prices_what_was_billed(draft: Offer) -> None:
    run = ask(draft)
    assert (run.state, run.total, run_backtests()) == ("QUEUED", 1, 1)
    run = fresh(run)
    assert (run.state, run.done, run.attempts, run.error) == ("DONE", 1, 1, "")
    assert run.finished_at is not None
    found = result_of(run)
    assert found is not None
    # Half of 93.60 in place of the 23.40 that was given.
    assert (found.sessions, found.billed, found.touched) == (1, Decimal("23.40"), Touched(1, Decimal("46.80")))
    assert [(one.kind, one.name) for one in found.by_group] == [
        ("Buyer app", "bap.example"),
        ("Location", "Connaught Place Station"),
    ]


def test_the_cost_is_told_by_segment(draft: Offer) -> None:
    with cpo_scope(draft.cpo):
        save_segment(
            draft.cpo, SegmentContent("calm", "Calm", ({"fact": "TIER", "values": ["Gold"], "negated": True},))
        )
        save_segment(draft.cpo, SegmentContent("gold", "Gold", ({"fact": "TIER", "values": ["Gold"]},)))
    run = ask(draft)
    run_backtests()
    with cpo_scope(draft.cpo):
        done = fresh(run)
        found, said, tables = result_of(done), assumptions(done), dict(page(done))
    assert found is not None
    assert found.by_group[2:] == (OfGroup("Segment", "Calm (calm)", Touched(1, Decimal("46.80"))),)
    assert "Calm (calm)" in tables["By segment"]
    assert "₹46.80" in tables["By segment"]
    assert said[-2:] == [
        "A driver's segments are judged by their sessions and energy of then; tier, organisation, day of joining and "
        "lists are those of today, as are the segments' rules.",
        "A driver may be in several segments: what they cost may add up to more than the offer's cost.",
    ]


def test_who_was_new_then_gets_the_offer_for_new_customers(billed: Sale) -> None:
    """Two sessions of one customer, the second bought after the first had stopped."""
    cpo = billed.world.cpo
    with cpo_scope(cpo):
        ended = timezone.now() - timedelta(minutes=1)
        Order.objects.update(created_at=ended - timedelta(minutes=21))
        ChargingSession.objects.update(started_at=ended - timedelta(minutes=20), stopped_at=ended)
    billed.init(transaction_id="t-2")
    billed.pay()
    billed.start(billed.confirm())
    billed.charge(5200, session="s-2")
    settle_stopped()
    with cpo_scope(cpo):
        save_segment(cpo, SegmentContent("new", "New", ({"fact": "NEW"},)))
        save_segment(cpo, SegmentContent("known", "Known", ({"fact": "RETURNING"},)))
        # Bought later and billed first.
        Quote.objects.filter(is_bill=True, order__transaction_id="t-2").update(created_at=ended)
        played = list(past_sessions(EVER, timezone.now(), known_of(cpo, (), since=EVER, now=timezone.now())))
        assert [x.bought_at for x in played] == list(
            Order.objects.order_by("created_at").values_list("created_at", flat=True)
        )
    half = {"value": Decimal(50), "value_cap": None, "display_code": ""}
    for_new = make_offer(cpo, "for-new", segment_ids=["new"], **half)
    run = ask(for_new)
    run_backtests()
    with cpo_scope(cpo):
        found = result_of(fresh(run))
    assert found is not None
    # Half of 93.60, once; the other session was a known customer's.
    assert (found.sessions, found.touched) == (2, Touched(1, Decimal("46.80")))
    assert [(one.reason, one.sessions) for one in found.kept_out] == [(ReasonCode.SEGMENT, 1)]
    assert found.by_group[2:] == (OfGroup("Segment", "New (new)", Touched(1, Decimal("46.80"))),)


def test_a_result_from_before_segments_were_of_then_says_so(draft: Offer) -> None:
    with cpo_scope(draft.cpo):
        save_segment(draft.cpo, SegmentContent("new", "New", ({"fact": "NEW"},)))
    run = ask(draft)
    run_backtests()
    with cpo_scope(draft.cpo):
        done = fresh(run)
        done.result = {name: value for name, value in (done.result or {}).items() if name != "facts_of_then"}
        told = "Segments are those of today: who is in one now is taken to have been in it then."
        assert told in assumptions(done)


def test_an_offer_that_no_session_got_is_said_with_what_it_asks_for(billed: Sale) -> None:
    rich = make_offer(billed.world.cpo, "rich", name="For the rich", value=Decimal(50), min_value=Decimal(500))
    run = ask(rich)
    run_backtests()
    with cpo_scope(rich.cpo):
        done = fresh(run)
        said, tables = assumptions(done)[0], dict(page(done))
    assert said.startswith("No session got it. The session is worth less than its minimum (1). It says: Takes 50 % off")
    assert "Takes 50 % off energy and add-ons, at most ₹100.00, from ₹500.00" in said
    assert "The session is worth less than its minimum" in tables["Why sessions did not get it"]


def test_a_result_from_before_reasons_were_counted_is_still_said(billed: Sale) -> None:
    rich = make_offer(billed.world.cpo, "rich", name="For the rich", value=Decimal(50), min_value=Decimal(500))
    run = ask(rich)
    run_backtests()
    with cpo_scope(rich.cpo):
        done = fresh(run)
        done.result = {name: value for name, value in (done.result or {}).items() if name != "kept_out"}
        said, tables = assumptions(done)[0], dict(page(done))
    assert said.startswith("No session got it: none met all that it asks for, or others of your offers were chosen in")
    assert "Why sessions did not get it" not in tables


def test_the_offer_that_was_given_then_is_displaced(draft: Offer) -> None:
    with cpo_scope(draft.cpo):
        Offer.objects.filter(pk=draft.pk).update(state="DRAFT")
    run = ask(draft)
    run_backtests()
    found = result_of(fresh(run))
    assert found is not None
    (displaced,) = found.displaced
    assert (displaced.offer_id, displaced.without, displaced.with_draft) == (
        "weekend-discount-25",
        Touched(1, Decimal("23.40")),
        Touched(),
    )
    assert (found.touched.amount, found.extra) == (Decimal("46.80"), Decimal("23.40"))


def test_holidays_of_the_past_count_for_a_draft_that_lies_ahead(billed: Sale) -> None:
    cpo, today = billed.world.cpo, timezone.now().date()
    days = [today + timedelta(days=n) for n in (-1, 0, 1)]
    with cpo_scope(cpo):
        named = [{"date": day.isoformat(), "name": "Feast"} for day in days]
        HolidayCalendar.objects.create(cpo=cpo, calendar_id="delhi", name="Delhi", days=named)
    ahead = {"valid_from": timezone.now() + timedelta(days=60), "valid_until": timezone.now() + timedelta(days=90)}
    rule = {"holiday_calendar": "delhi", "value": Decimal(50), "value_cap": None}
    feast = make_offer(cpo, "feast", holidays="ONLY", display_code="FEAST", **rule, **ahead)
    workday = make_offer(cpo, "workday", holidays="EXCEPT", display_code="WORK", **rule, **ahead)
    runs_asked = [ask(offer) for offer in (feast, workday)]
    assert [run_backtests() for _ in runs_asked] == [1, 1]
    found = [result_of(fresh(run)) for run in runs_asked]
    assert [one and one.touched for one in found] == [Touched(1, Decimal("46.80")), Touched()]


def test_a_shared_limit_counts_the_groups_of_today(billed: Sale) -> None:
    cpo = billed.world.cpo
    said = {"value": Decimal(50), "value_cap": None, "display_code": "", "uses_per_customer": 1}
    alone = make_offer(cpo, "alone", state="PAUSED", **said)
    together = make_offer(cpo, "together", shared_in_groups=True, **said)
    with cpo_scope(cpo):
        family(cpo, "+91-9876543210")
        known = known_of(cpo, [offer_terms(together, together.live_version)], since=EVER, now=timezone.now())
        [group] = CustomerGroup.objects.all()
        [played] = past_sessions(EVER, timezone.now(), known)
        assert played.member_of == (str(group.pk),)
        unasked = known_of(cpo, [offer_terms(alone, alone.live_version)], since=EVER, now=timezone.now())
        assert unasked.groups == {}
    run = ask(together)
    run_backtests()
    with cpo_scope(cpo):
        done = fresh(run)
        told = "Groups are those of today: who is in one now is taken to have shared its uses then."
        assert told in assumptions(done)
        found = result_of(done)
        assert found is not None
        assert found.touched == Touched(1, Decimal("46.80"))


def test_two_workers_run_it_once(draft: Offer) -> None:
    run = ask(draft)
    assert sorted(run_at_once(2, lambda _: run_backtests())) == [0, 1]
    assert (fresh(run).state, fresh(run).attempts) == ("DONE", 1)


def claimed() -> BacktestRun | None:
    return claim(BacktestRun, runs.LEASE, longest="requested_at", related="offer")


def test_what_a_worker_died_over_is_taken_over_and_given_up_after_three(draft: Offer) -> None:
    run = ask(draft)
    with cpo_scope(run.cpo):
        rows = BacktestRun.objects.filter(pk=run.pk)
        for attempt in (1, 2, 3):
            taken = claimed()
            assert taken is not None
            assert (taken.attempts, claimed()) == (attempt, None)
            rows.update(leased_until=timezone.now() - timedelta(seconds=1))
    assert run_backtests() == 1
    assert (fresh(run).state, fresh(run).error) == ("FAILED", "It was begun 3 times and never came to its end.")


def test_a_worker_that_lost_its_lease_writes_nothing(draft: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    run = ask(draft)
    monkeypatch.setattr(runs, "STEP", 1)
    with cpo_scope(run.cpo):
        first = claimed()
        assert first is not None
        BacktestRun.objects.filter(pk=run.pk).update(leased_until=timezone.now() - timedelta(seconds=1))
        second = claimed()
        assert second is not None
        assert runs._run(first) == 0
        assert fresh(run).state == "RUNNING"
        assert runs._run(second) == 1
    assert fresh(run).state == "DONE"


def test_a_fault_of_ours_is_told_and_the_next_one_is_run(draft: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    def fall(run: BacktestRun) -> None:
        raise RuntimeError(f"no {run.pk}")

    first = ask(draft)
    with monkeypatch.context() as patched:
        patched.setattr(runs, "_replay", fall)
        assert run_backtests() == 1
    assert (fresh(first).state, fresh(first).error) == ("FAILED", "It failed on our side: ask for it again.")
    second = ask(draft)
    run_backtests()
    assert fresh(second).state == "DONE"


def test_one_run_works_off_one_and_leaves_the_rest_to_the_next(draft: Offer) -> None:
    first, second = ask(draft), ask(draft)
    assert run_backtests() == 1
    assert (fresh(first).state, fresh(second).state) == ("DONE", "QUEUED")
    assert (run_backtests(), run_backtests()) == (1, 0)
    assert fresh(second).state == "DONE"


REFUSED = {
    "no day": (0, "Replay between 1 and 366 days."),
    "more than a year": (367, "Replay between 1 and 366 days."),
}


@pytest.mark.parametrize(("days", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_days_that_cannot_be_are_refused(draft: Offer, days: int, sentence: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        ask(draft, days)
    assert refusal.value.message_dict == {"days": [sentence]}
    with cpo_scope(draft.cpo):
        assert not BacktestRun.objects.exists()


def test_nothing_to_replay_is_told() -> None:
    offer = make_offer(make_world().cpo)
    with pytest.raises(ValidationError) as refusal:
        ask(offer, 7)
    assert refusal.value.message_dict == {"days": ["No session was billed in the last 7 days: replay a longer time."]}


def test_three_at_a_time_are_enough(draft: Offer) -> None:
    for _ in range(3):
        ask(draft)
    with pytest.raises(ValidationError, match=r"3 back-tests are under way: wait until one is done\."):
        ask(draft)


def test_another_cpos_sessions_are_not_replayed(draft: Offer) -> None:
    other = make_world("cpo2.com", item_id="pe-charging-02")
    with pytest.raises(ValidationError, match="No session was billed"):
        ask(make_offer(other.cpo, "theirs"))
    run = ask(draft)
    run_backtests()
    with cpo_scope(other.cpo):
        assert not BacktestRun.objects.exists()
    assert fresh(run).state == RunState.DONE


def test_the_financing_that_a_driver_chose_is_chosen_again(sale: Sale) -> None:
    loan = {"provider": "Some Bank", "method": "EMI", "months": 6, "annual_percent": "12", "subvention_percent": "0"}
    live(sale, benefit_kind="financing", value_type="", finance_terms=(loan,), auto=False)
    placed = sale.init(replace(ask_for(), opted_in=("typed",)))
    sold(sale, 4000, f"{placed.quote.total}")
    run = ask(make_offer(sale.world.cpo, "half", name="Half off", value=Decimal(50), display_code="HALF"))
    run_backtests()
    found = result_of(fresh(run))
    assert found is not None
    # It stands alone, and what the driver chose comes before the draft.
    assert (found.sessions, found.billed, found.touched) == (1, Decimal(0), Touched())


def test_what_was_given_then_is_no_part_of_the_cart_and_is_given_again(sale: Sale) -> None:
    giving.make_product(sale.world)
    giving.live(sale.world, **giving.FREE, auto=False)
    placed = sale.init(giving.chosen(declined=("weekend-discount-25",)))
    sold(sale, 5000, f"{placed.quote.total}")
    others = make_offer(sale.world.cpo, "draft", value=Decimal(10), value_cap=None, additive=True, display_code="")
    with cpo_scope(sale.world.cpo):
        Offer.objects.filter(pk=others.pk).update(state="DRAFT")
    run = ask(others)
    run_backtests()
    found = result_of(fresh(run))
    # 10 % of the energy's 90.00 beside the free coffees, and of nothing else.
    assert found is not None
    assert (found.touched, found.billed, found.extra) == (
        Touched(1, Decimal("9.00")),
        Decimal("120.00"),
        Decimal("9.00"),
    )
