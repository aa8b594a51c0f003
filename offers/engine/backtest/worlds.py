"""A world of a replay: its offers, and what they have given and what is left of their limits so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal

from offers.engine.backtest.values import Given, PastSession, Running
from offers.engine.limits import LIMIT_REASONS, has_limit, limit_checks
from offers.engine.periods import Period, Today, today_at
from offers.engine.unrecorded import PastBook
from offers.engine.values import Check, OfferContext, OfferTerms, Usage

_NONE = Running()
#: Who (a customer or a group) has used which offer, ever or in a period that begins on a day.
_Use = tuple[str, str, Period | None, date | None]


class World:
    """A book, and what its offers with limits have given so far."""

    def __init__(self, offers: Iterable[OfferTerms], zone: str) -> None:
        self.past, self._zone = PastBook(offers), zone
        self.book = self.past.book
        #: The offers with limits, by their ids.
        self.limited: Mapping[str, OfferTerms] = {x.offer_id: x for x in self.book.all() if has_limit(x.limits)}
        self._given: dict[tuple[str, date | None], Running] = {}
        self._uses: dict[_Use, int] = {}
        self._together: dict[_Use, int] = {}

    def usage(self, session: PastSession) -> Mapping[str, Usage]:
        """Return what is used of each offer with limits, as the session meets it."""
        return _Used(self, session)

    def usage_of(self, offer_id: str, session: PastSession) -> Usage:
        """Return what is used of an offer as the session's customer meets it when it is bought.

        Only what the offer's limits ask for is looked up. Raises KeyError for an offer without limits.
        """
        limits, who = self.limited[offer_id].limits, session.customer
        total, of_day = self._given.get((offer_id, None), _NONE), _NONE
        in_periods: dict[str, int] = {}
        if limits.budget_per_day is not None or (limits.is_personal and limits.per_period):
            today = self._today(session)
            of_day = self._given.get((offer_id, today.day), _NONE)
            in_periods = {x: self._uses.get((offer_id, who, x, today.start_of(x)), 0) for x in limits.per_period}
        together, together_in = self._used_together(offer_id, session)
        return Usage(
            uses=total.sessions,
            budget_used=total.amount,
            customer_uses=self._uses.get((offer_id, who, None, None), 0) if who else None,
            budget_used_today=of_day.amount,
            customer_period_uses=in_periods,
            group_uses=together,
            group_period_uses=together_in,
        )

    def _used_together(self, offer_id: str, session: PastSession) -> tuple[int | None, dict[str, int]]:
        """Return the most that a group of the customer has used, ever and by period; None where it shares nothing."""
        limits, groups = self.limited[offer_id].limits, session.member_of
        if not limits.shared_in_groups or not groups:
            return None, {}
        starts = self._starts(offer_id, session)
        most = {x: max(self._together.get((offer_id, name, x, start), 0) for name in groups) for x, start in starts}
        return most[None], {x: uses for x, uses in most.items() if x is not None}

    def _starts(self, offer_id: str, session: PastSession) -> list[tuple[Period | None, date | None]]:
        """Return the spans that a use of the offer counts in: all time, and what its limits by period ask for."""
        per_period = self.limited[offer_id].limits.per_period
        if not per_period:
            return [(None, None)]
        today = self._today(session)
        return [(None, None), *((x, today.start_of(x)) for x in per_period)]

    def is_open(self, offer_id: str, session: PastSession, saving: Decimal) -> bool:
        """Tell whether no limit of the offer, which has some, turns a session away that it would save so much."""
        context = OfferContext(
            "",
            "",
            "",
            session.bought_at,
            customer_known=bool(session.customer),
            identity_required=True,
            usage=self.usage(session),
            calendar_zone=self._zone,
        )
        checks, _ = limit_checks(self.limited[offer_id], context, saving)
        return within_limits(checks)

    def record(self, session: PastSession, given: Given) -> None:
        """Count what a session was given, as far as limits count it."""
        for offer_id, amount in given.items():
            if offer_id not in self.limited:
                continue
            limits = self.limited[offer_id].limits
            self._add((offer_id, None), amount)
            if limits.budget_per_day is not None:
                self._add((offer_id, self._today(session).day), amount)
            if limits.is_personal:
                for period, start in self._starts(offer_id, session):
                    _count(self._uses, (offer_id, session.customer, period, start))
                    for name in session.member_of if limits.shared_in_groups else ():
                        _count(self._together, (offer_id, name, period, start))

    def _add(self, key: tuple[str, date | None], amount: Decimal) -> None:
        found = self._given.get(key)
        if found is None:
            found = self._given[key] = Running()
        found.add(amount)

    def _today(self, session: PastSession) -> Today:
        return today_at(session.bought_at, self._zone)


def _count(uses: dict[_Use, int], key: _Use) -> None:
    uses[key] = uses.get(key, 0) + 1


def within_limits(checks: Iterable[Check]) -> bool:
    """Tell whether no limit fails among these checks."""
    return not any(x.code in LIMIT_REASONS and not x.passed for x in checks)


class _Used(Mapping[str, Usage]):
    """A world's usage as one session meets it, worked out only for the offers that are asked for."""

    def __init__(self, world: World, session: PastSession) -> None:
        self._world, self._session = world, session

    def __getitem__(self, offer_id: str) -> Usage:
        return self._world.usage_of(offer_id, self._session)

    def __iter__(self) -> Iterator[str]:
        return iter(self._world.limited)

    def __len__(self) -> int:
        return len(self._world.limited)
