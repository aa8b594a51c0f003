"""A sale at a CPO, for orders that go all the way to their bill."""

from tests.offers.ordering.conftest import sale

__all__ = ["sale"]
