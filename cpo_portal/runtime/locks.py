"""Makes the hash-pinned locks from requirements/*.in and refuses any that names an address."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from cpo_portal.runtime.environment import PIP, make_venv, plain_environ
from cpo_portal.runtime.home import REPO, Home, Refusal, say

COMPILE = (
    "--generate-hashes",
    "--universal",
    "--python-version=3.11",
    "--no-emit-index-url",
    "--no-emit-find-links",
    "--no-annotate",
    "--custom-compile-command=./portal lock",
)
# The developer's lock is held to the application's versions: one environment serves both.
CONSTRAINTS = {"dev": ["--constraint=requirements/app.txt"]}


def lock_requirements(home: Home, extra: list[str]) -> int:
    """Write requirements/{app,dev,buyer}.txt; `extra` goes to uv, for example --upgrade."""
    folder = home / "lock-venv"
    if not (folder / "bin/python").exists():
        make_venv(folder)
    pinned = re.search(r"^uv==\S+", (REPO / "requirements/dev.in").read_text(), re.MULTILINE)
    if pinned is None:
        raise Refusal("requirements/dev.in must pin uv (uv==…): the locks are made with it.")
    subprocess.run([folder / "bin/python", *PIP, "install", "-q", pinned[0]], check=True, env=plain_environ())
    for name in ("app", "dev", "buyer"):
        say(f"Locking requirements/{name}.in …")
        target = REPO / f"requirements/{name}.txt"
        argv: list[str | Path] = [
            folder / "bin/uv",
            "pip",
            "compile",
            "-q",
            f"requirements/{name}.in",
            "-o",
            f"requirements/{name}.txt",
        ]
        done = subprocess.run([*argv, *COMPILE, *CONSTRAINTS.get(name, []), *extra], check=False, cwd=REPO)
        if done.returncode:
            raise Refusal(f"uv could not lock requirements/{name}.in.")
        if "://" in target.read_text():
            raise Refusal(f"{target.relative_to(REPO)} names an address: a lock must hold none.")
    return 0
