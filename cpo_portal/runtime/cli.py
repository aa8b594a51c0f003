"""Reads the command line of `./portal` and hands over to the command."""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from cpo_portal.runtime import child_environ, programs, tasks
from cpo_portal.runtime.backup import backup
from cpo_portal.runtime.deployment import deployment
from cpo_portal.runtime.environment import app_environment
from cpo_portal.runtime.home import Home, Refusal
from cpo_portal.runtime.locks import lock_requirements
from cpo_portal.runtime.restore import restore
from cpo_portal.runtime.up import UpOptions, up

HELP = """\
usage: ./portal COMMAND [arguments]

On one machine (needs nothing but Python; all state lies in var/, or in PORTAL_HOME):
  up [--port 8000] [--no-demo]   start everything in the foreground; Ctrl-C stops it and keeps the data
  journey [--url URL] …          run the sandbox buyer app against the running portal, or against any URL
  manage COMMAND …               Django's command line against the portal's database
  backup FILE                    write database and keys into one file, also while the portal runs
  restore FILE [--replace]       bring a backup back; callbacks are held until `manage release_callbacks`
  reset [--yes]                  remove the database, the broker's messages and the demo's files

For developers:
  test [pytest's arguments]      run the tests on a throw-away database
  check                          lint, format, types, import rules, missing migrations
  bench [GROUP] [--json FILE]    measure, on a throw-away database
  deployment [--check]           write deploy/ from the table of roles, or compare it
  lock [uv's arguments]          make the hash-pinned locks anew from requirements/*.in

On many machines (need DATABASE_URL and CELERY_BROKER_URL; nothing embedded starts):
  prepare                        only make the environment (for an image)
  migrate                        bring the database up to date, under a lock
  web [--host 127.0.0.1] [--port 8000] [--workers 1]
  worker [--bulk]                messages, or with --bulk the long work
  beat                           the scheduler

Other variables: PORTAL_PG_BIN (the bin folder of PostgreSQL 15 or newer, instead of the one that
comes with the environment), DATABASE_OWNER_URL (the role that migrates, beside DATABASE_URL).
"""

PASSED_ON: dict[str, Callable[[Home, list[str]], int]] = {
    "test": tasks.test,
    "check": tasks.check,
    "bench": tasks.bench,
    "manage": tasks.manage,
    "journey": tasks.journey,
    "lock": lock_requirements,
}
OWN = ("up", "backup", "restore", "reset", "web", "worker", "beat", "migrate", "prepare")


def main(argv: list[str]) -> int:
    """Run one command; returns the exit code."""
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(HELP, end="")
        return 0 if argv else 2
    # Ends like Ctrl-C: whatever was started is stopped and tidied up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    command, *rest = argv
    try:
        if command == "deployment":
            return deployment(rest)
        if command in PASSED_ON:
            return PASSED_ON[command](Home.from_environ().prepare(), rest)
        if command not in OWN:
            raise Refusal(f"There is no command {command!r}: `./portal --help` lists them.")
        return run_own(parser().parse_args(argv))
    except Refusal as refusal:
        print(f"portal: {refusal}", file=sys.stderr)
    except subprocess.CalledProcessError as error:
        print(f"portal: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    return 1


def port(text: str) -> int:
    """A port with room above it: the demo's buyer app listens on the next one."""
    if text.isdigit() and 1 <= int(text) <= 65534:
        return int(text)
    raise argparse.ArgumentTypeError("must be a number from 1 to 65534")


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="./portal", add_help=False)
    commands = made.add_subparsers(dest="command", required=True, metavar="COMMAND")

    command = commands.add_parser("up", help="start everything")
    command.add_argument("--port", type=port, default=8000, help="the web server's port on 127.0.0.1")
    command.add_argument("--no-demo", dest="demo", action="store_false", help="load no demo data")
    command = commands.add_parser("backup", help="write database and keys into one file")
    command.add_argument("file", type=Path)
    command = commands.add_parser("restore", help="bring a backup back")
    command.add_argument("file", type=Path)
    command.add_argument("--replace", action="store_true", help="remove the database that is there")
    command.add_argument("--yes", action="store_true", help="do not ask before that")
    command = commands.add_parser("reset", help="remove the database and the demo's files")
    command.add_argument("--yes", action="store_true", help="do not ask")
    command = commands.add_parser("web", help="serve HTTP")
    command.add_argument("--port", type=port, default=8000)
    command.add_argument("--host", default="127.0.0.1")
    command.add_argument("--workers", type=int, default=1)
    command = commands.add_parser("worker", help="work on the queues")
    command.add_argument("--bulk", action="store_true", help="the long work instead of the messages")
    commands.add_parser("beat", help="schedule periodic work")
    commands.add_parser("prepare", help="make the environment")
    commands.add_parser("migrate", help="bring the database up to date")
    return made


def run_own(args: argparse.Namespace) -> int:
    if args.command in ("web", "worker", "beat", "migrate"):
        child_environ.require_external(*child_environ.EXTERNAL)
    home = Home.from_environ().prepare()
    if args.command == "up":
        return up(home, UpOptions(args.port, args.demo))
    if args.command == "reset":
        return tasks.reset(home, sure=args.yes)
    python = app_environment(home).ensure(home)
    if args.command == "prepare":
        return 0
    if args.command == "backup":
        return backup(home, args.file.expanduser().absolute())
    if args.command == "restore":
        return restore(home, args.file.expanduser().absolute(), replace=args.replace, sure=args.yes)
    if args.command == "web":
        tasks.collect_static(home, python)
        return tasks.become(home, programs.web(python, port=args.port, host=args.host, workers=args.workers))
    if args.command == "worker":
        return tasks.become(home, programs.worker(python, bulk=args.bulk))
    if args.command == "beat":
        return tasks.become(home, programs.beat(python, home))
    return tasks.become(home, programs.manage(python, "migrate_locked"), as_owner=True)
