"""A real portal of `./portal up` in a home of its own, in the environment that the tests themselves run in."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from cpo_portal.runtime.cluster import running_urls
from cpo_portal.runtime.environment import describe
from cpo_portal.runtime.home import REPO, Home

READY_SECONDS = 120


def make_home(path: Path) -> Home:
    """A new home whose two environments are this interpreter's: what they hold is what the locks name."""
    home = Home(path).prepare()
    prefix = Path(sys.prefix)
    for name, lock in (("venv", "dev.txt"), ("buyer-venv", "buyer.txt")):
        folder = home / name
        folder.mkdir()
        for part in ("bin", "lib"):
            (folder / part).symlink_to(prefix / part)
        shutil.copy(prefix / "pyvenv.cfg", folder / "pyvenv.cfg")
        stamp = describe(REPO / "requirements" / lock, folder / "bin/python")
        (folder / ".portal-stamp.json").write_text(json.dumps(stamp))
    return home


@dataclass
class Portal:
    """One home, and the launcher that may run in it."""

    home: Home
    port: int
    launcher: subprocess.Popen[bytes] | None = None
    environ: dict[str, str] = field(default_factory=dict)

    def run(self, *args: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run one command of `./portal` to its end."""
        return subprocess.run(
            [sys.executable, REPO / "portal", *args],
            check=False,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            env=self._environ(),
            timeout=seconds,
        )

    def does(self, *args: str) -> str:
        """Run one command that must succeed; returns what it printed."""
        done = self.run(*args)
        assert done.returncode == 0, f"{args}\n{done.stdout}\n{done.stderr}\n{self.logs()}"
        return done.stdout

    def up(self, *args: str) -> None:
        """Start, and return once it says that it runs."""
        output = self.home / "log/up.out"
        with output.open("wb") as file:
            self.launcher = subprocess.Popen(
                [sys.executable, REPO / "portal", "up", "--port", str(self.port), *args],
                stdout=file, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=self._environ(),
            )  # fmt: skip
        deadline = time.monotonic() + READY_SECONDS
        while "The portal runs" not in output.read_text():
            assert self.launcher.poll() is None, f"`up` ended\n{output.read_text()}\n{self.logs()}"
            assert time.monotonic() < deadline, f"`up` was not ready\n{output.read_text()}\n{self.logs()}"
            time.sleep(0.1)

    def stop(self) -> None:
        if self.launcher and self.launcher.poll() is None:
            self.launcher.send_signal(signal.SIGTERM)
            self.launcher.wait(60)

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return str(answer.read().decode())

    def owner_url(self) -> str:
        urls = running_urls(self.home)
        assert urls is not None
        return urls.owner

    def logs(self) -> str:
        paths = sorted(self.home.path.glob("log/*.log"))
        return "\n".join(f"== {path.name}\n{path.read_text(errors='replace')[-3000:]}" for path in paths)

    def _environ(self) -> dict[str, str]:
        return os.environ | {"PORTAL_HOME": str(self.home.path)} | self.environ
