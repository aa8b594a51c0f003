"""From a request of the server to the WSGI application and back, with the body already in memory."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Protocol

from cpo_portal.web.refusals import Reply

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

BASE = {
    "SCRIPT_NAME": "",
    "wsgi.version": (1, 0),
    "wsgi.errors": sys.stderr,
    "wsgi.input_terminated": True,
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}
#: These two go without a prefix.
PLAIN = {"CONTENT_TYPE", "CONTENT_LENGTH"}


class Headers(Protocol):
    """The request's headers, names in lower case; a repeated one comes repeatedly."""

    def __contains__(self, key: str) -> bool: ...

    def items(self) -> list[tuple[str, str]]: ...

    def get(self, key: str, default: Any = None) -> Any: ...


class Scope(Protocol):
    """What granian says about a request (RSGI)."""

    http_version: str
    server: str
    client: str
    scheme: str
    method: str
    path: str
    query_string: str

    @property
    def headers(self) -> Headers: ...


@dataclass(frozen=True, slots=True)
class Call:
    """One request to the application."""

    scope: Scope
    body: bytes

    def run(self, application: Wsgi) -> Reply:
        """Call the application in this thread and return its whole answer."""
        status, headers = "", list[tuple[str, str]]()

        def start_response(line: str, fields: list[tuple[str, str]], exc_info: Any = None) -> None:
            nonlocal status, headers
            status, headers = line, fields

        answer = application(self._environ(), start_response)
        try:
            body = b"".join(answer)
        finally:
            if hasattr(answer, "close"):
                answer.close()
        return Reply(int(status[:3]), headers, body)

    def _environ(self) -> dict[str, Any]:
        scope = self.scope
        host, _, port = scope.server.rpartition(":")
        address, _, remote_port = scope.client.rpartition(":")
        environ = BASE | {
            "REQUEST_METHOD": scope.method,
            # WSGI's text: each byte of the path, decoded, as one character.
            "PATH_INFO": scope.path.encode().decode("latin-1"),
            "QUERY_STRING": scope.query_string,
            "SERVER_NAME": host,
            "SERVER_PORT": port,
            "SERVER_PROTOCOL": f"HTTP/{scope.http_version}",
            "REMOTE_ADDR": address.strip("[]"),
            "REMOTE_PORT": remote_port,
            "wsgi.url_scheme": scope.scheme,
            "wsgi.input": io.BytesIO(self.body),
        }
        _add_headers(environ, scope.headers.items())
        environ["CONTENT_LENGTH"] = str(len(self.body))
        return environ


def _add_headers(environ: dict[str, Any], headers: list[tuple[str, str]]) -> None:
    """Add each header; a repeated one is joined. One with an underscore could pass for another and is left out."""
    for name, value in headers:
        if "_" in name:
            continue
        key = name.upper().replace("-", "_")
        key = key if key in PLAIN else f"HTTP_{key}"
        joint = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
