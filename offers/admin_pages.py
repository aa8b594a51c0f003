"""What the pages of an offer show beside its form: the sentence, the facts, what a draft changes, versions, history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.html import format_html, format_html_join

from cpo_portal.adminkit.display import EMPTY, Tone, bar, chip, money, unlimited, when
from cpo_portal.network.models import Connector, ConnectorType, Location, Product
from offers.admin_applicability import LABELS as APPLICABILITY
from offers.admin_applicability import said_in_units
from offers.authoring import content_of
from offers.engine.describe import benefit_in_words, summary
from offers.mapping import applicability, offer_terms
from offers.models import Offer, OfferState, OfferStateChange, OfferVersion
from offers.names import category_names, city_names, gift_named, in_names, offer_names, product_names
from offers.segments import segment_choices
from offers.states import DerivedState, again_at, counter_of, day_counter_of, derived_state
from offers.type_words import label_of
from offers.uses import uses_of, uses_text
from pricing.admin_drafts import history_row, version_mark, version_row
from pricing.engine.week import windows_in_words
from pricing.engine.wording import plain_number
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
STATE_LABELS: dict[str, str] = dict(OfferState.choices) | {
    DerivedState.SCHEDULED.value: "Scheduled",
    DerivedState.LIVE.value: "Live",
    DerivedState.ENDED.value: "Ended",
    DerivedState.EXHAUSTED.value: "Used up",
}
_MONEY_FIELDS = ("value_cap", "min_value", "item_value")
_IN_ORDER = (
    "name",
    "short_desc",
    "long_desc",
    "image_url",
    "campaign_kind",
    "display_code",
    "requires_code",
    "single_use_codes",
    "location_ids",
    "item_ids",
    "categories",
    "segment_ids",
    "valid_from",
    "valid_until",
    "weekly_windows",
    "min_value",
    "benefit_kind",
    "qualifier_item_ids",
    "value",
    "value_cap",
    "base",
    "slabs",
    "finance_terms",
    "item_unit",
    "qualifier_item_count",
    "benefit_item_count",
    "benefit_item_id",
    "item_value",
    "additive",
    "auto",
    "priority",
    "exclusivity_group",
    "excludes",
    *APPLICABILITY,
)
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
_EMPTY_MEANS = {
    "location_ids": "Every location",
    "item_ids": "All of them",
    "weekly_windows": "Always",
    "segment_ids": "Every customer",
    "value_cap": "No cap",
    "min_value": "None",
}


def shown_version(offer: Offer) -> OfferVersion | None:
    """Return the published version, or the draft of an offer that has none; for rows with `drafts` prefetched."""
    return offer.live_version or next(iter(getattr(offer, "drafts", ())), None)


def benefit_shown(offer: Offer) -> str:
    """Return the benefit of the version that a row shows, "" where it has none; `gift` is the row's `gift_shown()`."""
    version = shown_version(offer)
    if version is None:
        return ""
    gift = getattr(offer, "gift", None)
    gifts = {version.benefit_item_id: gift} if gift else {}
    return benefit_in_words(gift_named(offer_terms(offer, version), gifts))


def state_chip(offer: Offer, now: datetime) -> Any:
    """Return what the offer is at this instant as a chip."""
    state = derived_state(offer, offer.live_version, counter_of(offer), now)
    return chip(STATE_LABELS.get(state, state), STATE_TONES.get(state, Tone.NEUTRAL))


def draft_chip(draft: OfferVersion) -> Any:
    """Return what the draft of a published offer is as a chip."""
    return chip("Draft in review", Tone.INFO) if draft.submitted_at is not None else chip("Draft")


def differences(before: OfferVersion, after: OfferVersion) -> list[dict[str, str]]:
    """Return what two versions say differently, field by field, in words."""
    return _changes(before, after, _names((before, after)))


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
    names = _names(version for version in (working, live) if version is not None)
    gifts = product_names(version.benefit_item_id for version in versions)
    is_change = live is not None and working.published_at is None
    history = list(offer.state_changes.select_related("version", "by")[:50])
    people = people_of(versions, history, offer.state_changes.all())
    return {
        "summary_template": "pricing/admin/summary.html",
        "number": working.number,
        "chip": state_chip(offer, now),
        "figures": limits_bar(offer, now) if _is_counted(offer) else "",
        "sentence": summary(in_names(offer_terms(offer, live or working)), zone),
        "notes": _notes(offer, live, now),
        "facts": _facts(live or working, names) if with_facts else (),
        "changes": _changes(live, working, names) if is_change and live is not None else (),
        "versions": [_version(offer, version, gifts, people) for version in versions],
        "history": [_entry(change, zone, people) for change in history],
    }


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


def _version(offer: Offer, version: OfferVersion, gifts: Mapping[str, str], people: People) -> dict[str, Any]:
    scope, zone = applicability(version), offer.cpo.time_zone
    windows = windows_in_words(scope.weekly_windows)
    validity = f"{when(version.valid_from, zone)} – {when(version.valid_until, zone)}"
    said = [version.name, benefit_in_words(gift_named(offer_terms(offer, version), gifts)), windows, validity]
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


def _changes(before: OfferVersion, after: OfferVersion, names: dict[str, str]) -> list[dict[str, str]]:
    old, new = content_of(before), content_of(after)
    return [
        {
            "label": label_of(name, after.benefit_kind),
            "before": _said(before, name, names),
            "after": _said(after, name, names),
        }
        for name in (*_IN_ORDER, "value_type")
        if getattr(old, name) != getattr(new, name)
    ]


def _facts(version: OfferVersion, names: dict[str, str]) -> list[tuple[str, str]]:
    kind = version.benefit_kind
    return [(label_of(name, kind), said) for name in _IN_ORDER if (said := _said(version, name, names)) != EMPTY]


def _said(version: OfferVersion, name: str, names: dict[str, str]) -> str:
    """Return a field of a version in words."""
    value = getattr(version, name)
    if value is None or value in ("", []):
        return _EMPTY_MEANS.get(name, EMPTY)
    if name == "weekly_windows":
        return windows_in_words(applicability(version).weekly_windows)
    if name in ("slabs", "finance_terms"):
        return benefit_in_words(offer_terms(version.offer, version))
    if name in _MONEY_FIELDS or (name == "value" and version.value_type != "percent"):
        per = " per kWh" if name == "value" and version.value_type == "per_kwh" else ""
        return f"{money(value, version.currency)}{per}"
    if name == "value":
        return f"{plain_number(value)} %"
    if name in APPLICABILITY and (text := said_in_units(version, name)):
        return text
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, list):
        return ", ".join(str(names.get(key, key)) for key in value)
    if isinstance(value, datetime):
        return when(value, version.cpo.time_zone)
    if name in ("stock_product_id", "benefit_item_id"):
        return names.get(value, value)
    shown = getattr(version, f"get_{name}_display", None)
    return str(shown() if shown else value)


def _names(versions: Iterable[OfferVersion]) -> dict[str, str]:
    """Return the names of the places and things that these versions name, by Beckn id."""
    rows = list(versions)
    places = {key for version in rows for key in version.location_ids}
    items = {key for version in rows for key in (*version.item_ids, *version.qualifier_item_ids)}
    names = dict(Location.objects.filter(location_id__in=places).values_list("location_id", "name"))
    names |= dict(Product.objects.filter(product_id__in=items).values_list("product_id", "name"))
    names |= dict(segment_choices())
    names |= offer_names({key for version in rows for key in version.excludes})
    names |= category_names({key for version in rows for key in version.categories})
    names |= city_names() | {kind.value: str(kind.label) for kind in ConnectorType}
    names |= product_names(key for version in rows for key in (version.stock_product_id, version.benefit_item_id))
    return names | {row.item_id: str(row) for row in Connector.objects.filter(item_id__in=items)}
