"""An offer's conditions on the session in plain words."""

from __future__ import annotations

from offers.engine.values import Qualifier
from pricing.engine.wording import energy_text


def conditions_in_words(qualifier: Qualifier) -> list[str]:
    """Return phrases such as "for sessions from 10 kWh to 30 kWh"."""
    return _energy(qualifier.min_wh, qualifier.max_wh)


def _energy(least: int | None, most: int | None) -> list[str]:
    if least is not None and most is not None:
        return [f"for sessions from {energy_text(least)} to {energy_text(most)}"]
    if least is not None:
        return [f"for sessions from {energy_text(least)}"]
    return [f"for sessions up to {energy_text(most)}"] if most is not None else []
