"""Edits of golden requests for the tests."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from beckn.protocol import values as v
from beckn.protocol.deg_v1 import DIALECT
from tests.beckn.protocol import samples

ITEM = "order.items[0]"
MEASURE = f"{ITEM}.quantity.selected.measure"
SESSION = "order.fulfillments[0]"
CIRCLE = "intent.fulfillment.stops[0].location.circle"


def _set(path: str, value: object) -> Callable[[dict[str, Any]], None]:
    """Return an edit that sets (or with ... removes) what a path like "order.items[0].id" names in the message."""
    keys: list[Any] = [
        int(part) if part.isdigit() else part for part in path.replace("[", ".").replace("]", "").split(".")
    ]

    def edit(body: dict[str, Any]) -> None:
        target: Any = body["message"]
        for key in keys[:-1]:
            target = target[key]
        if value is ...:
            del target[keys[-1]]
        else:
            target[keys[-1]] = copy.deepcopy(value)

    return edit


def edited(name: str, path: str, value: object) -> v.Request:
    """Return a golden request, read after an edit of its message."""
    body = samples.golden(name)
    _set(path, value)(body)
    return DIALECT.parse(body["context"]["action"], body)


def tag(group: str, **entries: str) -> dict[str, Any]:
    """Return a tag group; underscores in the names are hyphens on the wire."""
    rows = [{"descriptor": {"code": key.replace("_", "-")}, "value": value} for key, value in entries.items()]
    return {"descriptor": {"code": group}, "list": rows}
