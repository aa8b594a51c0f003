"""Whether the offer, alone or with others that a driver may combine with it, takes more off than the CPO allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain, islice

from offers.engine.benefits import rule_of
from offers.engine.candidates import Candidate, LineAmounts, OfferSet, by_worth
from offers.engine.corners import candidates_of
from offers.engine.evaluate import appraise
from offers.engine.lint.judging import (
    ANYBODY,
    NODES,
    Ranking,
    asks_who,
    driver_of,
    example_of,
    for_anybody,
    is_eligible,
    joined,
    rival_of,
    situation_at,
)
from offers.engine.lint.sessions import joint_sessions, short_sessions
from offers.engine.lint.values import Figure, Finding, FindingCode, Person, Severity, Subject, Tried
from offers.engine.search import Search
from offers.engine.situation import Situation
from offers.engine.spreading import spread
from offers.engine.stacking import candidate_of
from offers.engine.values import OfferTerms
from pricing.engine.money import smallest_unit
from pricing.engine.wording import money_text, plain_number

_HUNDRED = Decimal(100)
#: Other offers that the shortest sessions of all sites are held against, and those for which sessions are made.
_MOST_COMPARED, _MOST_JOINT = 10_000, 60


def find_free(subject: Subject, rivals: Ranking, sessions: Sequence[Tried]) -> Iterator[Finding]:
    """Yield FREE_ENERGY where a set with this offer takes all off, BELOW_FLOOR where it is cut to the largest discount.

    The driver chooses what they want and has every code, and somebody is found who is of all the segments.
    """
    if not rule_of(subject.offer).reduces(subject.offer):
        return
    offer = for_anybody(subject.offer)
    met: set[str] = set()
    for tried in chain(sessions, _short(subject, offer, rivals.count), _joint(subject, offer, rivals, met)):
        situation = situation_at(subject, tried, ANYBODY)
        own = appraise(offer, situation)
        if not is_eligible(own) or not situation.item_value:
            continue
        judged = rivals.competing(tried, situation, for_anybody)
        met.update(x.offer.offer_id for x in judged)
        mine, others = candidate_of(own), candidates_of(judged)
        known = {x: rivals.offer(x) for x in (y.offer.offer_id for y in judged)} | {offer.offer_id: subject.offer}
        for pool in (others, tuple(x for x in others if _is_for_all(known[x.offer_id]))):
            stack = _too_much(subject, mine, pool, situation)
            person = _who(subject, stack, known, tried)
            if stack and person is not None:
                yield _finding(subject, stack, situation, (tried, person, known))
                return
            if len(others) == len(pool) and not stack:
                break


def _short(subject: Subject, offer: OfferTerms, rivals: int) -> Iterator[Tried]:
    """Yield the shortest sessions that the offer's conditions allow, of those that are tried at a site, at some sites:
    what is taken off weighs the most there."""
    for site in subject.sites[: max(1, _MOST_COMPARED // max(1, rivals))]:
        for growing in short_sessions(offer, subject.now, site):
            yield from _first(subject, growing, (offer,))


def _joint(subject: Subject, offer: OfferTerms, rivals: Ranking, met: set[str]) -> Iterator[Tried]:
    """Yield sessions that are made for the offer and another one, for each that it may be combined with and that has
    not been `met` yet: it may be for few places, days or baskets, which no sample need have."""
    most = max(1, _MOST_COMPARED // max(1, rivals.count))
    wanted = (x for x in rivals.offers if x.additive and rule_of(x).reduces(x) and x.offer_id not in met)
    waiting = list(islice(wanted, min(most, _MOST_JOINT))) if offer.additive else []
    sites = (
        {x.offer_id: subject.sites for x in waiting} if subject.shared_with is None else subject.shared_with(waiting)
    )
    for other in waiting:
        both = offer, for_anybody(other)
        for site in sites.get(other.offer_id, ()) if other.offer_id not in met else ():
            for growing in joint_sessions(*both, subject.now, site):
                yield from _first(subject, growing, both)


def _first(subject: Subject, sessions: Iterable[Tried], offers: Sequence[OfferTerms]) -> Iterator[Tried]:
    """Yield the first session in which all of these offers hold, if there is one."""
    for tried in sessions:
        situation = situation_at(subject, tried, ANYBODY)
        if all(is_eligible(appraise(x, situation)) for x in offers):
            yield tried
            return


def _too_much(
    subject: Subject, own: Candidate, others: Sequence[Candidate], situation: Situation
) -> tuple[Candidate, ...]:
    """Return as few offers as it takes, this one among them, to take off more than is allowed; empty for none.

    What is given on top of the cart takes nothing off it; where nothing limits discounts, what is taken off fees makes
    no energy free.
    """
    if not _counts(subject, own, situation):
        return ()
    if _exceeds(subject, (own,), situation):
        return (own,)
    counting = [x for x in others if _counts(subject, x, situation)]
    # What exceeds by itself says so on its own page.
    pool = sorted((x for x in counting if not _exceeds(subject, (x,), situation)), key=by_worth)
    lines = _lines(situation)
    search = Search(lines, max_stack=subject.setting.stack.max_stack, node_cap=NODES)
    found = search.best(OfferSet((own,), lines.joint([own])), pool).offers
    if not _exceeds(subject, found, situation):
        return ()
    for candidate in sorted(found, key=by_worth, reverse=True):
        fewer = tuple(x for x in found if x.offer_id != candidate.offer_id)
        if _exceeds(subject, fewer, situation):
            if candidate.offer_id == own.offer_id:
                return ()
            found = fewer
    return found


def _counts(subject: Subject, candidate: Candidate, situation: Situation) -> bool:
    """Say whether any of what an offer takes off is compared with what is allowed."""
    if _floor(subject) is None:
        return not set(situation.item_lines).isdisjoint(candidate.lines)
    return bool(candidate.lines)


def _exceeds(subject: Subject, stack: Sequence[Candidate], situation: Situation) -> bool:
    taken, floor, value = _taken(subject, stack, situation), _floor(subject), situation.item_value
    if floor is None:
        return taken >= value
    # Each offer is rounded for itself: what is over by that alone is no discount above the largest.
    return taken * _HUNDRED > floor * value + _HUNDRED * _lines(situation).unit * len(stack)


def _taken(subject: Subject, stack: Sequence[Candidate], situation: Situation) -> Decimal:
    """Return what these offers take together off what is compared: energy, time and products where that may be free,
    all lines where the CPO has a largest discount, which counts them all."""
    lines = _lines(situation)
    if _floor(subject) is not None:
        return lines.joint(stack)
    shares = spread(stack, lines.amounts, lines.unit)
    return sum((taken.get(n, Decimal(0)) for taken in shares for n in situation.item_lines), Decimal(0))


def _floor(subject: Subject) -> Decimal | None:
    """Return the largest discount in percent, None where it may be all."""
    floor = subject.setting.stack.max_discount_percent
    return None if floor == _HUNDRED else floor


def _lines(situation: Situation) -> LineAmounts:
    return LineAmounts(situation.amounts, smallest_unit(situation.cart.currency))


def _who(subject: Subject, stack: Sequence[Candidate], known: dict[str, OfferTerms], tried: Tried) -> Person | None:
    """Return somebody who may have each of these offers, None where nobody was found."""
    return driver_of(subject, tried, *(known[x.offer_id] for x in stack if x.offer_id != subject.offer.offer_id))


def _is_for_all(offer: OfferTerms) -> bool:
    return not asks_who(offer)


def _finding(
    subject: Subject,
    stack: tuple[Candidate, ...],
    situation: Situation,
    of: tuple[Tried, Person, dict[str, OfferTerms]],
) -> Finding:
    tried, person, known = of
    currency, value = situation.cart.currency, situation.item_value
    lines, floor = _lines(situation), _floor(subject)
    taken = _taken(subject, stack, situation)
    percent = taken * _HUNDRED / value
    others = [known[x.offer_id] for x in stack if x.offer_id != subject.offer.offer_id]
    beside = f"together with {joined([x.name for x in others])} " if others else ""
    said = f"{money_text(taken, currency)} off {money_text(value, currency)} of energy, time and products"
    figures = [Figure("value", value, currency), Figure("taken_off", taken, currency), Figure("percent", percent)]
    if floor is None:
        code, outcome = FindingCode.FREE_ENERGY, "The driver pays for fees and tax at most."
        sentence = f"It can make a session free: {beside}it takes {said}."
    else:
        code, most = FindingCode.BELOW_FLOOR, (value * floor / _HUNDRED).quantize(lines.unit, rounding="ROUND_DOWN")
        share = f"{plain_number(percent.quantize(Decimal('0.1')))} %"
        allowed = f"{plain_number(floor)} %"
        sentence = (
            f"It can go beyond your largest discount of {allowed}: {beside}it would take {said}, {share}, and is cut."
        )
        outcome = f"The driver saves {money_text(most, currency)} instead of {money_text(taken, currency)}."
        figures += [Figure("floor_percent", floor), Figure("largest_discount", most, currency)]
    quiet = 0 if any(x.qualifier.max_busy_percent is not None for x in chain([subject.offer], others)) else None
    return Finding(
        code,
        Severity.WARNING,
        "value" if subject.offer.benefit.value else "benefit_kind",
        sentence,
        example=example_of(tried, person, quiet),
        outcome=outcome,
        figures=tuple(figures),
        rivals=tuple(map(rival_of, others)),
    )
