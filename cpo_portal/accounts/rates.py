"""Brakes: token buckets in this process, for callers who are known by their address alone."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable, Mapping

from django.conf import settings

#: As many callers are remembered; the one that was not heard of for longest is forgotten.
MOST_KEYS = 20_000


class Buckets:
    """A bucket per key: `burst` at once and `rate` a second, each process for itself."""

    def __init__(self, rate: float, burst: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._burst, self._clock = rate, burst, clock
        self._lock = threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def take(self, key: str) -> float:
        """Take one token; return 0, or in how many seconds there will be one."""
        with self._lock:
            now = self._clock()
            left, at = self._left.pop(key, (self._burst, now))
            left = min(self._burst, left + (now - at) * self._rate)
            taken = left >= 1
            self._left[key] = (left - 1 if taken else left, now)
            if len(self._left) > MOST_KEYS:
                del self._left[next(iter(self._left))]
        return 0.0 if taken else (1 - left) / self._rate

    def is_empty(self, key: str) -> bool:
        """Say whether there is no token, without taking one."""
        with self._lock:
            left, at = self._left.get(key, (self._burst, 0.0))
            return left + (self._clock() - at) * self._rate < 1

    def forget(self) -> None:
        """Fill all buckets."""
        with self._lock:
            self._left.clear()


def address_of(meta: Mapping[str, str]) -> str:
    """Return who called, for counting: the address that the outermost of our own proxies saw, an IPv6 one without the
    half that its owner chooses."""
    text = meta.get("REMOTE_ADDR", "")
    hops = [hop.strip() for hop in meta.get("HTTP_X_FORWARDED_FOR", "").split(",")]
    proxies: int = settings.AXES_IPWARE_PROXY_COUNT
    if 0 < proxies <= len(hops):
        text = hops[-proxies]
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return text[:64]
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    mapped = address.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
