"""What the type of an offer demands of its content and has no use for: the matrix, and the checks of single types."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from cpo_portal.network.models import Connector, Product
from offers.authoring.unread import Finding, readable, told
from offers.engine.matrix import FIELDS, Need, empty, fault, needs_of
from offers.engine.values import BenefitKind, DiscountBase, ValueType
from offers.known import names_there

#: A field of the matrix that says nothing.
_EMPTY: Mapping[str, Any] = {
    "min_value": None,
    "qualifier_item_ids": (),
    "value": None,
    "value_type": "",
    "value_cap": None,
    "base": DiscountBase.ITEMS.value,
    "slabs": (),
    "finance_terms": (),
    "item_unit": "",
    "qualifier_item_count": None,
    "benefit_item_count": None,
    "benefit_item_id": "",
    "item_value": None,
}
_KINDS = {kind.value for kind in BenefitKind}


def without_leftovers(values: dict[str, Any], given: Collection[str]) -> dict[str, Any]:
    """Return the content without what only another type had use for; what was `given` stays, to be refused."""
    kind = values.get("benefit_kind", BenefitKind.DISCOUNT.value)
    if kind not in _KINDS:
        return values
    needs = needs_of(BenefitKind(kind))
    left = [name for name in FIELDS if needs[name] is Need.NOT_APPLICABLE and name not in given]
    return values | {name: _EMPTY[name] for name in left}


def unread_by_type(unread: Collection[str], given: Collection[str]) -> frozenset[str]:
    """Return the unread fields with those whose empty value depends on a type that was not read."""
    return frozenset(unread) | (set(FIELDS) - set(given) if "benefit_kind" in unread else set())


def check_type(content: Any) -> Iterable[Finding]:
    """Yield the faults of an OfferContent that belong to its type, by field; inside the CPO's scope."""
    return told((_check_needs, _check_value_type, _check_items), content)


def _check_needs(content: Any) -> Iterable[Finding]:
    if content.benefit_kind not in _KINDS:
        # The field itself says so.
        return
    kind = BenefitKind(content.benefit_kind)
    for name in readable(content, FIELDS):
        sentence = fault(kind, name, given=not empty(name, getattr(content, name)))
        if sentence:
            yield name, sentence


def _check_items(content: Any) -> Iterable[Finding]:
    items = content.qualifier_item_ids
    known = names_there(Connector.objects, "item_id", items) | names_there(Product.objects, "product_id", items)
    for unknown in sorted(set(items) - known):
        yield "qualifier_item_ids", f"You have no connector or product “{unknown}”: give the id of one of yours."
    for item in sorted(set(items) & set(content.item_ids)) if content.benefit_kind == BenefitKind.COMBO.value else ():
        yield "qualifier_item_ids", f"“{item}” is one of the offer's own items: choose another to go with it."


def _check_value_type(content: Any) -> Iterable[Finding]:
    if content.value_type != ValueType.PER_KWH.value or content.benefit_kind not in _KINDS:
        return
    if content.benefit_kind != BenefitKind.DISCOUNT.value:
        yield "value_type", "Only a discount is counted per kWh: choose percent or amount."
    elif content.base != DiscountBase.ITEMS.value:
        yield "base", "An amount per kWh is taken off the energy: choose energy, time and products."
