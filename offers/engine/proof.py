"""Re-proves a price: what a stored quote was made of is priced again, and both answers are compared line by line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from offers.engine.book import OfferBook
from offers.engine.facts import Good
from offers.engine.step import LockedStep, OfferStep
from offers.engine.values import OfferContext, OfferOutcome, OfferTerms, OfferTrace
from pricing.engine.codec import encode
from pricing.engine.price import price
from pricing.engine.values import ChargingRequest, DiscountStep, PriceTerms, PricingError, Quote, QuoteLine


@dataclass(frozen=True, slots=True)
class LockedContext:
    """What a bill is given beside its offers: the most that each may give, the connector's category, and the CPO's
    largest discount and the given products as they were locked."""

    ceilings: Mapping[str, Decimal] = field(default_factory=dict)
    category: str = ""
    max_discount_percent: Decimal | None = None
    goods: Mapping[str, Good] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Proof:
    """What is kept with a quote: the hashes of all offers it looked at, in order, and what they were judged by.

    No names or contacts: a customer is a flag, numbers, and the facts that segments ask for, which go when it is
    forgotten.
    """

    offers: tuple[str, ...]
    context: OfferContext | LockedContext


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that a price depends on."""

    request: ChargingRequest
    terms: PriceTerms
    offers: tuple[OfferTerms, ...]
    context: OfferContext | LockedContext


@dataclass(frozen=True, slots=True)
class Printed:
    """The answer that was given."""

    lines: tuple[QuoteLine, ...]
    trace: OfferTrace
    energy_wh: int
    engine_version: str


class Verdict(StrEnum):
    """What a re-proof answers; part of the API, never renamed."""

    IDENTICAL = "IDENTICAL"
    DIFFERS = "DIFFERS"
    NOT_KEPT = "NOT_KEPT"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is another now; `stored` and `now` are sentences for people, "" where there is none."""

    what: str
    name: str
    stored: str
    now: str


def step_of(evidence: Evidence) -> DiscountStep:
    """Return the offers' step as it was made for the price."""
    context = evidence.context
    if isinstance(context, LockedContext):
        return LockedStep(
            evidence.offers,
            ceilings=context.ceilings,
            category=context.category,
            max_discount_percent=context.max_discount_percent,
            goods=context.goods,
        )
    return OfferStep(OfferBook.compile(evidence.offers, revision=0), context)


def price_again(evidence: Evidence) -> Quote:
    """Return the price as this engine makes it; raises what `price()` raises."""
    return price(evidence.request, evidence.terms, discounts=step_of(evidence))


def differences(evidence: Evidence, printed: Printed) -> tuple[Difference, ...]:
    """Return what this engine answers differently, nothing where both are the same to the last character."""
    try:
        again = price_again(evidence)
    except PricingError as refusal:
        return (Difference("PRICE", "", "a price", f"no price: {refusal}"),)
    trace: OfferTrace = again.trace or OfferTrace()
    return (
        *_energy(printed.energy_wh, again.energy_wh),
        *_lines(printed.lines, again.lines),
        *_outcomes(proven_of(printed.trace).outcomes, proven_of(trace).outcomes),
        *_choice(printed.trace, trace),
    )


def proven_of(trace: OfferTrace) -> OfferTrace:
    """Return what is proven of a trace: its figures, not what words name besides, which older quotes do not keep."""
    outcomes = [replace(x, checks=tuple(replace(y, about=None) for y in x.checks)) for x in trace.outcomes]
    return replace(trace, outcomes=tuple(outcomes))


def _energy(stored: int, now: int) -> Iterable[Difference]:
    if stored != now:
        yield Difference("ENERGY", "energy_wh", f"{stored} Wh", f"{now} Wh")


def _lines(stored: tuple[QuoteLine, ...], now: tuple[QuoteLine, ...]) -> Iterable[Difference]:
    before, after = {x.line_id: x for x in stored}, {x.line_id: x for x in now}
    for line_id in dict.fromkeys((*before, *after)):
        yield from _compared("LINE", line_id, before.get(line_id), after.get(line_id), _line_words)
    if before.keys() == after.keys() and tuple(before) != tuple(after):
        yield Difference("LINE", "order of the lines", ", ".join(before), ", ".join(after))


def _outcomes(stored: tuple[OfferOutcome, ...], now: tuple[OfferOutcome, ...]) -> Iterable[Difference]:
    before, after = {x.offer_id: x for x in stored}, {x.offer_id: x for x in now}
    for offer_id in dict.fromkeys((*before, *after)):
        yield from _compared("OFFER", offer_id, before.get(offer_id), after.get(offer_id), _outcome_words)


def _choice(stored: OfferTrace, now: OfferTrace) -> Iterable[Difference]:
    for name in ("chosen", "runner_up", "difference", "certificate", "gap", "most", "cut"):
        before, after = encode(getattr(stored, name)), encode(getattr(now, name))
        if before != after:
            yield Difference("CHOICE", name, str(before), str(after))


def _compared(what: str, name: str, stored: Any, now: Any, words: Any) -> Iterable[Difference]:
    before: dict[str, Any] = {} if stored is None else encode(stored)
    after: dict[str, Any] = {} if now is None else encode(now)
    if before == after:
        return
    said = ["" if x is None else words(x) for x in (stored, now)]
    if said[0] == said[1]:
        # The sentence is too short for what differs: name the fields themselves.
        said = [str({key: x[key] for key in x if before[key] != after[key]}) for x in (before, after)]
    yield Difference(what, name, *said)


def _line_words(line: QuoteLine) -> str:
    return f"{line.title}: {line.amount}"


def _outcome_words(outcome: OfferOutcome) -> str:
    reason = outcome.reason
    return f"{outcome.outcome.value}, {outcome.saving}" + (f", {reason.code.value}" if reason is not None else "")
