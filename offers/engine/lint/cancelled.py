"""Whether surges take back what the offer gives: a session in which the driver pays no less than without both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from cpo_portal.charging.segments.deciding import decide
from cpo_portal.charging.segments.rules import Condition, Fact, Moment, Rule, Segment
from offers.engine.benefits import rule_of
from offers.engine.evaluate import appraise
from offers.engine.lint.judging import (
    ANYBODY,
    asks_who,
    driver_of,
    example_of,
    for_anybody,
    is_eligible,
    joined,
    situation_at,
)
from offers.engine.lint.sessions import tried
from offers.engine.lint.values import Example, Figure, Finding, FindingCode, Person, Severity, Site, Subject, Tried
from offers.engine.stacking import candidate_of
from offers.engine.values import OfferTerms
from pricing.engine.values import Cart, LineKind, QuoteLine, Surge
from pricing.engine.windows import zone_of
from pricing.engine.wording import money_text

_PAYS, _EXEMPT = "pays-the-surge", "for this customer"


@dataclass(frozen=True, slots=True)
class _Cancelled:
    """What surges add, and what the offer saves of it, in a session of somebody, None for anybody."""

    added: Decimal
    saving: Decimal
    session: Tried
    person: Person | None = None


def find_cancelled(subject: Subject, sessions: Sequence[Tried]) -> Iterator[Finding]:
    """Yield SURGE_CANCELS for the session, of those tried, in which surges exceed the saving the most, for a driver who
    may have the offer and has to pay them."""
    if not rule_of(subject.offer).reduces(subject.offer):
        return
    offer = for_anybody(subject.offer)
    found = [x for one in sessions if (x := _cancelled(subject, offer, one)) is not None]
    for worst in sorted(found, key=lambda x: x.saving - x.added):
        paid = _for_somebody(subject, offer, worst) if asks_who(subject.offer) else worst
        if paid is not None:
            yield _finding(paid.added, paid.saving, example_of(paid.session, paid.person), paid.session)
            return


def _cancelled(subject: Subject, offer: OfferTerms, one: Tried) -> _Cancelled | None:
    """Return what surges cancel in a session, None where the driver pays less than the tariff's price."""
    added = _sum(_surges(one.cart))
    if not added:
        return None
    own = appraise(offer, situation_at(subject, one, ANYBODY))
    saving = candidate_of(own).saving if is_eligible(own) else Decimal(0)
    return _Cancelled(added, saving, one) if saving and added >= saving else None


def _for_somebody(subject: Subject, offer: OfferTerms, found: _Cancelled) -> _Cancelled | None:
    """Return what surges cancel for a driver who may have the offer: who pays all of them, else who pays one."""
    surges = [x.code for x in _surges(found.session.cart) if x.amount.amount]
    for paid in dict.fromkeys((tuple(surges), *((x,) for x in surges))):
        who = driver_of(subject, found.session, also=_who_pays(found.session.site, paid))
        charged = _charged(found.session, who) if who is not None else None
        cancelled = _cancelled(subject, offer, charged) if charged is not None else None
        if cancelled is not None:
            return replace(cancelled, person=who)
    return None


def _who_pays(site: Site, surges: Sequence[str]) -> tuple[tuple[Segment, ...], ...]:
    """Return segments of those whom each of these surges does not exempt."""
    return tuple((_without(segment),) for x in surges for segment in site.exempt.get(x, ()))


def _without(segment: Segment) -> Segment:
    others = Condition(Fact.SEGMENT, (segment.segment_id,), negated=True)
    return Segment(_PAYS, _PAYS, (*segment.rules, Rule(_PAYS, _PAYS, True, (others,))))


def _charged(found: Tried, who: Person) -> Tried | None:
    """Return the session with the surges that somebody has to pay."""
    site, request = found.site, found.cart.request
    if site.terms is None or not any(site.exempt.values()):
        return found
    at = request.planned_start
    moment = Moment(at, at.astimezone(zone_of(site.time_zone)).date(), who.bap_id)

    def is_exempt(surge: Surge) -> bool:
        return any(decide(x, who.facts, moment).holds for x in site.exempt.get(surge.surge_id, ()))

    surges = tuple(replace(x, exemption=x.exemption or _EXEMPT) if is_exempt(x) else x for x in site.terms.surges)
    priced = replace(site, terms=replace(site.terms, surges=surges))
    return tried(priced, at, found.cart.energy_wh, request.products)


def _finding(added: Decimal, saving: Decimal, example: Example, one: Tried) -> Finding:
    lines, currency = _surges(one.cart), one.cart.currency
    surges = {x.surge_id: x.name for x in one.site.terms.surges} if one.site.terms is not None else {}
    names = joined([f"“{surges.get(x.code, x.code)}”" for x in lines if x.amount.amount])
    add = "adds" if sum(1 for x in lines if x.amount.amount) == 1 else "add"
    sentence = (
        f"In some sessions {names} {add} {money_text(added, currency)} where this offer takes "
        f"{money_text(saving, currency)} off: the driver pays no less than the tariff's price. "
        "Leave those hours or places out of one of them, or exempt who has the offer from the surge."
    )
    figures = (Figure("surge", added, currency), Figure("saving", saving, currency))
    return Finding(FindingCode.SURGE_CANCELS, Severity.WARNING, "weekly_windows", sentence, example, figures=figures)


def _surges(cart: Cart) -> list[QuoteLine]:
    return [x for x in cart.lines if x.kind is LineKind.SURGE]


def _sum(lines: Sequence[QuoteLine]) -> Decimal:
    return sum((x.amount.amount for x in lines), Decimal(0))
