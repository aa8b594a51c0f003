"""Offers that surges take back."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from cpo_portal.charging.segments.rules import Condition, Fact, Segment
from pricing.engine.values import Surge, SurgeBasis
from tests.offers.engine.samples import offer, rupees_off
from tests.offers.engine.test_giving import more
from tests.offers.lint.samples import FOR, GOLD, Row, Said, cut, of, site
from tests.pricing.engine.samples import PLAIN, window

EVENING = Surge(
    "evening", 1, "Evening fee", SurgeBasis.PERCENT, Decimal(25), windows=(window("18:00", "21:00", frozenset({3})),)
)
ONCE = Surge("event", 1, "Event fee", SurgeBasis.FIXED, Decimal(30))


WHOLE = Surge("whole", 1, "Whole fee", SurgeBasis.PERCENT, Decimal(100))
LOYAL = of("loyal", Condition(Fact.SESSIONS, number=5, days=30))
THROUGH_AN_APP = of("of-the-surge", Condition(Fact.BAP, ("bap.example",)))
NOBODY = of("nobody", Condition(Fact.NEW), Condition(Fact.RETURNING))


def surged(*surges: Surge, **exempt: Segment) -> dict[str, object]:
    whom = {name: (segment,) for name, segment in exempt.items()}
    return {"sites": (site(terms=replace(PLAIN, surges=surges), exempt=whom),)}


FOUND: dict[str, Row] = {
    "as-much-as-the-surge": ("SURGE_CANCELS", offer("a", "25", **FOR), (), surged(EVENING)),
    "as-much-for-members": ("SURGE_CANCELS", offer("a", "25", segments=(GOLD,), **FOR), (), surged(EVENING)),
    "as-much-for-some-who-are-not-exempt": (
        "SURGE_CANCELS",
        offer("a", "25", segments=(GOLD,), **FOR),
        (),
        surged(EVENING, evening=LOYAL),
    ),
    "as-much-for-whom-an-app-exempts": (
        "SURGE_CANCELS",
        offer("a", "25", segments=(GOLD,), **FOR),
        (),
        surged(EVENING, evening=THROUGH_AN_APP),
    ),
    "as-much-as-the-surge-that-exempts-nobody": (
        "SURGE_CANCELS",
        rupees_off("a", "10", segments=(GOLD,), **FOR),
        (),
        surged(WHOLE, ONCE, whole=GOLD),
    ),
    "a-turn-for-less-than-the-surge": (
        "SURGE_CANCELS",
        cut(more("SESSION", 4, 1, "80", offer_id="a")),
        (),
        surged(WHOLE),
    ),
    "as-much-for-a-numbered-session": ("SURGE_CANCELS", rupees_off("a", "10", nth_session=5, **FOR), (), surged(WHOLE)),
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
    "members-are-exempt": (
        "SURGE_CANCELS",
        offer("a", "25", segments=(GOLD,), **FOR),
        (),
        surged(EVENING, evening=GOLD),
    ),
    "members-and-more-are-exempt": (
        "SURGE_CANCELS",
        offer("a", "25", segments=(GOLD,), **FOR),
        (),
        surged(EVENING, evening=of("either", Condition(Fact.TIER, ("Silver", "Gold")))),
    ),
    "a-turn-by-which-whoever-has-it-is-exempt": (
        "SURGE_CANCELS",
        cut(more("SESSION", 4, 1, "80", offer_id="a")),
        (),
        surged(WHOLE, whole=of("returning", Condition(Fact.RETURNING))),
    ),
    "for-nobody": ("SURGE_CANCELS", rupees_off("a", "10", segments=(NOBODY,), **FOR), (), surged(WHOLE)),
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
    "as-much-as-the-surge-that-exempts-nobody": (
        "SURGE_CANCELS",
        "weekly_windows",
        "In some sessions “Event fee” adds ₹30.00 where this offer takes ₹10.00 off: the driver pays no less than "
        "the tariff's price. Leave those hours or places out of one of them, or exempt who has the offer from the "
        "surge.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 80 kWh for ₹1,440.00, by a customer who never charged "
        "with you, tier Gold.",
        "",
    ),
    "a-turn-for-less-than-the-surge": (
        "SURGE_CANCELS",
        "weekly_windows",
        "In some sessions “Whole fee” adds ₹360.00 where this offer takes ₹280.00 off: the driver pays no less than "
        "the tariff's price. Leave those hours or places out of one of them, or exempt who has the offer from the "
        "surge.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00, by a customer with 4 sessions "
        "before.",
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
