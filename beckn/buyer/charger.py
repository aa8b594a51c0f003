"""Plays the charger: polls the charging-system API for commands and reports a session in simulated time."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from beckn.buyer.client import Answer, Portal, Stop
from beckn.buyer.messages import stamp
from beckn.buyer.server import Body

#: The meter's register when the session starts.
REGISTER_WH = 41_300_000
#: What the charger delivers by which simulated minute: never more than 20 minutes and 5.2 kWh.
DELIVERED_WH = {5: 1_300, 12: 3_000, 16: 4_100, 20: 5_200}
MINUTES = max(DELIVERED_WH)
POLL_SECONDS = 0.2


class Charger:
    """One connector; it remembers a session in `memory`, so that a journey that broke off does not block it."""

    def __init__(self, portal: Portal, memory: Path) -> None:
        self._portal, self._memory = portal, memory
        self._session_id = ""
        self._started_at = datetime.now(UTC)

    def await_command(self, kind: str, order_id: str) -> None:
        """Poll until the portal wants this order started or stopped; raises Stop when it does not in time."""
        deadline = time.monotonic() + self._portal.seconds
        while time.monotonic() < deadline:
            answer = self._call("GET", "commands")
            if answer.status != 200:
                raise Stop(f"the charger's poll was answered with {answer.status} {answer.body.get('error')}")
            commands: list[Body] = answer.body.get("commands", [])
            if any((command.get("kind"), command.get("order_id")) == (kind, order_id) for command in commands):
                return
            time.sleep(POLL_SECONDS)
        raise Stop(f"the charger was not told to {kind} order {order_id} within {self._portal.seconds:.0f} s")

    def start(self, order_id: str) -> None:
        """Report that charging began now."""
        self._session_id = f"sim-{uuid.uuid4()}"
        self._started_at = datetime.now(UTC).replace(microsecond=0)
        report = {
            "session_id": self._session_id,
            "order_id": order_id,
            "item_id": self._portal.to.item_id,
            "started_at": stamp(self._started_at),
            "register_wh": REGISTER_WH,
        }
        self._expect(self._call("POST", "sessions", report), 201, "the session's start")
        with contextlib.suppress(OSError):
            self._memory.write_text(json.dumps([self._session_id, stamp(self._started_at)]))

    def read(self, *minutes: int) -> None:
        """Report the register at these simulated minutes."""
        readings = [
            {"at": self._at(minute), "register_wh": REGISTER_WH + DELIVERED_WH[minute], "power_w": 15_600}
            for minute in minutes
        ]
        report = {"item_id": self._portal.to.item_id, "readings": readings}
        self._expect(self._call("POST", f"sessions/{self._session_id}/readings", report), 200, "a reading")

    def stop(self) -> None:
        """Report the end and the last register; without a session nothing happens."""
        if self._session_id:
            self._expect(self._end(self._session_id), 200, "the session's stop")
            self._forget()

    def stop_what_was_left(self) -> None:
        """End the session of a journey that broke off; whatever the answer, it is forgotten."""
        try:
            session_id, started_at = json.loads(self._memory.read_text())
            self._started_at = datetime.fromisoformat(started_at)
        except (OSError, ValueError, TypeError):
            return
        self._end(str(session_id))
        self._forget()

    def end_quietly(self) -> None:
        """End a session that is still open because the journey broke off."""
        if self._session_id:
            with contextlib.suppress(Stop):
                self.stop()

    def _end(self, session_id: str) -> Answer:
        report = {
            "at": self._at(MINUTES),
            "register_wh": REGISTER_WH + DELIVERED_WH[MINUTES],
            "reason": "Remote",
        }
        return self._call("POST", f"sessions/{session_id}/stop", report)

    def _forget(self) -> None:
        self._session_id = ""
        with contextlib.suppress(OSError):
            self._memory.unlink(missing_ok=True)

    def _at(self, minute: int) -> str:
        return stamp(self._started_at + timedelta(minutes=minute))

    def _call(self, method: str, path: str, report: Body | None = None) -> Answer:
        raw = None if report is None else json.dumps(report).encode()
        headers = {"Authorization": f"Bearer {self._portal.to.charging_token}"}
        return self._portal.http.send(method, f"{self._portal.to.charging_base}/{path}", raw=raw, headers=headers)

    def _expect(self, answer: Answer, status: int, what: str) -> None:
        if answer.status != status:
            raise Stop(f"{what} was answered with {answer.status}: {answer.body.get('error')}")
