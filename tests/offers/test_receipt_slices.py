"""Which surcharges a receipt names in which slices of a session."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from offers.receipts.slices import Surcharged
from pricing.engine.price import price
from tests.pricing.engine.samples import delivered, window
from tests.pricing.engine.test_surge import FIFTH, ONCE, RUPEE, surged

#: From 10:20 on, and from 10:40 on, of a session from 10:00 to 11:00.
LATER = replace(FIFTH, windows=(window("10:20", "12:00"),))
LAST = replace(RUPEE, windows=(window("10:40", "12:00"),))
GROUPED = (replace(LATER, group="peaks"), replace(LAST, group="peaks"))
EVENLY = delivered((0, 0), (60, 12_000))
STOOD = delivered((0, 0), (20, 4000), (40, 4000), (60, 12_000))


@pytest.mark.parametrize(
    ("terms", "session", "expected"),
    [
        pytest.param(surged(), EVENLY, [""], id="none"),
        pytest.param(surged(FIFTH), EVENLY, ["Peak"], id="throughout"),
        pytest.param(surged(LATER, LAST), EVENLY, ["", "Peak", "Peak, Congestion fee"], id="one-after-the-other"),
        pytest.param(surged(*GROUPED), EVENLY, ["", "Peak", "Peak"], id="of-a-group-the-largest"),
        pytest.param(
            surged(replace(LATER, exemption="for members"), LAST),
            EVENLY,
            ["", "Peak (not charged)", "Peak (not charged), Congestion fee"],
            id="exempt",
        ),
        pytest.param(
            surged(ONCE, LAST, cap="1"), EVENLY, ["Event", "Event, Congestion fee (not charged)"], id="cut-to-nothing"
        ),
        pytest.param(surged(LATER, LAST), STOOD, ["", "", "Peak, Congestion fee"], id="not-where-nothing-flowed"),
        pytest.param(
            replace(surged(LATER, ONCE), included_wh=6000), EVENLY, ["Event", "Event", "Peak, Event"], id="included"
        ),
        pytest.param(surged(replace(RUPEE, value=Decimal("0.0001"))), EVENLY, [""], id="below-half-a-paisa"),
    ],
)
def test_a_slice_names_the_surcharges_that_count_in_it(terms, session, expected):
    quote = price(session, terms)
    surcharged = Surcharged(terms, quote.lines)
    assert [surcharged.names(x) for x in quote.slices] == expected
