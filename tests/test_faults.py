"""A request that fails for a reason of ours: the database is away, or there is a fault."""

from __future__ import annotations

import json
from typing import Any
from unittest.mock import patch

import pytest
from django.db import InterfaceError, OperationalError
from django.test import Client

AWAY = "The platform is not available now; send the request again in a moment."
FAULT = "A fault on our side: nothing was saved. Send the request again in a moment."


@pytest.mark.parametrize(
    ("error", "status", "code", "message", "retry"),
    [
        (OperationalError("the connection is closed"), 503, "unavailable", AWAY, "5"),
        (InterfaceError("connection already closed"), 503, "unavailable", AWAY, "5"),
        (ZeroDivisionError("a fault"), 500, "fault", FAULT, None),
    ],
    ids=["server gone", "connection gone", "fault"],
)
def test_the_api_answers_json_and_pages_answer_a_page(
    error: Exception, status: int, code: str, message: str, retry: str | None, db: Any
) -> None:
    client = Client(raise_request_exception=False)
    with patch("cpo_portal.charging.api.systems.NoticeView.post", side_effect=error):
        answer = client.post("/api/payments/cpo1.com/notices", b"{}", content_type="application/json")
    assert (answer.status_code, json.loads(answer.content)) == (status, {"error": {"code": code, "message": message}})
    assert answer.get("Retry-After") == retry
    with patch("cpo_portal.adminkit.site.PortalAdminSite.each_context", side_effect=error):
        page = client.get("/admin/login/")
    assert page.status_code == status
    assert page["Content-Type"].startswith("text/html")
    assert ("Not available for a moment" in page.content.decode()) == (status == 503)
