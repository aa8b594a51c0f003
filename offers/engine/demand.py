"""Conditions on the customer's count of sessions, and on how busy the site and how full the shelf was."""

from __future__ import annotations

from offers.engine.about import NOBODY, NOT_COUNTED, About, Lack
from offers.engine.facts import Levels
from offers.engine.values import Check, ItemUnit, OfferContext, OfferTerms, ReasonCode


def demand_checks(offer: OfferTerms, context: OfferContext) -> tuple[list[Check], bool]:
    """Return the checks of the conditions that are set, and whether the answer depends on who the buyer is."""
    qualifier = offer.qualifier
    checks = []
    if qualifier.max_busy_percent is not None:
        checks.append(_busy(qualifier.max_busy_percent, context.levels))
    if qualifier.stock_at_least is not None:
        checks.append(_stock(qualifier.stock_product_id, qualifier.stock_at_least, context.levels))
    by_sessions = offer.benefit.item_unit is ItemUnit.SESSION
    if qualifier.nth_session is None and not by_sessions:
        return checks, False
    if not context.customer_known and not context.identity_required:
        return checks, True
    if qualifier.nth_session is not None:
        checks.append(_session(qualifier.nth_session, context))
    if by_sessions:
        checks.append(_turn(offer, context))
    return checks, not context.customer_known


def counts_sessions(offer: OfferTerms) -> bool:
    """Say whether the offer asks how many sessions the customer has had."""
    return offer.qualifier.nth_session is not None or offer.benefit.item_unit is ItemUnit.SESSION


def is_of_the_moment(offer: OfferTerms) -> bool:
    """Say whether nobody can tell beforehand if the offer will hold: for whom, or how busy or stocked the site is."""
    asked = offer.qualifier
    return counts_sessions(offer) or asked.max_busy_percent is not None or asked.stock_at_least is not None


def _session(wanted: int, context: OfferContext) -> Check:
    field = "qualifier.nth_session"
    if not context.customer_known:
        return Check(ReasonCode.SESSION_NUMBER, field, "phone or e-mail", "none given", False, about=NOBODY)
    before = context.customer_sessions
    if before is None:
        return Check(ReasonCode.SESSION_NUMBER, field, str(wanted), "not counted", False, about=NOT_COUNTED)
    short = wanted - before - 1
    margin = "" if short == 0 else f"{short} session{'' if short == 1 else 's'} to go" if short > 0 else "it is past"
    return Check(ReasonCode.SESSION_NUMBER, field, str(wanted), str(before + 1), short == 0, margin)


def _turn(offer: OfferTerms, context: OfferContext) -> Check:
    """Check that as many sessions as are to be paid lie between this one and the last that was given."""
    field, bought = "qualifier.item_count", offer.qualifier.item_count or 0
    expected = f"{bought} session{'' if bought == 1 else 's'}"
    if not context.customer_known:
        return Check(ReasonCode.ITEM_COUNT, field, "phone or e-mail", "none given", False, about=NOBODY)
    if context.customer_sessions is None:
        return Check(ReasonCode.ITEM_COUNT, field, expected, "not counted", False, about=NOT_COUNTED)
    had = context.customer_sessions % (bought + (offer.benefit.item_count or 0))
    short = max(0, bought - had)
    margin = f"{short} session{'' if short == 1 else 's'} to go" if short else ""
    return Check(ReasonCode.ITEM_COUNT, field, expected, str(min(had, bought)), not short, margin)


def _busy(under: int, levels: Levels) -> Check:
    field, expected = "qualifier.max_busy_percent", f"under {under} %"
    if levels.busy is None or not levels.working:
        return Check(ReasonCode.BUSY, field, expected, "not known", False, about=NOT_COUNTED)
    actual = f"{levels.busy} of {levels.working} chargers"
    passed = levels.busy * 100 < under * levels.working
    return Check(ReasonCode.BUSY, field, expected, actual, passed)


def _stock(product_id: str, least: int, levels: Levels) -> Check:
    field, expected = f"stock.{product_id}", str(least)
    found = next((x for x in levels.stock if x.product_id == product_id), None)
    if found is None:
        about = About(ids=(product_id,), lack=Lack.FIGURE)
        return Check(ReasonCode.STOCK, field, expected, "not known", False, about=about)
    if found.units is None:
        return Check(ReasonCode.STOCK, field, expected, "not counted", True)
    if found.units >= least:
        return Check(ReasonCode.STOCK, field, expected, str(found.units), True)
    margin = f"{least - found.units} short"
    return Check(ReasonCode.STOCK, field, expected, str(found.units), False, margin, About(ids=(product_id,)))
