"""The rules of a demand policy's row as the engine reads them, and the places that they are for."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from pricing.engine import demand as engine
from pricing.engine.codec import decode, encode
from pricing.models import DemandPolicy, SurgePolicy
from pricing.surges.content import Scope
from pricing.surges.promises import Promise, changed


def rules_of(policy: DemandPolicy) -> engine.DemandPolicy:
    """Return the rules as they were written."""
    return decode(engine.DemandPolicy, policy.rules)


def rules_in_force(policy: DemandPolicy, promise: SurgePolicy, *, now: datetime | None = None) -> engine.DemandPolicy:
    """Return the rules with at least the notice that the CPO promises of signals and levels of demand.

    With `now` it is that of a rise which is decided then, while a shorter notice still waits for a longer one.
    """
    rules = rules_of(policy)
    if now is None:
        return replace(rules, notice=max(rules.notice, promised_notice(promise)))
    own = Promise(rules.notice, policy.notice_kept_until)
    return replace(rules, notice=max(own.at(now), promise.signal_notice.at(now)))


def keep_notice(policy: DemandPolicy, before: DemandPolicy, now: datetime) -> None:
    """Let a shorter notice of the rules wait for the longer one that they had."""
    had = Promise(rules_of(before).notice, before.notice_kept_until)
    policy.notice_kept_until = changed(had, rules_of(policy).notice, now=now).kept_until


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
