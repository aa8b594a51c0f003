"""Offers that are never the best."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from offers.engine.facts import HolidayChoice
from tests.offers.engine.samples import WEEKEND, offer, rupees_off
from tests.offers.engine.samples_types import beside
from tests.offers.engine.test_giving import freebie, more
from tests.offers.lint.samples import CHRISTMAS, FOR, GOLD, SHELF, SHOPS, Row, Said, cut, shop, site
from tests.pricing.engine.samples import SATURDAY, window

#: Twelve offers that stand alone and take more than any that combines; twelve of a twentieth that combine.
ALONE = tuple(offer(f"b{n:02}", "20") for n in range(12))
TWENTIETHS = tuple(offer(f"c{n:02}", "5", additive=True) for n in range(12))
FOUND: dict[str, Row] = {
    "twelve-together-save-more": ("SHADOWED", offer("a", "50", **FOR), TWENTIETHS, {}),
    "first-by-priority-behind-twelve-that-save-more": (
        "SHADOWED",
        offer("a", "10", priority=1, **FOR),
        (*ALONE, offer("z", "5", priority=2)),
        {"objective": "PRIORITY"},
    ),
    "behind-twelve-that-stand-alone": (
        "SHADOWED",
        offer("a", "10", additive=True, **FOR),
        (*ALONE, *(offer(f"c{n}", "3", additive=True) for n in range(3))),
        {},
    ),
    "the-better-by-priority-of-twelve-alike": (
        "SHADOWED",
        offer("a", "20", priority=1, **FOR),
        (*ALONE, offer("z", "20", priority=2)),
        {},
    ),
    "it-keeps-out-a-smaller-one": ("SHADOWS", offer("a", "20", **FOR), (offer("b", "10", **FOR),), {}),
    "it-keeps-out-one-that-runs-out": (
        "SHADOWS",
        offer("a", "20", **FOR),
        (offer("b", "10", total_uses=5, **FOR),),
        {},
    ),
    "it-keeps-out-a-code": (
        "SHADOWS",
        offer("a", "20", **FOR),
        (offer("b", "10", requires_code=True, display_code="X", **FOR),),
        {},
    ),
    "it-keeps-out-by-priority": (
        "SHADOWS",
        offer("a", "10", priority=1, **FOR),
        (offer("b", "20", **FOR),),
        {"objective": "PRIORITY"},
    ),
    "it-keeps-out-what-combines-with-another": (
        "SHADOWS",
        offer("a", "30", **FOR),
        (offer("b", "10", additive=True, **FOR), offer("c", "5", additive=True, weekly_windows=WEEKEND, **FOR)),
        {},
    ),
    "it-keeps-out-one-inside-it": (
        "SHADOWS",
        offer("a", "20", **FOR),
        (offer("b", "10", location_ids=frozenset({"station-2"}), **FOR),),
        {"sites": (site(1), site(2))},
    ),
    "a-larger-automatic-offer": ("SHADOWED", offer("a", "10", **FOR), (offer("b", "20"),), {}),
    "the-same-saving-and-a-smaller-id": ("SHADOWED", offer("b", "10", **FOR), (offer("a", "10", **FOR),), {}),
    "a-code-that-saves-less": (
        "SHADOWED",
        offer("a", "10", display_code="X", requires_code=True, **FOR),
        (offer("b", "20"),),
        {},
    ),
    "a-code-that-saves-the-same": (
        "SHADOWED",
        offer("a", "20", display_code="X", requires_code=True, **FOR),
        (offer("b", "20"),),
        {},
    ),
    "by-priority": ("SHADOWED", offer("a", "20", **FOR), (offer("b", "10", priority=1),), {"objective": "PRIORITY"}),
    "a-window-inside-the-others": (
        "SHADOWED",
        offer("a", "10", weekly_windows=WEEKEND, **FOR),
        (offer("b", "20", weekly_windows=WEEKEND),),
        {},
    ),
    "a-cap-below-the-others-saving": (
        "SHADOWED",
        offer("a", "50", value_cap=Decimal("19.99"), min_value="100", **FOR),
        (offer("b", "20"),),
        {},
    ),
    "less-than-a-gift": (
        "SHADOWED",
        rupees_off("a", "10", **FOR),
        (freebie("cake", offer_id="b"),),
        {"sites": (shop(1, "cake"),)},
    ),
    "less-of-more": (
        "SHADOWED",
        more("PRODUCT", 2, 1, item="cake", offer_id="a", **FOR),
        (more("PRODUCT", 2, 2, item="cake", offer_id="b"),),
        {"sites": (shop(1, "cake"),)},
    ),
    "a-smaller-gift": (
        "SHADOWED",
        freebie("cake", offer_id="a", **FOR),
        (freebie("coffee", offer_id="b"),),
        {
            "sites": (site(terms=shop().terms, goods={x: replace(y, units=None) for x, y in SHELF.items()}),),
        },
    ),
}
NOT_FOUND: dict[str, Row] = {
    "twelve-together-save-the-same": ("SHADOWED", offer("a", "60", **FOR), TWENTIETHS, {}),
    "with-others-it-beats-twelve-that-stand-alone": (
        "SHADOWED",
        offer("a", "10", additive=True, **FOR),
        (*ALONE, *(offer(f"c{n}", "4", additive=True) for n in range(3))),
        {},
    ),
    "first-by-priority-of-all": (
        "SHADOWED",
        offer("a", "5", priority=3, **FOR),
        (*ALONE, offer("z", "10", priority=2)),
        {"objective": "PRIORITY"},
    ),
    "but-on-holidays": (
        "SHADOWED",
        offer("a", "10", **FOR),
        (cut(offer("b", "30"), holidays=replace(CHRISTMAS, choice=HolidayChoice.EXCEPT)),),
        {},
    ),
    "but-on-a-day-that-the-better-one-leaves-out": (
        "SHADOWED",
        offer("a", "10", **FOR),
        (cut(offer("b", "30"), blackout_dates=frozenset({date(2026, 12, 17), date(2026, 12, 18)})),),
        {},
    ),
    "it-keeps-out-one-that-outlasts-it": ("SHADOWS", offer("a", "20", **FOR), (offer("b", "10"),), {}),
    "it-keeps-out-one-that-is-elsewhere-too": (
        "SHADOWS",
        offer("a", "20", location_ids=frozenset({"station-1"}), **FOR),
        (offer("b", "10", **FOR),),
        {"sites": (site(1), site(2))},
    ),
    "it-combines": ("SHADOWS", offer("a", "20", additive=True, **FOR), (offer("b", "10", additive=True, **FOR),), {}),
    "it-saves-a-paisa-less-of-a-small-one": (
        "SHADOWS",
        offer("a", "20", min_value="50", **FOR),
        (offer("b", "10", **FOR),),
        {},
    ),
    "it-runs-out": ("SHADOWS", offer("a", "20", total_uses=100, **FOR), (offer("b", "10", **FOR),), {}),
    "it-asks-for-a-code": (
        "SHADOWS",
        offer("a", "20", requires_code=True, display_code="X", **FOR),
        (offer("b", "10", **FOR),),
        {},
    ),
    "it-is-chosen": ("SHADOWS", offer("a", "20", auto=False, **FOR), (offer("b", "10", **FOR),), {}),
    "it-is-itself-kept-out": ("SHADOWS", offer("a", "10", **FOR), (offer("b", "20", **FOR),), {}),
    "what-it-keeps-out-is-paused": ("SHADOWS", offer("a", "20", **FOR), (offer("b", "10", state="PAUSED", **FOR),), {}),
    "a-code-that-gains-more": (
        "SHADOWS",
        offer("a", "20", **FOR),
        (offer("b", "21", requires_code=True, display_code="X", **FOR),),
        {},
    ),
    "a-larger-offer-that-combines": (
        "SHADOWED",
        offer("a", "10", additive=True, **FOR),
        (offer("b", "20", additive=True),),
        {},
    ),
    "a-larger-offer-at-weekends": (
        "SHADOWED",
        offer("a", "10", **FOR),
        (offer("b", "20", weekly_windows=WEEKEND),),
        {},
    ),
    "a-larger-offer-until-ten": (
        "SHADOWED",
        offer("a", "10", weekly_windows=(window("18:00", "22:00"),), **FOR),
        (offer("b", "20", weekly_windows=(window("00:00", "21:45"),)),),
        {},
    ),
    "a-larger-offer-that-ends-before": (
        "SHADOWED",
        offer("a", "10", **FOR),
        (offer("b", "20", valid_until=SATURDAY + timedelta(days=59, hours=20)),),
        {},
    ),
    "a-larger-offer-with-a-code": (
        "SHADOWED",
        offer("a", "10", **FOR),
        (offer("b", "20", requires_code=True, display_code="X"),),
        {},
    ),
    "a-larger-offer-that-is-chosen": ("SHADOWED", offer("a", "10", **FOR), (offer("b", "20", auto=False),), {}),
    "a-larger-offer-that-runs-out": ("SHADOWED", offer("a", "10", **FOR), (offer("b", "20", total_uses=100),), {}),
    "a-larger-offer-for-others": ("SHADOWED", offer("a", "10", **FOR), (offer("b", "20", segments=(GOLD,)),), {}),
    "a-larger-offer-while-it-is-quiet": (
        "SHADOWED",
        offer("a", "10", max_busy_percent=80, **FOR),
        (offer("b", "20", max_busy_percent=79),),
        {},
    ),
    "a-larger-offer-that-is-paused": ("SHADOWED", offer("a", "10", **FOR), (offer("b", "20", state="PAUSED"),), {}),
    "a-larger-offer-elsewhere": (
        "SHADOWED",
        offer("a", "10", **FOR),
        (offer("b", "20", location_ids=frozenset({"station-2"})),),
        {"sites": (site(1), site(2))},
    ),
    "a-code-that-saves-more": (
        "SHADOWED",
        offer("a", "20.01", display_code="X", requires_code=True, **FOR),
        (offer("b", "20"),),
        {},
    ),
    "a-cap-above-the-others-saving": (
        "SHADOWED",
        offer("a", "50", value_cap=Decimal("20.01"), min_value="100", **FOR),
        (offer("b", "20"),),
        {},
    ),
    "the-same-saving-and-a-larger-id": ("SHADOWED", offer("a", "10", **FOR), (offer("b", "10", **FOR),), {}),
    "what-stands-beside-the-order": ("SHADOWED", cut(beside(additive=True)), (offer("b", "20", additive=True),), {}),
    "a-larger-gift-that-runs-out": (
        "SHADOWED",
        freebie("cake", offer_id="a", **FOR),
        (freebie("coffee", offer_id="b"),),
        SHOPS,
    ),
}
SAID: dict[str, Said] = {
    "it-keeps-out-a-smaller-one": (
        "SHADOWS",
        "value",
        "It makes Offer b never the best offer: in each of the 80 sessions tried in which Offer b holds, "
        "Offer a saves more, by ₹1.80 to ₹144.00.",
        "At Station 1 (connector-1), Sun 22 Nov 2026, 10:30 IST: 1 kWh for ₹18.00, by a customer who "
        "never charged with you.",
        "With Offer b drivers save ₹1.80, with Offer a ₹3.60.",
    ),
    "it-keeps-out-a-code": (
        "SHADOWS",
        "value",
        "With it nobody gains by Offer b: in each of the 80 sessions tried in which Offer b holds, Offer "
        "a saves more, by ₹1.80 to ₹144.00.",
        "At Station 1 (connector-1), Sun 22 Nov 2026, 10:30 IST: 1 kWh for ₹18.00, by a customer who "
        "never charged with you.",
        "With Offer b drivers save ₹1.80, with Offer a ₹3.60.",
    ),
    "it-keeps-out-by-priority": (
        "SHADOWS",
        "value",
        "It makes Offer b never the best offer: in each of the 80 sessions tried in which Offer b holds, "
        "Offer a comes first by priority, though drivers save up to ₹144.00 less.",
        "At Station 1 (connector-1), Sun 22 Nov 2026, 10:30 IST: 80 kWh for ₹1,440.00, by a customer who "
        "never charged with you.",
        "With Offer b drivers save ₹288.00, with Offer a ₹144.00.",
    ),
    "it-keeps-out-what-combines-with-another": (
        "SHADOWS",
        "value",
        "It makes Offer b never the best offer: in each of the 80 sessions tried in which Offer b holds, "
        "Offer a saves more, by ₹2.70 to ₹288.00.",
        "At Station 1 (connector-1), Sun 22 Nov 2026, 10:30 IST: 1 kWh for ₹18.00, by a customer who "
        "never charged with you.",
        "With Offer b drivers save ₹2.70, with Offer a ₹5.40.",
    ),
    "a-larger-automatic-offer": (
        "SHADOWED",
        "value",
        "It is never the best offer: in each of the 210 sessions tried in which it holds, Offer b saves more, by ₹1.80 "
        "to ₹144.00.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 1 kWh for ₹18.00, by a customer who never charged with "
        "you.",
        "With it drivers save ₹1.80, with Offer b ₹3.60.",
    ),
    "a-code-that-saves-the-same": (
        "SHADOWED",
        "value",
        "Nobody gains by asking for it: in each of the 210 sessions tried in which it holds, Offer b saves the same "
        "and comes first.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00, by a customer who never charged "
        "with you.",
        "With it drivers save ₹72.00, with Offer b ₹72.00.",
    ),
    "by-priority": (
        "SHADOWED",
        "value",
        "It is never the best offer: in each of the 210 sessions tried in which it holds, Offer b comes first by "
        "priority, though drivers save up to ₹144.00 less.",
        "At Station 1 (connector-1), Sat 7 Nov 2026, 10:00 IST: 80 kWh for ₹1,440.00, by a customer who never charged "
        "with you.",
        "With it drivers save ₹288.00, with Offer b ₹144.00.",
    ),
}
