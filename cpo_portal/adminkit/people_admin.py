"""The pages of users and CPOs."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from cpo_portal.accounts.access import Right
from cpo_portal.accounts.models import Cpo, User
from cpo_portal.adminkit import members
from cpo_portal.adminkit.actions import object_action
from cpo_portal.adminkit.bases import PlatformAdmin, PortalAdmin
from cpo_portal.adminkit.display import EMPTY, Tone, chip, column, when
from cpo_portal.adminkit.rules import cpo_of, is_operator, rights
from cpo_portal.adminkit.secret_page import ShowsSecretMixin, show_link


class UserForm(forms.ModelForm):  # type: ignore[type-arg]
    """A person; the address is compared however it is written."""

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        found = members.find_user(email)
        if found is not None and found.pk != self.instance.pk:
            raise ValidationError("A user with this e-mail address exists already.")
        return email


@admin.register(User)
class UserAdmin(ShowsSecretMixin, PlatformAdmin):
    """People who sign in; an account is closed, never deleted, because rows say who made them."""

    form = UserForm
    list_display = ("email", "full_name", "state", "last_seen")
    list_filter = ("is_active", "is_superuser")
    search_fields = ("email", "first_name", "last_name")
    ordering = ("email",)
    add_fieldsets = ((None, {"fields": ("email", ("first_name", "last_name"), "is_active", "is_superuser")}),)
    fields = ("email", ("first_name", "last_name"), "is_active", "is_superuser", "last_seen", "joined")
    readonly_fields = ("last_seen", "joined")
    actions_detail = ("new_link",)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        # Nobody closes the own account or hands in the own keys: the platform keeps an operator.
        own = ["is_active", "is_superuser"] if obj is not None and obj.pk == request.user.pk else []
        return [*self.readonly_fields, *own]

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "is_superuser":
            field.label, field.help_text = "Platform operator", "May do everything for every CPO."
        if db_field.name == "is_active":
            field.help_text = "Switch it off to close the account: the person is signed out at once."
        return field

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change:
            obj.is_staff = True
            obj.set_unusable_password()
        super().save_model(request, obj, form, change)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return show_link(self, request, obj)

    @object_action(
        description="New set-password link",
        confirm="Older links stop working once the person sets a password with the new one.",
        icon="key",
    )
    def new_link(self, request: HttpRequest, obj: User) -> HttpResponse:
        return show_link(self, request, obj)

    @column(description="Name", ordering=("first_name", "last_name"))
    def full_name(self, obj: User) -> str:
        return obj.get_full_name() or EMPTY

    @column(description="State")
    def state(self, obj: User) -> SafeString:
        if not obj.is_active:
            return chip("Closed", Tone.BAD)
        return chip("Platform operator", Tone.INFO) if obj.is_superuser else chip("Active", Tone.GOOD)

    @column(description="Last sign-in", ordering="last_login")
    def last_seen(self, obj: User) -> str:
        return when(obj.last_login)

    @column(description="Joined")
    def joined(self, obj: User) -> str:
        return when(obj.date_joined)


@admin.register(Cpo)
class CpoAdmin(PortalAdmin):
    """CPOs: operators add and close them; an owner keeps the own CPO's public text and support contacts."""

    list_display = ("name", "provider_id", "country", "currency", "time_zone", "state")
    search_fields = ("name", "provider_id")
    fieldsets = (
        (None, {"fields": (("name", "provider_id"), "short_desc", "image_url")}),
        ("Support contacts shown to drivers", {"fields": (("support_phone", "support_email"), "support_url")}),
        ("Personal data", {"fields": ("message_retention_days",)}),
        ("Platform", {"fields": (("country", "currency", "time_zone"), "is_active")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cpo]:
        rows: QuerySet[Cpo] = super().get_queryset(request)
        if is_operator(request):
            return rows
        own = cpo_of(request)
        return rows.filter(pk=own.pk) if own else rows.none()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_operator(request) or cpo_of(request) is not None

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_module_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_operator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_own = obj is None or obj == cpo_of(request)
        return is_operator(request) or (Right.MANAGE_MEMBERS in rights(request) and is_own)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if is_operator(request):
            return ["provider_id"] if obj else []
        return ["provider_id", "country", "currency", "time_zone", "is_active"]

    @column(description="State", ordering="is_active")
    def state(self, obj: Cpo) -> SafeString:
        return chip("Active", Tone.GOOD) if obj.is_active else chip("Closed", Tone.BAD)
