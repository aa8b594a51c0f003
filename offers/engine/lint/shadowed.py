"""Whether an offer is ever the best: chosen where it is automatic, a gain to who asks for it where it is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial

from offers.engine.candidates import Candidate
from offers.engine.corners import candidates_of
from offers.engine.evaluate import Appraisal, appraise
from offers.engine.limits import has_limit
from offers.engine.lint.gifts import saves_nothing
from offers.engine.lint.judging import (
    Ranking,
    asked_for,
    best_with,
    chosen_of,
    example_of,
    is_eligible,
    joined,
    person_at,
    situation_at,
    wishes_of,
)
from offers.engine.lint.shelf import runs_out
from offers.engine.lint.values import Example, Figure, Finding, FindingCode, Rival, Severity, Site, Subject, Tried
from offers.engine.situation import Situation
from offers.engine.stacking import candidate_of
from offers.engine.values import Check, Objective, OfferTerms, ReasonCode
from pricing.engine.wording import money_text

_NOTHING = Decimal(0)
#: Offers that are named in the sentence; the data has them all.
_NAMED = 3


@dataclass(slots=True)
class Beaten:
    """What came of the sessions so far in which the offer holds and others are better."""

    sessions: int = 0
    rivals: dict[str, Rival] = field(default_factory=dict)
    closest: tuple[Decimal, Example, Decimal, tuple[str, ...]] | None = None
    least: Decimal | None = None
    most: Decimal | None = None


def find_shadow(subject: Subject, rivals: Ranking, sessions: Sequence[Tried]) -> Iterator[Finding]:
    """Yield SHADOWED where others are better in every session that it holds in, NEVER_HOLDS where there is none."""
    found = shadow_of(subject, rivals, sessions)
    if found is None:
        return
    beaten, misses = found
    yield _shadowed(subject, beaten) if beaten.sessions else misses.finding(subject)


def shadow_of(subject: Subject, rivals: Ranking, sessions: Sequence[Tried]) -> tuple[Beaten, Misses] | None:
    """Return by what the offer is beaten, and where it does not hold; None where it is the best in a session.

    Rivals are automatic, and have no limits: what asks for a choice or a code, or runs out, leaves room for others.
    """
    offer = asked_for(subject.offer)
    beaten, misses = Beaten(), Misses()
    for tried in sessions:
        for wish in wishes_of(offer):
            person = person_at(wish, tried)
            if person is None:
                misses.nobody += 1
                continue
            situation = situation_at(subject, tried, person)
            own = appraise(offer, situation)
            busy = situation.context.levels.busy if offer.qualifier.max_busy_percent is not None else None
            example = example_of(tried, person, busy)
            if not is_eligible(own):
                misses.add(own, example)
                continue
            others = [] if own.beside else rivals.competing(tried, situation, partial(_as_rival, tried.site))
            if own.beside or _is_best(subject, own, others, situation, (beaten, example)):
                return None
    return beaten, misses


def casts_shadow(site: Site, offer: OfferTerms) -> bool:
    """Say whether an offer leaves no room for others at a site: it is automatic, and nothing of it runs out."""
    return is_automatic(offer) and not has_limit(offer.limits) and not runs_out(offer, site.goods)


def _as_rival(site: Site, offer: OfferTerms) -> OfferTerms | None:
    return offer if casts_shadow(site, offer) else None


def _is_best(
    subject: Subject, own: Appraisal, others: list[Appraisal], situation: Situation, noted: tuple[Beaten, Example]
) -> bool:
    """Say whether the offer is the best here; where it is not, note what is and by how much."""
    mine, pool = candidate_of(own), candidates_of(others)
    if is_automatic(subject.offer) and is_chosen(mine, pool, subject, situation):
        return True
    without = chosen_of(pool, subject, situation)
    best = best_with(mine, pool, subject, situation).saving
    if not is_automatic(subject.offer) and best > without.saving:
        return True
    _note(noted[0], without.offers, {x.offer.offer_id: x.offer.name for x in others}, (without.saving, best), noted[1])
    return False


def is_chosen(own: Candidate, pool: Sequence[Candidate], subject: Subject, situation: Situation) -> bool:
    """Say whether an automatic offer is in the set that is chosen out of these and itself."""
    return any(x.offer_id == own.offer_id for x in chosen_of((own, *pool), subject, situation).offers)


def _note(
    beaten: Beaten,
    chosen: tuple[Candidate, ...],
    names: dict[str, str],
    savings: tuple[Decimal, Decimal],
    example: Example,
) -> None:
    gap = savings[0] - savings[1]
    beaten.sessions += 1
    beaten.least = gap if beaten.least is None else min(beaten.least, gap)
    beaten.most = gap if beaten.most is None else max(beaten.most, gap)
    for x in chosen:
        known = beaten.rivals.get(x.offer_id) or Rival(x.offer_id, names[x.offer_id], 0, gap, gap)
        beaten.rivals[x.offer_id] = replace(
            known, sessions=known.sessions + 1, least=min(known.least, gap), most=max(known.most, gap)
        )
    if beaten.closest is None or gap < beaten.closest[0]:
        beaten.closest = gap, example, savings[1], tuple(names[x.offer_id] for x in chosen)


def _shadowed(subject: Subject, beaten: Beaten) -> Finding:
    currency = subject.offer.currency
    rivals = tuple(sorted(beaten.rivals.values(), key=lambda x: (-x.sessions, x.offer_id)))
    if beaten.closest is None or beaten.least is None or beaten.most is None:
        raise AssertionError("a shadow is cast by something")
    gap, example, saving, winners = beaten.closest
    named = some_of([x.name for x in rivals])
    begins = "It is never the best offer" if is_automatic(subject.offer) else "Nobody gains by asking for it"
    return Finding(
        FindingCode.SHADOWED,
        Severity.WARNING,
        fault_of(subject.offer),
        f"{begins}: in {counted(beaten)} in which it holds, {better_by(beaten, named, subject)}.",
        example=example,
        outcome=f"With it drivers save {money_text(saving, currency)}, with {joined(winners)} "
        f"{money_text(saving + gap, currency)}.",
        figures=(
            Figure("saving_with_it", saving, currency),
            Figure("saving_without_it", saving + gap, currency),
            Figure("least_difference", beaten.least, currency),
            Figure("most_difference", beaten.most, currency),
        ),
        rivals=rivals,
    )


def some_of(names: Sequence[str]) -> list[str]:
    """Return so many names as a sentence has room for, and how many more there are."""
    more = len(names) - _NAMED
    return [*names[:_NAMED], *([f"{more} more"] if more > 0 else [])]


def fault_of(offer: OfferTerms) -> str:
    """Return the field by which an offer gives what it gives."""
    return "value" if offer.benefit.value else "benefit_kind"


def counted(beaten: Beaten) -> str:
    """Return "each of the 320 sessions tried"."""
    return "the 1 session tried" if beaten.sessions == 1 else f"each of the {beaten.sessions} sessions tried"


def better_by(beaten: Beaten, named: Sequence[str], subject: Subject) -> str:
    """Return "b or c save more, by ₹1.80 to ₹288.00"."""
    if beaten.least is None or beaten.most is None:
        raise AssertionError("a shadow is cast by something")
    objective, currency = subject.setting.objective, subject.offer.currency
    return f"{joined(named, 'or')} {_more(beaten.least, beaten.most, currency, len(named) == 1, objective)}"


def is_automatic(offer: OfferTerms) -> bool:
    return offer.auto and not offer.requires_code


def _more(least: Decimal, most: Decimal, currency: str, one: bool, objective: Objective) -> str:
    verb, come = ("saves", "comes") if one else ("save", "come")
    if least < 0:
        by = " by priority" if objective is Objective.PRIORITY else ""
        return f"{come} first{by}, though drivers save up to {money_text(-least, currency)} less"
    if not most:
        return f"{verb} the same and {come} first"
    if not least:
        return f"{verb} the same or more, up to {money_text(most, currency)}"
    if least == most:
        return f"{verb} {money_text(least, currency)} more"
    return f"{verb} more, by {money_text(least, currency)} to {money_text(most, currency)}"


@dataclass(slots=True)
class Misses:
    """The sessions in which the offer does not hold, by the first condition that fails."""

    nobody: int = 0
    reasons: Counter[ReasonCode] = field(default_factory=Counter)
    nearest: tuple[int, Example, tuple[Check, ...]] | None = None

    def add(self, own: Appraisal, example: Example) -> None:
        failed = tuple(x for x in own.checks if not x.passed)
        self.reasons.update({failed[0].code: 1})
        if self.nearest is None or len(failed) < self.nearest[0]:
            self.nearest = len(failed), example, failed

    def finding(self, subject: Subject) -> Finding:
        if self.nearest is None:
            names = joined([x.name for x in subject.offer.segments], "or")
            sentence = f"Nobody could get it: no customer was found who is of segment {names} and meets the rest."
            return Finding(FindingCode.NEVER_HOLDS, Severity.WARNING, "segment_ids", sentence)
        _, example, failed = self.nearest
        if subject.offer.benefit.item_value and [x.code for x in failed] == [ReasonCode.NO_BENEFIT]:
            return saves_nothing(subject, self.reasons.total(), example)
        count = self.reasons.total()
        sentence = f"It held in none of the {count} session{'' if count == 1 else 's'} tried"
        least = subject.offer.qualifier.min_value
        if least is not None and set(self.reasons) == {ReasonCode.MIN_VALUE}:
            sentence += f": none is worth its minimum of {money_text(least, subject.offer.currency)}"
        return Finding(
            FindingCode.NEVER_HOLDS,
            Severity.WARNING,
            _FIELDS.get(failed[0].code, ""),
            f"{sentence}.",
            example=example,
            failed=failed,
            figures=tuple(Figure(code.value, Decimal(n)) for code, n in self.reasons.most_common()),
        )


_FIELDS = {
    ReasonCode.MIN_VALUE: "min_value",
    ReasonCode.ENERGY: "min_energy_wh",
    ReasonCode.SLAB: "slabs",
    ReasonCode.COMBO_ITEMS: "qualifier_item_ids",
    ReasonCode.ITEM: "item_ids",
    ReasonCode.CATEGORY: "categories",
    ReasonCode.SEGMENT: "segment_ids",
    ReasonCode.SESSION_NUMBER: "nth_session",
    ReasonCode.BUSY: "max_busy_percent",
    ReasonCode.STOCK: "stock_product_id",
    ReasonCode.NO_BENEFIT: "benefit_kind",
    ReasonCode.ITEM_COUNT: "qualifier_item_count",
    ReasonCode.ITEM_NOT_SOLD: "benefit_item_id",
    ReasonCode.REDEMPTION_CAP: "redemption_cap",
}
