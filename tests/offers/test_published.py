"""Which offers a catalogue lists: those that could still be given."""

from __future__ import annotations

from decimal import Decimal

import pytest

from offers.engine.values import Usage
from offers.published import is_shown
from tests.offers.engine.samples import SATURDAY, offer, rupees_off

LIMITS = {"redemption_cap": Decimal(100), "budget": Decimal(1000)}
DAILY = {"redemption_cap": Decimal(100), "budget_per_day": Decimal(1000)}


@pytest.mark.parametrize(
    ("terms", "usage", "shown"),
    [
        pytest.param(rupees_off("o", "20", **LIMITS), Usage(budget_used=Decimal(980)), True, id="one more fits"),
        pytest.param(rupees_off("o", "20", **LIMITS), Usage(budget_used=Decimal("980.01")), False, id="none fits"),
        pytest.param(offer("o", "25", **LIMITS), Usage(budget_used=Decimal(900)), True, id="a percentage may take all"),
        pytest.param(offer("o", "25", **LIMITS), Usage(budget_used=Decimal("900.01")), False, id="which is not left"),
        pytest.param(rupees_off("o", "20", **DAILY), Usage(budget_used_today=Decimal(980)), True, id="today as well"),
        pytest.param(rupees_off("o", "20", **DAILY), Usage(budget_used_today=Decimal(981)), False, id="not today"),
        pytest.param(offer("o", total_uses=3), Usage(uses=2), True, id="a use is left"),
        pytest.param(offer("o", total_uses=3), Usage(uses=3), False, id="used up"),
    ],
)
def test_an_offer_is_listed_while_one_more_redemption_fits(terms, usage, shown):
    assert is_shown(terms, {"o": usage}, SATURDAY) is shown
