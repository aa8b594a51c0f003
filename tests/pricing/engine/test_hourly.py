"""What a kWh costs when: stretches and hours, with surges, gaps and changes of the clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from pricing.engine.hourly import hours_of_day, price_stretches
from pricing.engine.values import Dimension, PriceComponent, PricingModel
from tests.pricing.engine.samples import BARE, SATURDAY, window
from tests.pricing.engine.test_surge import FIFTH, ONCE, RUPEE, surged

DAY = timedelta(days=1)
EVENING = replace(FIFTH, windows=(window("18:00", "21:00"),))
DEAR = replace(
    BARE,
    model=PricingModel.TIME_OF_DAY,
    components=(
        PriceComponent(Dimension.ENERGY, Decimal(24), (window("20:00", "22:30"),)),
        PriceComponent(Dimension.ENERGY, Decimal(18), (window("06:00", "20:00"), window("22:30", "00:00"))),
    ),
)


def prices(terms, *, start=SATURDAY, zone="Asia/Kolkata"):
    """Return local hour and minute of each change of the price within a day of 10:00, and the price."""
    found = price_stretches(terms, start, start + DAY)
    here = timedelta(hours=5, minutes=30)
    return [((x.starts_at + here).strftime("%H:%M"), None if x.price is None else str(x.price)) for x in found]


@pytest.mark.parametrize(
    ("terms", "changes"),
    [
        pytest.param(BARE, [("10:00", "18")], id="one-price"),
        pytest.param(surged(RUPEE), [("10:00", "19")], id="always-surged"),
        pytest.param(
            surged(EVENING, terms=DEAR),
            [
                ("10:00", "18"),
                ("18:00", "21.6"),
                ("20:00", "28.8"),
                ("21:00", "24"),
                ("22:30", "18"),
                ("00:00", None),
                ("06:00", "18"),
            ],
            id="tariff-and-surge-change",
        ),
        pytest.param(
            surged(EVENING, RUPEE, cap="5"), [("10:00", "18.9"), ("18:00", "18.9"), ("21:00", "18.9")], id="cap"
        ),
        pytest.param(
            surged(ONCE, replace(FIFTH, exemption="for you")), [("10:00", "18")], id="neither-once-nor-exempt"
        ),
    ],
)
def test_the_price_of_a_kwh_changes_with_tariff_and_surge(terms, changes):
    found = [(at, price if price is None else str(Decimal(price).normalize())) for at, price in prices(terms)]
    assert found == changes


def test_stretches_have_no_gap_and_name_their_surges():
    found = price_stretches(surged(EVENING, RUPEE, terms=DEAR), SATURDAY, SATURDAY + DAY)
    assert found[0].starts_at == SATURDAY
    assert found[-1].ends_at == SATURDAY + DAY
    assert all(one.ends_at == other.starts_at for one, other in pairwise(found))
    assert [x.surges for x in found][:3] == [("congestion",), ("peak", "congestion"), ("peak", "congestion")]


def test_a_price_per_session_has_none_per_kwh():
    fixed = replace(BARE, model=PricingModel.FIXED, components=(PriceComponent(Dimension.FLAT, Decimal(100)),))
    assert price_stretches(surged(RUPEE, terms=fixed), SATURDAY, SATURDAY + DAY) == ()


def test_the_hours_of_a_day_hold_every_price_of_theirs():
    midnight = datetime(2026, 11, 6, 18, 30, tzinfo=UTC)
    stretches = price_stretches(surged(EVENING, terms=DEAR), midnight, midnight + DAY)
    cells = hours_of_day(stretches, date(2026, 11, 7), "Asia/Kolkata")
    assert [x.hour for x in cells] == list(range(24))
    found = {x.hour: [str(y.normalize()) for y in x.prices] for x in cells}
    assert (found[5], found[6], found[18], found[20], found[21]) == ([], ["18"], ["21.6"], ["28.8"], ["24"])
    assert found[22] == ["24", "18"]


@pytest.mark.parametrize(
    ("day", "hour", "hours"),
    [
        pytest.param(date(2026, 3, 29), 2, 0, id="the-hour-is-left-out"),
        pytest.param(date(2026, 10, 25), 2, 2, id="the-hour-comes-twice"),
        pytest.param(date(2026, 6, 1), 2, 1, id="no-change"),
    ],
)
def test_an_hour_that_the_clock_repeats_holds_both(day, hour, hours):
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=3)
    berlin = replace(surged(RUPEE), time_zone="Europe/Berlin")
    halves = [
        x for n in range(60) for x in price_stretches(berlin, midnight + n * DAY / 48, midnight + (n + 1) * DAY / 48)
    ]
    cell = hours_of_day(halves, day, "Europe/Berlin")[hour]
    assert len(cell.stretches) == 2 * hours
