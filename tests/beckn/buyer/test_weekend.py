"""Which days count as the weekend: those of the site, not those of UTC or of the buyer's machine."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from beckn.buyer import detours


@pytest.mark.parametrize(
    ("moment", "weekend"),
    [
        pytest.param(datetime(2026, 5, 1, 18, 29, tzinfo=UTC), False, id="Friday 23:59 in India"),
        pytest.param(datetime(2026, 5, 1, 18, 30, tzinfo=UTC), True, id="Saturday 00:00 in India, Friday in UTC"),
        pytest.param(datetime(2026, 5, 3, 18, 29, tzinfo=UTC), True, id="Sunday 23:59 in India"),
        pytest.param(datetime(2026, 5, 3, 18, 30, tzinfo=UTC), False, id="Monday 00:00 in India, Sunday in UTC"),
    ],
)
def test_the_weekend_is_that_of_the_site(moment: datetime, weekend: bool) -> None:
    assert detours._is_weekend(moment) is weekend


@pytest.mark.parametrize("day", range(1, 8))
def test_the_next_wednesday_lies_one_to_seven_days_ahead(day: int) -> None:
    now = datetime(2026, 5, day, 9, tzinfo=UTC)
    noon = detours._noon_of_next(detours.WEDNESDAY, now)
    assert noon == datetime(2026, 5, 6 if day < 6 else 13, 6, 30, tzinfo=UTC)
