"""Whether surges take back what the offer gives: a session in which the driver pays no less than without both."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from offers.engine.benefits import rule_of
from offers.engine.evaluate import appraise
from offers.engine.lint.judging import asks_who, driver_of, example_of, for_anybody, is_eligible, joined, situation_at
from offers.engine.lint.values import Example, Figure, Finding, FindingCode, Severity, Subject, Tried
from offers.engine.stacking import candidate_of
from pricing.engine.values import Cart, LineKind, QuoteLine
from pricing.engine.wording import money_text


def find_cancelled(subject: Subject, sessions: Sequence[Tried]) -> Iterator[Finding]:
    """Yield SURGE_CANCELS for the session, of those tried, in which surges exceed the saving the most."""
    if not rule_of(subject.offer).reduces(subject.offer):
        return
    offer = for_anybody(subject.offer)
    worst: tuple[Decimal, Decimal, Decimal, Tried] | None = None
    for tried in sessions:
        added = _sum(_surges(tried.cart))
        if not added:
            continue
        own = appraise(offer, situation_at(subject, tried, None))
        saving = candidate_of(own).saving if is_eligible(own) else Decimal(0)
        if saving and added >= saving and (worst is None or added - saving > worst[0]):
            worst = added - saving, added, saving, tried
    if worst is not None:
        driver = driver_of(subject, worst[3]) if asks_who(subject.offer) else None
        yield _finding(worst[1], worst[2], example_of(worst[3], driver), worst[3])


def _finding(added: Decimal, saving: Decimal, example: Example, tried: Tried) -> Finding:
    lines, currency = _surges(tried.cart), tried.cart.currency
    surges = {x.surge_id: x.name for x in tried.site.terms.surges} if tried.site.terms is not None else {}
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
