"""The rules of a demand policy's row as the engine reads them, and the places that they are for."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from pricing.engine import demand as engine
from pricing.engine.codec import decode, encode
from pricing.models import DemandPolicy, SurgePolicy
from pricing.surges.content import Scope


def rules_of(policy: DemandPolicy) -> engine.DemandPolicy:
    """Return the rules as they were written."""
    return decode(engine.DemandPolicy, policy.rules)


def rules_in_force(policy: DemandPolicy, promise: SurgePolicy) -> engine.DemandPolicy:
    """Return the rules with at least the notice that the CPO promises of signals and levels of demand."""
    rules = rules_of(policy)
    return replace(rules, notice=max(rules.notice, promised_notice(promise)))


def promised_notice(promise: SurgePolicy) -> timedelta:
    """Return how long a rise is announced at least."""
    return timedelta(minutes=promise.signal_notice_minutes)


def written(rules: engine.DemandPolicy) -> dict[str, Any]:
    """Return rules as a row keeps them."""
    document: dict[str, Any] = encode(rules)
    return document


def scope_of(policy: DemandPolicy) -> Scope:
    """Return where the policy applies."""
    return Scope(location_ids=tuple(policy.location_ids), location_tags=tuple(policy.location_tags))
