"""The actors of other rooms' tests: a buyer app that posts, and one in conversation with a CPO."""

from __future__ import annotations

from tests.beckn.actions.conftest import talk
from tests.beckn.infra.conftest import _fresh_caches, bap, nudges, post, sink

__all__ = ["_fresh_caches", "bap", "nudges", "post", "sink", "talk"]
