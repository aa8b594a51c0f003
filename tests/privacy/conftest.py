"""A buyer app in conversation with a CPO, as in the tests of the actions."""

from __future__ import annotations

from tests.beckn.actions.conftest import talk

__all__ = ["talk"]
