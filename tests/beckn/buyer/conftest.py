"""The conversation of the actions, for a buyer app in this process."""

from __future__ import annotations

from tests.beckn.actions.conftest import talk

__all__ = ["talk"]
