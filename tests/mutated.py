"""A pytest plugin of `python -m tests.mutation`: forgets what was worked out before the change that is tried.

A changed engine is tried in a fork of a process that has run all tests once. What functions remember of that run, and
the offers what they ask, would hide the change.
"""

from __future__ import annotations

import functools
import gc

from offers.engine.values import OfferTerms


def pytest_sessionstart() -> None:
    """Forget it all."""
    for found in gc.get_objects():
        if isinstance(found, functools._lru_cache_wrapper):
            found.cache_clear()
        elif isinstance(found, OfferTerms) and hasattr(found, "asked"):
            object.__delattr__(found, "asked")
