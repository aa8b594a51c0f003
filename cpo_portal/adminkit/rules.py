"""Which rows, choices and buttons a member gets: the rules that admins and inlines of CPO rows share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from cpo_portal.accounts.access import Right
from cpo_portal.accounts.models import Cpo, User
from cpo_portal.accounts.tenancy import current_cpo


def rights(request: HttpRequest) -> frozenset[Right]:
    """Return what the signed-in user may do at the CPO of this request."""
    return getattr(request, "rights", frozenset())


def is_operator(request: HttpRequest) -> bool:
    """Tell whether the signed-in person runs the platform."""
    return bool(getattr(request.user, "is_platform_operator", False))


def cpo_of(request: HttpRequest) -> Cpo | None:
    """Return the CPO that the signed-in person works for now."""
    return getattr(request, "cpo", None)


def is_scoped(model: type[Model]) -> bool:
    """Tell whether the model's rows can only be read inside a CPO."""
    return hasattr(model._default_manager, "with_scopes_disabled")


class TenantRules:
    """Fail-closed rules for one model whose rows belong to a CPO, directly or through a parent.

    `view_right` and `change_right` say what is asked of the member. A relation to a table without CPOs offers
    nothing, unless it is named in `shared_relations`; a relation to users offers the CPO's members.
    """

    view_right = Right.VIEW
    change_right = Right.CHANGE
    shared_relations: Sequence[str] = ()
    model: type[Model]

    def may(self, request: HttpRequest, right: Right, obj: Any = None) -> bool:
        """Tell whether the member has the right, and the row is not another CPO's."""
        cpo = cpo_of(request)
        if cpo is None or right not in rights(request):
            return False
        owner = getattr(obj, "cpo_id", None) if isinstance(obj, Model) else None
        return owner is None or owner == cpo.pk

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.may(request, self.view_right)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, self.view_right, obj)

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, self.change_right, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, self.change_right, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.may(request, self.change_right, obj)

    def has_operate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell who may press the page's own buttons, also where nobody may edit the row."""
        return self.may(request, self.change_right, obj)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        if not is_scoped(self.model) and not self.model._meta.auto_created:
            raise ImproperlyConfigured(f"{self.model._meta.label} needs objects = ScopedManager(cpo=…).")
        if cpo_of(request) is None or current_cpo() != cpo_of(request):
            return self.model._default_manager.none()
        return super().get_queryset(request)  # type: ignore[misc]

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.choices(db_field, request))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)  # type: ignore[misc]

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", self.choices(db_field, request))
        return super().formfield_for_manytomany(db_field, request, **kwargs)  # type: ignore[misc]

    def choices(self, db_field: Any, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows that a relation may point at."""
        related = db_field.remote_field.model
        if is_scoped(related) or db_field.name in self.shared_relations:
            return related._default_manager.all()
        if related is User and cpo_of(request) is not None:
            return User.objects.filter(memberships__cpo=cpo_of(request))
        return related._default_manager.none()
