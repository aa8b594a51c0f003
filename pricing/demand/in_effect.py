"""The level of demand that a session pays: that in effect at its start, unless the last decision is stale by then."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import orjson
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from cpo_portal.network.models import Connector
from pricing.demand.driver_words import WHILE_BUSY
from pricing.demand.highest import highest_rate
from pricing.demand.rules import rules_of, scope_of
from pricing.engine import demand as engine
from pricing.engine.codec import decode
from pricing.engine.values import PriceTerms, SurgeBasis
from pricing.models import DemandPolicy, DemandState, SurgeKindChoice, SurgeSchedule, SurgeVersion
from pricing.surges.promises import Promise
from pricing.surges.scope import fits_location, tags_at


@dataclass(frozen=True, slots=True)
class Standing:
    """A location, by its key, at which a level is in effect or announced, as it was read at an instant.

    `document` is JSON that is only read where a session is priced: at a busy hour there may be many.
    """

    policy: DemandPolicy
    location: int
    level: int
    percent: Decimal
    announced_percent: Decimal | None
    document: str
    now: datetime


@dataclass(frozen=True, slots=True)
class LevelHere:
    """A level that is in effect for a session, at most so many percent, and the rules that bound it by a rate.

    For sessions planned to start from `known_until` on another level holds, or nobody knows which. `starts_at` is
    when a level begins that is only announced, None of one that holds.
    """

    level: int
    percent: Decimal
    rules: engine.DemandPolicy
    known_until: datetime | None
    starts_at: datetime | None = None

    @property
    def when(self) -> str:
        """When it is charged, as buyer apps are told."""
        return WHILE_BUSY if self.starts_at is None else f"{WHILE_BUSY}; withdrawn if fewer are by then"

    def percent_of(self, terms: PriceTerms) -> Decimal:
        """Return its percentage at these rates; the highest counts, so that none of them leads beyond the bound."""
        rate = highest_rate(terms.components) if self.rules.highest_rate is not None else None
        return min(self.percent, self.rules.percent(self.level, base_rate=rate))


def standings_of(cpo_ids: Collection[int], *, now: datetime) -> dict[int, tuple[Standing, ...]]:
    """Return where levels above 0 are in effect or announced, by the CPO's key, in at most two queries.

    What was decided by rules that were changed or switched off since is left out.
    """
    active = DemandPolicy.objects.filter(cpo__in=cpo_ids, is_active=True)
    policies = {x.pk: x for x in active}
    if not policies:
        return {}
    rows = DemandState.objects.filter(
        ~Q(level=0) | Q(announced_level__isnull=False), cpo__in=cpo_ids, policy__in=policies
    )
    columns = ("policy", "number", "location", "level", "percent", "announced_percent")
    text = Cast("document", TextField())
    found: dict[int, list[Standing]] = {}
    for key, number, place, level, percent, announced, document in rows.order_by("pk").values_list(*columns, text):
        policy = policies[key]
        if number == policy.number:
            standing = Standing(policy, place, level, percent, announced, document, now)
            found.setdefault(policy.cpo_id, []).append(standing)
    return {cpo_id: tuple(standings) for cpo_id, standings in found.items()}


def level_for(standing: Standing, connector: Connector, notice: Promise, *, at: datetime) -> LevelHere | None:
    """Return the level for a session at a connector, its charger and location loaded, planned to start then.

    None where it is level 0, where the last decision is stale, or would be by the start: nobody knows the level then.
    `notice` is that of levels, after which a place is the policy's by a tag that was added to it.
    """
    known = _known(standing, connector)
    if known is None or not _fits(standing, connector, notice, at):
        return None
    state, rules = known
    start = max(at, standing.now, state.at)
    if start - state.at > rules.stale_after:
        return None
    then = engine.state_at(state, rules, at=start)
    if not then.level:
        return None
    percent = standing.percent if then.level == standing.level else standing.announced_percent
    known_until = state.at + rules.stale_after
    if then.announced is not None:
        known_until = min(known_until, then.announced.starts_at)
    return LevelHere(then.level, percent or Decimal(0), rules, known_until)


def rise_for(standing: Standing, connector: Connector, notice: Promise, *, at: datetime) -> LevelHere | None:
    """Return the level that is announced there as far as it is known now, and begins after an instant; else None."""
    known = _known(standing, connector)
    if known is None:
        return None
    state, rules = known
    announced, percent = state.announced, standing.announced_percent
    if announced is None or percent is None or announced.starts_at <= max(at, standing.now, state.at):
        return None
    if not _fits(standing, connector, notice, announced.starts_at):
        return None
    return LevelHere(announced.level, percent, rules, None, announced.starts_at)


def _known(standing: Standing, connector: Connector) -> tuple[engine.DemandState, engine.DemandPolicy] | None:
    """Return where a connector's location stands, and by which rules; None where it is another's or nobody knows."""
    policy, now = standing.policy, standing.now
    if standing.location != connector.charger.location_id:
        return None
    state, rules = decode(engine.DemandState, orjson.loads(standing.document)), rules_of(policy)
    # A decision from far ahead was made by a clock that was wrong.
    return None if abs(now - state.at) > rules.stale_after else (state, rules)


def _fits(standing: Standing, connector: Connector, notice: Promise, at: datetime) -> bool:
    location = connector.charger.location
    return fits_location(scope_of(standing.policy), location, tags_at(location, notice, at))


def as_version(standing: Standing, here: LevelHere) -> SurgeVersion:
    """Return the level in the form of a published surge, which is never saved: the policy's id, name and number."""
    policy = standing.policy
    schedule = SurgeSchedule(
        cpo_id=policy.cpo_id,
        schedule_id=policy.policy_id,
        name=policy.name,
        kind=SurgeKindChoice.RUSH_HOURS,
    )
    return SurgeVersion(
        cpo_id=policy.cpo_id,
        schedule=schedule,
        number=policy.number,
        basis=SurgeBasis.PERCENT.value,
        value=here.percent,
        stacking_group=policy.stacking_group,
        explanation=policy.explanation,
    )
