"""The room of the admin's theme and of its tenant-scoped bases."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalAdminConfig(AdminConfig):
    default_site = "cpo_portal.adminkit.site.PortalAdminSite"


class AdminKitConfig(AppConfig):
    name = "cpo_portal.adminkit"
    label = "adminkit"
