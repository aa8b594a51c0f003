"""How amounts and lists are stored."""

from __future__ import annotations

from typing import Any

from django.db import models

MONEY: dict[str, Any] = {"max_digits": 14, "decimal_places": 4}

#: What the database writes into a list that the release before leaves out.
NO_ROWS = models.Value([], output_field=models.JSONField())
