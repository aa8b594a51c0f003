"""The trace of a quote in plain words: what became of each offer, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from offers.engine.values import Certificate, OfferOutcome, OfferTrace, Outcome, ReasonCode
from offers.reasons.parts import NO_NAMES, Names
from offers.reasons.words import check_in_words
from pricing.engine.wording import money_text

OUTCOMES = {
    Outcome.APPLIED: "Applied",
    Outcome.ELIGIBLE_NOT_CHOSEN: "Eligible, not chosen",
    Outcome.INELIGIBLE: "Not eligible",
    Outcome.LIMITED: "Limit reached",
}


def outcome_in_words(outcome: OfferOutcome, names: Names = NO_NAMES) -> str:
    """Return what became of an offer as one sentence."""
    reason = outcome.reason
    saving = money_text(outcome.saving.amount, outcome.saving.currency)
    if outcome.outcome is Outcome.APPLIED:
        if not outcome.saving.amount:
            return "It stands beside the order."
        cut = next((x.margin for x in outcome.checks if x.code is ReasonCode.MAX_DISCOUNT), "")
        text = f"It saves {saving} ({cut})." if cut else f"It saves {saving}."
    elif reason is not None:
        text = check_in_words(reason, names if names.currency else replace(names, currency=outcome.saving.currency))
    else:
        text = f"It would save {saving}."
    return f"{text} It depends on who the customer is." if outcome.depends_on_identity else text


def choice_in_words(trace: OfferTrace, names: Mapping[str, str] | None = None) -> str:
    """Return which offers were chosen and how the second best set would have done; by id, or by their `names`."""
    called = names or {}
    if not trace.chosen:
        return "No offer applies."
    text = f"Chosen: {', '.join(called.get(x, x) for x in trace.chosen)}."
    if trace.most is not None and trace.cut is not None:
        cut, most = (money_text(x.amount, x.currency) for x in (trace.cut, trace.most))
        text += f" Together they are cut by {cut} to {most}, the largest discount that is allowed."
    if trace.runner_up and trace.difference is not None:
        gap = money_text(abs(trace.difference.amount), trace.difference.currency)
        more = "less" if trace.difference.amount > 0 else "more"
        saved = f"would have saved {gap} {more}" if trace.difference.amount else "saves the same"
        text += f" The next best, {', '.join(called.get(x, x) for x in trace.runner_up)}, {saved}."
    if trace.certificate is Certificate.BOUNDED:
        text += f" The search was cut short; no set saves more than {trace.gap} on top."
    return text
