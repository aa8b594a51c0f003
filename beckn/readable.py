"""Messages as people read them."""

from __future__ import annotations

import json
from typing import Any

HIDDEN = "••••••"


def pretty(raw: bytes) -> str:
    """Return a body indented, with one-time passwords hidden; what is not JSON is shown as text."""
    try:
        return json.dumps(_hide(json.loads(raw)), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return raw.decode(errors="replace")


def _hide(value: Any, inside: str = "") -> Any:
    if isinstance(value, dict):
        return {
            key: HIDDEN if inside == "authorization" and key == "token" else _hide(item, key)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_hide(item) for item in value]
    return value
