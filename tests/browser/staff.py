"""What tests in a browser share: the marks, and somebody of a CPO who signs in."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from cpo_portal.accounts.models import Cpo, Role
from tests.people import make_member

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed"),
]


def sign_in(tab: Any, live_server: Any, cpo: Cpo) -> list[str]:
    """Sign the CPO's owner in; return the list into which the errors of the pages' scripts go."""
    member = make_member(cpo, "owner", Role.OWNER)
    member.set_password("a long enough word")
    member.save()
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto(f"{live_server.url}/admin/login/")
    tab.fill("[name=username]", member.email)
    tab.fill("[name=password]", "a long enough word")
    tab.click("button[type=submit]")
    return errors
