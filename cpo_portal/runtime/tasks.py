"""The commands beside `up`: each prepares an environment and a database, then runs one program in the foreground."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from cpo_portal.runtime import child_environ, programs
from cpo_portal.runtime.cluster import Cluster, DatabaseUrls, destroy_cluster, running_urls, throwaway_cluster
from cpo_portal.runtime.environment import app_environment, buyer_environment, dev_environment
from cpo_portal.runtime.home import REPO, Home, LockTaken, Refusal, hold_lock, lock_holder, say
from cpo_portal.runtime.processes import die_with_parent
from cpo_portal.runtime.up import already_running

OWNERS_COMMANDS = ("migrate", "migrate_locked", "makemigrations", "sqlmigrate", "flush")
CHECKS = (
    ("ruff", ["ruff", "check", "."]),
    ("format", ["ruff", "format", "--check", "."]),
    ("types", ["mypy"]),
    ("imports", ["lint-imports"]),
    ("migrations", ["python", "manage.py", "makemigrations", "--check", "--dry-run"]),
)


def run_foreground(argv: list[str], environ: dict[str, str]) -> int:
    """Run a program that owns the terminal and its Ctrl-C; returns its exit code, 128 + n for signal n."""
    with contextlib.ExitStack() as stack:
        process: subprocess.Popen[bytes] | None = None

        def forward(number: int, _frame: object) -> None:
            if process is not None:
                process.send_signal(number)

        # The terminal sends Ctrl-C to the program as well: we only wait, and tidy up after it.
        for number, handler in ((signal.SIGINT, lambda *_: None), (signal.SIGTERM, forward), (signal.SIGHUP, forward)):
            stack.callback(signal.signal, number, signal.signal(number, handler))
        process = subprocess.Popen(argv, env=environ, cwd=REPO, preexec_fn=die_with_parent(signal.SIGTERM))  # noqa: PLW1509
        code = process.wait()
    return code if code >= 0 else 128 - code


def test(home: Home, args: list[str]) -> int:
    """The whole fast suite is spread over the processors; whoever names tests or options gets plain pytest."""
    python = dev_environment(home).ensure(home)
    args = args or spread(os.cpu_count() or 1)
    with throwaway_cluster(home) as made:
        return run_foreground([str(python), "-m", "pytest", *args], child_environ.test_environ(made.home, made.urls))


def spread(processors: int) -> list[str]:
    """Options of pytest-xdist: the tests of a file stay together, for they share what is slow to start."""
    return ["-n", str(min(processors, 4)), "--dist", "loadfile"] if processors > 1 else []


def bench(home: Home, args: list[str]) -> int:
    """Commits reach the disk here: a figure without fsync would flatter."""
    python = dev_environment(home).ensure(home)
    with throwaway_cluster(home, durable=True) as made:
        environ = child_environ.embedded_environ(made.home, made.urls) | made.urls.environ()
        return run_foreground([str(python), "-m", "tests.bench", *args], environ)


def check(home: Home, args: list[str]) -> int:
    """Every static check, each under its heading, whatever the ones before it said."""
    if args:
        raise Refusal("`./portal check` takes no arguments.")
    bin_folder = dev_environment(home).ensure(home).parent
    failed = []
    with throwaway_cluster(home) as made:
        environ = child_environ.test_environ(made.home, made.urls)
        for name, (program, *rest) in CHECKS:
            say(f"== {name}: {' '.join([program, *rest])}")
            if run_foreground([str(bin_folder / program), *rest], environ):
                failed.append(name)
    say(f"Failed: {', '.join(failed)}." if failed else "All checks passed.")
    return 1 if failed else 0


def manage(home: Home, args: list[str]) -> int:
    python = app_environment(home).ensure(home)
    command = args[0] if args else ""
    with database(home) as urls, home.own_tmp() as tmp:
        if child_environ.external():
            environ = child_environ.external_environ(home)
        else:
            port = urlsplit((lock_holder(home / "run/lock") or {}).get("url", "")).port or 8000
            environ = child_environ.embedded_environ(home, urls, port=port)
        if command in OWNERS_COMMANDS:
            environ = child_environ.as_owner(environ, urls)
        elif command == "load_demo":
            environ |= urls.environ()
        return run_foreground(programs.manage(python, *args), environ | {"TMPDIR": str(tmp)})


@contextlib.contextmanager
def database(home: Home, command: str = "manage") -> Iterator[DatabaseUrls]:
    """The user's database, the one of a running `up`, or the embedded one started for this command."""
    if child_environ.external():
        yield child_environ.external_urls()
        return
    waiting_said = False
    while True:
        try:
            with hold_lock(home / "run/lock", command=command):
                cluster = Cluster.of(home)
                try:
                    yield cluster.start()
                finally:
                    cluster.stop()
                return
        except LockTaken as taken:
            if taken.holder.get("command") == "up":
                yield wait_for_running(home)
                return
            if not waiting_said:
                say(
                    f"Waiting for `./portal {taken.holder.get('command')}` (process {taken.holder.get('pid')}) to end …"
                )
                waiting_said = True
            time.sleep(0.3)


def wait_for_running(home: Home) -> DatabaseUrls:
    """The URLs of the cluster of an `up` that may just be starting."""
    deadline = time.monotonic() + 60
    while (urls := running_urls(home)) is None:
        if time.monotonic() > deadline:
            raise Refusal("The database of the running `./portal up` does not answer.")
        time.sleep(0.3)
    return urls


def journey(home: Home, args: list[str]) -> int:
    given = next((args[i + 1 : i + 2] or [""] for i, arg in enumerate(args) if arg == "--url"), None)
    given = given or next(([arg.partition("=")[2]] for arg in args if arg.startswith("--url=")), None)
    running = (lock_holder(home / "run/lock") or {}).get("url") or "http://127.0.0.1:8000"
    url = given[0] if given else str(running)
    asks_for_help = {"-h", "--help"} & set(args)
    if not asks_for_help:
        refuse_silence(url)
    if not given:
        args = ["--url", url, *args]
    if not any(arg.split("=")[0] == "--credentials" for arg in args):
        credentials = home / "demo/buyer.json"
        if not credentials.exists() and not asks_for_help:
            raise Refusal(
                f"{credentials} is missing: `./portal up` writes it with the demo data,"
                " or name another with --credentials."
            )
        args = ["--credentials", str(credentials), *args]
    python = buyer_environment(home).ensure(home)
    return run_foreground([str(python), "-m", "beckn.buyer", *args], child_environ.external_environ(home))


def refuse_silence(url: str) -> None:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=5).close()
    except OSError as error:
        raise Refusal(
            f"Nothing answers at {url} ({error}): run `./portal up` first, or name the portal with --url."
        ) from None


def reset(home: Home, *, sure: bool) -> int:
    """Remove database, broker and demo state. The keys stay: a dump restored later is sealed with them."""
    try:
        with hold_lock(home / "run/lock", command="reset"):
            if not sure and not confirmed(home):
                say("Nothing was removed.")
                return 1
            destroy_cluster(home)
            for name in ("broker", "demo", "static"):
                shutil.rmtree(home / name, ignore_errors=True)
            for made in [*home.path.glob("run/beat-schedule*"), home / "run/static-stamp"]:
                made.unlink(missing_ok=True)
            home.prepare()
    except LockTaken as taken:
        raise Refusal(already_running(home, taken.holder)) from None
    say("The database, the broker's messages and the demo's files are removed.")
    return 0


def confirmed(home: Home) -> bool:
    if not sys.stdin.isatty():
        raise Refusal(f"This removes the database of {home.path}: repeat it with --yes.")
    return input(
        f"Remove the database, the broker's messages and the demo's files of {home.path}? [y/N] "
    ).strip().lower() in ("y", "yes")


def collect_static(home: Home, python: Path) -> None:
    """Before `web` on one of many machines, whose static files are its own."""
    argv = programs.manage(python, "collectstatic", "--noinput", "--verbosity=0")
    if run_foreground(argv, child_environ.external_environ(home)):
        raise Refusal("The static files could not be collected.")


def become(home: Home, argv: list[str], *, as_owner: bool = False) -> int:
    """Turn into the program: on many machines something else supervises it."""
    environ = child_environ.external_environ(home)
    if as_owner:
        environ = child_environ.as_owner(environ, child_environ.external_urls())
    os.chdir(REPO)
    os.execve(argv[0], argv, environ)  # noqa: S606
