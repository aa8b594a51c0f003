"""What the pages of an offer show beside its form: the sentence, the facts, what a draft changes, versions, history."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join

from cpo_portal.adminkit.display import EMPTY, Tone, bar, chip, unlimited, when
from offers.engine.describe import benefit_in_words, summary
from offers.mapping import applicability, offer_terms
from offers.models import Offer, OfferState, OfferStateChange, OfferVersion
from offers.names import gift_named, in_names, item_names, items_of_benefit
from offers.shown import STATE_LABELS
from offers.states import DerivedState, again_at, counter_of, day_counter_of, derived_state
from offers.uses import uses_of, uses_text
from offers.version_words import changes_of, facts_of, names_in
from pricing.admin.drafts import history_row, version_mark, version_row
from pricing.engine.week import windows_in_words
from pricing.versions.review import EDIT
from pricing.versions.who import People, people_of

STATE_TONES: dict[str, Tone] = {
    DerivedState.LIVE: Tone.GOOD,
    DerivedState.SCHEDULED: Tone.INFO,
    DerivedState.EXHAUSTED: Tone.WARN,
    OfferState.IN_REVIEW: Tone.INFO,
    OfferState.PAUSED: Tone.WARN,
    OfferState.WITHDRAWN: Tone.BAD,
}
#: What the history calls each move; entries from before moves were kept say where they led alone.
_MOVES = {
    "publish": "Published",
    "submit": "Submitted for review",
    "approve": "Approved",
    "reject": "Sent back",
    EDIT: "Edited",
    "restore": "Version restored as a draft",
    "limits": "Limits changed",
    "pause": "Paused",
    "resume": "Resumed",
    "end": "Ended early",
    "withdraw": "Withdrawn",
    "archive": "Put away",
}


def state_chip(offer: Offer, now: datetime) -> Any:
    """Return what the offer is at this instant as a chip."""
    state = derived_state(offer, offer.live_version, counter_of(offer), now)
    return chip(STATE_LABELS.get(state, state), STATE_TONES.get(state, Tone.NEUTRAL))


def draft_chip(draft: OfferVersion) -> Any:
    """Return what the draft of a published offer is as a chip."""
    return chip("Draft in review", Tone.INFO) if draft.submitted_at is not None else chip("Draft")


def limits_bar(offer: Offer, now: datetime) -> Any:
    """Return how much of the tightest total limit is used, and of the budget of today; without limits, how often."""
    counter, currency = counter_of(offer), offer.cpo.currency
    bars = []
    if counter is not None and counter.limit_budget is not None:
        bars.append(bar(counter.budget_reserved + counter.budget_committed, counter.limit_budget, currency))
    elif counter is not None:
        bars.append(bar(uses_of(offer), counter.limit_uses))
    elif offer.live_version_id is not None:
        bars.append(unlimited(uses_text(offer)))
    if offer.budget_per_day is not None:
        day = day_counter_of(offer, now)
        spent = day.budget_reserved + day.budget_committed if day is not None else 0
        bars.append(
            format_html('{} <span class="portal-figures">today</span>', bar(spent, offer.budget_per_day, currency))
        )
    return format_html_join("", "<div>{}</div>", ((each,) for each in bars)) if bars else EMPTY


def offer_page(offer: Offer, *, now: datetime, with_facts: bool) -> dict[str, Any]:
    """Return the panels of the offer's page; `with_facts` for people who get no form."""
    zone = offer.cpo.time_zone
    versions = list(offer.versions.select_related("created_by")[:50])
    working, live = versions[0], offer.live_version
    names = names_in(version for version in (working, live) if version is not None)
    goods = item_names(
        x for version in versions for x in (version.benefit_item_id, *version.qualifier_item_ids, *version.item_ids)
    )
    is_change = live is not None and working.published_at is None
    history = list(offer.state_changes.select_related("version", "by")[:50])
    people = people_of(versions, history, offer.state_changes.all())
    return {
        "summary_template": "pricing/admin/summary.html",
        "number": working.number,
        "chip": state_chip(offer, now),
        "figures": limits_bar(offer, now) if _is_counted(offer) else "",
        "sentence": _sentence(offer, live or working),
        "notes": _notes(offer, live, now),
        "facts": facts_of(live or working, names) if with_facts else (),
        "changes": changes_of(live, working, names) if is_change and live is not None else (),
        "versions": [_version(offer, version, goods, people) for version in versions],
        "history": [_entry(change, zone, people) for change in history],
    }


def _sentence(offer: Offer, version: OfferVersion) -> str:
    terms = offer_terms(offer, version)
    return summary(in_names(terms), offer.cpo.time_zone, items_of_benefit(terms))


def _is_counted(offer: Offer) -> bool:
    return offer.live_version_id is not None or counter_of(offer) is not None or offer.budget_per_day is not None


def published_in_words(offer: Offer, now: datetime) -> str:
    """Say what publishing has led to."""
    live = offer.live_version
    name = live.name if live else str(offer)
    if offer.state == OfferState.PAUSED:
        return f"“{name}” has its new version and stays paused: resume it when buyer apps are to see it."
    if live is not None and live.valid_from > now:
        return f"“{name}” is published; it starts by itself on {when(live.valid_from, offer.cpo.time_zone)}."
    return f"“{name}” is published; buyer apps see it from now on."


def _notes(offer: Offer, live: OfferVersion | None, now: datetime) -> list[str]:
    if live is None:
        kind = "In review" if offer.state == OfferState.IN_REVIEW else "A draft"
        return [f"{kind}: buyer apps do not see it until it is published."]
    state = derived_state(offer, live, counter_of(offer), now)
    if state == DerivedState.SCHEDULED:
        return [f"It starts by itself on {when(live.valid_from, offer.cpo.time_zone)}."]
    if (again := again_at(offer, live, now)) is not None:
        return [f"Today's budget is used up: it is given again from {when(again, offer.cpo.time_zone)}."]
    if state == OfferState.WITHDRAWN:
        return ["Withdrawn for good: even what was reserved is refused. Archive it when it is settled."]
    if state == DerivedState.ENDED and offer.state == OfferState.APPROVED:
        ended = f"It ended by itself on {when(live.valid_until, offer.cpo.time_zone)}."
        return [f"{ended} A version with a later end, published, puts it back."]
    if state == OfferState.ENDED:
        return ["It was ended. To give it once more, save it as a draft, then press “Publish again”."]
    if state == OfferState.PAUSED:
        return ["Paused: nobody gets it. What you publish meanwhile takes effect when you resume it."]
    return []


def _version(offer: Offer, version: OfferVersion, goods: Mapping[str, str], people: People) -> dict[str, Any]:
    scope, zone = applicability(version), offer.cpo.time_zone
    windows = windows_in_words(scope.weekly_windows)
    validity = f"{when(version.valid_from, zone)} – {when(version.valid_until, zone)}"
    terms = offer_terms(offer, version)
    said = [version.name, benefit_in_words(gift_named(terms, goods), items_of_benefit(terms, goods)), windows, validity]
    mark = version_mark(version, offer.live_version_id)
    row = version_row(version, " · ".join(part for part in said if part), mark, zone, people)
    compare = f"{reverse('admin:offers_compare', args=[offer.pk])}?to={version.number}"
    return row | {"compare": compare if version.number > 1 else ""}


def _entry(change: OfferStateChange, zone: str, people: People) -> dict[str, Any]:
    """Return one line of the history: what was done, and what became of the offer."""
    row = history_row(change, dict(OfferState.choices), zone, people)
    if change.move not in _MOVES:
        return row
    before, after = OfferState(change.from_state).label, OfferState(change.to_state).label
    if before != after:
        return row | {"what": f"{_MOVES[change.move]}: {before} → {after}"}
    if change.move in {"publish", "approve"}:
        return row | {"what": f"{_MOVES[change.move]}: a new version, still {after.lower()}"}
    return row | {"what": _MOVES[change.move]}
