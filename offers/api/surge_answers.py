"""What became of the surges of a price, as the price check answers it."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from offers.api.serializers import AMOUNT, amount_text
from pricing.engine.surge_outcomes import Surged


class SurgedSerializer(serializers.Serializer[Any]):
    """A surge that applies to the session where and for what it is asked, and what became of it."""

    schedule_id = serializers.CharField()
    version = serializers.IntegerField()
    name = serializers.CharField()
    basis = serializers.CharField(help_text="PERCENT, PER_KWH or FIXED.")
    value = serializers.DecimalField(max_digits=14, decimal_places=4)
    outcome = serializers.CharField(
        help_text="CHARGED, EXEMPT, OUTWEIGHED (by one of its group), CUT (by the cap of all surges), NOTHING (less "
        "than the smallest amount) or ELSEWHEN (not while energy flows)."
    )
    amount = serializers.DecimalField(**AMOUNT, help_text="What it adds, before tax.")
    exemption = serializers.CharField(help_text="Why the driver is exempt; empty where they are not.")
    words = serializers.CharField()


def surged_to_response(found: Surged) -> dict[str, Any]:
    """Return what became of a surge in the shape of SurgedSerializer."""
    surge = found.surge
    return {
        "schedule_id": surge.surge_id,
        "version": surge.version,
        "name": surge.name,
        "basis": surge.basis.value,
        "value": amount_text(surge.value),
        "outcome": found.outcome.value,
        "amount": amount_text(found.amount.amount),
        "exemption": surge.exemption,
        "words": found.words(),
    }
