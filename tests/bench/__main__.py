"""`./portal bench [GROUP …] [--json FILE]`: measures the portal on a throw-away database and prints the figures."""

from __future__ import annotations

import argparse
import importlib
import json
import os
import sys
import time
from pathlib import Path

from tests.bench.figures import GOALS, Figures, is_of_a_window, row

GROUPS = ("price", "metering", "backtest", "select", "redeem", "network", "ack", "callback", "sick", "soak", "idle")


def main() -> int:
    """Run the groups one after the other; 0 also where a goal is missed, for a figure depends on the machine."""
    parser = argparse.ArgumentParser(prog="./portal bench", description=__doc__)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)}; all where none is named")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures as one flat object")
    options = parser.parse_args()
    unknown = sorted(set(options.groups) - set(GROUPS))
    if unknown:
        parser.error(f"there is no group {', '.join(unknown)}; the groups are {', '.join(GROUPS)}")
    if "DATABASE_OWNER_URL" not in os.environ:
        parser.error("run it as `./portal bench`, which starts the database that this needs")
    if options.json:
        options.json.parent.mkdir(parents=True, exist_ok=True)
    prepare()
    figures: Figures = {}
    for group in [group for group in GROUPS if group in (options.groups or GROUPS)]:
        figures |= run(group)
        if options.json:  # after each group: what was measured stays, whatever the next one does
            options.json.write_text(json.dumps(figures, indent=2) + "\n")
    missed = [name for name, goal in GOALS.items() if name in figures and not goal.met(figures[name])]
    print(f"Goals missed: {', '.join(missed)}." if missed else "All goals of these groups are met.", flush=True)
    return 0


def prepare() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.bench.settings"
    os.environ["PORTAL_LOG_LEVEL"] = os.environ.get("PORTAL_LOG_LEVEL", "INFO")
    from tests.bench import database

    database.migrate()
    import django

    django.setup()
    import cpo_portal.celery  # noqa: F401  the application that the groups send tasks with


def run(group: str) -> Figures:
    from tests.bench import database

    database.empty()
    module = importlib.import_module(f"tests.bench.{group}")
    print(f"{group}: {module.__doc__.strip().splitlines()[0]}", flush=True)
    began = time.monotonic()
    found: Figures = {name: round(value, 4) for name, value in module.run().items()}
    for name, value in found.items():
        if not is_of_a_window(name):
            print(row(name, value))
    print(f"  ({time.monotonic() - began:.0f} s)\n", flush=True)
    return found


if __name__ == "__main__":
    sys.exit(main())
