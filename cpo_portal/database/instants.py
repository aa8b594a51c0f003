"""The years that an instant may lie in, for forms, APIs and tables: psycopg reads none beyond the calendar's ends."""

from __future__ import annotations

from datetime import UTC, datetime

from django.core.exceptions import ValidationError
from django.db.models import Q

#: As the clock says on which an instant is written; any zone's clock and a week more stay within the calendar.
FIRST_YEAR, LAST_YEAR = 2000, 2100
#: What these years span on all clocks of the world together.
FIRST, END = datetime(1999, 12, 31, tzinfo=UTC), datetime(2101, 1, 2, tzinfo=UTC)
FAR = f"Give a time in the years {FIRST_YEAR} to {LAST_YEAR}."


def is_near(instant: datetime) -> bool:
    """Tell whether an aware instant lies in these years on some clock."""
    return FIRST <= instant < END


def refuse_far(instant: datetime) -> None:
    """Raise ValidationError for an aware instant beyond these years."""
    if not is_near(instant):
        raise ValidationError(FAR, "far")


def near(field: str) -> Q:
    """Return the condition of a table that the column lies in these years on some clock, if it is set."""
    return Q(**{f"{field}__gte": FIRST, f"{field}__lt": END})
