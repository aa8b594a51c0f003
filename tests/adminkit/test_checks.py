"""An admin that would show other CPOs' rows or values stops the start."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin

from cpo_portal.accounts.models import ApiToken, Cpo, Membership
from cpo_portal.adminkit.bases import TenantAdmin
from cpo_portal.adminkit.site import PortalAdminSite


class OnPlatformTable(TenantAdmin):
    fields = ("name",)


class FilterLeavesTheCpo(TenantAdmin):
    list_filter = ("created_by",)


class OpenRelation(TenantAdmin):
    fields = ("cpo",)


class Closed(TenantAdmin):
    list_filter = ("scope",)
    fields = ("name",)


FAULTS = {
    "a table without CPOs": (OnPlatformTable, Cpo, ["adminkit.E001"]),
    "a filter over users": (FilterLeavesTheCpo, ApiToken, ["adminkit.E003"]),
    "a closed admin": (Closed, ApiToken, []),
}


@pytest.mark.parametrize(("admin_class", "model", "expected"), FAULTS.values(), ids=FAULTS)
def test_a_leak_is_an_error(admin_class: Any, model: Any, expected: list[str]) -> None:
    found = admin_class(model, PortalAdminSite(name="test")).check()
    assert [error.id for error in found if error.id.startswith("adminkit")] == expected


def test_a_relation_to_a_table_without_cpos_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Membership._meta.get_field("cpo"), "editable", True)
    found = OpenRelation(Membership, PortalAdminSite(name="test")).check()
    assert "adminkit.E002" in [error.id for error in found]


def test_every_page_of_the_portal_passes() -> None:
    # Its own checks, not those of every site: other tests make sites too, and not all of them are gone.
    assert [error for error in admin.site.check(None) if error.is_serious()] == []
    assert type(admin.site._wrapped if hasattr(admin.site, "_wrapped") else admin.site).__name__ == "PortalAdminSite"
