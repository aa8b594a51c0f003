"""Senders over real sockets: slow, endless, packed, garbled. Each is answered in words and holds nobody else up."""

from __future__ import annotations

import asyncio
import gzip
import json
import socket
import time
import urllib.request
from typing import Any

import pytest

from beckn.models import InboundMessage
from cpo_portal.runtime.programs import HEADER_SECONDS
from tests.hostile.conftest import bap
from tests.hostile.live import BODY_SECONDS, Answered, LiveWeb, drip, read_answer, request

SLOW = 200
PATHS = ("/beckn/select", "/api/offers/", "/admin/login/", "/nowhere")
ACK = {"message": {"ack": {"status": "ACK"}}}
MB = 1 << 20


def said(answer: Answered) -> str:
    """Return the sentence of a refusal; each side has its own shape for it."""
    if "application/json" not in answer.head:
        return answer.body.decode()
    error: Any = answer.json()["error"]
    return str(error["message"])


def signed(body: bytes, **headers: str) -> bytes:
    return request("/beckn/select", body, Authorization=bap().sign(body), **headers)


def get(web: LiveWeb, path: str) -> int:
    with urllib.request.urlopen(f"http://127.0.0.1:{web.port}{path}", timeout=30) as answer:
        return int(answer.status)


async def _among_slow_senders(web: LiveWeb) -> tuple[list[int], bool, list[tuple[bytes, float]]]:
    """Return the answers to honest requests, whether all slow lines were open meanwhile, and how these ended."""
    ended = asyncio.Event()
    slow = [
        asyncio.ensure_future(drip(web.port, PATHS[n % 3], chunked=n % 3 < 2 and n % 2 == 0, finished=ended))
        for n in range(SLOW)
    ]
    await asyncio.sleep(0.5)
    posts = [asyncio.to_thread(web.send, signed(bap().body("select"))) for _ in range(10)]
    gets = [asyncio.to_thread(get, web, path) for path in ("/admin/login/", "/healthz")]
    honest = [answer.status for answer in await asyncio.gather(*posts)] + list(await asyncio.gather(*gets))
    still_sending = not ended.is_set()
    return honest, still_sending, await asyncio.gather(*slow)


def test_two_hundred_slow_senders_hold_nobody_up_and_are_cut_off(web: LiveWeb) -> None:
    honest, still_sending, slow = asyncio.run(_among_slow_senders(web))
    assert (honest, still_sending) == ([200] * 12, True)
    assert {raw.split(b"\r\n")[0] for raw, _ in slow} == {b"HTTP/1.1 408 Request Timeout"}
    assert max(seconds for _, seconds in slow) < BODY_SECONDS + 2


def test_a_body_of_fifty_megabytes_is_refused_by_its_length_alone(web: LiveWeb) -> None:
    files = (("/api/offer-imports", 10 * MB), ("/admin/offers/offer/import_offers/", 10 * MB))
    for path, limit in (("/beckn/select", MB), ("/api/offers/", 2_621_440), ("/admin/login/", 2_621_440), *files):
        answer = web.send(request(path, length=50 * MB))  # not one byte of it is sent
        assert (answer.status, answer.ended) == (413, True)
        assert said(answer) == f"The body is longer than {limit} bytes; send less at once."


@pytest.mark.parametrize("announced", [True, False], ids=["announced", "chunked"])
def test_fifty_megabytes_that_are_sent_all_the_same_are_not_held_in_memory(web: LiveWeb, announced: bool) -> None:
    get(web, "/healthz")
    before = web.memory()
    lines = []
    for _ in range(8):
        line = socket.create_connection(("127.0.0.1", web.port), timeout=10)
        how: dict[str, Any] = {"length": 50 * MB} if announced else {"Transfer_Encoding": "chunked"}
        piece = b" " * MB if announced else b"100000\r\n" + b" " * MB + b"\r\n"
        line.sendall(request("/beckn/select", **how))
        sent = 0
        try:
            while sent < 50:
                line.sendall(piece)
                sent += 1
        except OSError:
            pass
        assert sent < 50  # the line had ended before
        lines.append(line)
    assert web.memory() - before < 16 * MB
    for line in lines:
        line.close()


def test_a_signed_message_in_chunks_is_as_good_as_any(web: LiveWeb, database: None) -> None:
    raw = bap().body("select", message_id="in-chunks")
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (raw[:7], raw[7:]))
    message = signed(raw, Transfer_Encoding="chunked").removesuffix(raw) + chunks + b"0\r\n\r\n"
    answer = web.send(message)
    assert (answer.status, answer.json()) == (200, ACK)
    assert InboundMessage.objects.filter(message_id="in-chunks").count() == 1


def test_a_form_in_chunks_is_asked_for_its_length(web: LiveWeb) -> None:
    answer = web.send(request("/admin/login/", b"0\r\n\r\n", Transfer_Encoding="chunked"))
    assert (answer.status, said(answer), answer.ended) == (411, "Send the body with a Content-Length.", True)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("encoding", ["gzip", "br", "GZIP, identity"])
def test_a_packed_body_is_refused_unread(web: LiveWeb, path: str, encoding: str) -> None:
    body = gzip.compress(b" " * MB)
    answer = web.post(path, body, Content_Encoding=encoding, Authorization=bap().sign(body))
    assert (answer.status, answer.ended) == (415, True)
    assert said(answer) == f"Send the body as it is: Content-Encoding {encoding} is not read here."


def test_a_body_that_ends_early_is_no_body(web: LiveWeb, database: None) -> None:
    raw = bap().body("select", message_id="cut-short")
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as line:
        line.sendall(signed(raw, Content_Length=str(len(raw) + 1)))
        line.shutdown(socket.SHUT_WR)
        answer = read_answer(line)
    assert (answer.status, answer.ended) == (400, True)
    assert said(answer) == "The body ended before its Content-Length; send it again whole."
    assert not InboundMessage.objects.filter(message_id="cut-short").exists()
    assert web.send(signed(raw)).json() == ACK


TYPES = ["application/json; charset=utf-16", "text/plain", "application/x-www-form-urlencoded", "", "multipart/x; a=;;"]


@pytest.mark.parametrize("content_type", TYPES)
def test_the_network_reads_json_whatever_its_content_type_says(web: LiveWeb, content_type: str) -> None:
    answer = web.send(signed(bap().body("select"), Content_Type=content_type))
    assert (answer.status, answer.json()) == (200, ACK)


CHARSETS = {"utf-16": "The body is not UTF-8.", "utf-32": "The body is not UTF-8.", "utf-8-sig": "The body is not JSON"}


@pytest.mark.parametrize(("charset", "sentence"), CHARSETS.items())
def test_a_message_in_another_charset_is_refused(web: LiveWeb, charset: str, sentence: str) -> None:
    body = bap().body("select").decode().encode(charset)
    answer = web.send(signed(body))
    assert answer.status == 400
    assert said(answer).startswith(sentence)


GARBAGE = {
    "bytes": b"\x00\xff\xfe" * 200 + b"\r\n\r\n",
    "a header without a name": b"GET / HTTP/1.1\r\n: x\r\n\r\n",
    "two lengths": b"POST /beckn/select HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "a length below zero": b"POST /beckn/select HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n",
    "a length of letters": b"POST /beckn/select HTTP/1.1\r\nHost: h\r\nContent-Length: ten\r\n\r\n",
    "HTTP/2 by prior knowledge": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an unknown coding": b"POST /beckn/select HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n",
    "a header of a megabyte": b"GET / HTTP/1.1\r\nX: " + b"x" * MB + b"\r\n\r\n",
    "ten thousand headers": b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 10_000 + b"\r\n",
}


@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
def test_garbage_ends_its_own_line_and_no_other(web: LiveWeb, garbage: bytes) -> None:
    answer = web.send(garbage)
    assert (answer.status in {0, 400, 411, 413, 431}, answer.ended) == (True, True)
    behind = web.send(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + garbage)
    assert behind.status == 200  # pipelined behind a sound request, which is answered
    assert get(web, "/healthz") == 200


def test_a_header_cannot_pass_for_another_by_an_underscore(web: LiveWeb) -> None:
    body = bap().body("select")
    fields = request("/beckn/select", body).replace(b"Content-Type", b"X_Gateway-Authorization: x\r\nContent-Type")
    answer = web.send(fields.replace(b"Host", f"Authorization: {bap().sign(body)}\r\nHost".encode()))
    assert (answer.status, answer.json()) == (200, ACK)


PATHS_ODD = [
    b"/%ff%fe",
    b"/%00",
    b"/beckn/%00",
    b"/beckn/" + b"a" * 5000,
    b"/..%2f..%2fetc/passwd",
    b"/admin/%F0%9F",
    b"*",
]


@pytest.mark.parametrize("path", PATHS_ODD, ids=lambda path: path[:20].decode())
@pytest.mark.parametrize("method", [b"GET", b"POST", b"OPTIONS", b"TRACE", b"FOO"])
def test_odd_paths_and_methods_are_answered_in_words(web: LiveWeb, path: bytes, method: bytes) -> None:
    answer = web.send(
        method + b" " + path + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{}", lingering=0.001
    )
    assert 200 <= answer.status < 500


@pytest.mark.slow
def test_slow_headers_and_idle_lines_are_cut_off(web: LiveWeb) -> None:
    lines = [socket.create_connection(("127.0.0.1", web.port), timeout=HEADER_SECONDS + 5) for _ in range(SLOW)]
    began = time.monotonic()
    for line in lines:
        line.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
    assert get(web, "/healthz") == 200
    assert {line.recv(1) for line in lines} == {b""}
    assert time.monotonic() - began < HEADER_SECONDS + 3
    for line in lines:
        line.close()


def test_nothing_of_all_this_was_an_error(web: LiveWeb) -> None:
    levels = {json.loads(line)["level"] for line in web.log().splitlines() if line.startswith("{")}
    assert levels <= {"info", "warning"}
    assert "Traceback" not in web.log()
