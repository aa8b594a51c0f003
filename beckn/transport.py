"""One POST to a vetted address: no redirects, no proxies, a capped answer, a deadline that no slow sender can move."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager, Timeout
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError

from beckn.network_safety import Destination

CONNECT_SECONDS = 2.0
#: From the first packet to the last byte of the answer, for each address that is tried: with the name's resolution well
#: within the outbox's lease.
ANSWER_SECONDS = 8.0
MAX_ADDRESSES = 2
MAX_RESPONSE = 64 * 1024

_current = threading.local()


class _Deadline:
    """Shuts a connection down when its time is over, whatever it is doing: timeouts of a socket begin anew with every
    byte, those of a handshake and of an answer one after the other."""

    def __init__(self) -> None:
        self.passed = False
        self._end = time.monotonic() + ANSWER_SECONDS
        self._timer: threading.Timer | None = None
        self._guarded: socket.socket | None = None

    def guard(self, sock: socket.socket) -> None:
        self.cancel()
        # A second handle: TLS takes the connection over from the socket that it was opened with.
        self._guarded = socket.socket(fileno=os.dup(sock.fileno()))
        self._timer = threading.Timer(max(0.0, self._end - time.monotonic()), self._shut, [self._guarded])
        self._timer.daemon = True
        self._timer.start()

    def cancel(self) -> None:
        if self._timer is not None and self._guarded is not None:
            self._timer.cancel()
            self._guarded.close()

    def _shut(self, sock: socket.socket) -> None:
        self.passed = True
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


class _Guarded:
    """Guards a connection from its first byte, and one that is used again from the request on."""

    sock: socket.socket | None

    def _new_conn(self) -> socket.socket:
        sock: socket.socket = super()._new_conn()  # type: ignore[misc]
        _current.deadline.guard(sock)
        return sock

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None:
            _current.deadline.guard(self.sock)
        super().request(*args, **kwargs)  # type: ignore[misc]


class _GuardedHTTP(_Guarded, HTTPConnection):
    pass


class _GuardedHTTPS(_Guarded, HTTPSConnection):
    pass


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
