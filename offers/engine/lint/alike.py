"""Offers that a driver, or the author, may take for each other: the same code, slabs over each other, price cliffs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from offers.engine.benefits import slab
from offers.engine.book import OfferBook
from offers.engine.evaluate import appraise
from offers.engine.lint.judging import (
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
from offers.engine.lint.values import Figure, Finding, FindingCode, Severity, Subject, Tried
from offers.engine.situation import base_of
from offers.engine.step import OfferStep
from offers.engine.values import BenefitKind, OfferTerms, Slab
from pricing.engine.wording import energy_text, money_text

#: Offers with slabs that one is held against, and the sessions in which each pair of slabs is.
_MOST_OFFERS, _MOST_TRIES = 50, 6
#: Offers that are named in a sentence.
_NAMED = 3
_SHOWN = frozenset({"APPROVED", "PAUSED"})


def find_same_code(subject: Subject, sessions: Sequence[Tried]) -> Iterator[Finding]:
    """Yield the published offers that show the same code: who types it does not know what they get."""
    offer = subject.offer
    code = offer.display_code.casefold()
    if not code:
        return
    same = [
        x
        for x in subject.book.all()
        if x.offer_id != offer.offer_id and x.state in _SHOWN and x.display_code.casefold() == code
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
    yield _with_buyer(subject, finding, [offer, *same], sessions)


def _with_buyer(subject: Subject, finding: Finding, same: list[OfferTerms], sessions: Sequence[Tried]) -> Finding:
    """Add a session of somebody who types the code, and what they get."""
    by_id = {x.offer_id: x for x in same}
    # Between these alone: what else applies there is no matter of the code.
    book = OfferBook.compile(same, revision=0)
    for one in sessions[:_MOST_TRIES]:
        for wish in wishes_of(subject.offer):
            person = person_at(wish, one)
            situation = situation_at(subject, one, person)
            if not is_eligible(appraise(for_anybody(subject.offer), situation)):
                continue
            context = replace(situation.context, codes=frozenset({subject.offer.display_code}))
            trace = OfferStep(book, context)(one.cart).trace
            got = [x for x in trace.outcomes if x.offer_id in trace.chosen]
            if not got:
                continue
            said = joined([f"{by_id[x.offer_id].name}, {money_text(x.saving.amount, x.saving.currency)}" for x in got])
            return replace(
                finding,
                example=example_of(one, person),
                outcome=f"Who types {subject.offer.display_code} gets {said}.",
                figures=tuple(Figure(f"saving_of_{x.offer_id}", x.saving.amount, x.saving.currency) for x in got),
            )
    return finding


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
    for own, foreign in pairs:
        kwh = max(own.item_count, foreign.item_count, 1)
        for one in [sessions[n] for n in every_so_many(len(sessions), _MOST_TRIES)]:
            found = tried(one.site, one.cart.request.planned_start, kwh * 1000, one.cart.request.products)
            if found is None:
                continue
            situation = situation_at(subject, found, None)
            judged = [appraise(x, situation) for x in (mine, theirs)]
            if all(map(is_eligible, judged)):
                gives = [money_text(x.saving, currency) for x in judged]
                yield Finding(
                    FindingCode.SLABS_OVERLAP,
                    Severity.WARNING,
                    "slabs",
                    f"Its slab {slab.band_words(own)} overlaps {slab.band_words(foreign)} of {other.name}: a session "
                    f"of {energy_text(kwh * 1000)} meets both.",
                    example=example_of(found),
                    outcome=f"{offer.name} gives {gives[0]}, {other.name} {gives[1]}.",
                    figures=(
                        Figure("saving", judged[0].saving, currency),
                        Figure(f"saving_of_{other.offer_id}", judged[1].saving, currency),
                    ),
                    rivals=(rival_of(other),),
                )
                return


def find_cliffs(subject: Subject, sessions: Sequence[Tried]) -> Iterator[Finding]:
    """Yield what the price of energy, time and products does at the edges of slabs, at the first station."""
    offer = subject.offer
    first = next(iter(sessions), None)
    if offer.benefit.kind is not BenefitKind.SLAB or first is None:
        return
    for kwh in slab.bounds(offer):
        found = tried(first.site, first.cart.request.planned_start, kwh * 1000)
        if found is None:
            continue
        before, after = _around(subject, found, kwh)
        if before == after:
            continue
        prices = f"from {money_text(before, offer.currency)} to {money_text(after, offer.currency)}"
        yield Finding(
            FindingCode.CLIFF,
            Severity.WARNING,
            "slabs",
            f"The price {'falls' if after < before else 'rises'} {prices}, before fees and tax, when a session reaches "
            f"{kwh} kWh.",
            example=replace(example_of(found), paid=after),
            figures=(
                Figure("price_before", before, offer.currency),
                Figure("price_after", after, offer.currency),
            ),
        )


def _around(subject: Subject, found: Tried, kwh: int) -> tuple[Decimal, Decimal]:
    """Return what a driver pays of a session of so many kWh by the band below, and by its own."""
    situation, offer = situation_at(subject, found, None), subject.offer
    least, value = offer.qualifier.min_value, situation.item_value
    if least is not None and value < least:
        return value, value
    base = base_of(situation, slab.lines(offer, situation))
    before, after = (value - base + slab.remainder(offer, x, base) for x in (kwh - 1, kwh))
    return before, after


def _overlap(one: Slab, other: Slab) -> bool:
    return (one.item_count_upper is None or other.item_count <= one.item_count_upper) and (
        other.item_count_upper is None or one.item_count <= other.item_count_upper
    )
