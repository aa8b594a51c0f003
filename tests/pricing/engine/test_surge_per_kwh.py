"""What surges add to each kWh at an instant: what holds then and counts, without exemptions and amounts once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from pricing.engine.surge import per_kwh, surges_at
from pricing.engine.values import Surge, SurgeBasis, TimeSpan
from tests.pricing.engine.samples import BARE, SATURDAY, window

HOUR = timedelta(hours=1)


def surge(value: str, basis: SurgeBasis = SurgeBasis.PER_KWH, **changes: object) -> Surge:
    known: dict[str, object] = {"surge_id": f"{basis}-{value}", "version": 1, "name": "Peak"}
    return Surge(**(known | {"basis": basis, "value": Decimal(value)} | changes))  # type: ignore[arg-type]


FIFTH, RUPEE, ONCE = surge("20", SurgeBasis.PERCENT), surge("1"), surge("30", SurgeBasis.FIXED)


@pytest.mark.parametrize(
    ("surges", "expected"),
    [
        pytest.param((), "0", id="none"),
        pytest.param((RUPEE,), "1", id="per-kwh"),
        pytest.param((FIFTH,), "3.6", id="percent-of-the-rate"),
        pytest.param((ONCE,), "0", id="once-a-session"),
        pytest.param((FIFTH, RUPEE, ONCE), "4.6", id="added-and-not-compounded"),
        pytest.param((replace(FIFTH, group="g"), replace(RUPEE, group="g")), "3.6", id="the-larger-of-a-group"),
        pytest.param((replace(ONCE, group="g"), replace(RUPEE, group="g")), "0", id="once-goes-before-in-a-group"),
        pytest.param((replace(FIFTH, exemption="for you"), RUPEE), "1", id="exempt"),
        pytest.param(
            (replace(FIFTH, group="g", exemption="for you"), replace(RUPEE, group="g")), "1", id="exempt-in-a-group"
        ),
        pytest.param((replace(RUPEE, cap=Decimal("0.50")),), "1", id="before-its-cap"),
        pytest.param((replace(RUPEE, windows=(window("10:00", "11:00"),)),), "1", id="as-its-window-opens"),
        pytest.param((replace(RUPEE, windows=(window("09:00", "10:00"),)),), "0", id="as-its-window-closes"),
        pytest.param((replace(RUPEE, spans=(TimeSpan(SATURDAY, SATURDAY + HOUR),)),), "1", id="as-it-begins"),
        pytest.param((replace(RUPEE, spans=(TimeSpan(SATURDAY - HOUR, SATURDAY),)),), "0", id="as-it-ends"),
    ],
)
def test_what_is_added(surges: tuple[Surge, ...], expected: str) -> None:
    terms = replace(BARE, surges=surges)
    assert per_kwh(terms, surges_at(terms, SATURDAY), Decimal(18)) == Decimal(expected)


def test_the_cpos_cap_bounds_it() -> None:
    terms = replace(BARE, surges=(FIFTH, RUPEE), surge_cap_percent=Decimal(25))
    assert per_kwh(terms, surges_at(terms, SATURDAY), Decimal(18)) == Decimal("4.5")
