"""A pytest plugin of `python -m tests.mutation`: forgets what is remembered, before each test.

A changed engine is tried in a fork of a process that has run all tests once, by the tests that were seen to call the
changed function. What functions remember, and the offers what they ask, would hide the change from a test, and the call
from whoever counts it.
"""

from __future__ import annotations

import functools
import gc
from typing import Any

from hypothesis import Phase, settings

from offers.engine.values import OfferTerms

_remembered: list[functools._lru_cache_wrapper[Any]] = []
_offers: list[OfferTerms] = []


def pytest_configure() -> None:
    """Leave a counterexample as it was found: nobody reads it, and making it small takes longer than all else."""
    settings.register_profile("mutated", phases=[Phase.explicit, Phase.generate], database=None)
    settings.load_profile("mutated")


def pytest_collection_finish() -> None:
    """Find what remembers."""
    found = gc.get_objects()
    _remembered[:] = [x for x in found if isinstance(x, functools._lru_cache_wrapper)]
    _offers[:] = [x for x in found if isinstance(x, OfferTerms)]


def pytest_runtest_setup() -> None:
    """Forget it all."""
    for function in _remembered:
        function.cache_clear()
    for offer in _offers:
        if hasattr(offer, "asked"):
            object.__delattr__(offer, "asked")
