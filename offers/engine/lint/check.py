"""The linter: one function over an offer, the book it would be live in, and sessions that are made up for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from offers.engine.lint.alike import find_overlaps, find_same_code
from offers.engine.lint.cancelled import find_cancelled
from offers.engine.lint.cliffs import find_cliffs
from offers.engine.lint.contradictions import find_contradictions
from offers.engine.lint.free import find_free
from offers.engine.lint.held import find_held
from offers.engine.lint.judging import Ranking, wishes_of
from offers.engine.lint.nights import find_nights
from offers.engine.lint.sessions import rivals_of, sessions_to_try
from offers.engine.lint.shadowed import find_shadow
from offers.engine.lint.shadowing import find_shadowing
from offers.engine.lint.values import Finding, FindingCode, Report, Sampled, Severity, Subject, Tried
from offers.engine.values import OfferTerms

_UNPRICED = "Nothing could be tried: no connector in its scope has a price yet."


def lint(subject: Subject) -> Report:
    """Return all findings; the same subject always gets the same answer. Contradictions leave nothing to try."""
    found = list(find_contradictions(subject))
    if any(x.severity is Severity.CONTRADICTION for x in found):
        found += find_same_code(subject, ())
        return Report(_sorted(found), Sampled(in_scope=subject.in_scope))
    rivals = rivals_of(subject)
    sessions, combinations = sessions_to_try(subject, rivals)
    ranking = Ranking(rivals, subject.setting.objective)
    found += _tried(subject, ranking, rivals, sessions)
    sampled = Sampled(
        sessions=len(sessions) * len(wishes_of(subject.offer)),
        combinations=combinations * len(wishes_of(subject.offer)),
        sites=len({x.site.item_id for x in sessions}),
        in_scope=subject.in_scope,
        rivals=len(rivals),
        cut=ranking.cut,
    )
    return Report(_sorted(found), sampled)


def _tried(
    subject: Subject, ranking: Ranking, rivals: Sequence[OfferTerms], sessions: Sequence[Tried]
) -> Iterator[Finding]:
    yield from find_same_code(subject, sessions)
    yield from find_nights(subject)
    if not sessions:
        yield Finding(FindingCode.NOT_TRIED, Severity.WARNING, "", _UNPRICED)
        return
    shadow = list(find_shadow(subject, ranking, sessions))
    # What is never chosen keeps nothing else out.
    yield from shadow or find_shadowing(subject, ranking, sessions)
    yield from find_free(subject, ranking, sessions)
    yield from find_cancelled(subject, sessions)
    yield from find_held(subject, sessions)
    yield from find_overlaps(subject, rivals, sessions)
    yield from find_cliffs(subject, rivals, sessions)


def _sorted(found: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(sorted(found, key=lambda x: x.severity is not Severity.CONTRADICTION))
