"""An offer's conditions on the session in plain words."""

from __future__ import annotations

from offers.engine.values import Qualifier
from pricing.engine.wording import energy_text


def qualifier_in_words(qualifier: Qualifier) -> list[str]:
    """Return phrases such as "for sessions from 10 kWh to 30 kWh"."""
    parts = _energy(qualifier.min_wh, qualifier.max_wh)
    if qualifier.nth_session is not None:
        parts.append(f"for a customer's {_ordinal(qualifier.nth_session)} session")
    if qualifier.max_busy_percent is not None:
        parts.append(f"while under {qualifier.max_busy_percent} % of the location is busy")
    if qualifier.stock_at_least is not None:
        parts.append(f"while at least {qualifier.stock_at_least} of {qualifier.stock_product_id} are in stock")
    return parts


def _ordinal(number: int) -> str:
    ending = "th" if number % 100 in {11, 12, 13} else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return "first" if number == 1 else f"{number}{ending}"


def _energy(least: int | None, most: int | None) -> list[str]:
    if least is not None and most is not None:
        return [f"for sessions from {energy_text(least)} to {energy_text(most)}"]
    if least is not None:
        return [f"for sessions from {energy_text(least)}"]
    return [f"for sessions up to {energy_text(most)}"] if most is not None else []
