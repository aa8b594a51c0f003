"""The state folder: closed, its keys made once, and used by one portal at a time."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pytest

from cpo_portal.runtime.home import Home, LockTaken, Refusal, hold_lock, lock_holder


def test_is_closed_to_others_and_keeps_its_keys(tmp_path: Path) -> None:
    home = Home(tmp_path / "state").prepare()
    keys = {path.name: path.read_text() for path in (home / "secrets").iterdir()}
    assert sorted(keys) == [
        "data_key",
        "django_secret_key",
        "pg_app_password",
        "pg_owner_password",
        "pg_superuser_password",
    ]
    assert len(base64.b64decode(keys["data_key"], validate=True)) == 32
    assert {stat.S_IMODE(path.stat().st_mode) for path in (home / "secrets").iterdir()} == {0o600}
    assert {stat.S_IMODE(path.stat().st_mode) for path in [home.path, *home.path.iterdir()]} == {0o700}

    home.prepare()
    assert {path.name: path.read_text() for path in (home / "secrets").iterdir()} == keys
    assert Home(tmp_path / "other").prepare().secret("data_key") != keys["data_key"]


def test_refuses_a_folder_with_other_things_in_it(tmp_path: Path) -> None:
    (tmp_path / "letters").write_text("dear …")
    tmp_path.chmod(0o755)
    with pytest.raises(Refusal, match="holds other things: set PORTAL_HOME"):
        Home(tmp_path).prepare()
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert [path.name for path in tmp_path.iterdir()] == ["letters"]


def test_the_lock_says_who_holds_it(home: Home) -> None:
    lock = home / "run/lock"
    assert lock_holder(lock) is None
    with hold_lock(lock, command="up", url="http://127.0.0.1:8010"):
        holder = {"pid": os.getpid(), "command": "up", "url": "http://127.0.0.1:8010"}
        assert lock_holder(lock) == holder
        with pytest.raises(LockTaken) as taken, hold_lock(lock, command="reset"):
            pass
        assert taken.value.holder == holder
    assert lock_holder(lock) is None


def test_a_process_finds_its_temporary_folder_empty(home: Home) -> None:
    (home.fresh_tmp("worker") / "message").write_text("old")
    assert list(home.fresh_tmp("worker").iterdir()) == []
    with home.own_tmp() as folder:
        assert folder.is_dir()
    assert not folder.exists()
