"""Django looks here for what this room registers."""

from cpo_portal.adminkit import accounts_admin, people_admin, signin_admin

__all__ = ["accounts_admin", "people_admin", "signin_admin"]
