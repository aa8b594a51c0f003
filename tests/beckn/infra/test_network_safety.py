"""Where a callback may go, as a table of addresses and of URLs."""

from __future__ import annotations

import ipaddress
import socket
import threading
from typing import Any

import pytest

from beckn import network_safety
from beckn.network_safety import Destination, ForbiddenAddress, UnknownHost, is_allowed_address, take_apart, vet

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
    "::ffff:0:8.8.8.8": "IPv4-translated",
    "100::1": "discard",
    "2001:2::1": "benchmark",
    "2001:10::1": "ORCHID",
    "2001:20::1": "ORCHIDv2",
    "3fff::1": "documentation",
    "5f00::1": "segment routing",
    "4000::1": "not given to anybody",
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


USER, DISGUISE, PORT = "holds a user name", "number in disguise", "no port after the colon"
BLANK, NO_NAME, NOT_PUBLIC = "a blank, a control character or a backslash", "no name of a host", "which is not public"
URLS = {
    "ftp://8.8.8.8/": "not http or https",
    "file:///etc/passwd": "not http or https",
    "gopher://8.8.8.8/": "not http or https",
    "//8.8.8.8/": "not http or https",
    "https:///hooks": "not http or https",
    "https://user:secret@8.8.8.8/": USER,
    "https://user@8.8.8.8/": USER,
    "https://@8.8.8.8/": USER,
    "https://8.8.8.8%40127.0.0.1/": DISGUISE,
    "https://bap.example%40127.0.0.1.example/": NO_NAME,
    "https://127.0.0.1#@8.8.8.8/": NOT_PUBLIC,
    "https://8.8.8.8:99999/": "cannot be read",
    "https://8.8.8.8:-1/": "cannot be read",
    "https://8.8.8.8:port/": "cannot be read",
    "https://8.8.8.8:0/": PORT,
    "https://8.8.8.8:/": PORT,
    "https://[::1/": "cannot be read",
    "https://[not an address]/": BLANK,
    "http://2130706433/": DISGUISE,
    "http://134744072/": DISGUISE,
    "http://0x7f000001/": DISGUISE,
    "http://0x/": DISGUISE,
    "http://017700000001/": DISGUISE,
    "http://0177.0.0.1/": DISGUISE,
    "http://127.1/": DISGUISE,
    "http://127.0.1/": DISGUISE,
    "http://127.0.0.0x1/": DISGUISE,
    "http://127.0.0.1./": DISGUISE,
    "http://8.8.8.8./": DISGUISE,
    "http://256.0.0.1/": DISGUISE,
    "http://bap.example.1/": DISGUISE,
    "http://127.0.0.1/": NOT_PUBLIC,
    "http://0.0.0.0/": NOT_PUBLIC,
    "http://100.64.0.1/": NOT_PUBLIC,
    "http://169.254.169.254/latest/meta-data/": NOT_PUBLIC,
    "http://１２７.０.０.１/": NOT_PUBLIC,
    "http://127。0。0。1/": NOT_PUBLIC,
    "http://①②⑦.0.0.1/": NOT_PUBLIC,
    "http://[::1]/": NOT_PUBLIC,
    "http://[::]/": NOT_PUBLIC,
    "http://[::ffff:127.0.0.1]/": NOT_PUBLIC,
    "http://[::ffff:7f00:1]/": NOT_PUBLIC,
    "http://[64:ff9b::7f00:1]/": NOT_PUBLIC,
    "http://[fe80::1%25eth0]/": "names a network interface",
    "http://localhost/": NOT_PUBLIC,
    "http://localhost./": NOT_PUBLIC,
    "http://LOCALHOST/": NOT_PUBLIC,
    "https://bap..example/": NO_NAME,
    "https://.bap.example/": NO_NAME,
    "https://-bap.example/": NO_NAME,
    "https://bap$.example/": NO_NAME,
    "https://b%61p.example/": NO_NAME,
    f"https://{'a' * 64}.example/": NO_NAME,
    "https://bap.example /": BLANK,
    "https://bap.example\t/": BLANK,
    "https://bap.example/\r\nHost: other": BLANK,
    "https://bap.example\0/": BLANK,
    "https://8.8.8.8\\@127.0.0.1/": BLANK,
}


@pytest.mark.parametrize(("url", "sentence"), URLS.items(), ids=[ascii(url) for url in URLS])
def test_url_that_leads_elsewhere_is_refused_with_a_sentence(url: str, sentence: str) -> None:
    with pytest.raises(ForbiddenAddress, match=sentence):
        vet(url)


READ_ALIKE: dict[str, tuple[str, str, int, str]] = {
    "https://BAP.Example/hooks/on_select": ("https", "bap.example", 443, "/hooks/on_select"),
    "http://bap.example.:8080": ("http", "bap.example", 8080, "/"),
    "https://bücher.example/": ("https", "xn--bcher-kva.example", 443, "/"),
    "https://under_score.bap.example/": ("https", "under_score.bap.example", 443, "/"),
    "https://8.8.8.8/a?b=c": ("https", "8.8.8.8", 443, "/a?b=c"),
    "https://[2606:2800:220:1:248:1893:25c8:1946]:1/": ("https", "2606:2800:220:1:248:1893:25c8:1946", 1, "/"),
}


@pytest.mark.parametrize(("url", "parts"), READ_ALIKE.items(), ids=[ascii(url) for url in READ_ALIKE])
def test_address_is_written_in_one_way(url: str, parts: tuple[str, str, int, str]) -> None:
    assert take_apart(url) == parts


def test_address_in_numbers_is_not_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        raise AssertionError("the resolver was asked")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert vet("https://8.8.8.8/").addresses == ("8.8.8.8",)


def test_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    released = threading.Event()
    monkeypatch.setattr(network_safety, "RESOLVE_SECONDS", 0.05)
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **kwargs: released.wait(10) and [])
    with pytest.raises(UnknownHost, match=r"slow\.example does not resolve within 0\.05 s"):
        vet("https://slow.example/")
    released.set()


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
