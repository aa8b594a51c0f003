"""What is wrong in a file's header is told whole: what an unknown column was meant to be, and what is missing."""

from __future__ import annotations

import pytest

from cpo_portal.charging.imports import csv_files
from cpo_portal.charging.imports.csv_files import Bounds, NotRead, each_row, read_rows
from offers.files.reading import BOUNDS

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
    "unknown-and-written-twice": (
        SHORT, "phone,colour,colour", "The column “colour” is unknown: use phone, email, tier.",
    ),
    "as-many-as-are-read": (
        SHORT, ",".join(["phone", *(f"u{n}" for n in range(499))]),
        " ".join(f"The column “u{n}” is unknown: use phone, email, tier." for n in range(5))
        + " 494 more columns are unknown.",
    ),
    "more-than-are-read": (
        SHORT, ",".join(["phone"] * 501),
        "The first row has 501 cells, and at most 500 are read: delete the columns that are not needed, empty ones "
        "too, and upload it again.",
    ),
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


def test_near_names_are_looked_for_only_where_they_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    monkeypatch.setattr(csv_files, "get_close_matches", lambda name, free, n: looked.append(name) or [])
    with pytest.raises(NotRead, match=r"495 more columns are unknown\.$"):
        read_rows(",".join(f"u{n}" for n in range(500)).encode(), columns=SHORT, needed=lambda _: "")
    assert looked == ["u0", "u1", "u2", "u3", "u4"]


@pytest.mark.parametrize("bounds", [Bounds(), BOUNDS], ids=["usual", "of-offers"])
@pytest.mark.parametrize("cell", ["phone", "x", ""])
def test_a_header_of_too_many_cells_is_refused_before_anything_is_done_with_them(
    bounds: Bounds, cell: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(csv_files, "Counter", None)
    monkeypatch.setattr(csv_files, "get_close_matches", None)
    cells = (bounds.most_bytes - 1) // (len(cell) + 1)
    data = (f"{cell}," * cells).encode()
    with pytest.raises(NotRead, match=rf"^The first row has {cells + 1} cells, and at most 500 are read: "):
        list(each_row(data, columns=SHORT, needed=lambda _: "", bounds=bounds))


def test_a_header_is_taken_in_any_case() -> None:
    rows = read_rows(b"NAME,offer ID\nTen,a", columns=LONG, needed=lambda _: "")
    assert rows == [{"name": "Ten", "offer id": "a"}]
