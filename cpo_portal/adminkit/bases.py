"""The bases of every model's pages in the admin: a CPO's own rows, the platform's rows, read-only tables."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.admin.actions import delete_selected
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import DateTimeField
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import strip_tags
from unfold.admin import ModelAdmin, StackedInline, TabularInline

from cpo_portal.adminkit.actions import page_of
from cpo_portal.adminkit.checks import TenantAdminChecks
from cpo_portal.adminkit.exports import TenantExportMixin
from cpo_portal.adminkit.forms import MOST_ROWS, bounded_formset, has_cpo_column, tenant_form
from cpo_portal.adminkit.rules import TenantRules, cpo_of, is_operator
from cpo_portal.adminkit.seen import seen_form, written_marks
from cpo_portal.database.instants import refuse_far

__all__ = [
    "PlatformAdmin",
    "PlatformTabularInline",
    "PortalAdmin",
    "ReadOnlyMixin",
    "TenantAdmin",
    "TenantExportMixin",
    "TenantInline",
    "TenantStackedInline",
    "TenantTabularInline",
]


#: What is said of the date and of the time of an instant that lacks it.
HALVES = ("Give the date, such as 2026-11-21.", "Give the time as well, such as 18:30.")


class PortalAdmin(ModelAdmin):  # type: ignore[misc]
    """What all pages share: an action that names no permission is for those who may operate, never for all."""

    list_per_page = 50
    warn_unsaved_form = True
    compressed_fields = True
    list_filter_submit = True
    view_on_site = False
    list_before_template = "adminkit/list_note.html"
    #: The id of the page's own section of history, where there is one: the button leads there.
    history_section = ""

    def list_note(self, request: HttpRequest) -> str:
        """Return what a reader of the list must know, for example what it leaves out."""
        return ""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        context = {"list_note": self.list_note(request)} | (extra_context or {})
        response: HttpResponse = super().changelist_view(request, context)
        return response

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_or_change_permission(request):
            raise PermissionDenied  # before anybody learns whether there is such a row
        if self.history_section and self.get_object(request, unquote(object_id)) is not None:
            page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[object_id])
            return HttpResponseRedirect(f"{page}#{self.history_section}")
        response: HttpResponse = super().history_view(request, object_id, extra_context)
        return response

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> type[ModelForm]:
        return seen_form(super().get_form(request, obj, change, **kwargs), request)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        seen = written_marks(context["adminform"].form) if context.get("original") is not None else ""
        shown: Any = super().render_change_form(request, context | {"seen": seen}, *args, **kwargs)
        return shown

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if isinstance(db_field, DateTimeField) and hasattr(field, "fields"):
            for part, code, sentence in zip(field.fields, ("invalid_date", "invalid_time"), HALVES, strict=True):
                field.error_messages[code] = part.error_messages["invalid"] = sentence
            field.validators.append(refuse_far)
        return field

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        obj = self.get_object(request, unquote(object_id))
        if obj is not None and self.has_delete_permission(request, obj):
            refusal = self._in_use(request, [obj])
            if refusal:
                messages.error(request, refusal)
                return HttpResponseRedirect(page_of(self, request, object_id))
        response: HttpResponse = super().delete_view(request, object_id, extra_context)
        return response

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        if "delete_selected" in actions:
            actions["delete_selected"] = (_delete_unused, *actions["delete_selected"][1:])
        return actions

    def _in_use(self, request: HttpRequest, rows: Any) -> str:
        """Return why these rows cannot be deleted and what to do first, "" where they can."""
        protected = [strip_tags(item) for item in self.get_deleted_objects(rows, request)[3]]
        if not protected:
            return ""
        more = f" and {len(protected) - 3} more" if len(protected) > 3 else ""
        return f"Nothing was deleted: change or delete first what still needs it: {'; '.join(protected[:3])}{more}."

    def get_ordering(self, request: HttpRequest) -> Any:
        # Pages of an unordered table may repeat and miss rows.
        return super().get_ordering(request) or (() if self.model._meta.ordering else ("pk",))

    def has_operate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell who may press the page's own buttons."""
        allowed: bool = self.has_change_permission(request, obj)
        return allowed

    def _filter_actions_by_permissions(self, request: HttpRequest, actions: Any) -> list[Any]:
        allowed: list[Any] = []
        for item in actions:
            names = getattr(item[0], "allowed_permissions", None) or ["operate"]
            if all(getattr(self, f"has_{name}_permission")(request) for name in names):
                allowed.append(item)
        return allowed

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        allowed = super().get_actions_detail(request, object_id)
        if not any(getattr(action.method, "offered", None) for action in allowed):
            return list(allowed)
        obj = self.get_object(request, unquote(str(object_id)))
        return [action for action in allowed if obj and _is_offered(action.method, obj)]

    def get_unfold_action(self, action: str) -> Any:
        found = super().get_unfold_action(action)
        if not getattr(found.method, "closed", False):
            found.method = _closed(self, found.method)
        return found


def _delete_unused(model_admin: PortalAdmin, request: HttpRequest, queryset: Any) -> Any:
    """Delete the chosen rows after asking; where one is in use, say so and delete none."""
    refusal = model_admin._in_use(request, queryset)
    if refusal:
        messages.error(request, refusal)
        return None
    return delete_selected(model_admin, request, queryset)


def _is_offered(method: Callable[..., Any], obj: Any) -> bool:
    offered = getattr(method, "offered", None)
    return offered is None or bool(offered(obj))


def _closed(model_admin: PortalAdmin, method: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a button's method, which has an address of its own, so that it asks for `operate` by default."""
    names = list(getattr(method, "allowed_permissions", None) or ["operate"])

    def ask_first(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        for name in names:
            if not getattr(model_admin, f"has_{name}_permission")(request):
                raise PermissionDenied
        return method(request, *args, **kwargs)

    ask_first.__dict__.update(getattr(method, "__dict__", {}), allowed_permissions=names, closed=True)
    return ask_first


class TenantAdmin(TenantRules, PortalAdmin):
    """The pages of rows that belong to a CPO; everything outside the active CPO does not exist here."""

    checks_class = TenantAdminChecks

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> type[ModelForm]:
        return tenant_form(super().get_form(request, obj, change, **kwargs))

    def get_changelist_form(self, request: HttpRequest, **kwargs: Any) -> type[ModelForm]:
        return tenant_form(super().get_changelist_form(request, **kwargs))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if has_cpo_column(type(obj)):
            cpo = cpo_of(request)
            if not change:
                obj.cpo = cpo
            if cpo is None or obj.cpo_id != cpo.pk:
                raise PermissionDenied
        super().save_model(request, obj, form, change)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        # A form opened for one CPO and sent after switching to another must not write into the other.
        sent_for = request.POST.get("_cpo", "")
        cpo = cpo_of(request)
        if sent_for and (cpo is None or sent_for != str(cpo.pk)):
            messages.error(request, f"Nothing was saved: you have switched to {cpo} since you opened that form.")
            return HttpResponseRedirect(request.get_full_path())
        response: HttpResponse = super().changeform_view(request, object_id, form_url, extra_context)
        return response


class _BoundedInline:
    """Rows below their parent, no more than a form can carry."""

    extra = 0
    max_num = MOST_ROWS

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        return bounded_formset(super().get_formset(request, obj, **{"absolute_max": MOST_ROWS} | kwargs))  # type: ignore[misc]


class _TenantInlineRules(TenantRules, _BoundedInline):
    show_change_link = False

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        formset = super().get_formset(request, obj, **kwargs)
        formset.form = tenant_form(formset.form)
        return formset


class TenantTabularInline(_TenantInlineRules, TabularInline):  # type: ignore[misc]
    """Rows of a CPO below their parent, as a table."""


class TenantStackedInline(_TenantInlineRules, StackedInline):  # type: ignore[misc]
    """Rows of a CPO below their parent, one form below the other."""


TenantInline = TenantTabularInline


class PlatformRules:
    """Everything is for the platform's operators alone."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_operator(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_operator(request)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_operator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_operator(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_operator(request)

    def has_operate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_operator(request)


class PlatformAdmin(PlatformRules, PortalAdmin):
    """The pages of rows that belong to the platform."""


class PlatformTabularInline(PlatformRules, _BoundedInline, TabularInline):  # type: ignore[misc]
    """Rows of the platform below their parent, as a table."""


class ReadOnlyMixin:
    """A table that machines write: people look at it, and may press only buttons that ask for `operate`."""

    can_delete = False
    max_num = 0

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        # Nobody changes it here, so its history would be empty for ever.
        shown: Any = super().render_change_form(request, context | {"show_history": False}, *args, **kwargs)  # type: ignore[misc]
        return shown

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
