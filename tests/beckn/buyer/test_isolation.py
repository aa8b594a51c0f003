"""The buyer app is a stranger: its code imports the standard library, cryptography, urllib3 and itself."""

from __future__ import annotations

import ast
import json
import sys
from pathlib import Path

import pytest

import beckn.buyer
from beckn.buyer.__main__ import _check_the_rest
from beckn.buyer.checks import Findings
from beckn.buyer.client import Portal, Printer
from beckn.buyer.credentials import read_credentials
from beckn.buyer.server import Mailbox
from tests.beckn.buyer.test_credentials import CONTENT

FOLDER = Path(beckn.buyer.__file__).parent
ALLOWED = sys.stdlib_module_names | {"cryptography", "urllib3"}


def imports(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or ".")
    return names


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.py")), ids=lambda path: path.name)
def test_a_module_of_the_buyer_imports_nothing_of_ours(path: Path) -> None:
    foreign = {name for name in imports(path) if name.partition(".")[0] not in ALLOWED}
    assert {name for name in foreign if not name.startswith("beckn.buyer")} == set()


def test_the_package_above_it_is_empty() -> None:
    assert (FOLDER.parent / "__init__.py").read_text() == ""


def test_a_buyer_that_runs_on_the_portals_libraries_says_so(tmp_path: Path) -> None:
    path = tmp_path / "buyer.json"
    path.write_text(json.dumps(CONTENT))
    portal = Portal(read_credentials(path), Mailbox(), Findings(), Printer(quiet=True))
    # The tests themselves run on Django.
    _check_the_rest(portal)
    assert "this buyer app runs on django, which is the portal's" in portal.findings.deviations
