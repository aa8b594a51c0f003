"""What failing checks say of themselves, and the words for what no figure says: which offer is in the way."""

from __future__ import annotations

from offers.engine.about import NOBODY, NOT_COUNTED, About, Lack
from offers.engine.values import Check
from tests.offers.reason_rows import MORE, R

#: What the checks of these rows say of themselves by now: the words are the same.
ABOUT: dict[str, About] = {
    "location": About(ids=("loc-2",)),
    "locations": About(count=3),
    "item": About(ids=("coffee",)),
    "category": About(ids=("HOT_DRINKS",)),
    "categories": About(count=2),
    "all-uses": About(),
    "own-uses": About(),
    "uses-today": About(note="again from tomorrow 00:00"),
    "uses-this-week": About(note="again from Mon 00:00"),
    "uses-this-month": About(note="again from 1 Dec 00:00"),
    "uses-of-the-family": About(),
    "uses-of-the-family-today": About(note="again tomorrow"),
    "uses-of-the-family-this-week": About(note="again from Mon 00:00"),
    "uses-of-the-family-this-month": About(note="again from 1 Dec 00:00"),
    "nobody": NOBODY,
    "group": About(ids=("off-2",), note=MORE),
    "segment-of-nobody": NOBODY,
    "segment-by-list": About(ids=("vip-1",)),
    "tag": About(ids=("highway",)),
    "city": About(ids=("std:0120",), there=("New Delhi", "std:011")),
    "charger": About(ids=("EVSE-2",), there=("EVSE-1",)),
    "connector": About(ids=("IS_17017_2_6",), there=("BHARAT_AC_001",)),
    "session-of-nobody": NOBODY,
    "busy-unknown": NOT_COUNTED,
    "stock": About(ids=("coffee",)),
    "combination": About(ids=("coffee", "tea")),
    "gift-not-sold": About(ids=("coffee",)),
    "gift-out-of-stock": About(ids=("coffee",)),
}
_ALONE = Check(R.NOT_ADDITIVE, "additive", "90.00", "85.00", False, MORE)
_EXCLUDED = Check(R.EXCLUDED, "excludes", "off-1", "off-2", False, f"off-2 is chosen; {MORE}")
#: What no figure says: which of two offers is in the way.
IN_THE_WAY: dict[str, tuple[Check, About, str, str]] = {
    "it-stands-alone": (
        _ALONE,
        About(ids=("off-2",), note=MORE),
        f"It combines with no other offer, and Weekend special is chosen ({MORE}).",
        f"It combines with no other offer, and others are chosen ({MORE}).",
    ),
    "it-stands-alone-beside-two": (
        _ALONE,
        About(ids=("off-2", "off-3"), note=MORE),
        f"It combines with no other offer, and Weekend special and Night are chosen ({MORE}).",
        f"It combines with no other offer, and others are chosen ({MORE}).",
    ),
    "it-stands-alone-beside-many": (
        _ALONE,
        About(ids=("off-2", "off-3", "off-4", "off-5"), note=MORE),
        f"It combines with no other offer, and Weekend special, Night, Club and 1 more are chosen ({MORE}).",
        f"It combines with no other offer, and others are chosen ({MORE}).",
    ),
    "the-other-stands-alone": (
        _ALONE,
        About(ids=("off-2",), note=MORE, theirs=True),
        f"Weekend special, which is chosen, combines with no other offer ({MORE}).",
        f"Another offer, which is chosen, combines with no other offer ({MORE}).",
    ),
    "it-excludes-the-other": (
        _EXCLUDED,
        About(ids=("off-2",), note=MORE),
        f"It excludes Weekend special, which is chosen ({MORE}).",
        f"It does not combine with a chosen offer ({MORE}).",
    ),
    "the-other-excludes-it": (
        _EXCLUDED,
        About(ids=("off-2",), note=MORE, theirs=True),
        f"Weekend special, which is chosen, excludes it ({MORE}).",
        f"It does not combine with a chosen offer ({MORE}).",
    ),
    "stock-that-nobody-counts": (
        Check(R.STOCK, "stock.coffee", "2", "not known", False),
        About(ids=("coffee",), lack=Lack.FIGURE),
        "Too few of Coffee are in stock: not known.",
        "Too few are in stock: not known.",
    ),
    "sessions-that-nobody-counts": (
        Check(R.SESSION_NUMBER, "qualifier.nth_session", "5", "not counted", False),
        NOT_COUNTED,
        "It is for another session of the customer: not counted.",
        "It is for another session of the customer: not counted.",
    ),
}
