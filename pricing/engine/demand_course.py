"""How the demand level of a location goes on from instant to instant: the rules, on one value that moves."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from sys import maxsize
from zoneinfo import ZoneInfo

from pricing.engine.demand_policy import DemandPolicy
from pricing.engine.demand_values import Announcement, DemandReason, DemandState, LevelChange, Observation, utc
from pricing.engine.values import PricingError
from pricing.engine.windows import zone_of

# An enum's member takes longer to look up than most of what is done by it here.
_HOLD, _RISE = DemandReason.HOLD, DemandReason.RISE
_STALE, _TOO_FEW = DemandReason.STALE, DemandReason.TOO_FEW
_ZERO = timedelta(0)
_LOAD_PLACES = 12
_LOAD_STEP = Decimal(1).scaleb(-_LOAD_PLACES)


class Course:
    """A state on its way under a policy; it changes, so it stays inside the function that made it.

    A replay takes millions of steps, and a frozen state for each would be most of their time. All instants are UTC.
    `made` grows by every change of the level; `threshold` and `again_at` are of the last decision.
    """

    __slots__ = (
        "again_at",
        "announced",
        "at",
        "changes",
        "cut",
        "day_ends",
        "half_life",
        "least_reporting",
        "level",
        "load",
        "load_at",
        "made",
        "observed_at",
        "offs",
        "ons",
        "policy",
        "reporting",
        "since",
        "stale_after",
        "started",
        "surcharged",
        "surcharged_per_day",
        "threshold",
        "weight",
        "zone",
    )

    def __init__(self, state: DemandState, policy: DemandPolicy) -> None:
        """Take up a state; raises PricingError DEMAND_STATE where the policy does not have its level."""
        announced = state.announced
        if max(state.level, announced.level if announced else 0) > len(policy.levels):
            raise PricingError("DEMAND_STATE", f"Begin at level 0: the policy has {len(policy.levels)} levels.")
        self.zone = zone_of(state.time_zone)
        self.at, self.since = utc(state.at, "the state's instant"), utc(state.since, "the level's instant")
        self.level, self.surcharged, self.changes = state.level, state.surcharged, state.changes
        self.announced = announced and Announcement(
            announced.level,
            utc(announced.decided_at, "the announcement's instant"),
            utc(announced.starts_at, "the announced instant"),
        )
        self.load = None if state.load is None else float(state.load)
        self.reporting = state.reporting
        self.load_at = state.load_at and utc(state.load_at, "the load's instant")
        self.observed_at = state.observed_at and utc(state.observed_at, "the observation's instant")
        self.day_ends = _end_of_day(self.at.astimezone(self.zone).date(), self.zone)
        self.policy = policy
        self.half_life, self.stale_after = policy.half_life, policy.stale_after
        self.least_reporting, self.surcharged_per_day = policy.least_reporting, policy.surcharged_per_day
        self.weight = float(policy.grid_weight)
        self.ons = (0.0, *(float(x.on) for x in policy.levels), float("inf"))
        self.offs = (0.0, *(float(x.off) for x in policy.levels))
        self.made: list[LevelChange] = []
        self.threshold: Decimal | None = None
        self.again_at: datetime | None = None
        self.cut = self.started = False

    def state(self) -> DemandState:
        """Return where it stands, frozen."""
        return DemandState(
            self.zone.key,
            self.at,
            self.since,
            self.level,
            self.announced,
            self.exact_load(),
            self.load_at,
            self.observed_at,
            self.reporting,
            self.surcharged,
            self.changes,
        )

    def exact_load(self) -> Decimal | None:
        """Return the load as it is stored: what is smoothed with floats is noise beyond these decimals."""
        return None if self.load is None else Decimal(self.load).quantize(_LOAD_STEP)

    def step(self, observation: Observation | None, now: datetime) -> DemandReason:
        """Go on to `now`, take in what was observed, and decide; raises as `go_to` does."""
        self.go_to(now)
        if observation is not None:
            self._observe(observation)
        return self._decide()

    def go_to(self, now: datetime) -> None:
        """Let time pass without a decision: an announced rise starts, days end, and minutes of a budget run out.

        Raises PricingError INSTANT for a naive instant and for a step back in time.
        """
        if now.tzinfo is not UTC:
            now = utc(now, "the instant of a decision")
        if now < self.at:
            raise PricingError("INSTANT", f"Decide at {self.at.isoformat()} or later: the state is of that instant.")
        self.threshold, self.again_at = None, None
        self.cut = self.started = False
        if now < self.day_ends and (self.announced is None or now < self.announced.starts_at):
            if not self.level:
                self.at = now
                return
            spent = self.surcharged + (now - self.at)
            if self.surcharged_per_day is None or spent < self.surcharged_per_day:
                self.at, self.surcharged = now, spent
                return
        self._walk_to(now)

    def _walk_to(self, now: datetime) -> None:
        """Go from event to event; at one instant a new day comes first, then the end of the minutes, then a start."""
        budget = self.surcharged_per_day
        while True:
            until = min(now, self.day_ends)
            if self.announced is not None:
                until = min(until, max(self.announced.starts_at, self.at))
            if self.level and budget is not None:
                until = min(until, self.at + max(budget - self.surcharged, _ZERO))
            if self.level:
                self.surcharged += until - self.at
            self.at = until
            if until >= self.day_ends:
                self.day_ends = _end_of_day(until.astimezone(self.zone).date(), self.zone)
                self.surcharged, self.changes, self.cut = _ZERO, 0, False
            elif self.level and budget is not None and self.surcharged >= budget:
                self.announced, self.cut, self.started = None, True, False
                self._change(0, DemandReason.BUDGET_MINUTES)
            elif self.announced is not None and self.announced.starts_at <= until:
                self._start(self.announced)
            elif until == now:
                return

    def _start(self, announced: Announcement) -> None:
        """Put an announced rise into effect, unless a new policy has left it no budget."""
        self.announced = None
        budget = self.surcharged_per_day
        if self._changes_left() >= 2 and (budget is None or self.surcharged < budget):
            self.started = True
            self._change(announced.level, DemandReason.STARTED)

    def _observe(self, observation: Observation) -> None:
        """Smooth in an observation that is newer than all before; an older one, or the same again, says nothing."""
        seen = observation.observed_at
        if seen.tzinfo is not UTC:
            seen = utc(seen, "the instant of an observation")
        if seen > self.at:
            raise PricingError("INSTANT", f"Decide at {seen.isoformat()} or later: it was observed then.")
        if self.observed_at is not None and seen <= self.observed_at:
            return
        self.observed_at, self.reporting = seen, observation.reporting
        if observation.reporting < self.least_reporting:
            return
        load = observation.busy / observation.reporting
        if self.weight and observation.grid_stress is not None:
            load = max(load, self.weight * observation.grid_stress)
        if self.load is not None and self.load_at is not None:
            # The half-life counts time, not samples: what is observed more often is not forgotten sooner.
            load += (self.load - load) * 2.0 ** -((seen - self.load_at) / self.half_life)
        # As it is stored: a decision that is repeated must not go by another load.
        self.load, self.load_at = round(load, _LOAD_PLACES), seen

    def _decide(self) -> DemandReason:
        reason = self._judged()
        if self.cut and reason is not _RISE:
            self.threshold = None
            return self._until_tomorrow(DemandReason.BUDGET_MINUTES)
        return reason

    def _judged(self) -> DemandReason:
        level, load = self.level, self.load
        if level and self._changes_left() < 1:
            self.announced = None
            self._change(0, DemandReason.BUDGET_CHANGES)
            return self._until_tomorrow(DemandReason.BUDGET_CHANGES)
        if load is None or self.load_at is None or self.at - self.load_at > self.stale_after:
            return self._decay()
        if self.reporting < self.least_reporting:
            return self._decay()
        if load < self.offs[level]:
            return self._fell()
        announced = self.announced
        if announced is not None:
            if load < self.offs[announced.level]:
                self.announced = None
                self.threshold = self.policy.levels[announced.level - 1].off
                return DemandReason.WITHDRAWN
            self.again_at = announced.starts_at
            return DemandReason.NOTICE
        reason = self._rose() if load >= self.ons[level + 1] else _HOLD
        if self.started and reason is not _RISE:
            self.threshold, self.again_at = None, None
            return DemandReason.STARTED
        return reason

    def _decay(self) -> DemandReason:
        """Step towards zero without a dwell, for nobody knows what the load is; but once per instant."""
        recent = self.observed_at is not None and self.at - self.observed_at <= self.stale_after
        reason = _TOO_FEW if recent and self.reporting < self.least_reporting else _STALE
        self.announced = None
        return self._fall(reason) if self.level and self.since < self.at else reason

    def _fell(self) -> DemandReason:
        self.threshold = self.policy.levels[self.level - 1].off
        withdrawn, self.announced = self.announced is not None, None
        held = self.at - self.since
        if held >= self.policy.dwell_down and held:
            return self._fall(DemandReason.FALL)
        self.again_at = self.since + self.policy.dwell_down
        return DemandReason.WITHDRAWN if withdrawn else DemandReason.DWELL

    def _fall(self, reason: DemandReason) -> DemandReason:
        """Fall by one level; with the last change of the day to 0, for there is no other to get there."""
        if self._changes_left() == 1 and self.level > 1:
            self._change(0, DemandReason.BUDGET_CHANGES)
            return self._until_tomorrow(DemandReason.BUDGET_CHANGES)
        self._change(self.level - 1, reason)
        return reason

    def _rose(self) -> DemandReason:
        """Announce the next level where both budgets leave room for it and for the fall after it."""
        policy, now = self.policy, self.at
        self.threshold = policy.levels[self.level].on
        starts_at = now + policy.notice
        today = starts_at < self.day_ends
        if today and self._changes_left() < 2:
            return self._until_tomorrow(DemandReason.BUDGET_CHANGES)
        if self.surcharged_per_day is not None:
            left = self.surcharged_per_day - self.surcharged
            if (today and left <= _ZERO) or (self.level and left <= min(starts_at, self.day_ends) - now):
                return self._until_tomorrow(DemandReason.BUDGET_MINUTES)
        held = now - self.since
        if held < policy.dwell_up or not held:
            self.again_at = self.since + policy.dwell_up
            return DemandReason.DWELL
        if policy.notice:
            self.announced = Announcement(self.level + 1, now, starts_at)
        else:
            self._change(self.level + 1, _RISE)
        return _RISE

    def _change(self, level: int, reason: DemandReason) -> None:
        self.level, self.since = level, self.at
        self.changes += 1
        self.made.append(LevelChange(self.at, level, reason))

    def _changes_left(self) -> int:
        limit = self.policy.changes_per_day
        return maxsize if limit is None else limit - self.changes

    def _until_tomorrow(self, reason: DemandReason) -> DemandReason:
        self.again_at = self.day_ends
        return reason


def _end_of_day(day: date, zone: ZoneInfo) -> datetime:
    return start_of_day(day + timedelta(days=1), zone)


@lru_cache(maxsize=4096)
def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """Return the first instant of a local day, also where a DST change leaves its midnight out."""
    return datetime.combine(day, time(0), tzinfo=zone).astimezone(UTC)
