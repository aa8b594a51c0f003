"""The rules of a demand policy's row as the engine reads them, and the places that they are for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pricing.engine import demand as engine
from pricing.engine.codec import decode, encode
from pricing.models import DemandPolicy, SurgePolicy
from pricing.surges.content import Scope


def rules_of(policy: DemandPolicy) -> engine.DemandPolicy:
    """Return the rules as they were written."""
    return decode(engine.DemandPolicy, policy.rules)


def rules_in_force(policy: DemandPolicy, promise: SurgePolicy, *, now: datetime | None = None) -> engine.DemandPolicy:
    """Return the rules with at least the notice that the CPO promises of signals and levels of demand.

    With `now` it is that of a rise which is decided then, while a shorter notice still waits for a longer one.
    """
    rules = rules_of(policy)
    least = promised_notice(promise) if now is None else promise.signal_notice.at(now)
    return replace(rules, notice=max(rules.notice, least))


def promised_notice(promise: SurgePolicy) -> timedelta:
    """Return how long a rise is announced at least, once a shorter notice counts."""
    return promise.signal_notice.notice


def written(rules: engine.DemandPolicy) -> dict[str, Any]:
    """Return rules as a row keeps them."""
    document: dict[str, Any] = encode(rules)
    return document


def scope_of(policy: DemandPolicy) -> Scope:
    """Return where the policy applies."""
    return Scope(location_ids=tuple(policy.location_ids), location_tags=tuple(policy.location_tags))
