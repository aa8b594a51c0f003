"""Every fault that can be known is told at once: a cell or field that cannot be read hides no other, and makes none."""

from __future__ import annotations

import pytest
from django.utils.datastructures import MultiValueDict

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from offers.forms.offers import OfferForm
from offers.models import Offer
from tests.offers.authoring.test_offer_admin import FORM
from tests.offers.files.twins import faults_of, load, make_twin

pytestmark = pytest.mark.django_db


@pytest.fixture
def cpo() -> Cpo:
    return make_twin("cpo1.com")


GOOD = {
    "Offer id": "a", "Name": "A", "Value": "10", "Valid from": "2026-01-01T00:00", "Valid until": "2040-01-01T00:00",
}  # fmt: skip
REQUIRED, NUMBER, WHOLE = "This field is required.", "Enter a number.", "Enter a whole number."
ENDS_BEFORE = "The offer ends before it starts: choose a later end."
NO_CAP = "A budget needs a limit per redemption: set “most per redemption”."
NOTHING_SHARED = "Only a limit per customer is shared: set one, or leave this off."
BELOW = "The cap is below the amount: raise it or leave it empty."
ROWS: dict[str, tuple[dict[str, str], list[tuple[str, str]]]] = {
    "a-cell-and-two-others-that-contradict": (
        {"Value": "x", "Valid until": "2025-01-01T00:00"},
        [("Value", NUMBER), ("Valid until", ENDS_BEFORE)],
    ),
    "a-cell-and-a-missing-mandatory-part": (
        {"Priority": "high", "Type": "Combination"},
        [
            ("Priority", WHOLE),
            ("Together with", "Choose the items that must be in the session beside the offer's own."),
            ("At most", "Give the most that the driver saves."),
        ],
    ),
    "a-missing-name-and-a-limit-that-lacks-another": (
        {"Name": "", "Budget": "100"}, [("Name", REQUIRED), ("Most per redemption", NO_CAP)],
    ),
    "an-unread-limit-and-another-two": (
        {"Uses in total": "many", "Budget": "100"}, [("Uses in total", WHOLE), ("Most per redemption", NO_CAP)],
    ),
    "an-unread-end-contradicts-no-begin": (
        {"Valid until": "soon"}, [("Valid until", "Give the date and the time, such as 2026-11-21T18:30.")],
    ),
    "an-unread-limit-may-be-what-is-shared": (
        {"Uses per customer": "few", "Members of a group share these uses": "yes"}, [("Uses per customer", WHOLE)],
    ),
    "nothing-is-shared-whatever-the-value": (
        {"Value": "x", "Members of a group share these uses": "yes"},
        [("Value", NUMBER), ("Members of a group share these uses", NOTHING_SHARED)],
    ),
    "an-unread-budget-asks-for-no-cap": ({"Budget": "much"}, [("Budget", NUMBER)]),
    "an-unread-type-needs-nothing": (
        {"Type": "Raffle", "Value": ""},
        [(
            "Type",
            "There is no “Raffle”: use one of Discount, Buy X, get Y more, Free product, Slabs of kWh, "
            "Combination, Off the fee, Exchange, Financing.",
        )],
    ),
    "an-unread-kind-of-value-is-not-per-cent": (
        {"Value": "120", "Value type": "quarters", "At most": "-1"},
        [
            ("Value type", "There is no “quarters”: use one of Percent, Amount, Amount per kWh."),
            ("At most", "The cap is the most the driver saves: write it without a minus, or leave it empty."),
        ],
    ),
    "an-unread-value-has-no-cap-below-it": (
        {"Value": "x", "Value type": "amount", "At most": "1"}, [("Value", NUMBER)],
    ),
    "a-read-value-has": (
        {"Priority": "high", "Value type": "amount", "At most": "1"}, [("Priority", WHOLE), ("At most", BELOW)],
    ),
    "unknown-names-beside-an-unread-cell": (
        {"Value": "x", "Locations": "elsewhere", "Cities": "Atlantis", "Never together with": "b"},
        [
            ("Value", NUMBER),
            ("Locations", "You have no location “elsewhere”: give the id of one of yours."),
            ("Cities", "You have no location in “Atlantis”: correct it, or change the location first."),
            ("Never together with", "You have no offer “b”: give the id of one of yours."),
        ],
    ),
    "an-id-of-an-item-beside-an-unread-cell": (
        {"Offer id": "pe-charging-01", "Value": "x"},
        [("Value", NUMBER), ("Offer id", "“pe-charging-01” is the id of an item: give the offer an id of its own.")],
    ),
    "no-id": (
        {"Offer id": "", "Valid until": "2025-01-01T00:00"}, [("Offer id", REQUIRED), ("Valid until", ENDS_BEFORE)],
    ),
    "an-unread-end-of-energy-and-a-far-beginning": (
        {"From an energy of (kWh)": "9999", "Up to an energy of (kWh)": "lots"},
        [
            ("Up to an energy of (kWh)", NUMBER),
            ("From an energy of (kWh)", "Give an energy above 0 and up to 2000 kWh."),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("said", "faults"), ROWS.values(), ids=ROWS.keys())
def test_a_row_tells_all_of_its_faults_at_once(cpo: Cpo, said: dict[str, str], faults: list[tuple[str, str]]) -> None:
    row = GOOD | said
    report = load(cpo, "\t".join(row) + "\r\n" + "\t".join(row.values()))
    assert faults_of(report) == [(2, column, sentence) for column, sentence in faults]
    with cpo_scope(cpo):
        assert not Offer.objects.exists()


def test_a_row_with_an_unread_cell_is_compared_with_the_others(cpo: Cpo) -> None:
    head = "Offer id\tName\tValue\tValid from\tValid until\tThe buyer must send the code\tDisplay code"
    times = "2026-01-01T00:00\t2040-01-01T00:00"
    rows = [
        f"a\tA\tx\t{times}\tyes\tSAVE",
        f"a\tA\t5\t{times}\tyes\tsave",
        f"\tA\t5\t{times}\t\t",
        f"\tA\t5\t{times}\t\t",
    ]
    assert faults_of(load(cpo, "\r\n".join([head, *rows]))) == [
        (2, "Value", NUMBER),
        (3, "Offer id", "Row 2 has this id already: choose another id."),
        (3, "Display code", "The offer of row 2 already asks for this code: choose another."),
        (4, "Offer id", REQUIRED),
        (5, "Offer id", REQUIRED),
    ]


def test_what_one_row_asks_for_no_other_row_shows_or_is_called(cpo: Cpo) -> None:
    head = "Offer id,Name,Value,Valid from,Valid until,The buyer must send the code,Display code"
    rows = [
        "a,A,5,2026-01-01T00:00,2040-01-01T00:00,yes,SAVE",
        "b,B,5,2026-01-01T00:00,2040-01-01T00:00,no,save",
        "c,C,5,2026-01-01T00:00,2040-01-01T00:00,no,LABEL",
        "d,D,5,2026-01-01T00:00,2040-01-01T00:00,no,label",
        "e,E,5,2026-01-01T00:00,2040-01-01T00:00,yes,Label",
        "f,F,5,2026-01-01T00:00,2040-01-01T00:00,yes,A",
        "D,G,5,2026-01-01T00:00,2040-01-01T00:00,no,",
    ]
    assert faults_of(load(cpo, "\r\n".join([head, *rows]))) == [
        (3, "Display code", "The offer of row 2 already asks for this code: choose another."),
        (6, "Display code", "The offer of row 4 shows this code to everybody: choose another."),
        (7, "Display code", "“A” is the id of an offer, by which everybody may ask for it: choose another code."),
        (8, "Offer id", "Row 5 has this id already: choose another id."),
    ]
    with cpo_scope(cpo):
        assert not Offer.objects.exists()


FORMS: dict[str, tuple[dict[str, str], dict[str, list[str]]]] = {
    "a-field-and-two-others-that-contradict": (
        {"value": "x", "valid_until": "2025-01-01T00:00"}, {"value": [NUMBER], "valid_until": [ENDS_BEFORE]},
    ),
    "a-limit-and-the-content": (
        {"total_uses": "many", "budget": "100", "value": "120"},
        {
            "total_uses": [WHOLE],
            "redemption_cap": [NO_CAP],
            "value": ["A percentage is at most 100: lower it, or choose an amount."],
        },
    ),
    "no-end": (
        {"valid_until": "", "value": "-1"}, {"valid_until": [REQUIRED], "value": ["Give a percentage above 0."]},
    ),
    "what-only-publishing-asks-for": (
        {"_publish": "1", "nth_session": "5", "total_uses": "many"},
        {
            "total_uses": [WHOLE],
            "uses_per_customer": ["An offer for one session of a customer is used once: set it to 1."],
        },
    ),
    "publishing-waits-for-an-unread-limit": (
        {"_publish": "1", "nth_session": "5", "uses_per_customer": "few"}, {"uses_per_customer": [WHOLE]},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("said", "faults"), FORMS.values(), ids=FORMS.keys())
def test_the_form_tells_all_of_its_faults_at_once(cpo: Cpo, said: dict[str, str], faults: dict[str, list[str]]) -> None:
    sent = {name: value if isinstance(value, list) else [value] for name, value in (FORM | said).items()}
    with cpo_scope(cpo):
        assert OfferForm(MultiValueDict(sent)).errors == faults
