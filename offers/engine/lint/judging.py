"""One session's offers as the linter judges them: for a driver who is made up, with nothing used of any limit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice

from cpo_portal.charging.segments.rules import CustomerFacts, Fact, Segment
from offers.engine.benefits import rule_of
from offers.engine.candidates import NO_OFFER, Candidate, OfferSet, by_worth
from offers.engine.evaluate import Appraisal, appraise
from offers.engine.facts import Levels, StockLevel
from offers.engine.lint.people import Wish, somebody
from offers.engine.lint.sessions import value_of
from offers.engine.lint.values import Example, Person, Rival, Subject, Tried
from offers.engine.search import Search
from offers.engine.selection import stages
from offers.engine.situation import Situation, situation_of
from offers.engine.stacking import line_amounts
from offers.engine.unrecorded import without_levels
from offers.engine.values import ItemUnit, Objective, OfferContext, OfferTerms, Outcome

#: Of the offers at a place so many are judged in one session, the ones that would save the most.
MOST_JUDGED = 300
#: So many eligible ones are asked whether another offer keeps them out.
MOST_ELIGIBLE = 10
#: So many that combine with each other are enough to find out what the best set is.
MOST_COMBINING = 20
#: Branches that a search for the best set may look at: the answer may then fall short of the best by a little.
NODES = 100
#: Turns that are looked for after what segments ask for, and earlier sessions among which several offers have theirs.
_MOST_TURNS, _MOST_COUNTED = 4, 1000
#: Who offers are tried for as they are to anybody: a customer, so that turns may be theirs.
ANYBODY = Person(CustomerFacts(), 0)
_NOTHING = Decimal(0)
_NEVER = datetime.max.replace(tzinfo=UTC)
_Judging = Callable[[OfferTerms], OfferTerms | None]


def asked_for(offer: OfferTerms) -> OfferTerms:
    """Return the offer as it is to a driver who chooses it and sends the code that it asks for."""
    return replace(offer, auto=True, requires_code=False, single_use=False)


def for_its_own(offer: OfferTerms) -> OfferTerms:
    """Return the offer as it is to a driver who chooses it at a quiet and stocked site."""
    return without_levels(asked_for(offer))


def for_anybody(offer: OfferTerms) -> OfferTerms:
    """Return the offer as it is to a driver of its segments whose turn it is, who chooses it at a quiet and stocked
    site."""
    open_to = for_its_own(offer)
    paid = 0 if offer.benefit.item_unit is ItemUnit.SESSION else open_to.qualifier.item_count
    return replace(open_to, segments=(), qualifier=replace(open_to.qualifier, nth_session=None, item_count=paid))


def asks_who(offer: OfferTerms) -> bool:
    """Say whether it depends on the driver who gets an offer."""
    by_turn = offer.qualifier.nth_session is not None or offer.benefit.item_unit is ItemUnit.SESSION
    return bool(offer.segments) or by_turn


def driver_of(
    subject: Subject, tried: Tried, *others: OfferTerms, also: tuple[tuple[Segment, ...], ...] = ()
) -> Person | None:
    """Return a made-up customer who may have the offer, and these others with it, in a session and is in one segment of
    each of `also`; None if none is found.

    For offers that anybody may have there is no need of one.
    """
    offers = (subject.offer, *others)
    groups = (*(x.segments for x in offers if x.segments), *also)
    counts = [*(x.sessions for offer in offers for x in wishes_of(offer)), *_turns_of_all(offers)]
    for wish in (Wish(groups, n) for n in dict.fromkeys(counts)):
        person = person_at(wish, tried)
        situation = situation_at(subject, tried, person)
        if person is not None and all(is_eligible(appraise(for_its_own(x), situation)) for x in offers):
            return person
    return None


def wishes_of(offer: OfferTerms) -> tuple[Wish, ...]:
    """Return whom the offer is tried with: somebody of its segments, new and with sessions behind them.

    Where sessions are given, it is the customer's turn: the first one, the next, and the first with which a segment
    that counts sessions may hold.
    """
    groups = (offer.segments,) if offer.segments else ()
    nth = offer.qualifier.nth_session
    if nth is not None:
        return (Wish(groups, nth - 1),)
    if offer.benefit.item_unit is ItemUnit.SESSION:
        paid, given = offer.qualifier.item_count or 0, offer.benefit.item_count or 0
        after = (_turn_from(number, paid, given) for number in _session_counts(offer)[:_MOST_TURNS])
        return tuple(Wish(groups, n) for n in dict.fromkeys((paid, paid + given + paid, *after)))
    return Wish(groups), Wish(groups, 12)


def _turns_of_all(offers: Sequence[OfferTerms]) -> list[int]:
    """Return numbers of earlier sessions after which it is the turn of each of several offers that give sessions."""
    turns = [
        (x.qualifier.item_count or 0, x.benefit.item_count or 0)
        for x in offers
        if x.benefit.item_unit is ItemUnit.SESSION
    ]
    if len(turns) < 2:
        return []
    met = (n for n in range(_MOST_COUNTED) if all(_turn_from(n, paid, given) == n for paid, given in turns))
    return list(islice(met, _MOST_TURNS))


def _turn_from(number: int, paid: int, given: int) -> int:
    """Return the least number of earlier sessions, no less than this, after which a session is given."""
    turn = number % (paid + given)
    return number if turn >= paid else number - turn + paid


def _session_counts(offer: OfferTerms) -> list[int]:
    """Return how many sessions the conditions of the offer's segments ask for, the most first."""
    rules = [rule for segment in offer.segments for rule in segment.rules]
    return sorted({x.number for rule in rules for x in rule.conditions if x.fact is Fact.SESSIONS}, reverse=True)


def person_at(wish: Wish, tried: Tried) -> Person | None:
    """Return a made-up customer for a session."""
    return somebody(wish, tried.cart.request.planned_start, tried.cart.time_zone)


def situation_at(subject: Subject, tried: Tried, person: Person | None) -> Situation:
    """Return the session as offers are judged in it: as busy and as empty of goods as the offer still allows.

    What offers give is in stock.
    """
    qualifier, site = subject.offer.qualifier, tried.site
    busy = 100 if qualifier.max_busy_percent is None else qualifier.max_busy_percent - 1
    stock = (StockLevel(qualifier.stock_product_id, qualifier.stock_at_least),) if qualifier.stock_product_id else ()
    context = OfferContext(
        location_id=site.location_id,
        item_id=site.item_id,
        category=site.category,
        now=tried.cart.request.planned_start,
        customer_known=person is not None,
        identity_required=True,
        objective=subject.setting.objective,
        calendar_zone=subject.setting.calendar_zone,
        stack=subject.setting.stack,
        customer=person.facts if person is not None else None,
        bap_id=person.bap_id if person is not None else "",
        place=site.place,
        customer_sessions=person.sessions if person is not None else None,
        levels=Levels(busy, 100, stock),
        goods={product_id: replace(good, units=None) for product_id, good in site.goods.items()},
    )
    return situation_of(tried.cart, context)


def is_eligible(found: Appraisal) -> bool:
    """Say whether every condition holds."""
    return found.outcome is Outcome.ELIGIBLE_NOT_CHOSEN


class Ranking:
    """Offers by what they would save in a session if they held in it, worked out once for each session.

    Where the CPO goes by priority, those of a higher one come first. `cut`: in some session not all were compared.
    """

    def __init__(self, offers: Sequence[OfferTerms], objective: Objective = Objective.MAX_SAVING) -> None:
        self._offers = offers
        self._by_id = {x.offer_id: x for x in offers}
        self._by_priority = objective is Objective.PRIORITY
        self._known: dict[int, list[OfferTerms]] = {}
        self.cut = False

    @property
    def offers(self) -> Sequence[OfferTerms]:
        """Return them all."""
        return self._offers

    @property
    def count(self) -> int:
        """Return how many offers there are."""
        return len(self._offers)

    def offer(self, offer_id: str) -> OfferTerms:
        """Return one of the offers as it is."""
        return self._by_id[offer_id]

    def eligible(self, tried: Tried, situation: Situation, judged_as: _Judging) -> list[Appraisal]:
        """Return the first eligible offers, out of no more than so many that are looked at.

        `judged_as` says as what an offer is judged, None for one that does not count.
        """
        found: list[Appraisal] = []
        for counted in islice(filter(None, map(judged_as, self._in_order(tried, situation))), MOST_JUDGED):
            judged = appraise(counted, situation)
            if is_eligible(judged):
                found.append(judged)
            if len(found) == MOST_ELIGIBLE:
                break
        return found

    def competing(self, tried: Tried, situation: Situation, judged_as: _Judging) -> list[Appraisal]:
        """Return the eligible offers that the best set is made of: of those that stand alone only the first, for none
        of the others can be better, and so many that combine that more of them hardly add anything."""
        found: list[Appraisal] = []
        looked, combining, alone = 0, 0, False
        for offer in self._in_order(tried, situation):
            counted = None if alone and not offer.additive else judged_as(offer)
            if counted is None:
                continue
            if looked == MOST_JUDGED or combining == MOST_COMBINING:
                self.cut = True
                break
            looked += 1
            judged = appraise(counted, situation)
            if not is_eligible(judged):
                continue
            found.append(judged)
            combining += counted.additive
            alone = alone or not counted.additive
        return found

    def _in_order(self, tried: Tried, situation: Situation) -> list[OfferTerms]:
        """Return the offers as a choice weighs them one by one."""
        if id(tried) not in self._known:
            worth = []
            for offer in self._offers:
                rule = rule_of(offer)
                saving = rule.saving(offer, situation, rule.lines(offer, situation))
                if saving:
                    ends = offer.applicability.valid_until or _NEVER
                    level = -offer.priority if self._by_priority else 0
                    worth.append((level, -saving, -offer.priority, ends, offer.offer_id, offer))
            self._known[id(tried)] = [x[-1] for x in sorted(worth, key=lambda x: x[:-1])]
        return self._known[id(tried)]


def best_with(own: Candidate, others: Sequence[Candidate], subject: Subject, situation: Situation) -> OfferSet:
    """Return the best set that has this offer in it."""
    lines, max_stack = line_amounts(situation), subject.setting.stack.max_stack
    pool = sorted(others, key=by_worth)
    return Search(lines, max_stack=max_stack, node_cap=NODES).best(OfferSet((own,), lines.joint([own])), pool)


def chosen_of(pool: Sequence[Candidate], subject: Subject, situation: Situation) -> OfferSet:
    """Return what is chosen when the buyer names nothing, without the runner-up that a quote tells."""
    lines, max_stack = line_amounts(situation), subject.setting.stack.max_stack
    search = Search(lines, max_stack=max_stack, node_cap=NODES)
    chosen = NO_OFFER
    for stage in stages(sorted(pool, key=by_worth), subject.setting.objective):
        chosen = search.best(chosen, stage)
    return chosen


def example_of(tried: Tried, person: Person | None = None, busy_percent: int | None = None) -> Example:
    """Return a session as a finding shows it."""
    site, request = tried.site, tried.cart.request
    return Example(
        location_id=site.location_id,
        location=site.location,
        item_id=site.item_id,
        starts_at=request.planned_start,
        time_zone=site.time_zone,
        energy_wh=tried.cart.energy_wh,
        value=value_of(tried.cart),
        currency=tried.cart.currency,
        products=request.products,
        person=person,
        busy_percent=busy_percent,
    )


def rival_of(offer: OfferTerms) -> Rival:
    """Return another offer by its names alone."""
    return Rival(offer.offer_id, offer.name)


def joined(names: Sequence[str], word: str = "and") -> str:
    """Return "a, b and c"."""
    return f"{', '.join(names[:-1])} {word} {names[-1]}" if len(names) > 1 else "".join(names)
