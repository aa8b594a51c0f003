"""The room of the admin's theme and of its tenant-scoped bases."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    default_site = "cpo_portal.adminkit.site.PortalAdminSite"

    def ready(self) -> None:
        super().ready()
        from django.contrib import admin
        from django.contrib.auth.models import Group

        # Rights follow from memberships alone: a page of groups would promise something that nothing reads.
        if admin.site.is_registered(Group):
            admin.site.unregister(Group)


class AdminKitConfig(AppConfig):
    name = "cpo_portal.adminkit"
    label = "adminkit"
