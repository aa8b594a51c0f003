"""Where a cluster lies: in its home, or outside a folder that the server's user cannot enter."""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cpo_portal.runtime.binaries import Binaries, ServerUser, copy_binaries
from cpo_portal.runtime.home import Home, Refusal, write_private

POINTER = "cluster-lies-in"
PREFIX = "cpo-portal-"
# Only for folders with random names, made anew and closed.
LASTING = ("/var/lib", "/var/tmp")  # noqa: S108
PASSING = ("/var/tmp", "/tmp")  # noqa: S108
# sockaddr_un holds 104 bytes on some systems; room is left for the socket's name.
LONGEST_SOCKET_DIR = 85


@dataclass(frozen=True, slots=True)
class Place:
    """The server's user, the folder it may enter, its data and the binaries it can read."""

    user: ServerUser
    base: Path
    data: Path
    binaries: Binaries

    @classmethod
    def choose(cls, home: Home, binaries: Binaries, user: ServerUser, *, throwaway: bool) -> Place:
        refuse_another_users_cluster(home, user)
        if user.switched:
            base, binaries = outside(home, binaries, user, PASSING if throwaway else LASTING)
        else:
            base = home.path
        data = base / f"pg{binaries.major}"
        refuse_other_major(base, data, binaries.major)
        return cls(user, base, data, binaries)

    def fresh_socket_dir(self) -> Path:
        """An empty folder for the socket, short enough for the kernel."""
        folder = self.base / "run" / "pg"
        if len(os.fsencode(folder)) > LONGEST_SOCKET_DIR:
            return Path(tempfile.mkdtemp(prefix=PREFIX, dir=PASSING[-1]))
        shutil.rmtree(folder, ignore_errors=True)
        for path in (folder.parent, folder):
            path.mkdir(mode=0o700, exist_ok=True)
            os.chown(path, self.user.uid, self.user.gid)
        return folder


def refuse_another_users_cluster(home: Home, user: ServerUser) -> None:
    if user.switched and any(home.path.glob("pg[0-9]*")):
        raise Refusal(
            f"The database in {home.path} was made by a user who is not root: start the portal as that user,"
            " or set PORTAL_HOME to another folder."
        )
    if not user.switched and (home / POINTER).exists():
        raise Refusal(
            f"The database of {home.path} was made by root: start the portal as root,"
            " or set PORTAL_HOME to another folder."
        )


def refuse_other_major(base: Path, data: Path, major: int) -> None:
    """Never start an empty database beside the data of another major version."""
    versions = {folder: (folder / "PG_VERSION").read_text().strip() for folder in base.glob("pg*[0-9]")}
    found = versions.get(data) or next(iter(versions.values()), None)
    if found and found != str(major):
        raise Refusal(
            f"The data in {base} is of PostgreSQL {found} and the programs are of {major}: with PORTAL_PG_BIN set to"
            f" PostgreSQL {found}'s bin folder run `./portal backup FILE`, then `./portal reset`, and without it"
            " `./portal restore FILE`."
        )


def read_outside(home: Home) -> Path | None:
    """The folder outside `home` that holds its cluster, if there is one."""
    try:
        base = Path((home / POINTER).read_text().strip())
    except FileNotFoundError:
        return None
    # Checked because whole folders are removed by this name, as root.
    if not base.name.startswith(PREFIX):
        raise Refusal(f"{home / POINTER} is damaged: it must name the folder {PREFIX}… that holds the database.")
    return base


def outside(home: Home, binaries: Binaries, user: ServerUser, parents: tuple[str, ...]) -> tuple[Path, Binaries]:
    """The folder of the server's user, made once, and binaries that this user can run."""
    if base := read_outside(home):
        if not base.is_dir():
            raise Refusal(
                f"The database of this portal lay in {base}, which is gone: put it back, or begin anew"
                " with `./portal reset`."
            )
        if base.stat().st_uid != user.uid:
            raise Refusal(
                f"{base} does not belong to the user who would run PostgreSQL: `chown -R` it to user id {user.uid}."
            )
        if usable := runnable(binaries, user, base):
            return base, usable
        raise Refusal(f"The user who runs PostgreSQL cannot execute programs in {base}: is it mounted noexec?")
    for parent in parents:
        base = Path(parent) / f"{PREFIX}{secrets.token_hex(6)}"
        try:
            base.mkdir(mode=0o700)
            os.chown(base, user.uid, user.gid)
        except OSError:
            continue
        write_private(home / POINTER, f"{base}\n")
        if usable := runnable(binaries, user, base):
            return base, usable
        forget_outside(home)
    raise Refusal(f"No folder for the database could be made in {' or '.join(parents)}.")


def runnable(binaries: Binaries, user: ServerUser, base: Path) -> Binaries | None:
    """The binaries themselves where the server's user can run them, else a copy, else None."""
    if user.can_run(binaries, base):
        return binaries
    copied = copy_binaries(binaries, base / "postgresql")
    return copied if user.can_run(copied, base) else None


def forget_outside(home: Home) -> None:
    """Remove the folder outside, and only then the pointer to it."""
    if base := read_outside(home):
        shutil.rmtree(base, ignore_errors=True)
    (home / POINTER).unlink(missing_ok=True)
