"""Writes the tag groups of an order: consent, savings, receipt, settlements, balances, pools, what was taken back."""

from __future__ import annotations

from typing import Any

from beckn.protocol.deg_v1.tags import write_group
from beckn.protocol.deg_v1.writing import amount, instant, number, yes_or_no
from beckn.protocol.order_views import (
    ExchangeView,
    OrderView,
    PoolView,
    PrepaidView,
    ReferralView,
    SettlementView,
    SurchargeConsentView,
    TrailView,
)


def order_tags(order: OrderView) -> list[dict[str, Any]]:
    """Write what stands beside an order's items, offers and quote, one tag group each."""
    summary = order.offer_summary
    tags = [_consent(order.surcharge_consent)] if order.surcharge_consent is not None else []
    if summary is not None:
        savings = summary.total_savings
        entries = [("total-savings", amount(savings.amount, savings.currency)), ("currency", savings.currency)]
        entries += [("offer-type", summary.offer_type), ("next-offer", summary.next_offer)]
        tags.append(write_group("offer-summary", entries))
    if order.receipt is not None:
        valid = instant(order.receipt.valid_until)
        tags.append(write_group("receipt", [("url", order.receipt.url), ("valid-until", valid)]))
    tags.extend(_settlement(settlement) for settlement in order.settlements)
    tags.extend(_prepaid(prepaid) for prepaid in order.prepaid)
    tags.extend(_pool(pool) for pool in order.pools)
    tags.extend(_trail(trail) for trail in order.trail)
    tags.extend(_exchange(exchange) for exchange in order.exchanges)
    tags.extend([_referral(order.referral)] if order.referral else [])
    return tags


def _consent(consent: SurchargeConsentView) -> dict[str, Any]:
    surge = consent.amount
    entries = [("required", yes_or_no(consent.required)), ("accepted", yes_or_no(consent.accepted))]
    entries += [("quote-id", consent.quote_id)]
    entries += (
        [("amount", amount(surge.amount, surge.currency)), ("currency", surge.currency)] if surge is not None else []
    )
    entries += [("text", consent.text), ("text-hash", consent.text_hash)]
    return write_group("surcharge-acknowledgement", entries)


def _prepaid(prepaid: PrepaidView) -> dict[str, Any]:
    figures = {"held": prepaid.held, "drawn": prepaid.drawn, "left": prepaid.left}
    entries = [(name, amount(x.amount, x.currency)) for name, x in figures.items() if x is not None]
    known = [("balance-id", prepaid.id), ("balance-name", prepaid.name), ("currency", prepaid.left.currency)]
    return write_group("prepaid-balance", [*known, *entries, ("expires-at", instant(prepaid.expires_at))])


def _pool(pool: PoolView) -> dict[str, Any]:
    figures = {"held": pool.held, "drawn": pool.drawn, "left": pool.left}
    entries = [(name, number(x)) for name, x in figures.items() if x is not None]
    known = [("balance-id", pool.id), ("balance-name", pool.name), ("unit", "kWh")]
    return write_group("included-energy", [*known, *entries, ("expires-at", instant(pool.expires_at))])


def _trail(trail: TrailView) -> dict[str, Any]:
    value = ("value", amount(trail.amount.amount, trail.amount.currency))
    known = [("type", "offer"), ("id", trail.offer_id), ("currency", trail.amount.currency)]
    known += [("item-id", trail.item_id), ("item-count", str(trail.units))] if trail.units else []
    return write_group("quote-trail", [*known, value, ("reason", trail.reason)])


def _exchange(exchange: ExchangeView) -> dict[str, Any]:
    value = exchange.value
    entries = [("id", exchange.offer_id), ("currency", value.currency), ("value", amount(value.amount, value.currency))]
    entries += [("credited-to", exchange.credited_to), ("reason", exchange.reason)]
    return write_group("exchange-return", entries)


def _referral(referral: ReferralView) -> dict[str, Any]:
    reward = referral.reward
    entries = [("code", referral.code), ("reward", amount(reward.amount, reward.currency))]
    return write_group("referral", [*entries, ("currency", reward.currency), ("state", referral.state)])


def _settlement(settlement: SettlementView) -> dict[str, Any]:
    owed = settlement.amount
    return write_group(
        "settlement",
        (
            ("kind", settlement.kind),
            ("amount", amount(owed.amount, owed.currency)),
            ("currency", owed.currency),
            ("reason", settlement.reason),
            ("status", settlement.status),
            ("paid-at", instant(settlement.at)),
            ("reference", settlement.reference),
        ),
    )
