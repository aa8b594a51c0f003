"""The environments: made once per lock, only from packages with the locked hashes, anew when half-made."""

from __future__ import annotations

import hashlib
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from cpo_portal.runtime.environment import Environment, locked_names
from cpo_portal.runtime.home import Home, Refusal

Package = Callable[..., str]


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    """Makes a package in a folder, the only place where pip looks, and returns its line of a lock."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))

    def make(name: str, version: str = "1.0", more: str = "") -> str:
        """`more` are further lines of its metadata, for example what it requires."""
        wheel = tmp_path / f"{name}-{version}-py3-none-any.whl"
        folder = f"{name}-{version}.dist-info"
        with zipfile.ZipFile(wheel, "w") as archive:
            archive.writestr(f"{name}.py", "")
            archive.writestr(f"{folder}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}")
            archive.writestr(f"{folder}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            archive.writestr(f"{folder}/RECORD", "")
        return f"{name}=={version} --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"

    return make


def importable(python: Path, *names: str) -> list[bool]:
    code = f"from importlib.util import find_spec; print([find_spec(name) is not None for name in {names!r}])"
    return [
        word == "True" for word in subprocess.check_output([python, "-c", code], text=True).strip("[]\n").split(", ")
    ]


@pytest.mark.slow
def test_is_made_once_per_lock_and_again_when_half_made(
    home: Home, tmp_path: Path, package: Package, capsys: pytest.CaptureFixture[str]
) -> None:
    app_lock, dev_lock = tmp_path / "app.txt", tmp_path / "dev.txt"
    app_lock.write_text(package("plain"))
    dev_lock.write_text(app_lock.read_text() + package("tool"))
    app, dev = Environment(home / "venv", app_lock, dev_lock), Environment(home / "venv", dev_lock)
    assert not app.satisfied()

    python = app.ensure(home)
    assert importable(python, "plain", "tool") == [True, False]
    assert "Making a Python" in capsys.readouterr().out
    app.ensure(home)
    assert capsys.readouterr().out == ""

    # The developer's packages come on top, and then serve the app as well.
    assert not dev.satisfied()
    dev.ensure(home)
    assert importable(python, "plain", "tool") == [True, True]
    assert "Making" not in capsys.readouterr().out
    assert app.satisfied()

    # A changed lock also takes away.
    (home / "venv/kept").touch()
    dev_lock.write_text(package("other"))
    app_lock.write_text("# nothing\n")
    app.ensure(home)
    assert importable(python, "plain", "tool", "other") == [False, False, True]
    assert (home / "venv/kept").exists()

    # A package with another hash is refused, and what is half-made is not taken for whole.
    dev_lock.write_text("plain==1.0 --hash=sha256:" + "0" * 64 + "\n")
    with pytest.raises(Refusal, match=r"(?s)could not be installed.*HASHES|DO NOT MATCH"):
        dev.ensure(home)
    assert not dev.satisfied()
    dev_lock.write_text(package("plain"))
    dev.ensure(home)
    assert importable(python, "plain", "other") == [True, False]
    assert not (home / "venv/kept").exists()


@pytest.mark.slow
def test_takes_the_locked_release_of_an_extra_though_a_newer_one_is_out(
    home: Home, tmp_path: Path, package: Package
) -> None:
    tool = package("tool", "1.0", "Provides-Extra: more\n")
    package("tool", "2.0", "Provides-Extra: more\n")
    lock = tmp_path / "app.txt"
    lock.write_text(package("plain", "1.0", "Requires-Dist: tool[more]>=1.0\n") + tool)

    python = Environment(home / "venv", lock).ensure(home)

    code = "from importlib.metadata import version; print(version('plain'), version('tool'))"
    assert subprocess.check_output([python, "-c", code], text=True) == "1.0 1.0\n"


def test_a_missing_lock_names_the_command_that_makes_it(home: Home) -> None:
    lock = Path(__file__).with_name("no-such-lock.txt")
    with pytest.raises(Refusal, match=r"no-such-lock.txt is missing: make it with `./portal lock`"):
        Environment(home / "venv", lock).ensure(home)


def test_reads_the_names_that_a_lock_holds(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text(
        "# by x==0\namqp==5.4.2 \\\n    --hash=sha256:00\n"
        "django-allauth[mfa]==65.1 ; python_version >= '3'\n    # via x==1\n"
    )
    assert locked_names(lock) == ["amqp", "django-allauth"]
