"""Real processes for the races: each has its own connections, as two workers would."""

from __future__ import annotations

import multiprocessing
import signal
import traceback
from collections.abc import Callable
from typing import Any

from django.db import connection, connections

_FORK = multiprocessing.get_context("fork")


def run_at_once(count: int, work: Callable[[int], Any], *, seconds: float = 60) -> list[Any]:
    """Run `work(0..count-1)` in as many processes, released together; return the results in that order.

    A process that raises makes the whole call raise, with its traceback.
    """
    connections.close_all()
    barrier, answers = _FORK.Barrier(count), _FORK.Queue()
    processes = [
        _FORK.Process(target=_run, args=(work, number, barrier, answers), daemon=True) for number in range(count)
    ]
    for process in processes:
        process.start()
    try:
        found = dict(answers.get(timeout=seconds) for _ in processes)
    finally:
        for process in processes:
            process.join(timeout=5)
            if process.is_alive():
                process.kill()
    failed = [text for ok, text in found.values() if not ok]
    if failed:
        raise AssertionError("\n".join(failed[:3]))
    return [found[number][1] for number in range(count)]


def _run(work: Callable[[int], Any], number: int, barrier: Any, answers: Any) -> None:
    try:
        barrier.wait(timeout=30)
        answers.put((number, (True, work(number))))
    except BaseException:  # noqa: BLE001  whatever happened belongs to the parent's report
        answers.put((number, (False, traceback.format_exc())))
    finally:
        connections.close_all()


def kill_before_statement(number: int, work: Callable[[], Any], *, seconds: float = 60) -> bool:
    """Run `work` in a process that is killed (SIGKILL) when it is about to send its SQL statement of this number.

    Return whether it came to that; False where it had fewer statements and ended by itself. One that raises makes the
    call raise.
    """
    connections.close_all()
    ours, theirs = _FORK.Pipe()
    process = _FORK.Process(target=_run_up_to, args=(number, work, theirs), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(seconds):
            raise AssertionError("the process neither came to the statement nor ended")
        said = ours.recv()
    finally:
        process.kill()
        process.join(timeout=5)
    if said not in {"there", "done"}:
        raise AssertionError(said)
    return bool(said == "there")


def _run_up_to(number: int, work: Callable[[], Any], parent: Any) -> None:
    left = number

    def stop(execute: Callable[..., Any], *statement: Any) -> Any:
        nonlocal left
        if left == 0:
            parent.send("there")
            signal.pause()
        left -= 1
        return execute(*statement)

    try:
        with connection.execute_wrapper(stop):
            work()
        parent.send("done")
    except BaseException:  # noqa: BLE001  whatever happened belongs to the parent's report
        parent.send(traceback.format_exc())
