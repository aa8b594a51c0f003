"""What is worked out from meters and connectors in the large: bills, and demand levels over a quarter of a year.

Each part is a module with a `run()` of its own, its figures and their yardstick.
"""

from __future__ import annotations

from tests.bench import controller, metered
from tests.bench.figures import Figures

PARTS = (metered, controller)


def run() -> Figures:
    figures: Figures = {}
    for part in PARTS:
        figures |= part.run()
    return figures
