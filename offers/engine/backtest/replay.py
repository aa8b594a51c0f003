"""Replays completed sessions with an offer added: what it would have taken off, from whom, and what it would displace.

A replay shows what would have been taken off past sessions, never what the offer would have brought.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from offers.engine.backtest.membership import Membership
from offers.engine.backtest.tally import Tally
from offers.engine.backtest.values import BacktestResult, PastSession, Setting
from offers.engine.backtest.worlds import World, within_limits
from offers.engine.evaluate import LIVE_STATE, Appraisal, evaluate_offer
from offers.engine.step import OfferStep, Verdict
from offers.engine.unrecorded import without_levels
from offers.engine.values import (
    CodeStanding,
    OfferContext,
    OfferTerms,
    Outcome,
    ReasonCode,
    SentCode,
)

#: Limits that end an offer for everybody.
_FOR_ALL = frozenset({ReasonCode.TOTAL_USES, ReasonCode.BUDGET})
#: Stands for a single-use code that the driver had, or would have had.
_A_CODE = SentCode(0, CodeStanding.FREE)


class Backtest:
    """Plays sessions in the order of their purchase through two worlds, one with the draft live and one without it.

    Each world counts what its own offers give, from nothing on, so that limits and budgets bind as they would have.
    The draft's validity is left out, for it lies ahead, and how busy or stocked a site was is not known any more: the
    draft is taken to hold then, a live offer where it was given. Its weekly windows and all other conditions count, and
    who is not known gets nothing that is counted by customer. A draft that must be chosen is taken to be chosen by
    everybody, and what was given to a driver who chose it is chosen again.
    """

    def __init__(self, live: Iterable[OfferTerms], draft: OfferTerms, setting: Setting) -> None:
        self._draft = _at_any_time(draft)
        others = list(live)
        self._setting = setting
        self._before = World(others, setting.calendar_zone)
        rest = [x for x in others if x.offer_id != draft.offer_id]
        self._after = World([*rest, self._draft], setting.calendar_zone)
        self._replaces = len(rest) < len(others)
        self._is_asked_for = not draft.auto or draft.requires_code or draft.single_use
        #: Live offers with limits that the two worlds have not given alike.
        self._apart: set[str] = set()
        self._tally = Tally(setting.currency, draft.offer_id, Membership(setting.segments))

    def play(self, session: PastSession) -> None:
        """Price one session in both worlds, and count it; once where both must come to the same."""
        found = self._step(self._after, session, draft=True).verdict(session.cart)
        after, judged, added = found.amounts, found.appraisals, found.added
        if self._draft.offer_id in after or self._replaces or not self._alike(session, judged):
            without = self._before_draft(session, judged)
            before, added_before = without.amounts, without.added
            limited = self._before.limited.keys() - {self._draft.offer_id}
            self._apart |= {x for x in limited & {*before, *after} if before.get(x) != after.get(x)}
        else:
            before, added_before = after, added
        if self._draft.offer_id not in after:
            self._keep_out(session, found)
        self._before.record(session, before)
        self._after.record(session, after)
        self._tally.add(session, before, after, added - added_before)

    def _keep_out(self, session: PastSession, found: Verdict) -> None:
        """Count a session that does not get the draft by what keeps it out; before the session is recorded."""
        by, own = self._first_reason(session, found), found.appraisals.get(self._draft.offer_id)
        if by is None:
            return
        self._tally.kept_out[by] += 1
        if own is not None and own.outcome is Outcome.LIMITED:
            self._tally.turn_away(session, by.value if by in _FOR_ALL else "")

    def _first_reason(self, session: PastSession, found: Verdict) -> ReasonCode | None:
        own = found.appraisals.get(self._draft.offer_id)
        if own is None:
            # The book does not even look at it there: its place or its things are others.
            reason = evaluate_offer(self._draft, session.cart, self._context(self._after, session, draft=True)).reason
            return reason.code if reason else None
        failed = next((x.code for x in own.checks if not x.passed), None)
        return failed or found.left_out(self._draft.offer_id)

    def result(self) -> BacktestResult:
        """Return what was found so far."""
        return self._tally.result()

    def _alike(self, session: PastSession, judged: Mapping[str, Appraisal]) -> bool:
        """Tell whether the limits of all live offers are open to this session in both worlds, or closed in both.

        `judged` are the offers that the session meets, as they were judged with the draft live.
        """
        met = (x for x in self._apart if x in judged)
        return all(self._before.is_open(x, session, judged[x].saving) == within_limits(judged[x].checks) for x in met)

    def _before_draft(self, session: PastSession, judged: Mapping[str, Appraisal]) -> Verdict:
        """Price the session without the draft. What is the same in both worlds is not judged once more.

        A live offer is judged alike where its limits have been used alike, and the driver chose alike.
        """
        known = {} if self._is_asked_for else {x: found for x, found in judged.items() if x not in self._apart}
        return self._step(self._before, session, draft=False).verdict(session.cart, known)

    def _step(self, world: World, session: PastSession, *, draft: bool) -> OfferStep:
        return OfferStep(world.past.where_given(session.given), self._context(world, session, draft=draft))

    def _context(self, world: World, session: PastSession, *, draft: bool) -> OfferContext:
        found = [offer for x in session.given if (offer := world.book.get(x)) is not None]
        chosen = [*found, self._draft] if draft else found
        return OfferContext(
            location_id=session.location_id,
            item_id=session.cart.request.item_id,
            category=session.category,
            now=session.bought_at,
            opted_in=frozenset([x.offer_id for x in chosen if not x.auto]),
            codes=frozenset([x.display_code for x in chosen if x.requires_code and x.display_code]),
            customer_known=bool(session.customer),
            identity_required=True,
            usage=world.usage(session),
            objective=self._setting.objective,
            calendar_zone=self._setting.calendar_zone,
            stack=self._setting.stack,
            customer=session.facts,
            bap_id=session.bap_id,
            single_use={x.offer_id: _A_CODE for x in chosen if x.single_use},
            place=session.place,
            customer_sessions=session.sessions_before,
            goods=session.goods,
        )


def _at_any_time(draft: OfferTerms) -> OfferTerms:
    """Return the draft live, without what cannot be asked of the past."""
    always = replace(draft.applicability, valid_from=None, valid_until=None)
    return replace(without_levels(draft), state=LIVE_STATE, applicability=always)
