"""Offers that surges take back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from pricing.engine.values import Surge, SurgeBasis
from tests.offers.engine.samples import offer, rupees_off
from tests.offers.lint.samples import FOR, GOLD, Row, Said, site
from tests.pricing.engine.samples import PLAIN, window

EVENING = Surge(
    "evening", 1, "Evening fee", SurgeBasis.PERCENT, Decimal(25), windows=(window("18:00", "21:00", frozenset({3})),)
)
ONCE = Surge("event", 1, "Event fee", SurgeBasis.FIXED, Decimal(30))


def surged(*surges: Surge) -> dict[str, object]:
    return {"sites": (site(terms=replace(PLAIN, surges=surges)),)}


FOUND: dict[str, Row] = {
    "as-much-as-the-surge": ("SURGE_CANCELS", offer("a", "25", **FOR), (), surged(EVENING)),
    "as-much-for-members": ("SURGE_CANCELS", offer("a", "25", segments=(GOLD,), **FOR), (), surged(EVENING)),
    "less-than-two-surges": ("SURGE_CANCELS", offer("a", "30", **FOR), (), surged(EVENING, ONCE)),
}
NOT_FOUND: dict[str, Row] = {
    "a-little-more-than-the-surge": ("SURGE_CANCELS", offer("a", "25.01", **FOR), (), surged(EVENING)),
    "at-other-hours": (
        "SURGE_CANCELS",
        offer("a", "25", weekly_windows=(window("06:00", "09:00"),), **FOR),
        (),
        surged(EVENING),
    ),
    "exempt": ("SURGE_CANCELS", offer("a", "25", **FOR), (), surged(replace(EVENING, exemption="for you"))),
    "no-surge": ("SURGE_CANCELS", rupees_off("a", "1", **FOR), (), {}),
}
SAID: dict[str, Said] = {
    "as-much-as-the-surge": (
        "SURGE_CANCELS",
        "weekly_windows",
        "In some sessions “Evening fee” adds ₹22.50 where this offer takes ₹22.50 off: the driver pays no less than "
        "the tariff's price. Leave those hours or places out of one of them, or exempt who has the offer from the "
        "surge.",
        "At Station 1 (connector-1), Wed 11 Nov 2026, 18:00 IST: 5 kWh for ₹90.00.",
        "",
    ),
    "as-much-for-members": (
        "SURGE_CANCELS",
        "weekly_windows",
        "In some sessions “Evening fee” adds ₹22.50 where this offer takes ₹22.50 off: the driver pays no less than "
        "the tariff's price. Leave those hours or places out of one of them, or exempt who has the offer from the "
        "surge.",
        "At Station 1 (connector-1), Wed 11 Nov 2026, 18:00 IST: 5 kWh for ₹90.00, by a customer who never charged "
        "with you, tier Gold.",
        "",
    ),
}
