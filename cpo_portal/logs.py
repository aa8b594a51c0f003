"""One JSON object per log line, in every process; docs/operations.md has the fields."""

from __future__ import annotations

import re
from collections.abc import MutableMapping
from typing import Any

import structlog

from cpo_portal.database.errors import describe_exc_info

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
#: A link of this kind is a password; what follows "?" is what people searched for.
SECRET_PATH = re.compile(r"(/set-password/)[^?\s]+")

Event = MutableMapping[str, Any]


def without_people(logger: Any, name: str, event: Event) -> Event:
    """Leave out of a request's line what tells about the person: the browser, the query, a link that signs in."""
    event.pop("user_agent", None)
    request = event.get("request")
    if isinstance(request, str):
        event["request"] = SECRET_PATH.sub(r"\1…", request.partition("?")[0])
    return event


def _processors() -> list[Any]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        describe_exc_info,
        without_people,
    ]


def configure() -> None:
    """Let structlog's loggers hand over to the standard library's, which write the lines."""
    structlog.configure(
        processors=[*_processors(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def logging_config(level: str) -> dict[str, Any]:
    """Return Django's LOGGING: everything from `level` on goes to standard error."""
    formatter = {
        "()": structlog.stdlib.ProcessorFormatter,
        "processor": structlog.processors.JSONRenderer(ensure_ascii=False),
        "foreign_pre_chain": _processors(),
    }
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": formatter},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": level},
        # Templates' debug lines quote whole requests, with what staff searched for.
        "loggers": {
            "django.template": {"level": "INFO"},
            "django.request": {"level": "ERROR"},
            "axes": {"level": "WARNING"},
            "kombu": {"level": "WARNING"},
        },
    }
