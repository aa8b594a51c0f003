"""An offer in plain words: what it takes off, where, when, and on which conditions."""

from __future__ import annotations

from collections.abc import Sequence

from offers.engine.benefits import combo, discount, rule_of
from offers.engine.describe_conditions import qualifier_in_words
from offers.engine.describe_where import days_in_words, where_in_words
from offers.engine.values import Applicability, BenefitKind, OfferLimits, OfferTerms
from pricing.engine.week import joined, windows_in_words
from pricing.engine.windows import zone_of
from pricing.engine.wording import count_text, moment_text, money_text

#: The kinds of benefit whose words name items.
_NAMING = {BenefitKind.COMBO: combo.words_with, BenefitKind.DISCOUNT: discount.words_with}


def benefit_in_words(offer: OfferTerms, items: Sequence[str] = ()) -> str:
    """Return the benefit and its least value: "25 % off energy and add-ons, at most ₹100.00, from ₹50.00".

    `items` are as `gives_in_words` takes them.
    """
    text = gives_in_words(offer, items)
    least = offer.qualifier.min_value
    return text if not least else f"{text}, from {money_text(least, offer.currency)}"


def gives_in_words(offer: OfferTerms, items: Sequence[str] = ()) -> str:
    """Return what the offer gives: "25 % off energy and add-ons, at most ₹100.00".

    `items` are the names of what a combination is with, or a discount is taken of, where all of them are known.
    """
    named = _NAMING.get(offer.benefit.kind) if items else None
    return named(offer, items) if named is not None else rule_of(offer).words(offer)


def summary(offer: OfferTerms, zone: str, items: Sequence[str] = ()) -> str:
    """Return the whole offer as one sentence for its author; instants are shown in this IANA zone.

    `items` are as `gives_in_words` takes them.
    """
    scope = offer.applicability
    verb = "Offers" if not rule_of(offer).reduces(offer) else "Takes" if offer.benefit.item_count is None else "Gives"
    parts = [f"{verb} {benefit_in_words(offer, items)}", *customers_in_words(offer), *_places(scope)]
    if scope.weekly_windows:
        parts.append(windows_in_words(scope.weekly_windows))
    parts += days_in_words(scope)
    parts += _validity(scope, zone)
    conditions = [*qualifier_in_words(offer.qualifier), way_in(offer)]
    conditions.append(_combining(offer))
    conditions += _limits(offer.limits, offer.currency)
    return f"{', '.join(parts)}; {'; '.join(conditions)}."


def customers_in_words(offer: OfferTerms) -> list[str]:
    """Return whom the offer is for: ["for customers of segment Gold members"]; empty where it is everybody."""
    if not offer.segments:
        return []
    names = [segment.name for segment in offer.segments]
    either = " or ".join(x for x in (", ".join(names[:-1]), names[-1]) if x)
    return [f"for customers of segment {either}"]


def _places(scope: Applicability) -> list[str]:
    """Name how many locations, items and categories; the author's form lists which."""
    counts = ((scope.location_ids, "at", "location"), (scope.item_ids, "for", "item"))
    parts = [f"{word} {len(x)} {noun}{'' if len(x) == 1 else 's'}" for x, word, noun in counts if x]
    where = where_in_words(scope)
    if not scope.location_ids and not where:
        parts.insert(0, "at every location")
    parts += where
    if scope.categories:
        parts.append(f"in {joined(sorted(scope.categories))}")
    return parts


def _validity(scope: Applicability, zone: str) -> list[str]:
    bounds = (("from", scope.valid_from), ("until", scope.valid_until))
    text = " ".join(f"{word} {moment_text(x.astimezone(zone_of(zone)))}" for word, x in bounds if x is not None)
    return [text] if text else []


def way_in(offer: OfferTerms) -> str:
    """Return how an offer comes to be applied: "applied automatically"."""
    if offer.single_use:
        return "applied with a code of the driver's own, once"
    if offer.requires_code:
        return f"applied with the code {offer.display_code}"
    return "applied automatically" if offer.auto else "applied when the driver chooses it"


def _combining(offer: OfferTerms) -> str:
    if not offer.additive:
        return "combines with no other offer"
    but = [f"no other of the group {offer.exclusivity_group}"] if offer.exclusivity_group else []
    but += [f"not {joined(sorted(offer.excludes))}"] if offer.excludes else []
    return f"combines with other offers, but {' and '.join(but)}" if but else "combines with other offers"


def _limits(limits: OfferLimits, currency: str) -> list[str]:
    parts = []
    if limits.total_uses is not None:
        parts.append(
            f"at most {count_text(limits.total_uses, currency)} use{'' if limits.total_uses == 1 else 's'} in all"
        )
    if limits.uses_per_customer is not None:
        parts.append(f"{count_text(limits.uses_per_customer, currency)} per customer")
    for period, most in limits.per_period.items():
        parts.append(f"{count_text(most, currency)} per customer and {period.value.lower()}")
    if limits.shared_in_groups:
        parts.append("members of one group share these uses")
    if limits.budget is not None:
        parts.append(f"a budget of {money_text(limits.budget, currency)}")
    if limits.budget_per_day is not None:
        parts.append(f"a budget of {money_text(limits.budget_per_day, currency)} a day")
    return parts
