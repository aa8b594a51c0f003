"""The application that granian serves: bodies are awaited on the event loop, and only whole requests take a thread.

A thread that waits for a sender would be one of few: sixteen half-sent bodies would stop the portal (ADR 0011).
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from django.conf import settings

from beckn.protocol.jsontext import MAX_BYTES
from cpo_portal.runtime.garbage import collect_seldom
from cpo_portal.web.bodies import Bodies
from cpo_portal.web.calls import Call, Headers, Scope, Wsgi
from cpo_portal.web.refusals import Fault, Refused, Reply, reply_to
from cpo_portal.wsgi import application as wsgi

THREADS = 16
#: Where a body may come without its length: a JSON object that is cut short can never pass for a whole one.
WITHOUT_LENGTH = ("/beckn/", "/api/")
#: Files of ten thousand offers are longer than anything else that comes in.
FILES = ("/api/offer-imports", "/admin/offers/offer/import")
LONGEST_FILE = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
LONGEST_BODY = 2_621_440


class Web:
    """RSGI outside, WSGI inside."""

    def __init__(self, application: Wsgi, bodies: Bodies) -> None:
        self.application, self.bodies = application, bodies
        self.threads = ThreadPoolExecutor(THREADS, thread_name_prefix="web")

    async def __rsgi__(self, scope: Scope, proto: Any) -> None:
        """Answer one request."""
        try:
            body = await self._body(scope, proto)
        except Refused as refused:
            reply = reply_to(refused, scope.path)
        else:
            reply = await self._answer(Call(scope, body))
        proto.response_bytes(reply.status, reply.headers, reply.body)

    async def _body(self, scope: Scope, proto: Any) -> bytes:
        headers = scope.headers
        announced = _announced(headers)
        if announced == 0 or (announced is None and "transfer-encoding" not in headers):
            return b""
        encoding = headers.get("content-encoding", "identity")
        if encoding.strip().lower() != "identity":
            raise Refused(Fault.ENCODED, encoding[:40])
        if announced is None and not scope.path.startswith(WITHOUT_LENGTH):
            raise Refused(Fault.NO_LENGTH)
        return await self.bodies.read(proto, announced=announced, limit=_limit(scope.path))

    async def _answer(self, call: Call) -> Reply:
        try:
            return await asyncio.get_running_loop().run_in_executor(self.threads, call.run, self.application)
        finally:
            self.bodies.release(len(call.body))


def _limit(path: str) -> int:
    """Return how long a body at this address may be."""
    if path.startswith(FILES):
        return LONGEST_FILE
    return MAX_BYTES if path.startswith("/beckn/") else LONGEST_BODY


def _announced(headers: Headers) -> int | None:
    """Return the Content-Length, None where there is none."""
    text = headers.get("content-length")
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise Refused(Fault.BAD_LENGTH)
    return int(text)


collect_seldom()
application = Web(wsgi, Bodies(seconds=settings.WEB_BODY_SECONDS))
