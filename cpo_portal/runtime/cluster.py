"""The embedded PostgreSQL cluster: made once, started on a Unix socket only, stopped or thrown away."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from cpo_portal.runtime.binaries import Binaries, ServerUser, clean_environ, find_binaries
from cpo_portal.runtime.cluster_place import Place, forget_outside, read_outside
from cpo_portal.runtime.home import Home, Refusal, hold_lock, lock_holder, say
from cpo_portal.runtime.processes import Command, Running, start
from cpo_portal.runtime.server_process import (
    STOP_SECONDS,
    read_pidfile,
    remove_short_socket_dir,
    server_pid,
    stop_server,
    tidy_stale_pidfile,
)

DATABASE = "cpo_portal"
OWNER = "cpo_portal_owner"
APP = "cpo_portal_app"
SUPERUSER = "postgres"
START_SECONDS = 120

SETTINGS = {
    "listen_addresses": "",
    "port": "5432",
    "max_connections": "200",
    "shared_buffers": "128MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
    # A failing statement is logged without its values, which may be somebody's name or number.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
}
# A database that is thrown away need not survive a power cut.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

PROVISION = """
SET client_min_messages = warning;
SELECT format('CREATE ROLE %I', r) FROM unnest(ARRAY['{owner}', '{app}']) AS r
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r) \\gexec
ALTER ROLE {owner} LOGIN NOSUPERUSER NOCREATEROLE NOBYPASSRLS {createdb} PASSWORD '{owner_password}';
ALTER ROLE {app} LOGIN NOSUPERUSER NOCREATEROLE NOCREATEDB NOBYPASSRLS PASSWORD '{app_password}';
SELECT 'CREATE DATABASE {database} OWNER {owner} TEMPLATE template0'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = '{database}') \\gexec
REVOKE ALL ON DATABASE {database} FROM PUBLIC;
GRANT CONNECT ON DATABASE {database} TO {app};
\\connect {database}
GRANT USAGE ON SCHEMA public TO {app};
"""


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """The two ways in: the app's role (neither owner nor superuser) and the owner that migrates."""

    app: str
    owner: str

    def environ(self) -> dict[str, str]:
        return {"DATABASE_URL": self.app, "DATABASE_OWNER_URL": self.owner}


@dataclass(slots=True)
class Cluster:
    """The cluster of one home. Its methods expect that the caller holds the home's lock."""

    home: Home
    binaries: Binaries
    place: Place
    throwaway: bool = False
    durable: bool = True
    running: Running | None = None
    socket_dir: Path | None = None

    @classmethod
    def of(
        cls, home: Home, binaries: Binaries | None = None, *, throwaway: bool = False, durable: bool = True
    ) -> Cluster:
        binaries = binaries or find_binaries(home)
        place = Place.choose(home, binaries, ServerUser.choose(), throwaway=throwaway)
        return cls(home, binaries, place, throwaway, durable)

    def start(self) -> DatabaseUrls:
        """Make the cluster if there is none, start it and see to its roles and database."""
        if self.is_up():
            # Left over from a launcher that was killed: only a child of ours can be watched.
            stop_server(self.place.data, signal.SIGINT)
        else:
            tidy_stale_pidfile(self.place.data)
        if not self.place.data.exists():
            self._initdb()
        deadline = time.monotonic() + START_SECONDS
        while not self._start_once(deadline):
            time.sleep(0.3)
        self._provision()
        return database_urls(self.home, self.socket_dir)

    def stop(self, number: signal.Signals = signal.SIGINT) -> None:
        """Stop the server: SIGINT ends its sessions and writes a checkpoint, SIGQUIT does not."""
        if self.running:
            self.running.stop(STOP_SECONDS, number)
            self.running = None
        else:
            stop_server(self.place.data, number)
        if self.socket_dir:
            remove_short_socket_dir(self.socket_dir)

    def is_up(self) -> bool:
        """Whether the server runs: pg_ctl decides, and the process must really be this cluster's."""
        if not self.place.data.exists():
            return False
        status = self.place.user.run(
            [self.place.binaries / "pg_ctl", "status", "-D", str(self.place.data)], self.place.base
        )
        return status.returncode == 0 and server_pid(self.place.data) is not None

    def _initdb(self) -> None:
        place = self.place
        draft = place.data.with_suffix(".new")
        shutil.rmtree(draft, ignore_errors=True)
        password_file = place.base / "superuser-password"
        password_file.unlink(missing_ok=True)
        with open(os.open(password_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(self.home.secret("pg_superuser_password"))
        os.chown(password_file, place.user.uid, place.user.gid)
        argv = [place.binaries / "initdb", "-D", str(draft), f"--pwfile={password_file}", f"--username={SUPERUSER}"]
        argv += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-instructions"]
        if self.binaries.major >= 17:
            # Without the machine's locales, yet upper() and ILIKE know letters beyond ASCII.
            argv += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        if self.throwaway:
            argv.append("--no-sync")
        made = place.user.run(argv, place.base)
        password_file.unlink()
        if made.returncode:
            raise Refusal(f"initdb could not make the database:\n{made.stdout.strip()}")
        draft.rename(place.data)

    def _start_once(self, deadline: float) -> bool:
        """Start and wait until it accepts sessions; False when a killed server's last sessions still end."""
        place = self.place
        settings = SETTINGS | ({} if self.durable else CARELESS)
        self.socket_dir = self.place.fresh_socket_dir()
        # Quoted: the setting is a list, and a folder's name may hold a comma or a blank.
        settings["unix_socket_directories"] = '"' + str(self.socket_dir).replace('"', '""') + '"'
        argv = [place.binaries / "postgres", "-D", str(place.data)]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        command = Command(
            "postgres", argv, clean_environ(place.base), place.base, self.home / "log/postgres.log",
            death_signal=signal.SIGINT, options=place.user.popen_options(),
        )  # fmt: skip
        self.running = start(command)
        while time.monotonic() < deadline:
            pidfile = read_pidfile(place.data)
            if pidfile and pidfile.pid == self.running.process.pid and pidfile.ready:
                return True
            if self.running.process.poll() is not None:
                tail, self.running = self.running.tail(), None
                if "shared memory block" in tail:
                    return False
                raise Refusal(f"PostgreSQL did not start; the end of {command.log}:\n{tail}")
            time.sleep(0.02)
        self.stop()
        raise Refusal(f"PostgreSQL was not ready after {START_SECONDS} s; see {command.log}.")

    def _provision(self) -> None:
        argv = [self.binaries / "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", str(self.socket_dir), "-p", "5432"]
        script = PROVISION.format(
            owner=OWNER,
            app=APP,
            database=DATABASE,
            createdb="CREATEDB" if self.throwaway else "NOCREATEDB",
            owner_password=self.home.secret("pg_owner_password"),
            app_password=self.home.secret("pg_app_password"),
        )
        done = subprocess.run(
            [*argv, "-U", SUPERUSER, "-d", "postgres"],
            check=False,
            input=script,
            text=True,
            capture_output=True,
            env=clean_environ(self.home.path) | {"PGPASSWORD": self.home.secret("pg_superuser_password")},
        )
        if done.returncode:
            self.stop()
            raise Refusal(f"The database's roles could not be made: {done.stderr.strip()}")


def database_urls(home: Home, socket_dir: Path | None) -> DatabaseUrls:
    def url(role: str, key: str) -> str:
        return f"postgresql://{role}:{home.secret(key)}@/{DATABASE}?host={quote(str(socket_dir), safe='/')}"

    return DatabaseUrls(app=url(APP, "pg_app_password"), owner=url(OWNER, "pg_owner_password"))


def running_urls(home: Home) -> DatabaseUrls | None:
    """The URLs of a cluster that another process runs, once it is ready; changes nothing."""
    for data in (base / name for base in bases(home) for name in os.listdir(base) if name.startswith("pg")):
        pidfile = read_pidfile(data)
        if pidfile and pidfile.ready and server_pid(data):
            return database_urls(home, Path(pidfile.socket_dir))
    return None


def bases(home: Home) -> list[Path]:
    """The folders in which clusters of `home` may lie."""
    return [base for base in (home.path, read_outside(home)) if base and base.is_dir()]


def destroy_cluster(home: Home) -> None:
    """Stop and remove the cluster of `home`, wherever it lies; needs no PostgreSQL binaries."""
    for base in bases(home):
        for data in base.glob("pg[0-9]*"):
            stop_server(data, signal.SIGQUIT)
            shutil.rmtree(data)
    forget_outside(home)


@dataclass(frozen=True, slots=True)
class Throwaway:
    """A throw-away portal home with a running cluster."""

    home: Home
    urls: DatabaseUrls


@contextlib.contextmanager
def throwaway_cluster(parent: Home | None = None, *, durable: bool = False) -> Iterator[Throwaway]:
    """A cluster with its own home for the time of the block; with `durable`, commits really reach the disk."""
    parent = parent or Home.from_environ().prepare()
    with contextlib.ExitStack() as stack:
        with hold_lock(parent / "run/throwaway.lock", wait=True):
            sweep_throwaways(parent)
            folder = tempfile.mkdtemp(prefix="throwaway-", dir=parent / "tmp")
            home = Home(Path(folder)).prepare()
            stack.callback(remove_throwaway, home)
            # Its lock tells a later sweep that somebody still uses it.
            stack.enter_context(hold_lock(home / "run/lock"))
        cluster = Cluster.of(home, find_binaries(parent), throwaway=True, durable=durable)
        stack.callback(lambda: cluster.stop(signal.SIGQUIT))
        yield Throwaway(home, cluster.start())


def sweep_throwaways(parent: Home) -> None:
    """Remove what runs that were killed have left behind."""
    for folder in (parent / "tmp").glob("throwaway-*"):
        if not (folder / "run/lock").exists() or lock_holder(folder / "run/lock") is None:
            say("Removing what an earlier, killed run left behind …")
            remove_throwaway(Home(folder))


def remove_throwaway(home: Home) -> None:
    sweep_throwaways(home)
    destroy_cluster(home)
    shutil.rmtree(home.path, ignore_errors=True)
