"""What is wrong in a file's header is told whole: what an unknown column was meant to be, and what is missing."""

from __future__ import annotations

import pytest

from cpo_portal.charging.csv_files import NotRead, read_rows

SHORT = ("phone", "email", "tier")
LONG = ("Offer id", "Name", "Campaign kind", "Value", "Value type", "Valid from", "Valid until", "Locations", "Cities",
        "Display code", "Weekly windows", "Budget", "Priority")  # fmt: skip
HEADERS = {
    "misspelt": (LONG, "Offer id,Locatons", "The column “Locatons” is unknown: did you mean “Locations”?"),
    "another-writing": (LONG, "offer_id,VALUE", "The column “offer_id” is unknown: did you mean “Offer id”?"),
    "like-nothing": (
        LONG, "Offer id,Colour",
        "The column “Colour” is unknown: leave it out, or take its name from the list of columns.",
    ),
    "like-nothing-of-few": (SHORT, "phone,colour", "The column “colour” is unknown: use phone, email, tier."),
    "not-one-that-is-there": (
        LONG, "Offer id,Name,Names",
        "The column “Names” is unknown: leave it out, or take its name from the list of columns.",
    ),
    "several": (
        LONG, "Offer id,Budgit,Vlue",
        "The column “Budgit” is unknown: did you mean “Budget”? The column “Vlue” is unknown: did you mean “Value”?",
    ),
    "several-and-twice-and-missing": (
        LONG, "Name,Budgit,name",
        "The column “Budgit” is unknown: did you mean “Budget”? The column “Name” is there twice: leave one out. "
        "The id is missing.",
    ),
    "misspelt-is-not-missing": (LONG, "Ofer id,Name", "The column “Ofer id” is unknown: did you mean “Offer id”?"),
    "more-than-are-named": (
        SHORT, "phone,u,v,w,x,y,z,q",
        " ".join(f"The column “{name}” is unknown: use phone, email, tier." for name in "uvwxy")
        + " 2 more columns are unknown.",
    ),
    "a-long-name": (SHORT, f"phone,{'z' * 900}", f"The column “{'z' * 60}” is unknown: use phone, email, tier."),
    "none": (LONG, "", "The file is empty: its first row names the columns, such as Offer id, Name, Campaign kind."),
    "none-of-few": (SHORT, "", "The file is empty: its first row names the columns, of phone, email, tier."),
    "commas-alone": (SHORT, ",,", "The file is empty: its first row names the columns, of phone, email, tier."),
}  # fmt: skip


@pytest.mark.parametrize(("columns", "header", "sentence"), HEADERS.values(), ids=HEADERS.keys())
def test_a_header_is_refused_with_all_that_is_wrong_in_it(columns: tuple[str, ...], header: str, sentence: str) -> None:
    def needed(there: set[str]) -> str:
        return "" if there & {"offer id", "phone"} else "The id is missing."

    with pytest.raises(NotRead) as refused:
        read_rows(f"{header}\n1,2".encode(), columns=columns, needed=needed)
    assert str(refused.value) == sentence


def test_a_header_is_taken_in_any_case() -> None:
    rows = read_rows(b"NAME,offer ID\nTen,a", columns=LONG, needed=lambda _: "")
    assert rows == [{"name": "Ten", "offer id": "a"}]
