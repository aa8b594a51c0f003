"""The sale of the ordering tests: a CPO with an offer of five uses and a gateway."""

from __future__ import annotations

from tests.offers.ordering.conftest import sale

__all__ = ["sale"]
