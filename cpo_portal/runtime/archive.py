"""A backup file: one tar of the dump, the keys and a manifest with the hash of every part."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

from cpo_portal.runtime.home import Refusal

FORMAT = 1
MANIFEST = "manifest.json"
DUMP = "database.dump"
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup says of itself. `migrations` are "app.name"; `parts` map a part's name to its SHA-256 in hex."""

    format: int
    product: str
    postgresql: int
    created_at: str
    migrations: list[str]
    rows: dict[str, int]
    parts: dict[str, str]


@contextmanager
def draft_beside(target: Path) -> Iterator[Path]:
    """A new file of mode 0600 in the target's folder, removed at the end of the block if it is still there."""
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        os.close(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        yield draft
    except OSError as error:
        raise Refusal(f"{target} cannot be written: {error.strerror or error}.") from error
    finally:
        draft.unlink(missing_ok=True)


def write_archive(path: Path, manifest: Manifest, dump: Path, parts: Mapping[str, bytes]) -> None:
    """Write the tar to `path`, which exists already with its mode, and see that it has reached the disk."""
    with path.open("wb") as file:
        with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as tar:
            for name, content in {MANIFEST: json.dumps(asdict(manifest), indent=1).encode(), **parts}.items():
                tar.addfile(entry(name, len(content)), BytesIO(content))
            with dump.open("rb") as source:
                tar.addfile(entry(DUMP, dump.stat().st_size), source)
        file.flush()
        os.fsync(file.fileno())


def entry(name: str, size: int) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.size, made.mode = size, 0o600
    return made


def read_manifest(path: Path) -> Manifest:
    """The manifest of a backup, after every part was found whole; raises Refusal where the file is no sound backup."""
    try:
        with tarfile.open(path, "r:") as tar:
            content = json.load(opened(tar, MANIFEST))
            if content.get("format") != FORMAT:
                raise Refusal(f"{path} has the format {content.get('format')}, and this portal reads {FORMAT}.")
            manifest = Manifest(**content)
            for name, digest in manifest.parts.items():
                if digest_of(opened(tar, name)) != digest:
                    raise Refusal(f"{path} is damaged: {name} is not what was written. Use another copy of the backup.")
    except OSError as error:
        raise Refusal(f"{path} cannot be read: {error.strerror or error}.") from error
    except (tarfile.TarError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise Refusal(f"{path} is no backup of a portal, or only the beginning of one.") from error
    return manifest


def opened(tar: tarfile.TarFile, name: str) -> IO[bytes]:
    file = tar.extractfile(name)
    if file is None:
        raise KeyError(name)
    return file


def read_part(path: Path, name: str) -> bytes:
    """A small part of a backup."""
    with tarfile.open(path, "r:") as tar:
        return opened(tar, name).read()


def copy_part(path: Path, name: str, target: Path) -> None:
    """Write a large part of a backup to a file that exists already."""
    with tarfile.open(path, "r:") as tar, target.open("wb") as out:
        source = opened(tar, name)
        while chunk := source.read(CHUNK):
            out.write(chunk)


def digest_of(file: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := file.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()
