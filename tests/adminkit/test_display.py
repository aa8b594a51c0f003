"""How values look, and that no value of a user's becomes markup."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from cpo_portal.adminkit.display import Tone, bar, chip, money, pairs, when, words
from cpo_portal.adminkit.exports import harmless

MONEY = {
    "rupees in lakhs": (Decimal("184320"), "INR", "₹1,84,320.00"),
    "crores": (Decimal("123456789.5"), "INR", "₹12,34,56,789.50"),
    "hundreds": (Decimal("999.999"), "INR", "₹1,000.00"),
    "nothing": (Decimal(0), "INR", "₹0.00"),
    "owed": (Decimal("-1234.5"), "INR", "−₹1,234.50"),
    "half up": (Decimal("0.005"), "INR", "₹0.01"),
    "dollars": (Decimal("1843200"), "USD", "$1,843,200.00"),
    "no symbol": (Decimal(5), "CHF", "CHF 5.00"),
    "no decimals": (Decimal("1843200.5"), "JPY", "JPY 1,843,201"),
    "three decimals": (Decimal("5.0005"), "KWD", "KWD 5.001"),
    "unknown": (None, "INR", "–"),
}


@pytest.mark.parametrize(("amount", "currency", "text"), MONEY.values(), ids=MONEY)
def test_money_is_written_as_the_country_writes_it(amount: Decimal | None, currency: str, text: str) -> None:
    assert money(amount, currency) == text


def test_an_instant_is_shown_on_the_clock_of_the_place() -> None:
    instant = datetime(2025, 1, 4, 20, 15, tzinfo=UTC)
    assert when(instant) == "Sun 5 Jan 2025, 01:45 IST"
    assert when(instant, "Europe/Berlin") == "Sat 4 Jan 2025, 21:15 CET"
    assert when(instant, seconds=True) == "Sun 5 Jan 2025, 01:45:00 IST"
    assert when(None) == "–"


def test_a_chip_is_escaped_and_knows_its_tones() -> None:
    assert chip("<b>Live</b>", "good") == '<span class="portal-chip portal-good">&lt;b&gt;Live&lt;/b&gt;</span>'
    with pytest.raises(ValueError, match="purple"):
        chip("Live", "purple")


BARS = {
    "little": (7, 10, "portal-good", "70"),
    "nearly": (8, 10, "portal-warn", "80"),
    "full": (10, 10, "portal-bad", "100"),
    "over": (12, 10, "portal-bad", "100"),
    "nothing allowed": (0, 0, "portal-bad", "100"),
}


@pytest.mark.parametrize(("used", "limit", "tone", "share"), BARS.values(), ids=BARS)
def test_a_bar_shows_used_of_limit(used: int, limit: int, tone: str, share: str) -> None:
    text = bar(used, limit)
    assert f'<progress class="{tone}" max="100" value="{share}"' in text
    assert f"{used} / {limit}</span>" in text


def test_a_bar_of_work_that_is_done_warns_of_nothing() -> None:
    assert 'class="portal-good" max="100" value="100"' in bar(7, 7, tone=Tone.GOOD)


def test_names_with_their_values_are_escaped() -> None:
    assert pairs([("<b>", "1 & 2")]) == (
        '<div class="portal-table portal-pairs"><table><tbody><tr><th scope="row">&lt;b&gt;</th><td>1 &amp; 2</td></tr>'
        "</tbody></table></div>"
    )


def test_a_bar_without_limit_is_words() -> None:
    assert bar(Decimal("1500.50"), None) == '<span class="portal-figures">1,500.50 used, no limit</span>'


@pytest.mark.parametrize(
    ("instant", "zone", "shown"),
    [
        (datetime.max.replace(tzinfo=UTC), "Asia/Kolkata", "Fri 31 Dec 9999, 23:59 UTC"),
        (datetime.min.replace(tzinfo=UTC), "America/New_York", "Mon 1 Jan 1, 00:00 UTC"),
    ],
)
def test_the_ends_of_the_calendar_are_shown(instant: datetime, zone: str, shown: str) -> None:
    assert when(instant, zone).replace("0001", "1") == shown


def test_words_are_escaped_and_cut() -> None:
    assert words(["a<b", "c"]) == "a&lt;b, c"
    assert words(range(7), limit=3) == "0, 1, 2 and 4 more"
    assert words([]) == "–"


CELLS = {
    "formula": ("=1+1", "'=1+1"),
    "plus": ("+91 98450", "'+91 98450"),
    "phone": ("+919845012345", "+919845012345"),
    "minus": ("-2+3", "'-2+3"),
    "number": ("-5.25", "-5.25"),
    "at": ("@A1", "'@A1"),
    "behind blanks": ("  =A1", "'  =A1"),
    "tab": ("\t=A1", "'\t'=A1"),
    "behind a semicolon": ("Ten off;=HYPERLINK(A1)", "Ten off;'=HYPERLINK(A1)"),
    "behind each semicolon": ("a; +1;@b", "a;' +1;'@b"),
    "behind a tab": ("Ten off\t-2+3", "Ten off\t'-2+3"),
    "in another line": ("Ten off\r\n=A1", "Ten off\r\n'=A1"),
    "names": ("a; b; 10-19", "a; b; 10-19"),
    "text": ("Weekend Special", "Weekend Special"),
    "figure": (5, 5),
    "empty": ("", ""),
}


@pytest.mark.parametrize(("cell", "expected"), CELLS.values(), ids=CELLS)
def test_a_cell_that_a_sheet_would_run_becomes_text(cell: object, expected: object) -> None:
    assert harmless(cell) == expected
