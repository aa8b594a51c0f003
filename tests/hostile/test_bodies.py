"""What is held of bodies: whole ones until they are worked off; where there is no room, the oldest goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from cpo_portal.web.bodies import Bodies
from cpo_portal.web.refusals import Refused


class Pieces:
    """A body of some pieces; after them it ends, or never does."""

    def __init__(self, *pieces: bytes, ends: bool = True) -> None:
        self.pieces, self.ends = pieces, ends

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece
            await asyncio.sleep(0)
        if not self.ends:
            await asyncio.Event().wait()


def read(bodies: Bodies, stream: Pieces, *, announced: int | None = None) -> asyncio.Task[bytes]:
    return asyncio.ensure_future(bodies.read(stream, announced=announced, limit=100))


def test_a_whole_body_is_held_until_it_is_worked_off() -> None:
    bodies = Bodies(seconds=1)
    assert asyncio.run(bodies.read(Pieces(b"ab", b"c"), announced=3, limit=3)) == b"abc"
    assert bodies.held == 3
    bodies.release(3)
    assert bodies.held == 0


REFUSED = {
    "announced too large": (Pieces(b"a" * 50), 101, "The body is longer than 100 bytes; send less at once."),
    "grows too large": (Pieces(b"a" * 60, b"a" * 60), None, "The body is longer than 100 bytes; send less at once."),
    "ends early": (Pieces(b"abc"), 4, "The body ended before its Content-Length; send it again whole."),
    "never ends": (
        Pieces(b"abc", ends=False), 4, "The body did not arrive within 0.05 seconds; send it again at once.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("stream", "announced", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refused_body_is_told_why_and_no_longer_held(stream: Pieces, announced: int | None, sentence: str) -> None:
    bodies = Bodies(seconds=0.05)
    with pytest.raises(Refused, match=sentence):
        asyncio.run(bodies.read(stream, announced=announced, limit=100))
    assert bodies.held == 0


def test_where_there_is_no_room_the_oldest_that_is_still_coming_goes() -> None:
    async def crowd() -> list[object]:
        bodies = Bodies(seconds=30, max_held=150)
        slow = [read(bodies, Pieces(b"s" * 50, ends=False)) for _ in range(3)]
        await asyncio.sleep(0.01)
        assert bodies.held == 150
        honest = [await read(bodies, Pieces(b"h" * 40, b"h" * 10), announced=50) for _ in range(2)]
        assert honest == [b"h" * 50] * 2
        await asyncio.sleep(0.01)
        assert [task.done() for task in slow] == [True, True, False]
        assert bodies.held == 150  # one slow body, and the two that are worked on
        slow[2].cancel()
        return list(await asyncio.gather(*slow, return_exceptions=True))

    first, second, third = asyncio.run(crowd())
    assert str(first) == str(second) == "Too many long bodies are coming in; send this one again in a moment."
    assert isinstance(third, asyncio.CancelledError)


def test_two_pieces_at_once_do_not_count_one_body_twice() -> None:
    async def crowd() -> int:
        bodies = Bodies(seconds=30, max_held=100)
        tasks = [read(bodies, Pieces(b"s" * 90, b"s" * 5, b"s" * 5, ends=False)) for _ in range(4)]
        await asyncio.sleep(0.01)
        left = [task for task in tasks if not task.done()]
        assert bodies.held == 100 * len(left)
        for task in left:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        return bodies.held

    assert asyncio.run(crowd()) == 0
