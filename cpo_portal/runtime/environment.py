"""Makes the Python environments under the home from the hash-pinned locks, once per lock."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from cpo_portal.runtime.home import REPO, Home, Refusal, hold_lock, lock_holder, say

PIP = ("-m", "pip", "--disable-pip-version-check", "--no-input")
PROGRESS_EVERY = 20


@dataclass(frozen=True, slots=True)
class Environment:
    """One virtual environment, the lock that fills it, and the locks that its content also satisfies."""

    folder: Path
    lock: Path
    wider_lock: Path | None = None

    @property
    def python(self) -> Path:
        return self.folder / "bin/python"

    @property
    def stamp(self) -> Path:
        return self.folder / ".portal-stamp.json"

    def ensure(self, home: Home) -> Path:
        """Make or refresh the environment if needed; returns its interpreter."""
        if not self.satisfied():
            lock = home / f"run/{self.folder.name}.lock"
            if lock_holder(lock) is not None:
                say(f"Waiting for another `./portal` that fills {self.folder} …")
            with hold_lock(lock, wait=True):
                if not self.satisfied():
                    self._fill()
        return self.python

    def satisfied(self) -> bool:
        held = self._held()
        return self.python.exists() and held in [describe(lock, self.python) for lock in self._locks() if lock.exists()]

    def _locks(self) -> list[Path]:
        return [self.lock, *([self.wider_lock] if self.wider_lock else [])]

    def _held(self) -> dict[str, str]:
        try:
            return dict(json.loads(self.stamp.read_text()))
        except (OSError, ValueError):
            return {}

    def _fill(self) -> None:
        """The stamp goes first and comes last, so an interrupted installation is begun anew."""
        held = self._held()
        lock = self.lock
        if self.wider_lock and held.get("lock") == self.wider_lock.name:
            # What holds the developer's tools keeps them, or `up` and `test` would undo each other.
            lock = self.wider_lock
        if not lock.exists():
            raise Refusal(f"{lock.relative_to(REPO)} is missing: make it with `./portal lock`.")
        if not self.python.exists() or held.get("python") != str(self.python.resolve()):
            make_venv(self.folder)
        self.stamp.unlink(missing_ok=True)
        install(self.python, lock)
        remove_unlocked(self.python, lock)
        self.stamp.write_text(json.dumps(describe(lock, self.python)))


def app_environment(home: Home) -> Environment:
    """The application's environment; one that holds the developer's tools serves as well."""
    return Environment(home / "venv", REPO / "requirements/app.txt", REPO / "requirements/dev.txt")


def dev_environment(home: Home) -> Environment:
    return Environment(home / "venv", REPO / "requirements/dev.txt")


def buyer_environment(home: Home) -> Environment:
    return Environment(home / "buyer-venv", REPO / "requirements/buyer.txt")


def describe(lock: Path, python: Path) -> dict[str, str]:
    """What the stamp of an environment says: its lock, and the interpreter that its links lead to."""
    digest = hashlib.sha256(lock.read_bytes()).hexdigest()
    return {"lock": lock.name, "sha256": digest, "python": str(python.resolve())}


def make_venv(folder: Path) -> None:
    say(f"Making a Python {sys.version_info[0]}.{sys.version_info[1]} environment in {folder} …")
    shutil.rmtree(folder, ignore_errors=True)
    made = subprocess.run(
        [sys.executable, "-m", "venv", str(folder)], check=False, capture_output=True, text=True, env=plain_environ()
    )
    if made.returncode:
        shutil.rmtree(folder, ignore_errors=True)
        said = (made.stdout + made.stderr).strip()
        hint = " (on Debian and Ubuntu: apt-get install python3-venv)" if "ensurepip" in said else ""
        raise Refusal(f"`python3 -m venv` failed{hint}:\n{said}")


def plain_environ() -> dict[str, str]:
    """Our environment without what redirects Python to other packages."""
    return {
        name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    }


def locked_names(lock: Path) -> list[str]:
    return re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==", lock.read_text(), re.MULTILINE)


def install(python: Path, lock: Path) -> None:
    """Install with hashes and from built packages; a package without one for this machine is built."""
    total = len(locked_names(lock))
    say(f"Installing up to {total} packages (once) …")
    began = time.monotonic()
    # A lock is whole, so nothing is left to resolve; pip, asked to, would look for an extra's (`coverage[toml]`) newest
    # release, which no lock holds, and refuse it for want of a hash.
    argv = [str(python), *PIP, "install", "--progress-bar", "off", "--no-deps", "--require-hashes", "-r", str(lock)]
    code, output = run_pip([*argv, "--only-binary", ":all:"], total)
    if code and "No matching distribution found" in output:
        say("A package has no built version for this machine: building it …")
        code, output = run_pip([*argv, "--prefer-binary"], total)
    if code:
        raise Refusal("The packages could not be installed; pip said:\n" + "\n".join(output.splitlines()[-15:]))
    say(f"  installed in {time.monotonic() - began:.0f} s")


def run_pip(argv: list[str], total: int, show: Callable[[str], None] = say) -> tuple[int, str]:
    """Run pip, counting aloud; returns its exit code and its output."""
    lines: list[str] = []
    collected = 0
    with subprocess.Popen(
        argv, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True, env=plain_environ()
    ) as pip:
        for line in pip.stdout or ():
            lines.append(line)
            if line.startswith(("Collecting ", "Processing ")):
                collected += 1
                if collected % PROGRESS_EVERY == 0:
                    show(f"  {collected} of {total} …")
            elif line.startswith("Installing collected"):
                show("  unpacking …")
    return pip.returncode, "".join(lines)


def remove_unlocked(python: Path, lock: Path) -> None:
    """Uninstall what an earlier lock had and this one has not."""
    listed = subprocess.run(
        [str(python), *PIP, "list", "--format=json"], capture_output=True, text=True, check=True, env=plain_environ()
    )
    keep = {normal(name) for name in locked_names(lock)} | {"pip", "setuptools", "wheel"}
    gone = [entry["name"] for entry in json.loads(listed.stdout) if normal(entry["name"]) not in keep]
    if gone:
        subprocess.run([str(python), *PIP, "uninstall", "-q", "-y", *gone], check=True, env=plain_environ())


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
