"""Which live offers are never the best any more once this one is live: its author hears it before it is published."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from offers.engine.candidates import Candidate
from offers.engine.corners import candidates_of
from offers.engine.evaluate import appraise
from offers.engine.lint.judging import (
    Ranking,
    asked_for,
    best_with,
    chosen_of,
    is_eligible,
    joined,
    person_at,
    situation_at,
    wishes_of,
)
from offers.engine.lint.sessions import FEWEST_SESSIONS, WORK, rivals_of, sessions_to_try
from offers.engine.lint.shadowed import (
    Beaten,
    better_by,
    casts_shadow,
    counted,
    fault_of,
    is_automatic,
    is_chosen,
    shadow_of,
    some_of,
)
from offers.engine.lint.values import Finding, FindingCode, Rival, Severity, Subject, Tried
from offers.engine.situation import Situation
from offers.engine.stacking import candidate_of
from offers.engine.values import OfferTerms
from pricing.engine.wording import money_text

#: Sessions in which others are looked for, and in which each that was found is tried in its own scope.
_LOOKED_AT, _TRIED = 40, 40
#: Offers that are tried so, fewer where each session must be held against thousands of others.
_MOST_OFFERS = 3


def find_shadowing(subject: Subject, rivals: Ranking, sessions: Sequence[Tried]) -> Iterator[Finding]:
    """Yield SHADOWS for each live offer that is the best in some session now, and with this one live in none.

    Those are looked for that this one keeps out in the sessions of its own scope; then each is tried in its own.
    """
    if subject.sites_of is None or not any(casts_shadow(x, subject.offer) for x in subject.sites):
        return
    # Each session is held against all rivals twice, with this offer and without it: WORK is for all of them together.
    judged = 2 * max(1, rivals.count)
    most = max(1, min(_MOST_OFFERS, WORK // (FEWEST_SESSIONS * judged)))
    tries = max(FEWEST_SESSIONS, min(_TRIED, WORK // (most * judged)))
    for offer_id in _kept_out(subject, rivals, sessions[:_LOOKED_AT])[:most]:
        finding = _shadow_on(subject, rivals.offer(offer_id), tries)
        if finding is not None:
            yield finding


def _kept_out(subject: Subject, rivals: Ranking, sessions: Sequence[Tried]) -> list[str]:
    """Return the offers that this one keeps out wherever both hold, those first that it keeps out most often."""
    kept_out: Counter[str] = Counter()
    still: set[str] = set()
    for tried in sessions:
        for wish in wishes_of(subject.offer):
            person = person_at(wish, tried)
            if person is None or not casts_shadow(tried.site, subject.offer):
                continue
            situation = situation_at(subject, tried, person)
            own = appraise(subject.offer, situation)
            if not is_eligible(own) or own.beside:
                continue
            found = [x for x in rivals.eligible(tried, situation, asked_for) if not x.beside]
            lasting = [x for x in found if casts_shadow(tried.site, rivals.offer(x.offer.offer_id))]
            for other in found:
                offer_id = other.offer.offer_id
                if offer_id in still:
                    continue
                pool = candidates_of(x for x in lasting if x is not other)
                terms, mine = rivals.offer(offer_id), candidate_of(other)
                if _is_best(terms, mine, (*pool, candidate_of(own)), subject, situation):
                    still.add(offer_id)
                elif _is_best(terms, mine, pool, subject, situation):
                    kept_out[offer_id] += 1
    return sorted(kept_out.keys() - still, key=lambda x: (-kept_out[x], x))


def _is_best(
    offer: OfferTerms, own: Candidate, pool: Sequence[Candidate], subject: Subject, situation: Situation
) -> bool:
    """Say whether an offer is chosen among these where it is automatic, and a gain to who asks for it where not."""
    if is_automatic(offer):
        return is_chosen(own, pool, subject, situation)
    return best_with(own, pool, subject, situation).saving > chosen_of(pool, subject, situation).saving


def _shadow_on(subject: Subject, offer: OfferTerms, tries: int) -> Finding | None:
    """Try another offer in so many sessions where it is for, with this one live and without it."""
    sites = subject.sites_of(offer) if subject.sites_of is not None else ()
    other = replace(subject, offer=offer, sites=sites, in_scope=len(sites), met=frozenset(), shared_with=None)
    rivals = rivals_of(other)
    sessions, _ = sessions_to_try(other, rivals, tries)
    found = shadow_of(other, Ranking(rivals, subject.setting.objective), sessions)
    if found is None or subject.offer.offer_id not in found[0].rivals:
        return None
    without = [x for x in rivals if x.offer_id != subject.offer.offer_id]
    if shadow_of(other, Ranking(without, subject.setting.objective), sessions) is not None:
        return None
    return _finding(subject, other, found[0])


def _finding(subject: Subject, other: Subject, beaten: Beaten) -> Finding:
    name, own, currency = other.offer.name, subject.offer, subject.offer.currency
    if beaten.closest is None or beaten.least is None or beaten.most is None:
        raise AssertionError("a shadow is cast by something")
    gap, example, saving, winners = beaten.closest
    others = sorted(beaten.rivals.values(), key=lambda x: (x.offer_id != own.offer_id, -x.sessions, x.offer_id))
    never = f"It makes {name} never the best offer" if is_automatic(other.offer) else f"With it nobody gains by {name}"
    return Finding(
        FindingCode.SHADOWS,
        Severity.WARNING,
        fault_of(own),
        f"{never}: in {counted(beaten)} in which {name} holds, "
        f"{better_by(beaten, some_of([x.name for x in others]), other)}.",
        example=example,
        outcome=f"With {name} drivers save {money_text(saving, currency)}, with {joined(winners)} "
        f"{money_text(saving + gap, currency)}.",
        rivals=(Rival(other.offer.offer_id, name, beaten.sessions, beaten.least, beaten.most),),
    )
