"""Log lines are JSON of one form, carry the ids of what they are about, and tell nothing about people."""

from __future__ import annotations

import io
import json
import logging
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.test import Client
from structlog.contextvars import bind_contextvars, clear_contextvars, get_contextvars

from beckn import inbox, tasks
from beckn.models import OutboundCallback
from cpo_portal import celery, logs
from cpo_portal.accounts.models import Cpo
from tests.beckn.infra.support import BuyerApp, Sink, queue

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _nothing_bound() -> Iterator[None]:
    clear_contextvars()
    yield
    clear_contextvars()


@pytest.fixture
def lines() -> Iterator[Any]:
    """Return what was logged as the production formatter writes it, parsed."""
    config = logs.logging_config("INFO")["formatters"]["json"].copy()
    factory = config.pop("()")
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(factory(**config))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel("INFO")
    yield lambda event: [
        line for line in map(json.loads, stream.getvalue().splitlines()) if line["event"].startswith(event)
    ]
    root.removeHandler(handler)
    root.setLevel(level)


def test_a_message_is_refused_under_the_id_of_its_request_and_its_own(post: Any, bap: BuyerApp, lines: Any) -> None:
    bind_contextvars(order_id="of the request before")
    for number in (1, 2):
        post("select", bap.body("select", transaction_id="t-log", message_id=f"m-{number}", bpp_id="else"), by=bap)
    first, second = lines("message_refused")
    assert set(first) == {
        "event", "level", "logger", "timestamp", "request_id", "action", "transaction_id", "message_id", "bap_id",
        "status", "code", "reason",
    }  # fmt: skip
    assert (first["transaction_id"], first["message_id"], first["bap_id"]) == ("t-log", "m-1", "bap.example")
    assert (first["logger"], first["level"], first["timestamp"][-1]) == ("beckn.receive", "warning", "Z")
    assert uuid.UUID(first["request_id"]) != uuid.UUID(second["request_id"])


def test_what_a_handler_logs_bears_the_ids_of_message_cpo_and_order(
    post: Any, bap: BuyerApp, handlers: dict[str, Any], lines: Any
) -> None:
    cpo = Cpo.objects.create(provider_id="cpo1.com", name="Voltway")
    order = uuid.uuid4()

    def handle(message: Any, request: Any, now: Any) -> None:
        inbox.assign(message, cpo=cpo, order_ref=order)
        structlog.get_logger("a.room").info("said_inside")

    handlers["select"] = handle
    post("select", bap.body("select", transaction_id="t-1", message_id="m-1"), by=bap)
    clear_contextvars()
    bind_contextvars(task="beckn.tasks.drain_inbox", task_id="7")
    assert tasks.drain_inbox() == 1
    (line,) = lines("said_inside")
    told = {key: value for key, value in line.items() if key.endswith("id") or key in {"task", "action"}}
    assert told == {
        "task": "beckn.tasks.drain_inbox", "task_id": "7", "action": "select", "transaction_id": "t-1",
        "message_id": "m-1", "bap_id": "bap.example", "cpo_id": cpo.pk, "order_id": str(order),
    }  # fmt: skip
    # The next message of this thread is about something else.
    assert get_contextvars() == {"task": "beckn.tasks.drain_inbox", "task_id": "7"}


def test_a_callback_that_was_refused_is_logged_with_its_ids(sink: Sink, lines: Any) -> None:
    def refuse(request: Any, raw: bytes) -> None:
        request.send_response(500)
        request.send_header("Content-Length", "0")
        request.end_headers()

    sink.behave = refuse
    callback = queue("t-1")
    tasks.deliver_due()
    (line,) = lines("callback_not_delivered")
    assert (line["callback_id"], line["transaction_id"], line["bap_id"]) == (str(callback.pk), "t-1", "bap.example")
    assert (line["attempts"], line["outcome"]) == (1, "TROUBLED")
    assert OutboundCallback.objects.get().state == "PENDING"


def test_a_task_starts_with_its_own_name_alone() -> None:
    bind_contextvars(order_id="of the task before")
    celery.name_the_task(task_id="7", task=tasks.sweep)
    assert get_contextvars() == {"task": "beckn.tasks.sweep", "task_id": "7"}


def test_a_page_is_logged_without_query_browser_address_or_sign_in_link(lines: Any) -> None:
    browser = Client(HTTP_USER_AGENT="Sarah's phone", REMOTE_ADDR="203.0.113.7")
    browser.get("/admin/login/?next=/admin/charging/customer/?q=9876543210")
    browser.get("/admin/set-password/MQ/c0ffee-0123456789abcdef/")
    said = lines("request_")
    assert {line["request"] for line in said} == {"GET /admin/login/", "GET /admin/set-password/…"}
    assert {"user_agent", "ip"} & {key for line in said for key in line} == set()
    text = json.dumps(said, ensure_ascii=False)
    assert [secret for secret in ("9876543210", "Sarah", "203.0.113.7", "c0ffee") if secret in text] == []


def test_an_error_is_one_line_without_the_values_of_a_row(lines: Any) -> None:
    values = f"DETAIL:  Key (phone)=({9876543209 + 1}) already exists."
    try:
        raise ValueError(f"duplicate key\n{values}")
    except ValueError:
        logging.getLogger("some.library").exception("it_failed")
    (line,) = lines("it_failed")
    assert line["level"] == "error"
    assert line["exception"].startswith("ValueError: duplicate key\n")
    assert "9876543210" not in json.dumps(line)
