"""deploy/ is what the table of roles says, systemd finds nothing wrong with it, and nothing in it is undocumented."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from cpo_portal.runtime.cli import main, parser
from cpo_portal.runtime.deployment import FOLDER, files
from cpo_portal.runtime.home import REPO
from cpo_portal.runtime.roles import OWNER_VARIABLES, ROLES, VARIABLES

UNITS = [name for name in files() if name.startswith("systemd/")]


def test_the_files_are_those_of_the_table_and_there_are_no_others(capsys: pytest.CaptureFixture[str]) -> None:
    there = {str(path.relative_to(FOLDER)): path.read_text() for path in FOLDER.rglob("*") if path.is_file()}
    assert there == files()
    assert main(["deployment", "--check"]) == 0
    assert capsys.readouterr().out == "deploy/ is as the table of roles says.\n"


@pytest.mark.parametrize("name", files())
def test_each_file_says_that_it_was_not_run_here(name: str) -> None:
    assert "\n# Not run here: " in files()[name]


@pytest.mark.parametrize("role", ROLES, ids=lambda role: role.name)
def test_each_role_is_a_command_of_the_portal(role: object) -> None:
    parsed = parser().parse_args(role.command.split())  # type: ignore[attr-defined]
    assert parsed.command == role.command.split()[0]  # type: ignore[attr-defined]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not here")
def test_systemd_verifies_the_units(tmp_path: Path) -> None:
    (tmp_path / "portal.env").touch()
    for name in UNITS:
        # The program that the units name stands where they are installed, not here.
        text = files()[name].replace("/usr/bin/python3 /opt/cpo-portal/portal", "/bin/true")
        (tmp_path / Path(name).name).write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *sorted(str(path) for path in tmp_path.glob("cpo-portal*"))],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "SYSTEMD_UNIT_PATH": f"{tmp_path}:"},
    )
    ours = [line for line in done.stderr.splitlines() if "cpo-portal" in line]
    assert (ours, done.returncode) == ([], 0), done.stderr


def test_the_compose_file_has_a_service_per_role_that_waits_for_the_migration() -> None:
    services = yaml.safe_load(files()["compose.yaml"])["services"]
    assert set(services) == {"db", "broker", *(role.name for role in ROLES)}
    for role in ROLES:
        made = services[role.name]
        assert made["command"][: len(role.command.split())] == role.command.split()
        if not role.once:
            assert made["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
            assert made["env_file"] == ["portal.env"]
    published = {name: service["ports"] for name, service in services.items() if "ports" in service}
    assert published == {"web": ["127.0.0.1:8000:8000"]}


def test_the_proxy_buffers_bodies_hides_metrics_and_counts_as_one() -> None:
    text = files()["nginx.conf"]
    assert text.count("{") == text.count("}")
    for line in (
        "proxy_request_buffering on;",
        "proxy_set_header X-Forwarded-For $remote_addr;",
        "proxy_set_header X-Forwarded-Proto $scheme;",
        "location = /metrics { return 404; }",
    ):
        assert line in text
    assert (VARIABLES["PORTAL_PROXY_COUNT"], VARIABLES["PORTAL_BEHIND_PROXY"]) == ("1", "yes")


def test_every_variable_is_one_that_the_portal_reads() -> None:
    read = "\n".join(path.read_text() for path in REPO.glob("cpo_portal/**/*.py") if path.name != "roles.py")
    assert [name for name in {*VARIABLES, *OWNER_VARIABLES} if not re.search(rf'"{name}"', read)] == []
