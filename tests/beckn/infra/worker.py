"""The Celery application of a test's worker process: the portal's, with handlers that echo, crash or hang."""

from __future__ import annotations

import os
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import django

from cpo_portal.celery import app

django.setup()

import beckn.actions  # noqa: E402
from beckn import inbox, keys, outbox  # noqa: E402
from tests.beckn.infra.support import echo  # noqa: E402

inbox.LEASE_SECONDS = outbox.LEASE_SECONDS = int(os.environ["TEST_LEASE_SECONDS"])
keys.CACHE_SECONDS = float(os.environ.get("TEST_KEY_SECONDS", keys.CACHE_SECONDS))


def hang_once(message: Any, request: Any, now: datetime) -> None:
    """Leave a mark and hang; the next worker that finds the mark echoes."""
    mark = Path(os.environ["TEST_MARK"])
    echo(message, request, now)
    if not mark.exists():
        mark.touch()
        time.sleep(600)


beckn.actions.HANDLERS = {"select": echo, "status": echo, "cancel": hang_once}

__all__ = ["app"]
