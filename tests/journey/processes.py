"""A live portal for the journey: web, worker and scheduler as `./portal up` starts them, on the test database."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from cpo_portal.runtime import programs

REPO = Path(__file__).resolve().parents[2]
READY_SECONDS = 120

#: Runs the buyer where nothing but the standard library, cryptography and urllib3 can be imported.
BLOCKED = """
import runpy, sys
ALLOWED = sys.stdlib_module_names | {"cryptography", "urllib3", "cffi", "_cffi_backend", "pycparser"}
class Wall:
    def find_spec(self, name, path=None, target=None):
        top, _, rest = name.partition(".")
        own = top == "beckn" and (not rest or rest.split(".")[0] == "buyer")
        if top in ALLOWED or own:
            return None
        raise ModuleNotFoundError(f"{name} is not there for a buyer app", name=name)
sys.meta_path.insert(0, Wall())
sys.argv[0] = "beckn.buyer"
runpy.run_module("beckn.buyer", run_name="__main__", alter_sys=True)
"""


@dataclass(slots=True)
class LivePortal:
    """The processes of one portal, its folder and its addresses."""

    home: Path
    port: int
    environ: dict[str, str]
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def manage(self, *args: str) -> str:
        """Run a management command to its end and return what it printed."""
        argv = programs.manage(Path(sys.executable), *args)
        done = subprocess.run(
            argv, cwd=REPO, env=self.environ, capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> None:
        """Start everything and wait until it says that it is ready."""
        python = Path(sys.executable)
        for name, argv in (
            ("web", programs.web(python, port=self.port)),
            ("worker", programs.worker(python)),
            ("beat", programs.beat(python, self)),  # type: ignore[arg-type]  it only asks for a path below
        ):
            self._spawn(name, argv)
        deadline = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            assert time.monotonic() < deadline, f"the portal was not ready in {READY_SECONDS} s\n{self.logs()}"
            time.sleep(0.2)

    def stop(self) -> None:
        """Stop everything, in the order that `up` stops it; what does not end is made to."""
        for child in self.children:
            child.terminate()
        for child in self.children:
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def logs(self) -> str:
        return "\n".join(f"== {path.name}\n{path.read_text()}" for path in sorted(self.home.glob("log/*.log")))

    def buy(self, *args: str) -> subprocess.CompletedProcess[str]:
        """Run the buyer app in a process without Django, in its own environment where PORTAL_BUYER_PYTHON names one."""
        own = os.environ.get("PORTAL_BUYER_PYTHON")
        start = [own, "-m", "beckn.buyer"] if own else [sys.executable, "-c", BLOCKED]
        environ = {"PATH": os.environ["PATH"], "PORTAL_HOME": str(self.home), "PYTHONIOENCODING": "utf-8"}
        return subprocess.run(
            [*start, *args], cwd=REPO, env=environ, capture_output=True, text=True, check=False, timeout=180
        )

    def __truediv__(self, name: str) -> Path:
        return self.home / name

    def _spawn(self, name: str, argv: list[str]) -> None:
        tmp = self.home / "tmp" / name
        tmp.mkdir(parents=True)
        with (self.home / f"log/{name}.log").open("wb") as log:
            child = subprocess.Popen(
                argv, cwd=REPO, env=self.environ | {"TMPDIR": str(tmp)}, stdout=log, stderr=subprocess.STDOUT
            )
        self.children.append(child)

    def _is_ready(self) -> bool:
        for child in self.children:
            assert child.poll() is None, f"a process of the portal ended\n{self.logs()}"
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


def prepare(home: Path) -> LivePortal:
    """Return a portal that is not started yet, at a free port whose neighbours are free as well."""
    for name in ("log", "run", "tmp", "broker"):
        (home / name).mkdir()
    port = _free_port()
    environ = os.environ | {
        "PORTAL_MODE": "test",
        "PORTAL_HOME": str(home),
        "PORTAL_BASE_URL": f"http://127.0.0.1:{port}",
        "PORTAL_DEMO_BUYER_URL": f"http://127.0.0.1:{port + 1}/beckn",
        "PORTAL_BROKER_DIR": str(home / "broker"),
        "CELERY_BROKER_URL": "filesystem://",
    }
    return LivePortal(home, port, environ)


def _free_port() -> int:
    for _ in range(100):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        if all(_is_free(port + offset) for offset in (0, 1, 2)):
            return port
    raise AssertionError("no three ports in a row are free")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
