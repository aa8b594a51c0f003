"""What the linter found in plain words: the session that shows it, what comes of it, and how much was tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from cpo_portal.adminkit.display import when
from offers.engine.lint import Finding, Report
from offers.engine.lint.judging import MOST_COMBINING
from offers.engine.lint.people import person_in_words
from offers.engine.lint.values import Example
from offers.reasons.parts import NO_NAMES, Names
from offers.reasons.words import check_in_words
from pricing.engine.wording import energy_text, money_text

#: How the sessions were made up; said wherever findings are.
HOW = (
    "Other offers that run out, ask for a code or are chosen leave room for this one: they do not put it in the shade.",
    "Its own limits count as untouched.",
)


def example_in_words(example: Example, products: Mapping[str, str] | None = None) -> str:
    """Return "At Connaught Place (pe-01), Sat 7 Nov 2026, 10:00 IST: 20 kWh for ₹360.00, by a customer …"."""
    place = f"At {example.location} ({example.item_id}), {when(example.starts_at, example.time_zone)}"
    names, what = products or {}, energy_text(example.energy_wh)
    if example.products:
        what += " and " + " and ".join(f"{x.count} {names.get(x.product_id, x.product_id)}" for x in example.products)
    paid = example.value if example.paid is None else example.paid
    said = [f"{what} for {money_text(paid, example.currency)}"]
    if example.person is not None:
        said.append(f"by {person_in_words(example.person)}")
    if example.busy_percent is not None:
        said.append(f"while {example.busy_percent} % of the chargers are busy")
    return f"{place}: {', '.join(said)}."


def outcome_in_words(finding: Finding, names: Names = NO_NAMES) -> str:
    """Return what comes of the example."""
    known = replace(names, currency=finding.example.currency if finding.example is not None else "")
    return finding.outcome or " ".join(check_in_words(x, known) for x in finding.failed)


def tried_in_words(report: Report) -> str:
    """Return how much was tried, "" where nothing was."""
    sampled = report.sampled
    if not sampled.sessions:
        return ""
    of = f" of {sampled.combinations:,}" if sampled.combinations > sampled.sessions else ""
    places = f"{sampled.sites:,}" if sampled.sites == sampled.in_scope else f"{sampled.sites:,} of {sampled.in_scope:,}"
    connectors = "connector" if sampled.in_scope == 1 else "connectors"
    others = "1 other offer" if sampled.rivals == 1 else f"{sampled.rivals:,} other offers"
    sessions = "session" if sampled.sessions == 1 else "sessions"
    cut = f" In some not all of these were compared: of those that combine the first {MOST_COMBINING}."
    return (
        f"Tried in {sampled.sessions:,}{of} {sessions} (place, time, size and customer) at {places} {connectors} of "
        f"its scope, against {others}.{cut if sampled.cut else ''}"
    )
