"""The days on which an offer applies, as the API reads and writes them."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from cpo_portal.network.api_fields import BoundedListField, OneOfField
from offers.authoring.days import MOST_DATES
from offers.models.days import HolidaysChoice


class DaysSerializer(serializers.Serializer[Any]):
    """Holidays of a calendar, and dates on which the offer does not apply, on the clock of each location."""

    holiday_calendar = serializers.CharField(
        max_length=60, required=False, allow_blank=True, help_text="The id of one of your holiday calendars."
    )
    holidays = OneOfField(
        HolidaysChoice.choices, required=False, allow_blank=True, help_text="ONLY on its days, or EXCEPT on them."
    )
    blackout_dates = BoundedListField(child=serializers.DateField(), max_length=MOST_DATES, required=False)
