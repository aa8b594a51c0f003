"""What a back-test has found, in words and tables for its reader."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from cpo_portal.accounts.runs import RunState
from cpo_portal.adminkit.display import EMPTY, money, pairs, table, when
from offers.engine.backtest import SEGMENT, BacktestResult, Touched
from offers.engine.benefits import rule_of
from offers.engine.codec import offer_from_json
from offers.engine.describe import summary
from offers.engine.values import OfferTerms
from offers.models import BacktestRun
from offers.names import in_names, items_of_benefit
from offers.reasons.texts import reason_in_words
from pricing.engine.codec import decode

#: Days and groups that a page lists; the API has them all.
MOST_ROWS = 62

NOT_UPLIFT = (
    "A replay takes the sessions as they were: it shows what the offer would have cost, not what it would have "
    "brought. Whether it brings sessions or energy that would not have come is uplift, and only a test while the "
    "offer is live shows that."
)
_OF_THEN = (
    "A driver's segments are judged by their sessions and energy of then; tier, organisation, day of joining and lists "
    "are those of today, as are the segments' rules."
)
#: Of results from before.
_OF_TODAY = "Segments are those of today: who is in one now is taken to have been in it then."
_RAN_OUT = {"TOTAL_USES": "its uses in total were gone", "BUDGET": "its budget was gone"}


def result_of(run: BacktestRun) -> BacktestResult | None:
    """Return what the replay found; None until it is done."""
    return decode(BacktestResult, run.result) if run.state == RunState.DONE else None


def assumptions(run: BacktestRun) -> list[str]:
    """Return what the replay took for granted, a sentence each."""
    terms = offer_from_json(run.terms)
    found = [
        "Offers are those that are published now; each counts its limits and budgets from the first session on.",
        "The offer's own dates are left out, since they may lie ahead; its weekly windows and other conditions hold.",
        "A published offer that depends on how busy or stocked a site was is taken to have held where it was given.",
        "A session of somebody unknown gets no offer that is limited by customer, as at its order.",
    ]
    result = result_of(run)
    if result is not None and result.sessions and not result.touched.sessions:
        found.insert(0, _got_by_none(terms, result, run.cpo.time_zone))
    if not terms.auto:
        found.append("The driver chooses this offer: the replay takes everybody to choose it, so its cost is the most.")
    if not rule_of(terms).reduces(terms):
        found.append(
            "This offer leaves the price as it is: the replay counts the sessions that it would have stood at."
        )
    by_segment = result is not None and any(one.kind == SEGMENT for one in result.by_group)
    if terms.segments or by_segment:
        found.append(_OF_THEN if result is None or result.facts_of_then else _OF_TODAY)
    if by_segment:
        found.append("A driver may be in several segments: what they cost may add up to more than the offer's cost.")
    if terms.limits.shared_in_groups:
        found.append("Groups are those of today: who is in one now is taken to have shared its uses then.")
    if terms.qualifier.max_busy_percent is not None or terms.qualifier.stock_at_least is not None:
        found.append(
            "How busy or stocked a site was is not recorded: the condition is taken to hold, so its cost is the most."
        )
    if terms.requires_code:
        found.append("This offer asks for a code: the replay takes everybody to send it, so its cost is the most.")
    return found


def findings(found: BacktestResult, zone: str) -> list[tuple[str, str]]:
    """Return the figures, each with its name."""
    return [
        ("Sessions replayed", str(found.sessions)),
        ("Sessions with this offer", f"{found.touched.sessions} ({_share(found.touched.sessions, found.sessions)})"),
        ("Cost of this offer", money(found.touched.amount, found.currency)),
        ("More discount in all", f"{money(found.extra, found.currency)}: the cost, less what it displaces"),
        ("Discounts without it", money(found.without, found.currency)),
        ("Discounts really given then", money(found.billed, found.currency)),
        ("Sessions that would have cost more", _risen(found)),
        ("Turned away by its limits", str(found.turned_away)),
        ("Ran out", _ran_out(found, zone)),
    ]


def page(run: BacktestRun) -> Iterator[tuple[str, SafeString]]:
    """Yield the tables of the page of a back-test that is done, each with its heading."""
    found = result_of(run)
    if found is None:
        return
    yield "What it would have cost", pairs(findings(found, run.cpo.time_zone))
    if found.kept_out:
        yield "Why sessions did not get it", _kept_out(found)
    if found.by_day:
        yield "By day", _touched("Day", [(_day(one.day), one.touched) for one in found.by_day], found.currency)
    kinds = list(dict.fromkeys(one.kind for one in found.by_group))
    for kind in kinds:
        rows = [(one.name, one.touched) for one in found.by_group if one.kind == kind]
        yield f"By {kind.lower()}", _touched(kind, rows, found.currency)
    if found.displaced:
        yield "Offers that it displaces", _displaced(found)


def _touched(head: str, rows: list[tuple[str, Touched]], currency: str) -> SafeString:
    shown = [(name, one.sessions, money(one.amount, currency)) for name, one in rows[:MOST_ROWS]]
    made = table((head, "Sessions", "Cost"), shown, numbers=(1, 2))
    left = len(rows) - MOST_ROWS
    return format_html("{}<p>{} more are in the API's answer.</p>", made, left) if left > 0 else made


def _kept_out(found: BacktestResult) -> SafeString:
    rows = [(reason_in_words(one.reason), one.sessions) for one in found.kept_out]
    return table(("The first condition that kept them out", "Sessions"), rows, numbers=(1,))


def _displaced(found: BacktestResult) -> SafeString:
    heads = ("Offer", "Sessions without", "Sessions with", "Given without", "Given with")
    rows = [
        (
            one.offer_id,
            one.without.sessions,
            one.with_draft.sessions,
            money(one.without.amount, found.currency),
            money(one.with_draft.amount, found.currency),
        )
        for one in found.displaced[:MOST_ROWS]
    ]
    return table(heads, rows, numbers=(1, 2, 3, 4))


def _risen(found: BacktestResult) -> str:
    if not found.risen.sessions:
        return "None"
    examples = ", ".join(found.risen_examples[:3])
    return f"{found.risen.sessions}, by {money(found.risen.amount, found.currency)} in all; for example {examples}"


def _ran_out(found: BacktestResult, zone: str) -> str:
    if found.ran_out_at is None:
        return "It would not have run out"
    return f"{when(found.ran_out_at, zone)}: {_RAN_OUT.get(found.ran_out_by, found.ran_out_by)}"


def _got_by_none(terms: OfferTerms, found: BacktestResult, zone: str) -> str:
    if found.turned_away:
        return f"No session got it: its limits turned {found.turned_away} away."
    said = summary(in_names(terms), zone, items_of_benefit(terms))
    if not found.kept_out:
        why = "none met all that it asks for, or others of your offers were chosen in its place"
        return f"No session got it: {why}. It says: {said}"
    reasons = "; ".join(f"{reason_in_words(one.reason)} ({one.sessions})" for one in found.kept_out)
    return f"No session got it. {reasons}. It says: {said}"


def _share(part: int, whole: int) -> str:
    return f"{part * 100 / whole:.1f} %" if whole else EMPTY


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b %Y}"


def requester(run: Any) -> str:
    """Return who asked for it."""
    return str(run.requested_by) if run.requested_by else f"API token {run.by_token}…" if run.by_token else EMPTY
