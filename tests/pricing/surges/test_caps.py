"""The bound of all surges: a higher one counts once its notice is over, in the rule, the table and the price."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Connector
from offers.quoting import SessionAsk, price_session
from pricing.engine.values import EnergyMeasure, LineKind
from pricing.models import SurgePolicy
from pricing.surges.caps import Cap, changed
from tests.pricing.surges.samples import FIFTH, make_schedule, no_notice, publish
from tests.world import World, make_world

NOW = datetime(2027, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
TEN, TWENTY, THIRTY = Decimal(10), Decimal(20), Decimal(30)

CHANGES = [
    pytest.param(Cap(TWENTY), TEN, Cap(TEN), id="lower, at once"),
    pytest.param(Cap(TWENTY), TWENTY, Cap(TWENTY), id="the same"),
    pytest.param(Cap(), TEN, Cap(TEN), id="one where there was none"),
    pytest.param(Cap(), None, Cap(), id="none as before"),
    pytest.param(Cap(TEN), TWENTY, Cap(TWENTY, NOW + DAY, TEN), id="higher, announced"),
    pytest.param(Cap(TEN), None, Cap(None, NOW + DAY, TEN), id="no bound any more"),
    pytest.param(Cap(THIRTY, NOW + HOUR, TEN), TWENTY, Cap(TWENTY, NOW + HOUR, TEN), id="less than was announced"),
    pytest.param(Cap(None, NOW + HOUR, TEN), THIRTY, Cap(THIRTY, NOW + HOUR, TEN), id="a bound after all"),
    pytest.param(Cap(THIRTY, NOW + HOUR, TEN), None, Cap(None, NOW + DAY, TEN), id="more than was announced"),
    pytest.param(Cap(THIRTY, NOW + HOUR, TEN), TEN, Cap(TEN), id="taken back"),
    pytest.param(Cap(THIRTY, NOW, TEN), TWENTY, Cap(TWENTY), id="the notice is just over"),
    pytest.param(Cap(TWENTY, NOW, TEN), THIRTY, Cap(THIRTY, NOW + DAY, TWENTY), id="a second rise"),
]


@pytest.mark.parametrize(("cap", "percent", "expected"), CHANGES)
def test_only_a_higher_cap_waits_for_its_notice(cap: Cap, percent: Decimal | None, expected: Cap) -> None:
    assert changed(cap, percent, now=NOW, notice=DAY) == expected


_PERCENTS = st.one_of(st.none(), st.decimals(0, 100, places=0))
_HOURS = st.integers(0, 100)


def _most(cap: Cap, at: datetime) -> Decimal:
    percent = cap.at(at)
    return Decimal("Infinity") if percent is None else percent


@given(st.lists(st.tuples(_PERCENTS, _HOURS, _HOURS), min_size=1, max_size=6), _HOURS)
def test_no_session_has_a_higher_cap_than_somebody_could_know_before_the_notice(
    steps: list[tuple[Decimal | None, int, int]], ahead: int
) -> None:
    cap, now = Cap(), NOW
    for percent, hours, notice in steps:
        now += hours * HOUR
        before = cap
        cap = changed(before, percent, now=now, notice=notice * HOUR)
        start = now + ahead * HOUR
        if ahead < notice:
            assert _most(cap, start) <= _most(before, start)
        assert cap.at(now + 1000 * HOUR) == percent


@pytest.fixture
def world(db: None) -> World:
    found = make_world()
    no_notice(found.cpo)
    publish(make_schedule(found.cpo, replace(FIFTH, value=THIRTY)))
    return found


def surged(world: World, at: datetime) -> str:
    """Return what 30 % add to 5 kWh for ₹90, by the caps."""
    with cpo_scope(world.cpo):
        connector = Connector.objects.select_related("charger__location", "cpo").get(pk=world.connector.pk)
        ask = SessionAsk(measure=EnergyMeasure(5000), planned_start=at)
        quote = price_session(connector, ask, now=timezone.now()).quote
    return str(next(x.amount.amount for x in quote.lines if x.kind is LineKind.SURGE))


def test_a_session_has_the_cap_of_its_planned_start(world: World) -> None:
    with cpo_scope(world.cpo):
        policy = SurgePolicy.objects.get()
        policy.cap_percent, policy.notice_hours = TEN, 24
        policy.save()
        assert policy.cap == Cap(TEN)
        policy.cap_percent = TWENTY
        policy.save()
        stored = SurgePolicy.objects.get()
    rise = stored.cap_from
    assert rise is not None
    assert stored.earlier_cap_percent == TEN
    assert surged(world, rise - timedelta(seconds=1)) == "9.00"
    assert surged(world, rise) == "18.00"


def test_a_shorter_notice_does_not_hasten_the_rise_that_it_is_saved_with(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pricing.models.surge_policy.timezone.now", lambda: NOW)
    with cpo_scope(world.cpo):
        policy = SurgePolicy.objects.get()
        policy.cap_percent, policy.notice_hours = TEN, 48
        policy.save()
        policy.cap_percent, policy.notice_hours = TWENTY, 0
        policy.save(update_fields=["cap_percent", "notice_hours"])
        assert SurgePolicy.objects.get().cap == Cap(TWENTY, NOW + 2 * DAY, TEN)


def test_saving_something_else_leaves_what_was_announced(world: World) -> None:
    with cpo_scope(world.cpo):
        SurgePolicy.objects.update(cap_percent=TWENTY, cap_from=NOW, earlier_cap_percent=TEN)
        policy = SurgePolicy.objects.get()
        policy.signal_notice_minutes = 30
        policy.save()
        assert SurgePolicy.objects.get().cap == Cap(TWENTY, NOW, TEN)
