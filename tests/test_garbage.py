"""The portal's processes look for garbage seldom: a book of many offers would be looked through again and again."""

from __future__ import annotations

import subprocess
import sys

import pytest

STARTED = {
    "a web process": "import cpo_portal.web.app",
    "a worker": "import cpo_portal.celery; from celery.signals import worker_ready as event; event.send(sender=None)",
    "a process of the worker for long work": (
        "import cpo_portal.celery; from celery.signals import worker_process_init as event; event.send(sender=None)"
    ),
}


@pytest.mark.parametrize("started", STARTED.values(), ids=STARTED.keys())
def test_a_started_process_leaves_what_it_imported_alone_and_looks_for_garbage_seldom(started: str) -> None:
    code = f"{started}\nimport gc\nprint(gc.get_threshold(), gc.get_freeze_count() > 10_000)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert found.stdout == "(50000, 20, 100) True\n", found.stderr
