"""One POST to a vetted address: no redirects, no proxies, a capped answer, a deadline that no slow sender can move."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from beckn.network_safety import Destination

CONNECT_SECONDS = 2.0
#: From the request to the last byte of the answer. With two tries to connect it is well within the outbox's lease.
ANSWER_SECONDS = 8.0
MAX_ADDRESSES = 2
MAX_RESPONSE = 64 * 1024

_current = threading.local()


class _Deadline:
    """Shuts a socket down when its time is over: timeouts of the socket begin anew with every byte."""

    def __init__(self) -> None:
        self.passed = False
        self._timer: threading.Timer | None = None

    def guard(self, sock: socket.socket) -> None:
        self.cancel()
        self._timer = threading.Timer(ANSWER_SECONDS, self._shut, [sock])
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _shut(self, sock: socket.socket) -> None:
        self.passed = True
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


class _GuardedHTTP(HTTPConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        _guard(self)
        super().request(*args, **kwargs)


class _GuardedHTTPS(HTTPSConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        _guard(self)
        super().request(*args, **kwargs)


def _guard(connection: HTTPConnection) -> None:
    if connection.sock is None:
        connection.connect()
    _current.deadline.guard(connection.sock)


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _GuardedHTTP


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _GuardedHTTPS


_pools = PoolManager(num_pools=64, maxsize=64, retries=False)
_pools.pool_classes_by_scheme = {"http": _PlainPool, "https": _SecurePool}


def post(destination: Destination, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """Return the status and at most 64 KB (and one byte, when there is more) of the answer.

    Raises TimeoutError, or urllib3's HTTPError, or OSError.
    """
    addresses = destination.addresses[:MAX_ADDRESSES]
    for address in addresses:
        try:
            return _post_to(address, destination, body, headers)
        except (ConnectTimeoutError, NewConnectionError):  # nothing was sent: the next address may be up
            if address == addresses[-1]:
                raise
    raise OSError("the destination has no address")


def _post_to(address: str, to: Destination, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    names = {"server_hostname": to.host, "assert_hostname": to.host} if to.scheme == "https" else {}
    pool = _pools.connection_from_host(address, to.port, to.scheme, pool_kwargs=names)
    with _deadline() as deadline:
        try:
            response = pool.urlopen(
                "POST",
                to.path,
                body=body,
                headers={"Host": to.host_header, "User-Agent": "cpo-portal", **headers},
                timeout=Timeout(connect=CONNECT_SECONDS, read=ANSWER_SECONDS),
                redirect=False,
                retries=False,
                assert_same_host=False,
                preload_content=False,
            )
            answer = response.read(MAX_RESPONSE + 1, decode_content=True)
            if len(answer) > MAX_RESPONSE:
                response.close()
            response.release_conn()
        except (HTTPError, OSError) as error:
            if deadline.passed:
                raise TimeoutError(f"no whole answer within {ANSWER_SECONDS:g} s") from error
            raise
        if deadline.passed:
            raise TimeoutError(f"no whole answer within {ANSWER_SECONDS:g} s")
    return response.status, answer


@contextmanager
def _deadline() -> Iterator[_Deadline]:
    _current.deadline = _Deadline()
    try:
        yield _current.deadline
    finally:
        _current.deadline.cancel()
