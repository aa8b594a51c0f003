"""What binds a driver who uses an offer, in plain words for anybody: without ids and names that are the CPO's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from offers.engine.describe import way_in
from offers.engine.describe_conditions import qualifier_in_words
from offers.engine.describe_where import either, power_in_words
from offers.engine.facts import HolidayChoice, HolidayRule
from offers.engine.values import Applicability, ItemUnit, OfferLimits, OfferTerms
from pricing.engine.wording import date_text, money_text

#: Of more things only so many are named in a sentence, and how many more there are.
MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class Named:
    """How people call what the terms have ids for, on a day.

    `connector_types` and `products` are by id, `goods` what the categories allow, `apart_from` the offers that anybody
    may see and that this one is not combined with; `and_hidden` says that there are such that not everybody may see.
    """

    today: date
    products: Mapping[str, str] = field(default_factory=dict)
    goods: tuple[str, ...] = ()
    connector_types: Mapping[str, str] = field(default_factory=dict)
    apart_from: tuple[str, ...] = ()
    and_hidden: bool = False


def conditions_in_words(offer: OfferTerms, named: Named) -> list[str]:
    """Return what a driver must know beside benefit, time and place; the CPO's budget is nobody's business."""
    said = [_way_in(offer)]
    if offer.qualifier.min_value:
        least = money_text(offer.qualifier.min_value, offer.currency)
        said.append(f"from {least} on, for energy, time and products before fees and tax")
    said += qualifier_in_words(offer.qualifier, named.products)
    said += _days(offer.applicability, named.today)
    if offer.segments:
        said.append("for some customers: your app shows whether you are among them")
    if offer.applicability.categories:
        said.append(f"only for {some(named.goods)}" if named.goods else "only for products that are not sold now")
    said.append(_combining(offer, named))
    return [*said, *_limits(offer.limits), *_lasting(offer)]


def _way_in(offer: OfferTerms) -> str:
    """Return how the driver gets it; a code that must be sent is only for those who were given it."""
    if not offer.requires_code:
        return way_in(offer)
    return "applied with a code that you were given" + (", once" if offer.single_use else "")


def connectors_in_words(scope: Applicability, named: Named) -> str:
    """Return the kinds of connector: "DC CCS2 connectors from 50 kW"; empty where all are meant."""
    types = [named.connector_types.get(x, x) for x in scope.connector_types]
    kinds = [either(names) for names in (scope.currents, types) if names]
    power = power_in_words(scope.min_power_w, scope.max_power_w)
    return " ".join([*kinds, "connectors", *power]) if kinds or power else ""


def some(names: tuple[str, ...], joined: str = "or") -> str:
    """Return "a, b or c", and of many only the first and how many more there are."""
    more = len(names) - MOST_NAMED
    if more > 0:
        return f"{', '.join(names[:MOST_NAMED])} {joined} {more} more"
    *most, last = names
    return f"{', '.join(most)} {joined} {last}" if most else last


def _days(scope: Applicability, today: date) -> list[str]:
    said = []
    if scope.holidays is not None:
        said += _holidays(scope.holidays, scope.blackout_dates, today)
    closed = tuple(date_text(day) for day in sorted(scope.blackout_dates) if day >= today)
    return [*said, f"not on {some(closed, 'and')}"] if closed else said


def _holidays(rule: HolidayRule, closed: frozenset[date], today: date) -> list[str]:
    only = rule.choice is HolidayChoice.ONLY
    left = [x for x in rule.days if x.day >= today and not (only and x.day in closed)]
    days = tuple(f"{date_text(x.day)} ({x.name})" for x in left)
    if only:
        return [f"only on {some(days, 'and')}"] if days else ["only on holidays, of which none is left"]
    return [f"not on {some(days, 'and')}"] if days else []


def _combining(offer: OfferTerms, named: Named) -> str:
    if not offer.additive:
        return "not combined with other offers"
    others = tuple(f"“{name}”" for name in named.apart_from)
    if named.and_hidden:
        others = (*others, "some others" if others else "all of them")
    freely = "may be combined with other offers"
    return f"{freely}, but not with {some(others)}" if others else freely


def _limits(limits: OfferLimits) -> list[str]:
    said = []
    if limits.uses_per_customer is not None:
        said.append(f"{_times(limits.uses_per_customer)} per customer")
    said += [f"{_times(most)} per customer and {period.value.lower()}" for period, most in limits.per_period.items()]
    if limits.shared_in_groups:
        said.append("members of one group share these uses")
    return said


def _lasting(offer: OfferTerms) -> list[str]:
    """Say once how long there is something to get: the stock of what is given, the offer's total, its part of a day."""
    limits, what = offer.limits, []
    if _is_from_stock(offer):
        what.append("it is in stock")
    if limits.total_uses is not None or limits.budget is not None:
        what.append("the offer lasts" if what else "it lasts")
    daily = limits.budget_per_day is not None
    if not what:
        return ["each day only as long as what is set aside for that day lasts"] if daily else []
    return [f"as long as {' and '.join(what)}{', each day only until its part is used up' if daily else ''}"]


def _is_from_stock(offer: OfferTerms) -> bool:
    """Tell whether what is given can run out, unless a condition has said already how much of it must be there."""
    gift, qualifier = offer.benefit, offer.qualifier
    said = qualifier.stock_product_id == gift.item_id and (qualifier.stock_at_least or 0) >= (gift.item_count or 1)
    return gift.item_unit is ItemUnit.PRODUCT if not gift.item_id else not said


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
