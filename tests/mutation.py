"""`python -m tests.mutation [MODULE …]`: changes the two engines a little at a time and counts what no test notices.

A module is a path or a pattern such as `offers/engine/limits.py`; without one, both engines are changed whole, which
takes hours: `--quick` first, then `--survivors`. It works in a copy, with mutmut, whose settings are in pyproject.toml.
The engines are pure: no database is needed. An interrupted run is taken up again; `--again` begins anew.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from tests.mutated import LONGEST

ROOT = Path(__file__).resolve().parent.parent
COPY = Path(tempfile.gettempdir()) / "portal-mutation"
#: What the settings ask for; nothing is ever reached under these names.
ENVIRONMENT = {
    "PORTAL_MODE": "test",
    "PORTAL_HOME": str(COPY / "home"),
    "PORTAL_SECRET_KEY": "mutation-" * 8,
    "PORTAL_DATA_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "DATABASE_URL": "postgresql://nobody@localhost:1/none",
    "DATABASE_OWNER_URL": "postgresql://nobody@localhost:1/none",
}
#: What stands for a change that all tests let pass, and for one that none was seen to meet.
_UNNOTICED = {0, 5, 33}
_ALL = 'only_mutate = ["offers/engine/*", "pricing/engine/*"]'


def main() -> int:
    """Return mutmut's exit code after its list of survivors."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutation", description=__doc__)
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    parser.add_argument("--again", action="store_true", help="forget what an earlier run has found")
    parser.add_argument("--quick", action="store_true", help="leave out the tests that take longer than 0.3 s")
    parser.add_argument(
        "--survivors", action="store_true", help="try once more what no test has noticed, by the property tests too"
    )
    parser.add_argument("--children", type=int, default=1, metavar="N", help="try so many changes at a time")
    options = parser.parse_args()
    if find_spec("mutmut") is None:
        parser.error("mutmut is not installed here: see CONTRIBUTING.md")
    if options.again:
        shutil.rmtree(COPY, ignore_errors=True)
    copy_tree(options.modules, whole=options.survivors)
    if options.survivors:
        forget_survivors()
    mutmut = [sys.executable, "-m", "mutmut"]
    environ = os.environ | ENVIRONMENT | ({LONGEST: "0.3"} if options.quick else {})
    run = [*mutmut, "run", "--max-children", str(options.children)]
    code = subprocess.run(run, cwd=COPY, env=environ, check=False).returncode
    subprocess.run([*mutmut, "results"], cwd=COPY, env=environ, check=False)
    return code


def copy_tree(modules: list[str], *, whole: bool) -> None:
    """Copy what git knows or would take, and say in the copy's settings which modules are to be changed.

    `whole` takes the property tests as well, which the settings leave out as they take most of the time.
    """
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, check=True).stdout.decode().split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (COPY / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, COPY / name)
    (COPY / "var/static").mkdir(parents=True, exist_ok=True)
    settings = COPY / "pyproject.toml"
    text = settings.read_text()
    if modules:
        assert _ALL in text
        text = text.replace(_ALL, f"only_mutate = {modules!r}")
    settings.write_text(re.sub(r' *"--deselect".*\n', "", text) if whole else text)


def forget_survivors() -> None:
    """Call untried what no test has noticed, and what none was seen to call."""
    for path in COPY.glob("mutants/**/*.meta"):
        found = json.loads(path.read_text())
        codes = found["exit_code_by_key"]
        found["exit_code_by_key"] = {name: None if code in _UNNOTICED else code for name, code in codes.items()}
        path.write_text(json.dumps(found))
    (COPY / "mutants/mutmut-stats.json").unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
