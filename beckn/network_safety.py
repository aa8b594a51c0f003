"""Where a callback may go: the registered address, resolved once, every address of it vetted."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: Forms that `is_global` takes for public although they lead to an IPv4 address inside them or to nobody.
_NEVER: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # local NAT64
        "2002::/16",  # 6to4
        "2001::/32",  # Teredo
        "::/96",  # IPv4-compatible
        "fec0::/10",  # site-local, as it was once
        "192.88.99.0/24",  # 6to4 relays
        "100.64.0.0/10",  # carriers' own networks
    )
)


class ForbiddenAddress(Exception):
    """This destination is refused; the message says why."""


class UnknownHost(Exception):
    """The name does not resolve."""


@dataclass(frozen=True, slots=True)
class Destination:
    """A vetted destination: connect to `addresses` in order, speak to `host` (SNI and Host)."""

    scheme: str
    host: str
    port: int
    path: str
    addresses: tuple[str, ...]

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


DEFAULT_PORTS = {"http": 80, "https": 443}


def is_allowed_address(address: Address, allowed_networks: Iterable[Network] = ()) -> bool:
    """Say whether a callback may go there: public unicast addresses, and `allowed_networks` for trials.

    An IPv4 address inside an IPv6 one (::ffff:a.b.c.d) is judged as what it is.
    """
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if any(address in network for network in allowed_networks if network.version == address.version):
        return True
    if any(address in network for network in _NEVER if network.version == address.version):
        return False
    if address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local:
        return False
    return address.is_global and not address.is_private and not address.is_loopback


def vet(url: str, allowed_networks: Iterable[Network] = ()) -> Destination:
    """Resolve an http(s) address once; raises ForbiddenAddress when one of its addresses is refused, UnknownHost
    when it has none."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 0)
    except ValueError as error:
        raise ForbiddenAddress(f"the address cannot be read: {error}") from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ForbiddenAddress("the address is not http or https")
    if parts.username is not None or parts.password is not None:
        raise ForbiddenAddress("the address holds a user name")
    networks = tuple(allowed_networks)
    addresses = _resolve(parts.hostname, port)
    for address in addresses:
        if not is_allowed_address(address, networks):
            raise ForbiddenAddress(f"{parts.hostname} resolves to {address}, which is not public")
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return Destination(parts.scheme, parts.hostname, port, path or "/", tuple(str(address) for address in addresses))


def _resolve(host: str, port: int) -> list[Address]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise UnknownHost(f"{host} does not resolve: {error}") from None
    addresses = [ipaddress.ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in found]
    return list(dict.fromkeys(addresses))
