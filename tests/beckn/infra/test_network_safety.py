"""Where a callback may go, as a table of addresses and of URLs."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

import pytest

from beckn.network_safety import Destination, ForbiddenAddress, UnknownHost, is_allowed_address, vet

PUBLIC = ["8.8.8.8", "93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "::ffff:8.8.8.8", "172.32.0.1", "11.0.0.1"]
REFUSED = {
    "0.0.0.0": "unspecified",
    "0.1.2.3": "this network",
    "10.0.0.1": "private",
    "100.64.0.1": "carrier",
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "169.254.169.254": "link-local: cloud metadata",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.1": "IETF",
    "192.0.2.1": "documentation",
    "192.88.99.1": "6to4 relay",
    "192.168.1.1": "private",
    "198.18.0.1": "benchmark",
    "198.51.100.1": "documentation",
    "203.0.113.1": "documentation",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
    "::": "unspecified",
    "::1": "loopback",
    "::8.8.8.8": "IPv4-compatible",
    "::127.0.0.1": "IPv4-compatible",
    "::ffff:127.0.0.1": "mapped loopback",
    "::ffff:10.0.0.1": "mapped private",
    "::ffff:169.254.169.254": "mapped link-local",
    "64:ff9b::8.8.8.8": "NAT64",
    "64:ff9b::a9fe:a9fe": "NAT64 to link-local",
    "64:ff9b:1::1": "local NAT64",
    "2001::1": "Teredo",
    "2001:0:4136:e378:8000:63bf:3fff:fdd2": "Teredo",
    "2001:db8::1": "documentation",
    "2002:7f00:1::": "6to4 to loopback",
    "2002:808:808::": "6to4",
    "fc00::1": "unique local",
    "fd12:3456::1": "unique local",
    "fe80::1": "link-local",
    "fec0::1": "site-local",
    "ff02::1": "multicast",
    "ff0e::1": "global multicast",
}


@pytest.mark.parametrize("text", PUBLIC)
def test_public_address_is_allowed(text: str) -> None:
    assert is_allowed_address(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", REFUSED, ids=[f"{text} ({why})" for text, why in REFUSED.items()])
def test_other_address_is_refused(text: str) -> None:
    assert not is_allowed_address(ipaddress.ip_address(text))


def test_configured_network_is_allowed_and_nothing_beside_it() -> None:
    loopback = [ipaddress.ip_network("127.0.0.0/8")]
    allowed = {text for text in REFUSED if is_allowed_address(ipaddress.ip_address(text), loopback)}
    assert allowed == {"127.0.0.1", "127.255.255.254", "::ffff:127.0.0.1"}


def resolving_to(*addresses: str) -> Any:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 443)) for address in addresses]
    return lambda *args, **kwargs: found


def test_name_is_resolved_once_and_all_its_addresses_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[Any] = []
    found = resolving_to("8.8.8.8", "8.8.4.4")
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: calls.append(args) or found())
    assert vet("https://bap.example:8443/hooks/on_select") == Destination(
        "https", "bap.example", 8443, "/hooks/on_select", ("8.8.8.8", "8.8.4.4")
    )
    assert calls == [("bap.example", 8443)]


def test_one_bad_address_among_good_ones_refuses_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", resolving_to("8.8.8.8", "10.0.0.1"))
    with pytest.raises(ForbiddenAddress, match=r"resolves to 10\.0\.0\.1, which is not public"):
        vet("https://bap.example/hooks")


@pytest.mark.parametrize(
    "url",
    [
        "ftp://8.8.8.8/",
        "file:///etc/passwd",
        "https:///hooks",
        "https://user:secret@8.8.8.8/",
        "https://8.8.8.8:99999/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://0177.0.0.1/",
        "http://127.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://localhost/",
    ],
)
def test_url_that_leads_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(ForbiddenAddress):
        vet(url)


def test_name_that_does_not_resolve_is_told_apart() -> None:
    with pytest.raises(UnknownHost):
        vet("https://no-such-host.invalid/")


@pytest.mark.parametrize(
    ("destination", "header"),
    [
        (Destination("https", "bap.example", 443, "/", ()), "bap.example"),
        (Destination("http", "bap.example", 443, "/", ()), "bap.example:443"),
        (Destination("https", "2606:2800::1", 8443, "/", ()), "[2606:2800::1]:8443"),
    ],
)
def test_host_header_names_the_host_and_an_unusual_port(destination: Destination, header: str) -> None:
    assert destination.host_header == header
