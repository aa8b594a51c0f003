"""What the tables of the network have in common: ids as Beckn writes them, the category of charging."""

from __future__ import annotations

from decimal import Decimal

from django.core.validators import RegexValidator

BECKN_ID = RegexValidator(
    r"^[A-Za-z0-9][A-Za-z0-9._:-]*$",
    "Use letters, digits, dots, colons, underscores and hyphens, a letter or digit first.",
)

#: The category of every connector; products name their own.
CHARGING_CATEGORY = "ev-charging"

#: The highest price of one unit: what the line of an order can hold.
MOST_PRICE = Decimal("99999999.99")
