"""How request bodies come in: whole and in time, or not at all, and never more of them than memory is meant for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Protocol

from cpo_portal.web.refusals import Fault, Refused

#: What all bodies together may fill: those still coming and those being worked on.
MAX_HELD = 64 << 20


class Stream(Protocol):
    """A body as the server hands it over, piece by piece."""

    def __aiter__(self) -> AsyncIterator[bytes]: ...


@dataclass(eq=False, slots=True)
class Body:
    """One body while it is held; `size` counts what has come of it."""

    deadline: asyncio.Timeout
    pieces: list[bytes] = field(default_factory=list)
    size: int = 0
    crowded_out: bool = False


class Bodies:
    """All bodies that one process holds; used by its event loop alone.

    `seconds` is what one may take from the end of its headers to its last byte.
    """

    def __init__(self, *, seconds: float, max_held: int = MAX_HELD) -> None:
        self.seconds, self.max_held = seconds, max_held
        self.held = 0
        self._coming: dict[Body, None] = {}  # the oldest first

    async def read(self, stream: Stream, *, announced: int | None, limit: int) -> bytes:
        """Return the whole body, which counts as held until `release`.

        Raises Refused for one of more than `limit` bytes (before reading it where the length is announced), one that
        takes too long, that ends before its announced length, or that had to go to make room.
        """
        if announced is not None and announced > limit:
            raise Refused(Fault.TOO_LARGE, limit)
        body = Body(asyncio.timeout(self.seconds))
        try:
            async with body.deadline:
                self._coming[body] = None
                await self._collect(body, stream, limit)
        except BaseException as error:
            self.held -= body.size
            if isinstance(error, TimeoutError):
                raise (Refused(Fault.CROWDED_OUT) if body.crowded_out else self._too_slow()) from None
            raise
        finally:
            del self._coming[body]
        if announced is not None and body.size != announced:
            self.held -= body.size
            raise Refused(Fault.CUT_SHORT)
        return b"".join(body.pieces)

    def release(self, size: int) -> None:
        """Say that a body of this size is done with."""
        self.held -= size

    async def _collect(self, body: Body, stream: Stream, limit: int) -> None:
        async for piece in stream:
            body.pieces.append(piece)
            body.size += len(piece)
            self.held += len(piece)
            if body.size > limit:
                raise Refused(Fault.TOO_LARGE, limit)
            if self.held > self.max_held:
                self._make_room()

    def _too_slow(self) -> Refused:
        return Refused(Fault.TOO_SLOW, f"{self.seconds:g}")

    def _make_room(self) -> None:
        """End the body that has been coming for the longest: an honest one is never among the oldest for long."""
        for oldest in self._coming:
            if not (oldest.crowded_out or oldest.deadline.expired()):
                oldest.crowded_out = True
                oldest.deadline.reschedule(0)
                return
