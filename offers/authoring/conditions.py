"""What is refused of an offer's conditions on the session."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from offers.models import Offer
from offers.models.conditions import UPSIDE_DOWN_ENERGY

if TYPE_CHECKING:
    from offers.authoring.content import OfferContent

#: More than any session takes.
MOST_WH = 2_000_000
OWN_FIELDS = ("min_energy_wh", "max_energy_wh")
_Findings = Iterable[tuple[str, str]]


def check_conditions(offer: Offer, content: OfferContent) -> _Findings:
    """Yield each fault as (field, sentence); inside the CPO's scope."""
    yield from _energy(content)


def _energy(content: OfferContent) -> _Findings:
    for name in ("min_energy_wh", "max_energy_wh"):
        value = getattr(content, name)
        if value is not None and not 1 <= value <= MOST_WH:
            yield name, f"Give an energy above 0 and up to {MOST_WH // 1000} kWh."
            return
    least, most = content.min_energy_wh, content.max_energy_wh
    if least is not None and most is not None and least > most:
        yield "max_energy_wh", UPSIDE_DOWN_ENERGY
