"""The time of the tests of surges' pages, and their people."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.people import People, make_people
from tests.pricing.surges.samples import NOW


class Clock:
    """The time of the tests, which they set."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr("django.utils.timezone.now", found)
    return found


@pytest.fixture
def people(clock: Clock) -> People:
    return make_people()
