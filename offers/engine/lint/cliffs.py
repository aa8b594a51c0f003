"""Where the price of a session jumps while its energy grows: at the edges of slabs, and of the energy they hold for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from decimal import Decimal

from offers.engine.book import OfferBook
from offers.engine.energy import energy_edges
from offers.engine.lint.judging import ANYBODY, asks_who, driver_of, example_of, for_anybody, situation_at
from offers.engine.lint.sessions import tried
from offers.engine.lint.values import Figure, Finding, FindingCode, Severity, Subject, Tried
from offers.engine.situation import Situation
from offers.engine.step import OfferStep
from offers.engine.values import BenefitKind, OfferTerms
from pricing.engine.money import smallest_unit
from pricing.engine.wording import energy_text, money_text


def find_cliffs(subject: Subject, rivals: Sequence[OfferTerms], sessions: Sequence[Tried]) -> Iterator[Finding]:
    """Yield what a Wh more does to the price of energy, time and products at each edge, at the first station, by this
    offer alone; nothing where nobody may have it."""
    offer = subject.offer
    first = next(iter(sessions), None)
    if offer.benefit.kind is not BenefitKind.SLAB or first is None:
        return
    step = OfferBook.compile((for_anybody(offer),), revision=0)
    for edge in energy_edges((offer,)):
        start = first.cart.request.planned_start
        sides = [x for wh in (edge - 1, edge) if (x := tried(first.site, start, wh) if wh else None) is not None]
        if len(sides) == 2:
            yield from _between(subject, step, (sides[0], sides[1]), alone=bool(rivals))


def _between(subject: Subject, book: OfferBook, sides: tuple[Tried, Tried], *, alone: bool) -> Iterator[Finding]:
    offer, (below, above) = subject.offer, sides
    situations = [situation_at(subject, x, ANYBODY) for x in sides]
    saved = [_saved(book, x) for x in situations]
    before, after = (x.item_value - taken for x, taken in zip(situations, saved, strict=True))
    # What a Wh costs, and saves of its own price, is no jump.
    unit = smallest_unit(offer.currency)
    if not (after < before or (after > before and saved[0] - saved[1] > unit)):
        return
    found = (who for x in (above, below) if (who := driver_of(subject, x)) is not None)
    driver = next(found, None) if asks_who(offer) else None
    if driver is None and asks_who(offer):
        return
    prices = f"from {money_text(before, offer.currency)} to {money_text(after, offer.currency)}"
    by = "by this offer alone and before fees and tax" if alone else "before fees and tax"
    most, edge = offer.qualifier.max_wh, above.cart.energy_wh
    when = f"goes beyond {energy_text(most)}" if most is not None and edge > most else f"reaches {energy_text(edge)}"
    yield Finding(
        FindingCode.CLIFF,
        Severity.WARNING,
        "slabs",
        f"The price {'falls' if after < before else 'rises'} {prices}, {by}, when a session {when}.",
        example=replace(example_of(above, driver), paid=after),
        figures=(Figure("price_before", before, offer.currency), Figure("price_after", after, offer.currency)),
    )


def _saved(book: OfferBook, situation: Situation) -> Decimal:
    """Return what the book's offers take off, as it is charged."""
    lines = OfferStep(book, situation.context)(situation.cart).lines
    return -sum((x.amount.amount for x in lines), Decimal(0))
