"""The actors: a buyer app, a sink for its callbacks, and a record of the nudges."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import beckn.actions
from beckn import keys, nudge, rate_limits, registry
from tests.beckn.infra.support import BuyerApp, Sink, echo


class Nudges(list[str]):
    """Stands in for the nudge thread: remembers what would be sent."""

    def nudge(self, task: str) -> None:
        self.append(task.rpartition(".")[2])


@pytest.fixture(autouse=True)
def nudges(monkeypatch: pytest.MonkeyPatch) -> Nudges:
    recorded = Nudges()
    monkeypatch.setattr(nudge, "_nudger", recorded)
    return recorded


@pytest.fixture(autouse=True)
def _fresh_caches() -> Iterator[None]:
    registry.forget()
    keys.forget()
    rate_limits.forget()
    yield
    registry.forget()
    keys.forget()


@pytest.fixture
def bap() -> BuyerApp:
    """A registered buyer app; its callback address is nowhere."""
    app = BuyerApp("bap.example", seed=b"a" * 32)
    app.register()
    return app


@pytest.fixture
def sink(bap: BuyerApp) -> Iterator[Sink]:
    """The buyer app's callback address."""
    with Sink() as sink:
        bap.register(sink.url)
        yield sink


@pytest.fixture
def handlers(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The handlers of all actions: each echoes, until a test puts another one in."""
    table = dict.fromkeys(("search", "select", "status", "track", "cancel"), echo)
    monkeypatch.setattr(beckn.actions, "HANDLERS", table)
    return table


@pytest.fixture
def post(client: Any) -> Any:
    """Post bytes to an action; signed by `by` unless headers are given."""

    def send(action: str, raw: bytes, *, by: BuyerApp | None = None, **headers: str) -> Any:
        if by is not None:
            headers = {"Authorization": by.sign(raw), **headers}
        return client.post(f"/beckn/{action}", raw, content_type="application/json", headers=headers)

    return send
