"""Golden messages, spoilt and correctly signed: each is acknowledged and answered once, or refused, and an order
changes only by a message that still says so."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from beckn import nudge
from tests.beckn.protocol import samples
from tests.hostile.mutator import dump
from tests.hostile.stages import STAGES, prepare
from tests.hostile.trial import Trial
from tests.processes import run_at_once

#: Messages per golden request in the fast run; and per action in the longer one, of which MUTATIONS can ask for more.
FAST, SLOW, PROCESSES = 40, int(os.environ.get("MUTATIONS", "1000")), 2
VARIANTS = Counter(samples.golden(name)["context"]["action"] for name in STAGES)
#: What the unspoilt message does to its order.
CHANGING = {"init", "init_surge", "confirm", "update_start", "update_stop", "cancel", "rating"}


@pytest.fixture(scope="module", autouse=True)
def _database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """What a stage needs is committed, so that each message can be undone alone; emptied at the end."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(nudge, "_nudger", nudge.Nudger(lambda task: None))
        try:
            yield
        finally:
            call_command("flush", verbosity=0, interactive=False, reset_sequences=False, allow_cascade=False)


@pytest.mark.parametrize("name", STAGES)
def test_spoilt_messages_are_answered_in_words_and_change_only_what_they_say(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    stage = prepare(name)
    sound = Trial(stage)
    sound.send(dump(stage.body))
    assert sound.complaints == []
    assert sound.outcomes == Counter({"answered": 1} | ({"changed": 1} if name in CHANGING else {}))
    with caplog.at_level(logging.ERROR):
        trial = Trial(stage, validated=5).run(seed=1, count=FAST)
    assert trial.complaints == []
    assert sum(trial.outcomes.values()) - trial.outcomes["changed"] == FAST
    assert caplog.messages == []


@pytest.mark.slow
@pytest.mark.parametrize("name", STAGES)
def test_many_more_spoilt_messages_of_each_action(name: str) -> None:
    stage = prepare(name)
    count = SLOW // VARIANTS[stage.action]

    def send(number: int) -> tuple[Counter[str], list[str]]:
        heard = Heard()
        logging.getLogger().addHandler(heard)
        logging.getLogger().setLevel(logging.ERROR)
        trial = Trial(stage, validated=20).run(seed=number + 2, count=count // PROCESSES)
        return trial.outcomes, trial.complaints + heard.errors

    connection.close()
    found = run_at_once(PROCESSES, send, seconds=900)
    outcomes = sum((counted for counted, _ in found), Counter())
    assert [complaint for _, complaints in found for complaint in complaints] == []
    assert sum(outcomes.values()) - outcomes["changed"] == count


class Heard(logging.Handler):
    """Remembers what was logged as an error."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.errors: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.errors.append(f"logged {record.getMessage()}")
