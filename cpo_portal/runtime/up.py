"""`./portal up`: the whole portal on one machine, in the foreground."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import socket
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from cpo_portal.runtime import child_environ, programs
from cpo_portal.runtime.cluster import Cluster, DatabaseUrls
from cpo_portal.runtime.environment import app_environment
from cpo_portal.runtime.home import REPO, Home, LockTaken, Refusal, hold_lock, say
from cpo_portal.runtime.processes import Command
from cpo_portal.runtime.server_process import STOP_SECONDS
from cpo_portal.runtime.supervisor import ChildEnded, Interrupted, Member, Supervisor

READY_SECONDS = 120
WEB, WORKERS, DATABASE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class UpOptions:
    port: int = 8000
    demo: bool = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


def up(home: Home, options: UpOptions) -> int:
    try:
        with hold_lock(home / "run/lock", command="up", url=options.url):
            refuse_taken_port(options.port)
            python = app_environment(home).ensure(home)
            return Launch(home, options, python).run()
    except LockTaken as taken:
        raise Refusal(already_running(home, taken.holder)) from None


def already_running(home: Home, holder: dict[str, object]) -> str:
    who = f"`./portal {holder.get('command', 'up')}` (process {holder.get('pid', 'unknown')})"
    where = f" at {holder['url']}" if holder.get("url") else ""
    return f"{home.path} is in use by {who}{where}: stop that first, or set PORTAL_HOME to another folder."


def refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        # Otherwise connections of an `up` that has just ended would seem to hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise Refusal(
                f"Port {port} cannot be used ({error.strerror}): choose another,"
                f" for example `./portal up --port {port + 10}`."
            ) from None


class Launch:
    """One run of `up`, from the database to the banner and back."""

    def __init__(self, home: Home, options: UpOptions, python: Path) -> None:
        self.home, self.options, self.python = home, options, python
        self.cluster = None if child_environ.external() else Cluster.of(home)
        self.environ: dict[str, str] = {}

    def run(self) -> int:
        """Returns the exit code: 0 when a running portal was asked to stop."""
        code = 130
        try:
            with Supervisor(self.home / "run") as supervisor:
                try:
                    began = time.monotonic()
                    logins = self.bring_up(supervisor)
                    code = 0
                    say(self.banner(logins, time.monotonic() - began))
                    supervisor.wait(lambda: False)
                except Interrupted:
                    say("")
                except ChildEnded as ended:
                    say(f"\nportal: {ended}\n")
                    code = 1
        finally:
            if self.cluster:
                self.cluster.stop()
        say("Stopped." if code != 1 else "Stopped, because of the above.")
        return code

    def bring_up(self, supervisor: Supervisor) -> str:
        """Start everything and wait until it answers; returns what the demo data says about logins."""
        urls = self.start_database(supervisor)
        say("Migrating the database …")
        supervisor.run_step(self.step("migrate", child_environ.as_owner(self.environ, urls), "migrate_locked"))
        self.collect_static(supervisor)
        logins = self.load_demo(supervisor, urls) if self.options.demo and self.cluster else ""
        say("Starting web, workers and scheduler …")
        self.start_children(supervisor)
        self.wait_until_ready(supervisor)
        return logins

    def start_database(self, supervisor: Supervisor) -> DatabaseUrls:
        if self.cluster is None:
            urls = child_environ.external_urls()
            # All processes are on this machine, so files will do where no broker is given.
            self.environ = child_environ.file_broker(self.home) | child_environ.external_environ(self.home)
            return urls
        say("Starting PostgreSQL …" if self.cluster.place.data.exists() else "Making the database …")
        urls = self.cluster.start()
        if self.cluster.running:
            supervisor.watch(Member(self.cluster.running, DATABASE, STOP_SECONDS, signal.SIGINT, signal.SIGQUIT))
        self.environ = child_environ.embedded_environ(self.home, urls, port=self.options.port)
        return urls

    def step(self, name: str, environ: dict[str, str], *args: str, output: Path | None = None) -> Command:
        argv = programs.manage(self.python, *args)
        return Command(name, argv, self.own_tmp(name, environ), REPO, self.home / f"log/{name}.log", output)

    def own_tmp(self, name: str, environ: dict[str, str]) -> dict[str, str]:
        """The file broker passes messages through the temporary folder: each process has one, empty at its start."""
        return environ | {"TMPDIR": str(self.home.fresh_tmp(name))}

    def collect_static(self, supervisor: Supervisor) -> None:
        stamp, current = self.home / "run/static-stamp", static_fingerprint(self.home)
        if not stamp.exists() or stamp.read_text() != current:
            say("Collecting static files …")
            supervisor.run_step(self.step("collectstatic", self.environ, "collectstatic", "--noinput", "--verbosity=0"))
            stamp.write_text(current)

    def load_demo(self, supervisor: Supervisor, urls: DatabaseUrls) -> str:
        say("Loading demo data …")
        # Not in the log: passwords are shown once and kept nowhere.
        output = self.home / "tmp/load_demo.out"
        output.unlink(missing_ok=True)
        try:
            supervisor.run_step(self.step("load_demo", self.environ | urls.environ(), "load_demo", output=output))
            return output.read_text().strip()
        finally:
            output.unlink(missing_ok=True)

    def start_children(self, supervisor: Supervisor) -> None:
        python = self.python
        children = [
            ("web", WEB, 10, programs.web(python, port=self.options.port)),
            ("worker", WORKERS, 20, programs.worker(python)),
            ("bulk-worker", WORKERS, 20, programs.worker(python, bulk=True)),
            ("beat", WORKERS, 10, programs.beat(python, self.home)),
        ]
        for name, stage, grace, argv in children:
            command = Command(name, argv, self.own_tmp(name, self.environ), REPO, self.home / f"log/{name}.log")
            supervisor.start(command, stage=stage, grace=grace)

    def wait_until_ready(self, supervisor: Supervisor) -> None:
        probe = ReadinessProbe(f"{self.options.url}/readyz", self.environ.get("PORTAL_ALLOWED_HOSTS", ""))
        if not supervisor.wait(probe.ready, every=0.2, seconds=READY_SECONDS):
            raise Refusal(
                f"The portal was not ready after {READY_SECONDS} s ({probe.answer}); see {self.home / 'log'}."
            )

    def banner(self, logins: str, seconds: float) -> str:
        database = self.cluster.place.data if self.cluster else "your own (DATABASE_URL)"
        lines = [
            "",
            f"The portal runs ({seconds:.0f} s).",
            "",
            f"  Portal    {self.options.url}/",
            f"  Admin     {self.options.url}/admin/",
            f"  State     {self.home.path}",
            f"  Database  {database}",
            f"  Logs      {self.home / 'log'}",
        ]
        if logins:
            lines += ["", *(f"  {line}".rstrip() for line in logins.splitlines())]
        return "\n".join(
            [
                *lines,
                "",
                "  Next: ./portal journey (in another terminal). Ctrl-C stops everything and keeps the data.",
                "",
            ]
        )


class ReadinessProbe:
    """Asks /readyz, remembers the last answer and says every ten seconds what is missing."""

    def __init__(self, url: str, allowed_hosts: str) -> None:
        # A production portal refuses a Host that it does not know.
        host = allowed_hosts.partition(",")[0].strip().lstrip(".")
        self.request = urllib.request.Request(url, headers={"Host": host} if host.strip("*") else {})  # noqa: S310
        self.opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self.answer = "no answer yet"
        self.next_word = time.monotonic() + 10

    def ready(self) -> bool:
        try:
            with self.opener.open(self.request, timeout=2) as response:
                return bool(response.status == 200)
        except urllib.error.HTTPError as error:
            self.answer = f"{error.code}: {error.read(300).decode(errors='replace')}"
        except OSError as error:
            self.answer = str(error)
        if time.monotonic() > self.next_word:
            say(f"  still waiting ({self.answer}) …")
            self.next_word += 10
        return False


def static_fingerprint(home: Home) -> str:
    """Changes whenever a static file, an installed package or the settings change."""
    listing = [(home / "venv/.portal-stamp.json").read_text(), (REPO / "cpo_portal/settings.py").read_text()]
    for folder in [*REPO.glob("*/static"), *REPO.glob("*/*/static")]:
        for root, _, names in os.walk(folder):
            for name in sorted(names):
                status = os.stat(os.path.join(root, name))
                listing.append(f"{root}/{name} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256(json.dumps(sorted(listing)).encode()).hexdigest()
