"""The folder that holds all state of one portal: its layout, its keys and its single-instance lock."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

REPO = Path(__file__).resolve().parents[2]
FOLDERS = ("secrets", "run", "log", "broker", "tmp", "static", "demo")
KEYS: dict[str, Callable[[], str]] = {
    "django_secret_key": lambda: secrets.token_urlsafe(50),
    "data_key": lambda: base64.b64encode(secrets.token_bytes(32)).decode(),
    # Hex only: these also stand in SQL and in URLs.
    "pg_superuser_password": lambda: secrets.token_hex(24),
    "pg_owner_password": lambda: secrets.token_hex(24),
    "pg_app_password": lambda: secrets.token_hex(24),
}


class Refusal(Exception):
    """Something the user can put right; its text is one sentence for the terminal."""


def say(text: str) -> None:
    """One line for the person at the terminal, at once even when the output is a pipe."""
    print(text, flush=True)


@dataclass(frozen=True, slots=True)
class Home:
    """One state folder (`var/`, or PORTAL_HOME); two portals never share one."""

    path: Path

    @classmethod
    def from_environ(cls) -> Home:
        return cls(Path(os.environ.get("PORTAL_HOME") or REPO / "var").expanduser().resolve())

    def prepare(self) -> Home:
        """Make the folders (closed to other users) and, once, the keys."""
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            if not (self / "run").is_dir() and any(self.path.glob("[!.]*")):
                # Closing, say, /tmp or a home folder to everybody else would be a nasty surprise.
                raise Refusal(f"{self.path} holds other things: set PORTAL_HOME to an empty or new folder.")
            self.path.chmod(0o700)
            for name in FOLDERS:
                (self.path / name).mkdir(mode=0o700, exist_ok=True)
            for name, make in KEYS.items():
                if not (self / f"secrets/{name}").exists():
                    write_private(self / f"secrets/{name}", make())
        except PermissionError as error:
            raise Refusal(
                f"{self.path} is not writable by this user ({error.strerror}): start the portal as the user"
                " that owns it, or set PORTAL_HOME to another folder."
            ) from None
        return self

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def secret(self, name: str) -> str:
        return (self / f"secrets/{name}").read_text()

    def fresh_tmp(self, name: str) -> Path:
        """The temporary folder of one process, emptied."""
        folder = self / f"tmp/{name}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        return folder

    @contextlib.contextmanager
    def own_tmp(self) -> Iterator[Path]:
        """A temporary folder for the time of the block."""
        folder = self.fresh_tmp(f"{os.getpid()}")
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def write_private(path: Path, text: str) -> None:
    """Write a file of mode 0600 that is there complete or not at all."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


class LockTaken(Exception):
    """Another process holds the lock; `holder` is what it wrote about itself."""

    def __init__(self, holder: dict[str, Any]) -> None:
        super().__init__(holder)
        self.holder = holder


@contextlib.contextmanager
def hold_lock(path: Path, *, wait: bool = False, **holder: Any) -> Iterator[None]:
    """Hold an exclusive flock, which the kernel drops with the process, and say in the file who holds it."""
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+") as file:
        for attempt in range(5):
            try:
                fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
                break
            except BlockingIOError:
                holder_now = read_holder(path)
                # An unnamed holder is only looking, or about to write its name.
                if holder_now or attempt == 4:
                    raise LockTaken(holder_now) from None
                time.sleep(0.1)
        file.truncate()
        json.dump({"pid": os.getpid(), **holder}, file)
        file.flush()
        try:
            yield
        finally:
            file.seek(0)
            file.truncate()


def read_holder(path: Path) -> dict[str, Any]:
    """What the lock's holder wrote about itself; empty between its flock and its first write."""
    try:
        return dict(json.loads(path.read_text()))
    except (OSError, ValueError):
        return {}


def lock_holder(path: Path) -> dict[str, Any] | None:
    """Who holds the lock now, or None when it is free."""
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600)) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return read_holder(path)
    return None
