"""The linter on the rows of an offer: what publishing would refuse, and what its author had better know."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from django.core.exceptions import ValidationError

from offers.authoring.conditions import check_counted
from offers.authoring.content import OfferContent, apply_content, checked, content_of
from offers.authoring.drafts import working_version
from offers.authoring.giving import check_turns
from offers.book import book_for
from offers.engine.backtest import Setting
from offers.engine.book import OfferBook
from offers.engine.lint import Finding, FindingCode, Report, Severity, Subject, lint
from offers.engine.lint.contradictions import find_contradictions
from offers.engine.periods import today_at
from offers.engine.values import Objective, OfferTerms, StackLimits, Usage
from offers.mapping import limits_of, offer_terms
from offers.models import Offer, OfferState, OfferVersion
from offers.names import product_names
from offers.policies import policy_of
from offers.sites import Places, anywhere, places_of
from offers.states import is_editable
from offers.usage import usage_of


def check_publishable(offer: Offer, content: OfferContent, now: datetime) -> None:
    """Refuse to publish what could never apply, by field; inside the CPO's scope."""
    version = OfferVersion(cpo=offer.cpo, offer=offer, number=1)
    apply_content(version, content)
    terms = _live(offer, version)
    book = OfferBook.compile((terms,), revision=0)
    errors: dict[str, list[str]] = {}
    for finding in find_contradictions(_subject(offer, terms, book, anywhere(terms, now), now)):
        if finding.severity is Severity.CONTRADICTION:
            errors.setdefault(finding.field, []).append(finding.sentence)
    if errors:
        raise ValidationError(errors)  # type: ignore[arg-type]


def lint_offer(offer: Offer, now: datetime) -> Report:
    """Return what the linter finds in the offer's latest version; inside the CPO's scope, with `offer.cpo` loaded.

    Outside of a transaction that has changed an offer: the book that it reads must be a committed one.
    """
    version = working_version(offer)
    if version is None or not is_linted(offer, version):
        return Report()
    terms = _live(offer, version)
    loaded = book_for(offer.cpo).book
    book = loaded.changed((terms,), gone=(), revision=loaded.revision)
    today = today_at(now, offer.cpo.time_zone)
    used = usage_of(offer.cpo_id, (terms,), None, today=today).get(offer.offer_id, Usage())
    subject = _subject(offer, terms, book, places_of(terms, now, book), now)
    report = lint(replace(subject, used=used, sites_of=lambda other: places_of(other, now, book).sites))
    return replace(report, findings=(*_refused(offer, version), *report.findings))


def is_linted(offer: Offer, version: OfferVersion) -> bool:
    """Say whether there is anything to find: an offer that is over is not, unless a draft is to give it again."""
    return is_editable(offer.state) and (offer.state != OfferState.ENDED or version.published_at is None)


def _live(offer: Offer, version: OfferVersion) -> OfferTerms:
    return replace(offer_terms(offer, version), state=OfferState.APPROVED.value)


def _subject(offer: Offer, terms: OfferTerms, book: OfferBook, places: Places, now: datetime) -> Subject:
    policy = policy_of(offer.cpo_id)
    return Subject(
        offer=terms,
        book=book,
        setting=Setting(
            offer.cpo.currency,
            Objective(policy.objective),
            StackLimits(policy.max_stack, policy.max_discount_percent),
            offer.cpo.time_zone,
        ),
        now=now,
        time_zone=offer.cpo.time_zone,
        sites=places.sites,
        in_scope=places.in_scope,
        other_site=places.other,
        zones=places.zones,
        met=places.met,
        shared_with=places.shared_with,
        goods=product_names((terms.benefit.item_id,)),
    )


def _refused(offer: Offer, version: OfferVersion) -> tuple[Finding, ...]:
    """Return what saving and publishing would refuse: what it names may have gone since, a code may be taken."""
    found: list[Finding] = []
    for check in (
        lambda: checked(offer, content_of(version)),
        lambda: check_counted(version.nth_session, limits_of(offer)),
        lambda: check_turns(version.item_unit, limits_of(offer)),
    ):
        try:
            check()
        except ValidationError as refusal:
            found += [
                Finding(FindingCode.REFUSED, Severity.CONTRADICTION, name, sentence)
                for name, sentences in refusal.message_dict.items()
                for sentence in sentences
            ]
    return tuple(found)
