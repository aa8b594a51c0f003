"""The runbook names commands, metrics, sections and files that exist."""

from __future__ import annotations

import re

import pytest
from django.core.management import get_commands

from beckn.metrics import gauges
from cpo_portal.runtime.cli import OWN, PASSED_ON
from cpo_portal.runtime.home import REPO

TEXT = (REPO / "docs/operations.md").read_text()


def test_every_command_exists() -> None:
    named = set(re.findall(r"`\./portal ([a-z_]+)", TEXT)) | set(re.findall(r"`\./portal ([a-z_]+)`", TEXT))
    assert named >= {"up", "backup", "restore", "reset", "manage", "worker", "migrate", "deployment"}
    assert named - {*OWN, *PASSED_ON, "deployment"} == set()
    managed = set(re.findall(r"\./portal manage ([a-z_]+)", TEXT))
    assert managed >= {"release_callbacks", "hold_callbacks", "check_ledger", "add_subscriber", "show_own_key"}
    assert managed >= {"rotate_own_key", "check_data_keys", "reseal"}
    assert managed - set(get_commands()) == set()


def test_every_metric_is_explained_and_every_explained_metric_exists() -> None:
    source = "\n".join(path.read_text() for path in (REPO / "beckn/metrics").glob("*.py"))
    made = set(re.findall(r'"(cpo_portal_\w+)"', source))
    assert len(made) == 17
    table = TEXT[TEXT.index("## Metrics") : TEXT.index("## Logs")]
    assert set(re.findall(r"`(cpo_portal_\w+)", table)) == made
    assert set(re.findall(r"`(cpo_portal_\w+)", TEXT)) - made == set()
    assert gauges.build_info().name in made


def test_every_link_leads_to_a_section() -> None:
    sections = {title.lower().replace(" ", "-") for title in re.findall(r"^## (.+)$", TEXT, re.MULTILINE)}
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= sections
    assert set(re.findall(r"operations\.md, “([^”]+)”", _said())) <= set(re.findall(r"^## (.+)$", TEXT, re.MULTILINE))


def _said() -> str:
    return "\n".join(path.read_text() for path in REPO.glob("cpo_portal/**/*.py"))


@pytest.mark.parametrize("name", ["CREATE ROLE cpo_portal_owner", "CREATE ROLE cpo_portal_app"])
def test_the_roles_are_those_that_migrations_expect(name: str) -> None:
    assert name in TEXT
