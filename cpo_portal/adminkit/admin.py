"""Django looks here for what this room registers."""

from django.contrib import admin
from django.contrib.auth.models import Group

from cpo_portal.adminkit import accounts_admin, signin_admin

__all__ = ["accounts_admin", "signin_admin"]

# Rights follow from memberships alone: a page of groups would promise something that nothing reads.
if admin.site.is_registered(Group):
    admin.site.unregister(Group)
