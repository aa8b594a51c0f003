"""Full buckets for everybody who asks for a page."""

from __future__ import annotations

import pytest

from offers.public import limits as public_limits


@pytest.fixture(autouse=True)
def _full_buckets() -> None:
    public_limits.addresses.forget()
