"""What tests of this API ask."""

from __future__ import annotations

from typing import Any

from django.test import Client


def post(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.post(f"/api/{path}", body, content_type="application/json")
