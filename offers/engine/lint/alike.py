"""Offers that a driver, or the author, may take for each other: the same code, slabs over each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from offers.engine.benefits import slab
from offers.engine.book import OfferBook
from offers.engine.evaluate import appraise
from offers.engine.lint.clocks import opens_for_both, zones_of
from offers.engine.lint.judging import (
    asks_who,
    driver_of,
    example_of,
    for_anybody,
    is_eligible,
    joined,
    person_at,
    rival_of,
    situation_at,
    wishes_of,
)
from offers.engine.lint.sessions import every_so_many, tried
from offers.engine.lint.values import Figure, Finding, FindingCode, Person, Severity, Subject, Tried
from offers.engine.step import OfferStep
from offers.engine.values import BenefitKind, OfferTerms, Slab
from pricing.engine.wording import energy_text, money_text

#: Offers with slabs that one is held against, and the sessions in which each pair of slabs is.
_MOST_OFFERS, _MOST_TRIES = 50, 6
#: Offers that are named in a sentence.
_NAMED = 3
_SHOWN = frozenset({"APPROVED", "PAUSED"})


def find_same_code(subject: Subject, sessions: Sequence[Tried]) -> Iterator[Finding]:
    """Yield the published offers that show the same code at the same time: who types it does not know what they get."""
    offer = subject.offer
    code = offer.display_code.casefold()
    if not code:
        return
    same = [
        x
        for x in subject.book.all()
        if x.offer_id != offer.offer_id
        and x.state in _SHOWN
        and x.display_code.casefold() == code
        and _ever_together(subject, x)
    ]
    if not same:
        return
    names, verb = " and ".join(x.offer_id for x in same[:_NAMED]), "shows" if len(same) == 1 else "show"
    finding = Finding(
        FindingCode.SAME_CODE,
        Severity.WARNING,
        "display_code",
        f"{names} {verb} the code {offer.display_code} too: who types it gets one of them.",
        rivals=tuple(map(rival_of, same)),
    )
    yield _with_buyer(subject, finding, same, sessions)


def _ever_together(subject: Subject, other: OfferTerms) -> bool:
    """Say whether there is an instant at which both are in effect, on the clock of a station in the offer's scope."""
    one, two = subject.offer.applicability, other.applicability
    return any(opens_for_both(one, two, subject.now, zone) is not None for zone in zones_of(subject))


def _with_buyer(subject: Subject, finding: Finding, same: list[OfferTerms], sessions: Sequence[Tried]) -> Finding:
    """Add a session, when both are in effect, of somebody who types the code, and what they get.

    One that both are for shows more than one that only this offer is for.
    """
    fallback = None
    for other in same[:_NAMED]:
        for one in _while_both(subject, other, sessions[:_MOST_TRIES]):
            for wish in wishes_of(subject.offer):
                person = person_at(wish, one)
                situation = situation_at(subject, one, person)
                judged = [is_eligible(appraise(for_anybody(x), situation)) for x in (subject.offer, other)]
                shown = _shown(subject, finding, same, (one, person)) if judged[0] else None
                if shown is not None and judged[1]:
                    return shown
                fallback = fallback or shown
    return fallback or finding


def _while_both(subject: Subject, other: OfferTerms, sessions: Sequence[Tried]) -> Iterator[Tried]:
    """Yield the sessions, those later at which only one of the two offers is in effect."""
    one, two = subject.offer.applicability, other.applicability
    for found in sessions:
        start = found.cart.request.planned_start
        at = opens_for_both(one, two, subject.now, found.site.time_zone, start)
        moved = found if at == start else None
        if at is not None and moved is None:
            moved = tried(found.site, at, found.cart.energy_wh, found.cart.request.products)
        if moved is not None:
            yield moved


def _shown(
    subject: Subject, finding: Finding, same: list[OfferTerms], session: tuple[Tried, Person | None]
) -> Finding | None:
    """Return the finding with what the code brings in this session; None where it brings nothing.

    Between these offers alone: what else applies there is no matter of the code.
    """
    offers = {x.offer_id: x for x in (subject.offer, *same)}
    context = replace(situation_at(subject, *session).context, codes=frozenset({subject.offer.display_code}))
    trace = OfferStep(OfferBook.compile(offers.values(), revision=0), context)(session[0].cart).trace
    got = [x for x in trace.outcomes if x.offer_id in trace.chosen]
    if not got:
        return None
    said = joined([f"{offers[x.offer_id].name}, {money_text(x.saving.amount, x.saving.currency)}" for x in got])
    return replace(
        finding,
        example=example_of(*session),
        outcome=f"Who types {subject.offer.display_code} gets {said}.",
        figures=tuple(Figure(f"saving_of_{x.offer_id}", x.saving.amount, x.saving.currency) for x in got),
    )


def find_overlaps(subject: Subject, rivals: Sequence[OfferTerms], sessions: Sequence[Tried]) -> Iterator[Finding]:
    """Yield other offers by slabs with which one session meets two bands; the form refuses those within one offer."""
    if subject.offer.benefit.kind is not BenefitKind.SLAB:
        return
    for other in [x for x in rivals if x.benefit.kind is BenefitKind.SLAB][:_MOST_OFFERS]:
        pairs = [(a, b) for a in subject.offer.benefit.slabs for b in other.benefit.slabs if _overlap(a, b)]
        yield from (_overlapping(subject, other, pairs, sessions) if pairs else ())


def _overlapping(
    subject: Subject, other: OfferTerms, pairs: Sequence[tuple[Slab, Slab]], sessions: Sequence[Tried]
) -> Iterator[Finding]:
    offer, currency = subject.offer, subject.offer.currency
    mine, theirs = for_anybody(offer), for_anybody(other)
    for_some = asks_who(offer) or asks_who(other)
    for own, foreign in pairs:
        kwh = max(own.item_count, foreign.item_count, 1)
        for one in [sessions[n] for n in every_so_many(len(sessions), _MOST_TRIES)]:
            found = tried(one.site, one.cart.request.planned_start, kwh * 1000, one.cart.request.products)
            if found is None:
                continue
            person = driver_of(subject, found, other) if for_some else None
            situation = situation_at(subject, found, person)
            judged = [appraise(x, situation) for x in (mine, theirs)]
            if all(map(is_eligible, judged)) and not (for_some and person is None):
                gives = [money_text(x.saving, currency) for x in judged]
                yield Finding(
                    FindingCode.SLABS_OVERLAP,
                    Severity.WARNING,
                    "slabs",
                    f"Its slab {slab.band_words(own)} overlaps {slab.band_words(foreign)} of {other.name}: a session "
                    f"of {energy_text(kwh * 1000)} meets both.",
                    example=example_of(found, person),
                    outcome=f"{offer.name} gives {gives[0]}, {other.name} {gives[1]}.",
                    figures=(
                        Figure("saving", judged[0].saving, currency),
                        Figure(f"saving_of_{other.offer_id}", judged[1].saving, currency),
                    ),
                    rivals=(rival_of(other),),
                )
                return


def _overlap(one: Slab, other: Slab) -> bool:
    return (one.item_count_upper is None or other.item_count <= one.item_count_upper) and (
        other.item_count_upper is None or one.item_count <= other.item_count_upper
    )
