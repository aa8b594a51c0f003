"""Broken requests: every refusal at its path."""

from __future__ import annotations

import pytest

from beckn.protocol.deg_v1 import DIALECT
from beckn.protocol.values import ProtocolFault
from tests.beckn.protocol.edits import CIRCLE, ITEM, MEASURE, SESSION, edited, tag

REFUSALS = [
    ("select", "order", ..., "order"),
    ("select", "order", [], "order"),
    ("select", "order.provider", ..., "order.provider"),
    ("select", "order.provider.id", "  ", "order.provider.id"),
    ("select", "order.provider.id", 7, "order.provider.id"),
    ("select", "order.items", ..., "order.items"),
    ("select", "order.items", [], "order.items"),
    ("select", "order.items", {}, "order.items"),
    ("select", "order.items", [{"id": "x"}] * 101, "order.items"),
    ("select", "order.items", ["x"], "order.items[0]"),
    ("select", f"{ITEM}.id", ..., "order.items[0].id"),
    ("select", f"{ITEM}.id", "x" * 256, "order.items[0].id"),
    ("select", f"{ITEM}.quantity", 5, "order.items[0].quantity"),
    ("select", f"{MEASURE}.value", ..., "order.items[0].quantity.selected.measure.value"),
    ("select", f"{MEASURE}.value", "0", "order.items[0].quantity.selected.measure.value"),
    ("select", f"{MEASURE}.value", "-5", "order.items[0].quantity.selected.measure.value"),
    ("select", f"{MEASURE}.value", "1000000.01", "order.items[0].quantity.selected.measure.value"),
    ("select", f"{MEASURE}.value", "1e5", "order.items[0].quantity.selected.measure.value"),
    ("select", f"{MEASURE}.value", "NaN", "order.items[0].quantity.selected.measure.value"),
    ("select", f"{MEASURE}.value", True, "order.items[0].quantity.selected.measure.value"),
    ("select", f"{MEASURE}.unit", ..., "order.items[0].quantity.selected.measure.unit"),
    ("select", f"{MEASURE}.unit", "litre", "order.items[0].quantity.selected.measure.unit"),
    ("select", f"{ITEM}.add_ons", [{}], "order.items[0].add_ons[0].id"),
    (
        "select",
        f"{ITEM}.add_ons",
        [{"id": "a", "quantity": {"selected": {"count": 0}}}],
        "order.items[0].add_ons[0].quantity.selected.count",
    ),
    (
        "select_lenient",
        "order.items[1].quantity.selected.count",
        1001,
        "order.items[1].quantity.selected.count",
    ),
    ("select_lenient", "order.items[1].quantity.selected.count", "2", "order.items[1].quantity.selected.count"),
    (
        "select_lenient",
        "order.items[1].quantity.selected",
        {"measure": {"value": "1", "unit": "kWh"}},
        "order.items[1].quantity",
    ),
    ("select", f"{SESSION}.stops[0].time.timestamp", "10 o'clock", f"{SESSION}.stops[0].time.timestamp"),
    ("select", f"{SESSION}.stops[1].time.timestamp", "2025-09-27T10:00:00+05:30", f"{SESSION}.stops"),
    ("select", f"{SESSION}.vehicle", "Tata", f"{SESSION}.vehicle"),
    ("select", f"{SESSION}.vehicle.make", "x" * 201, f"{SESSION}.vehicle.make"),
    ("select", f"{SESSION}.vehicle.model", "x" * 201, f"{SESSION}.vehicle.model"),
    ("select", "order.offers", [{"id": "x" * 101}], "order.offers[0].id"),
    ("select", "order.offers", "all", "order.offers"),
    ("select", "order.offers", [{}], "order.offers[0].id"),
    (
        "select",
        "order.offers",
        [{"id": "a", "tags": [tag("selection", apply="maybe")]}],
        "order.offers[0].tags[0].list[0].value",
    ),
    ("select", "order.offers", [{"id": "a"}, {"id": "a", "tags": [tag("selection", apply="no")]}], "order.offers"),
    ("init", "order.billing", "Sarah", "order.billing"),
    ("init", "order.billing.email", "nobody", "order.billing.email"),
    ("init", "order.billing.time.timestamp", 7, "order.billing.time.timestamp"),
    ("init", "order.billing.address", "x" * 1025, "order.billing.address"),
    ("init", f"{SESSION}.customer.contact", [], f"{SESSION}.customer.contact"),
    ("init", "order.tags", {}, "order.tags"),
    ("init_surge", "order.tags[0].list[0].value", "SOME", "order.tags[0].list[0].value"),
    ("init_surge", "order.tags[0].list[1].value", "-2", "order.tags[0].list[1].value"),
    ("init_surge", "order.tags[0].list[1].value", "100000000", "order.tags[0].list[1].value"),
    ("init_surge", "order.tags[0].list[1].value", "99999999.99991", "order.tags[0].list[1].value"),
    ("init_surge", "order.tags[1].list[0].value", "perhaps", "order.tags[1].list[0].value"),
    ("confirm", "order.payments[0].params.amount", "much", "order.payments[0].params.amount"),
    ("confirm", "order.quote.price.value", [], "order.quote.price.value"),
    ("search", "intent", "everything", "intent"),
    ("search", f"{CIRCLE}.gps", ..., f"{CIRCLE}.gps"),
    ("search", f"{CIRCLE}.gps", "91,77", f"{CIRCLE}.gps"),
    ("search", f"{CIRCLE}.gps", "28.6,181", f"{CIRCLE}.gps"),
    ("search", f"{CIRCLE}.gps", "here", f"{CIRCLE}.gps"),
    ("search", f"{CIRCLE}.radius", ..., f"{CIRCLE}.radius"),
    ("search", f"{CIRCLE}.radius.value", "0", f"{CIRCLE}.radius.value"),
    ("search", f"{CIRCLE}.radius.value", "1001", f"{CIRCLE}.radius.value"),
    ("search", f"{CIRCLE}.radius.unit", "miles", f"{CIRCLE}.radius.unit"),
    (
        "search",
        "intent.fulfillment.stops[0].time.range.end",
        "2025-09-27T09:00:00+05:30",
        "intent.fulfillment.stops[0].time.range",
    ),
    ("search", "intent.item.category_ids", [1], "intent.item.category_ids"),
    ("status", "order_id", 7, "order_id"),
    ("track", "order_id", [], "order_id"),
    ("update_start", "order", ..., "order"),
    ("update_start", "order.fulfillments", [], "order.fulfillments"),
    ("update_start", f"{SESSION}.state", ..., f"{SESSION}.state"),
    ("update_start", f"{SESSION}.state.descriptor.code", "fly", f"{SESSION}.state.descriptor.code"),
    (
        "update_start",
        f"{SESSION}.stops[0].authorization.token",
        482913,
        f"{SESSION}.stops[0].authorization.token",
    ),
    ("cancel", "cancellation_reason_id", True, "cancellation_reason_id"),
    ("cancel", "descriptor", "no time", "descriptor"),
    ("rating", "ratings", [], "ratings"),
    ("rating", "ratings[0].rating_category", "Weather", "ratings[0].rating_category"),
    ("rating", "ratings[0].value", "gt 4", "ratings[0].value"),
    ("rating", "ratings[0].value", "101", "ratings[0].value"),
    ("rating", "ratings[0].id", ..., "ratings[0].id"),
    ("support", "support", "help", "support"),
]


@pytest.mark.parametrize(("name", "path", "value", "at_fault"), REFUSALS, ids=range(len(REFUSALS)))
def test_a_broken_request_is_refused_at_its_path(name: str, path: str, value: object, at_fault: str) -> None:
    with pytest.raises(ProtocolFault) as caught:
        edited(name, path, value)
    assert caught.value.code == "30000"
    assert caught.value.paths == (f"$.message.{at_fault}",)
    assert caught.value.message.endswith(".")


@pytest.mark.parametrize("action", ["discover", "on_search", ""])
def test_an_unknown_action_is_refused(action: str) -> None:
    with pytest.raises(ProtocolFault, match="not known"):
        DIALECT.parse(action, {"message": {}})


@pytest.mark.parametrize("message", [None, [], "text"])
def test_a_message_that_is_no_object_is_refused(message: object) -> None:
    with pytest.raises(ProtocolFault) as caught:
        DIALECT.parse("select", {"message": message})
    assert caught.value.paths == ("$.message",)
