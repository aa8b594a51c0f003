"""Several buyer apps in a process of their own: they send on a schedule, whatever the answers do, and take callbacks.

A time counts from the instant at which a message was due, not from when a connection was free for it: a portal that
stalls is charged for what would have been sent meanwhile.
"""

from __future__ import annotations

import asyncio
import itertools
import pickle
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from cpo_portal.runtime.home import REPO
from tests.bench.soak_wire import Lanes, SinkLane

CONNECTIONS = 48
#: What is not answered so long after the end is lost.
PATIENCE_SECONDS = 60.0
MESSAGE_ID = re.compile(rb'"message_id":\s*"([^"]+)"')


@dataclass(frozen=True, slots=True)
class Plan:
    """Whose messages go where and for how long: `rate` a second, or where that is 0 so many `at_a_time`, the next as
    soon as one is answered by its callback."""

    port: int
    sink_port: int
    bap_ids: tuple[str, ...]
    seconds: float
    rate: float = 0
    at_a_time: int = 0


@dataclass(slots=True)
class Sent:
    """One message: when it was due, after how long it was acknowledged and answered; all in seconds."""

    bap_id: str
    due: float
    ack: float | None = None
    callback: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """`began` is on the machine's monotonic clock, `ended` (the last was sent) counts from it; `wrong` says what was
    no answer, `again` counts callbacks that came once more."""

    began: float
    ended: float
    sent: list[Sent]
    wrong: list[str]
    again: int

    @property
    def errors(self) -> int:
        """How many answers were none, and how many messages lack their ACK or their callback."""
        return len(self.wrong) + sum(each.ack is None or each.callback is None for each in self.sent)


def start(plan: Plan) -> subprocess.Popen[bytes]:
    """Start the process; `finish` returns what came of it."""
    argv = [sys.executable, "-m", __spec__.name]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=REPO)
    assert process.stdin is not None
    process.stdin.write(pickle.dumps(plan))
    process.stdin.close()
    return process


def finish(process: subprocess.Popen[bytes]) -> Outcome:
    """Wait for the end; raise RuntimeError where the process failed."""
    assert process.stdout is not None
    made = process.stdout.read()
    if process.wait():
        raise RuntimeError("the process of the buyer apps failed; its message is above")
    outcome: Outcome = pickle.loads(made)
    return outcome


@dataclass
class Journey:
    """What is on its way and what has come back."""

    plan: Plan
    began: float = field(default_factory=time.monotonic)
    sent: dict[str, Sent] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    again: int = 0
    unanswered: int = 0
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.lanes = Lanes(self.acknowledged)

    def now(self) -> float:
        return time.monotonic() - self.began

    async def run(self) -> Outcome:
        """Send all, wait for the answers, and return what came."""
        from tests.bench import buyer

        loop = asyncio.get_running_loop()
        sink = await loop.create_server(lambda: SinkLane(self.called), "127.0.0.1", self.plan.sink_port)
        await self.lanes.connect(self.plan.port, CONNECTIONS)
        self.began = time.monotonic()
        pace = self._by_clock() if self.plan.rate else self._by_answers()
        baps = itertools.cycle(self.plan.bap_ids)
        message = buyer.select(bap_id=(bap := next(baps)))
        async for due in pace:
            self.sent[message.message_id] = Sent(bap, due)
            self.unanswered += 1
            self.lanes.post(message.message_id, message.request(self.plan.port))
            message = buyer.select(bap_id=(bap := next(baps)))  # before it is due: signing is not the portal's time
        ended = self.now()
        await self._until(lambda: not self.unanswered or self.now() > ended + PATIENCE_SECONDS)
        sink.close()
        return Outcome(self.began, ended, list(self.sent.values()), self.wrong, self.again)

    async def _by_clock(self) -> AsyncIterator[float]:
        """Yield each instant at which a message is due; late ones at once, for the schedule does not wait."""
        for number in range(int(self.plan.rate * self.plan.seconds)):
            due = number / self.plan.rate
            await asyncio.sleep(max(0.0, due - self.now()))
            yield due

    async def _by_answers(self) -> AsyncIterator[float]:
        while self.now() < self.plan.seconds:
            await self._until(lambda: self.unanswered < self.plan.at_a_time or self.now() > self.plan.seconds)
            yield self.now()

    async def _until(self, happened: Callable[[], bool]) -> None:
        while not happened():
            self.answered.clear()
            try:
                await asyncio.wait_for(self.answered.wait(), 1)
            except TimeoutError:
                continue

    def acknowledged(self, message_id: str, head: bytes, body: bytes) -> None:
        sent = self.sent[message_id]
        if head.startswith(b"HTTP/1.1 200") and b'"ACK"' in body:
            sent.ack = self.now() - sent.due
            self._note(sent)
        else:
            self.wrong.append(f"a select was answered {(head + body)[:300]!r}")

    def called(self, path: bytes, body: bytes) -> None:
        found = MESSAGE_ID.search(body)
        sent = self.sent.get(found[1].decode()) if found else None
        if sent is None or path != f"/{sent.bap_id}/on_select".encode() or b'"quote"' not in body:
            self.wrong.append(f"{path!r} was called with {body[:300]!r}")
        elif sent.callback is not None:
            self.again += 1
        else:
            sent.callback = self.now() - sent.due
            self._note(sent)

    def _note(self, sent: Sent) -> None:
        """Count a message as answered when it has both; the ACK may come after the callback."""
        if sent.ack is not None and sent.callback is not None:
            self.unanswered -= 1
            self.answered.set()


def main() -> None:
    import django

    plan: Plan = pickle.load(sys.stdin.buffer)
    django.setup()
    outcome = asyncio.run(Journey(plan).run())
    sys.stdout.buffer.write(pickle.dumps(outcome))


if __name__ == "__main__":
    # Under its own name, so that what is pickled here is known there.
    from tests.bench.soak_client import main as run

    run()
