"""How often a long-lived process looks for garbage: Python's own pace is meant for programs with little in memory."""

from __future__ import annotations

import gc


def collect_seldom() -> None:
    """Leave what was imported to itself, and look for garbage less often: a large catalogue would wait for it.

    Nearly all that the portal makes is freed by its reference count. Looking through a book of ten thousand offers for
    the rest would double the time of whatever makes that many values.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
