"""System checks that stop the start when an admin of CPO rows would not be closed."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.utils import flatten, flatten_fieldsets, get_fields_from_path
from django.core import checks
from django.core.exceptions import FieldDoesNotExist
from unfold.checks import UnfoldModelAdminChecks

from cpo_portal.accounts.models import User
from cpo_portal.adminkit.rules import is_scoped


class TenantAdminChecks(UnfoldModelAdminChecks):
    """Unfold's checks, and: rows are scoped, relations and filters offer no other CPO's values."""

    def check(self, admin_obj: Any, **kwargs: Any) -> list[checks.CheckMessage]:
        found = list(super().check(admin_obj, **kwargs))
        if not is_scoped(admin_obj.model):
            found.append(_error("E001", admin_obj, "the model's default manager is not a ScopedManager"))
        for name in _editable_relations(admin_obj):
            related = admin_obj.model._meta.get_field(name).remote_field.model
            if not is_scoped(related) and related is not User and name not in admin_obj.shared_relations:
                found.append(_error("E002", admin_obj, f"{name} points at a table without CPOs"))
        for item in admin_obj.list_filter:
            path = item[0] if isinstance(item, list | tuple) else item
            if isinstance(path, str) and _leaves_the_cpo(admin_obj, path):
                found.append(_error("E003", admin_obj, f"the filter {path} would show every CPO's values"))
        return found


def _error(number: str, admin_obj: Any, reason: str) -> checks.Error:
    hint = "Scope the model, make the field read-only, or name it in shared_relations if all CPOs share it."
    return checks.Error(f"{type(admin_obj).__name__}: {reason}.", hint, obj=type(admin_obj), id=f"adminkit.{number}")


def _editable_relations(admin_obj: Any) -> list[str]:
    shown = flatten_fieldsets(admin_obj.fieldsets) if admin_obj.fieldsets else flatten(admin_obj.fields or ())
    closed = {*admin_obj.readonly_fields, *(admin_obj.exclude or ())}
    return [
        field.name
        for field in (*admin_obj.model._meta.fields, *admin_obj.model._meta.many_to_many)
        if field.is_relation and field.editable and field.name not in closed and (not shown or field.name in shown)
    ]


def _leaves_the_cpo(admin_obj: Any, path: str) -> bool:
    try:
        fields: list[Any] = get_fields_from_path(admin_obj.model, path)
    except FieldDoesNotExist:
        return False
    return any(
        field.is_relation and not is_scoped(field.related_model) and field.name not in admin_obj.shared_relations
        for field in fields
    )
