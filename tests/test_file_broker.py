"""The embedded broker under several writers: every message arrives once, whole."""

from __future__ import annotations

import multiprocessing
import time
from pathlib import Path
from queue import Empty
from typing import Any

import pytest
from kombu import Connection

from cpo_portal import file_broker

WRITERS, EACH = 3, 150


def open_channel(folder: Path) -> Any:
    options = {
        "data_folder_in": str(folder / "queue"),
        "data_folder_out": str(folder / "queue"),
        "control_folder": str(folder / "control"),
    }
    file_broker.install()
    return Connection("filesystem://", transport_options=options).channel()


def write(folder: Path, writer: int) -> None:
    channel = open_channel(folder)
    for number in range(EACH):
        channel._put("messages", {"writer": writer, "number": number, "padding": "x" * 2_000})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("queue", "control", "tmp"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    return tmp_path


def test_messages_written_by_several_processes_are_all_read_whole(folder: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    writers = [spawn.Process(target=write, args=(folder, number)) for number in range(WRITERS)]
    for writer in writers:
        writer.start()
    channel, read, deadline = open_channel(folder), set(), time.monotonic() + 60
    while len(read) < WRITERS * EACH and time.monotonic() < deadline:
        try:
            message = channel._get("messages")
        except Empty:
            continue
        assert (message["writer"], message["number"]) not in read
        read.add((message["writer"], message["number"]))
    for writer in writers:
        writer.join(10)
    assert len(read) == WRITERS * EACH


def test_what_a_crash_left_of_a_message_is_dropped_and_the_next_is_read(folder: Path) -> None:
    (folder / "queue/1_broken.messages.msg").write_bytes(b'{"half": ')
    channel = open_channel(folder)
    channel._put("messages", {"whole": True})
    assert channel._get("messages") == {"whole": True}


def test_a_message_of_another_queue_is_left_where_it_is(folder: Path) -> None:
    channel = open_channel(folder)
    channel._put("bulk", {"whole": True})
    with pytest.raises(Empty):
        channel._get("messages")
    assert channel._get("bulk") == {"whole": True}


def hint(task: str, *, args: str = "[]", number: int = 0) -> dict[str, Any]:
    return {"headers": {"task": task, "id": str(number)}, "body": args}


def taken(channel: Any) -> list[tuple[str, str]]:
    """Take all that waits; return each message's task and id."""
    found = []
    while True:
        try:
            message = channel._get("messages")
        except Empty:
            return found
        found.append((message["headers"]["task"], message["headers"]["id"]))


def test_of_hints_that_say_the_same_the_last_waits_in_the_first_one_s_place(folder: Path) -> None:
    channel = open_channel(folder)
    for number in range(50):
        channel._put("messages", hint("drain", number=number))
        time.sleep(0.002)  # names begin with the millisecond
        if number == 0:
            channel._put("messages", hint("deliver"))
            time.sleep(0.002)
    assert len(list((folder / "queue").iterdir())) == 2
    assert taken(channel) == [("drain", "49"), ("deliver", "0")]


def test_a_hint_after_one_that_was_taken_waits_anew(folder: Path) -> None:
    channel = open_channel(folder)
    channel._put("messages", hint("drain", number=1))
    assert taken(channel) == [("drain", "1")]
    channel._put("messages", hint("drain", number=2))
    assert taken(channel) == [("drain", "2")]


def test_messages_that_say_something_else_all_wait(folder: Path) -> None:
    channel = open_channel(folder)
    for number, args in enumerate(("[1]", "[2]", "[2]")):
        channel._put("messages", hint("count", args=args, number=number))
        channel._put("bulk", hint("count", args=args, number=number))
        channel._put("messages", {"no": "task"})
    assert len(list((folder / "queue").iterdir())) == 2 + 2 + 3
