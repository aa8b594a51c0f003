"""How tests ask the staff API, and an offer as it takes one."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

CONTENT: dict[str, Any] = {
    "name": "Weekend Special – 25 % off",
    "campaign_kind": "WEEKEND_SPECIAL",
    "display_code": "WEEKEND25",
    "value": "25.00",
    "value_cap": "100.00",
    "min_value": "50.00",
    "valid_from": "2026-01-01T00:00:00+05:30",
    "valid_until": "2040-01-01T00:00:00+05:30",
    "weekly_windows": [{"weekdays": [7, 6], "start": "00:00", "end": "00:00"}],
    "location_ids": ["cp-station"],
}


def send(client: Client, path: str, body: Any, method: str = "post") -> Any:
    if method == "get":
        return client.get(f"/api/{path}")
    return getattr(client, method)(f"/api/{path}", json.dumps(body), content_type="application/json")


def fields(answer: Any) -> Any:
    assert answer.status_code == 400, answer.content
    return answer.json()["error"]["fields"]
