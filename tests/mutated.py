"""A pytest plugin of `python -m tests.mutation`: forgets what is remembered, before each test, and wastes no time.

A changed engine is tried in a fork of a process that has run all tests once, by the tests that were seen to call the
changed function. What functions remember, and the offers what they ask, would hide the change from a test, and the call
from whoever counts it.
"""

from __future__ import annotations

import functools
import gc
import json
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, settings

from offers.engine.values import OfferTerms

#: Seconds; tests that were seen to take longer are left out. Empty for none.
LONGEST = "PORTAL_MUTATION_LONGEST"

_remembered: list[functools._lru_cache_wrapper[Any]] = []
_offers: list[OfferTerms] = []


def pytest_configure() -> None:
    """Leave a counterexample as it was found, for nobody reads it, and what there is to the forks, uncollected."""
    settings.register_profile("mutated", phases=[Phase.explicit, Phase.generate], database=None)
    settings.load_profile("mutated")
    _find()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what takes too long, once that is known."""
    seen = Path("mutmut-stats.json")
    if not (longest := os.environ.get(LONGEST)) or not seen.is_file():
        return
    took = json.loads(seen.read_text())["duration_by_test"]
    items[:] = [x for x in items if took.get(x.nodeid, 0) <= float(longest)]


def pytest_collection_finish() -> None:
    """Find what remembers of what was loaded since."""
    _find()


def _find() -> None:
    """Note what remembers; not what is frozen, which an earlier look has noted."""
    found = gc.get_objects()
    _remembered.extend(x for x in found if isinstance(x, functools._lru_cache_wrapper))
    _offers.extend(x for x in found if isinstance(x, OfferTerms))


def pytest_runtest_setup() -> None:
    """Forget it all."""
    for function in _remembered:
        function.cache_clear()
    for offer in _offers:
        if hasattr(offer, "asked"):
            object.__delattr__(offer, "asked")
