"""Where a callback may go: the registered address, resolved once, every address of it vetted."""

from __future__ import annotations

import ipaddress
import re
import socket
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

#: Forms that `is_global` takes for public although they lead to an IPv4 address inside them or to nobody.
_NEVER: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # local NAT64
        "2002::/16",  # 6to4
        "2001::/23",  # Teredo, ORCHID, benchmarks and what else the IETF keeps for protocols
        "::/96",  # IPv4-compatible
        "fec0::/10",  # site-local, as it was once
        "3fff::/20",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "100.64.0.0/10",  # carriers' own networks
    )
)


#: All that is routed between networks today.
_GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")

#: A name that has not resolved by then is taken for unknown; the resolver itself may try for half a minute.
RESOLVE_SECONDS = 3.0
LABEL = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)", re.ASCII)
#: What a resolver takes for a number: 127.1, 0177.0.0.1, 2130706433, 0x7f000001.
NUMERIC = re.compile(r"[0-9]+|0x[0-9a-f]*", re.ASCII)


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
    if isinstance(address, ipaddress.IPv6Address) and address not in _GLOBAL_UNICAST:
        return False
    if any(address in network for network in _NEVER if network.version == address.version):
        return False
    if address.is_multicast or address.is_reserved or address.is_unspecified or address.is_link_local:
        return False
    return address.is_global and not address.is_private and not address.is_loopback


def vet(url: str, allowed_networks: Iterable[Network] = ()) -> Destination:
    """Resolve an http(s) address once; raises ForbiddenAddress when its form or one of its addresses is refused,
    UnknownHost when it has none."""
    scheme, host, port, path = take_apart(url)
    networks = tuple(allowed_networks)
    addresses = _resolve(host, port)
    for address in addresses:
        if not is_allowed_address(address, networks):
            raise ForbiddenAddress(f"{host} resolves to {address}, which is not public")
    return Destination(scheme, host, port, path, tuple(str(address) for address in addresses))


def take_apart(url: str) -> tuple[str, str, int, str]:
    """Return scheme, host, port and path of a registered address, written in the one way that all readers read alike;
    raises ForbiddenAddress for any other. Names are in ASCII, without a dot at the end."""
    if any(character <= " " or character in "\\\x7f" for character in url):
        raise ForbiddenAddress("the address holds a blank, a control character or a backslash")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ForbiddenAddress(f"the address cannot be read: {error}") from None
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
        raise ForbiddenAddress("the address is not http or https")
    if parts.username is not None or parts.password is not None:
        raise ForbiddenAddress("the address holds a user name")
    if port == 0 or parts.netloc.endswith(":"):
        raise ForbiddenAddress("the address has no port after the colon")
    path = parts.path + (f"?{parts.query}" if parts.query else "")
    return parts.scheme, _host(parts.hostname), port or DEFAULT_PORTS[parts.scheme], path or "/"


def _host(host: str) -> str:
    """Return a name in ASCII, or an address in its usual form; raises ForbiddenAddress for numbers in disguise."""
    if ":" in host:
        if "%" in host:
            raise ForbiddenAddress("the address names a network interface")
        return host
    try:
        name = host.encode("idna").decode().lower()
    except UnicodeError:
        raise ForbiddenAddress(f"{host} is no name of a host") from None
    labels = name.removesuffix(".").split(".")
    if NUMERIC.fullmatch(labels[-1]):
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise ForbiddenAddress(f"{host} is a number in disguise; write four decimal numbers") from None
    if not all(LABEL.fullmatch(label) for label in labels):
        raise ForbiddenAddress(f"{host} is no name of a host")
    return ".".join(labels)


def _resolve(host: str, port: int) -> list[Address]:
    try:
        return [ipaddress.ip_address(host)]
    except ValueError:
        return list(dict.fromkeys(_ask(host, port)))


def _ask(host: str, port: int) -> list[Address]:
    """Ask the resolver, which knows no deadline, in a thread that is left to itself when the time is over."""
    found: list[Address] = []
    trouble = [f"{host} does not resolve within {RESOLVE_SECONDS:g} s"]

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(ipaddress.ip_address(str(sockaddr[0]).partition("%")[0]) for *_, sockaddr in answers)
        except (OSError, UnicodeError) as error:
            trouble[0] = f"{host} does not resolve: {error}"

    asking = threading.Thread(target=ask, name="resolve", daemon=True)
    asking.start()
    asking.join(RESOLVE_SECONDS)
    if asking.is_alive() or not found:
        raise UnknownHost(trouble[0])
    return found
