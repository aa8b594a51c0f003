"""The short way to what offers give comes to what the price says, and a replay to what two prices a session say."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from offers.engine.backtest import Backtest, PastSession, Setting
from offers.engine.backtest.worlds import World
from offers.engine.explain import cart_of
from offers.engine.limits import has_limit
from offers.engine.step import OfferStep, Verdict
from offers.engine.values import OfferLimits, Outcome, ReasonCode
from pricing.engine.price import price
from pricing.engine.values import Cart, EnergyMeasure
from tests.offers.engine.samples import cart, offer, step
from tests.offers.engine.test_properties import money, rules, stacks, tariffs, with_coffee
from tests.offers.engine.test_type_properties import MOST, pools
from tests.pricing.engine.samples import SATURDAY, ask


def traced(priced: OfferStep, bill: Cart) -> dict[str, Decimal]:
    """Return what the offers give by the trace of a price."""
    outcomes = priced(bill).trace.outcomes
    return {x.offer_id: x.saving.amount for x in outcomes if x.outcome is Outcome.APPLIED}


@settings(deadline=None, max_examples=150)
@given(pools, tariffs, st.integers(1, MOST), st.booleans(), rules)
def test_the_verdict_is_what_the_trace_says(pool, terms, wh, ordered, buyer_and_cpo):
    request = with_coffee(ask(EnergyMeasure(wh)), ordered)
    quote = price(request, replace(terms, maximum_wh=MOST), discounts=step(*pool, **buyer_and_cpo))
    found = step(*pool, **buyer_and_cpo).verdict(cart_of(quote))
    applied = [x for x in quote.trace.outcomes if x.outcome is Outcome.APPLIED]
    assert found.amounts == {x.offer_id: x.saving.amount for x in applied}
    unapplied = {x.offer_id: x.outcome for x in quote.trace.outcomes if x.offer_id not in found.amounts}
    judged = {x: y.outcome for x, y in found.appraisals.items() if x not in found.amounts}
    asked_for_nothing = unapplied.keys() - judged.keys()
    assert judged == {x: y for x, y in unapplied.items() if x not in asked_for_nothing}
    assert asked_for_nothing == buyer_and_cpo["opted_in"] - {x.offer_id for x in pool}
    reasons = {x.offer_id: x.reason.code for x in quote.trace.outcomes if x.offer_id in judged}
    assert {x: _reason(found, x) for x in judged} == reasons


def _reason(found: Verdict, offer_id: str) -> ReasonCode:
    failed = [x.code for x in found.appraisals[offer_id].checks if not x.passed]
    return failed[0] if failed else found.left_out(offer_id)


limits = st.builds(
    lambda uses, own, own_of_day, budget, of_day: OfferLimits(
        total_uses=uses,
        uses_per_customer=own,
        uses_per_customer_day=own_of_day,
        budget=budget,
        budget_per_day=of_day,
        redemption_cap=None if budget is None and of_day is None else Decimal(30),
    ),
    st.sampled_from([None, None, 1, 3]),
    st.sampled_from([None, None, 1]),
    st.sampled_from([None, None, 1]),
    st.sampled_from([None, None, Decimal(60)]),
    st.sampled_from([None, None, Decimal(40)]),
)
sessions = st.lists(
    st.tuples(st.integers(1, 4000), st.integers(0, 30), st.sampled_from(["", "ann", "bob"]), st.booleans()),
    min_size=1,
    max_size=8,
)


def in_full(priced: OfferStep, bill: Cart) -> Verdict:
    """Return the verdict by the trace and the lines of a price."""
    answer = priced(bill)
    listed, reasons = answer.listed, {x.offer_id: x.reason for x in answer.trace.outcomes}
    added = sum((x.amount.amount for x in listed), -sum(x.amount.amount for x in bill.lines)) if listed else Decimal(0)
    return Verdict(traced(priced, bill), priced.verdict(bill).appraisals, added, lambda x: reasons[x].code)


class InFull(Backtest):
    """A replay that prices every session in both worlds, each with its whole trace, and shares nothing."""

    def _before_draft(self, session, judged):
        return self._step(self._before, session, draft=False).verdict(session.cart)

    def _alike(self, session, judged):
        return False

    def _step(self, world: World, session: PastSession, *, draft: bool):
        made = super()._step(world, session, draft=draft)

        class Traced:
            def __call__(self, bill):
                return made(bill)

            def verdict(self, bill):
                return in_full(made, bill)

        return Traced()


@settings(deadline=None, max_examples=150)
@given(pools, st.lists(limits, min_size=6, max_size=6), stacks, sessions, money(1, 50), st.booleans())
def test_a_replay_shares_between_its_worlds_only_what_is_the_same(pool, of_offers, stack, played, percent, auto):
    live = [replace(x, limits=y) for x, y in zip(pool, of_offers, strict=False)]
    draft = offer("d", str(percent), auto=auto, additive=True, **_limits_of(of_offers[-1]))
    setting = Setting("INR", stack=stack)
    short, full = Backtest(live, draft, setting), InFull(live, draft, setting)
    for number, (wh, hours, customer, was_given) in enumerate(played):
        bill = replace(cart(f"{wh * 18 / 1000:.2f}"), energy_wh=wh)
        request = replace(bill.request, planned_start=SATURDAY + timedelta(hours=hours))
        gave = {live[0].offer_id: Decimal(1)} if was_given and live else {}
        one = PastSession(
            str(number),
            replace(bill, request=request),
            "station-1",
            "EV_CHARGING",
            customer,
            request.planned_start,
            gave,
        )
        short.play(one)
        full.play(one)
    assert short.result() == full.result()
    assert any(has_limit(x.limits) for x in live) or not short._apart


def _limits_of(found: OfferLimits) -> dict[str, object]:
    return {name: value for name in OfferLimits.__slots__ if (value := getattr(found, name))}
