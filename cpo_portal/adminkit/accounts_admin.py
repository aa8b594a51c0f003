"""The pages of members and API tokens."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.safestring import SafeString

from cpo_portal.accounts.access import Right
from cpo_portal.accounts.models import ApiToken, Cpo, Membership, Role, TokenScope, User
from cpo_portal.accounts.tokens import create_token, revoke_token
from cpo_portal.adminkit import members
from cpo_portal.adminkit.actions import ActionVariant, object_action
from cpo_portal.adminkit.bases import TenantAdmin, TenantExportMixin
from cpo_portal.adminkit.display import EMPTY, Tone, chip, column, when
from cpo_portal.adminkit.filters import ChoicesDropdownFilter
from cpo_portal.adminkit.secret_page import ShowsSecretMixin, show_link, shown_once
from cpo_portal.adminkit.widgets import EmailInput, TextInput


class MemberForm(forms.ModelForm):  # type: ignore[type-arg]
    """A member's role; the last owner keeps it."""

    def clean_role(self) -> str:
        role: str = self.cleaned_data["role"]
        members.check_role_change(self.instance, role)
        return role


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg]
    """Whom to invite, and as what."""

    email = forms.EmailField(label="E-mail address", widget=EmailInput)
    full_name = forms.CharField(max_length=150, required=False, label="Name", widget=TextInput)
    invited_by: User
    invited_to: Cpo

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        members.check_invitation(self.invited_to, email, self.invited_by)
        return email


@admin.register(Membership)
class MembershipAdmin(ShowsSecretMixin, TenantExportMixin, TenantAdmin):
    """Who works for the CPO: all members see it, owners change it."""

    change_right = Right.MANAGE_MEMBERS
    list_display = ("email", "full_name", "role_chip", "joined")
    list_filter = (("role", ChoicesDropdownFilter),)
    list_select_related = ("user",)
    search_fields = ("user__email", "user__first_name", "user__last_name")
    ordering = ("user__email",)
    readonly_fields = ("email", "full_name", "joined")
    actions_detail = ("new_link",)
    export_fields = {
        "user__email": "email",
        "user__first_name": "first name",
        "user__last_name": "last name",
        "role": "role",
        "created_at": "member since",
    }

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return ["email", "full_name", "role", "joined"] if obj else ["email", "full_name", "role"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.readonly_fields if obj else ()

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        if obj is not None:
            return super().get_form(request, obj, change, **{"form": MemberForm, **kwargs})
        form: Any = super().get_form(request, obj, change, **{"form": InvitationForm, "fields": ["role"], **kwargs})
        form.invited_by, form.invited_to = request.user, request.cpo
        return form

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        # Members are removed one by one, each checked for being the last owner.
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed: bool = super().has_delete_permission(request, obj)
        return allowed and not (isinstance(obj, Membership) and members.is_last_owner(obj))

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        if change:
            return super().save_model(request, obj, form, change)
        answers = form.cleaned_data
        made, form.needs_password = members.invite(
            request.cpo, email=answers["email"], role=answers["role"], full_name=answers["full_name"]
        )
        obj.pk, obj.user = made.pk, made.user
        return None

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        members.remove(obj)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        if not obj.user.has_usable_password() and obj.user.last_login is None and members.may_get_new_link(obj):
            return show_link(self, request, obj.user)
        response: HttpResponse = super().response_add(request, obj, post_url_continue)
        return response

    @object_action(
        description="New set-password link",
        confirm="For a member who has not set a password yet: the new link is shown once.",
        icon="key",
        offered=members.may_get_new_link,
    )
    def new_link(self, request: HttpRequest, obj: Membership) -> HttpResponse:
        if not members.may_get_new_link(obj):
            raise ValidationError("This person has a password already, or belongs to another CPO as well.")
        return show_link(self, request, obj.user)

    @column(description="E-mail address", ordering="user__email")
    def email(self, obj: Membership) -> str:
        return obj.user.email

    @column(description="Name", ordering="user__first_name")
    def full_name(self, obj: Membership) -> str:
        return obj.user.get_full_name() or EMPTY

    @column(description="Role", ordering="role")
    def role_chip(self, obj: Membership) -> SafeString:
        tones = {Role.OWNER: Tone.INFO, Role.MANAGER: Tone.GOOD}
        return chip(obj.get_role_display(), tones.get(Role(obj.role), Tone.NEUTRAL))

    @column(description="Member since", ordering="created_at")
    def joined(self, obj: Membership) -> str:
        return when(obj.created_at, obj.cpo.time_zone)


class TokenForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a new token may do, and until when."""

    def clean_expires_at(self) -> Any:
        expires_at = self.cleaned_data["expires_at"]
        if expires_at is not None and expires_at <= timezone.now():
            raise ValidationError("Choose a time that is still to come.")
        return expires_at


@admin.register(ApiToken)
class ApiTokenAdmin(ShowsSecretMixin, TenantAdmin):
    """Tokens of the APIs: made, shown once, revoked; never changed and never deleted.

    A token goes on after the person who made it has left, so it is handed out by those who decide who works here.
    """

    change_right = Right.MANAGE_MEMBERS
    form = TokenForm
    list_display = ("name", "scope_name", "begins", "state", "made_by", "last_used", "ends")
    list_filter = (("scope", ChoicesDropdownFilter),)
    list_select_related = ("created_by", "cpo")
    search_fields = ("name", "prefix")
    actions_detail = ("revoke",)
    actions_row = ("revoke",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        if obj is None:
            return ["name", "scope", "expires_at"]
        return ["name", "scope_name", "begins", "state", "made_by", "made", "last_used", "ends"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [] if obj is None else self.get_fields(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: Any, obj: Any, form: Any, change: bool) -> None:
        answers = form.cleaned_data
        made, obj.text = create_token(
            request.cpo,
            name=answers["name"],
            scope=TokenScope(answers["scope"]),
            expires_at=answers["expires_at"],
            created_by=request.user,
        )
        obj.pk, obj.prefix = made.pk, made.prefix

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        advice = "Copy the token into the system that will use it. Only its hash is kept: it is shown only now."
        return shown_once(self, request, f"API token “{obj.name}”", obj.text, advice)

    @object_action(
        description="Revoke",
        confirm="Whatever uses this token is refused from now on. This cannot be undone.",
        icon="block",
        variant=ActionVariant.DANGER,
        offered=lambda token: token.revoked_at is None,
    )
    def revoke(self, request: HttpRequest, obj: ApiToken) -> str:
        if not revoke_token(obj, timezone.now()):
            raise ValidationError("This token was revoked before.")
        return f"“{obj.name}” is revoked."

    @column(description="May call", ordering="scope")
    def scope_name(self, obj: ApiToken) -> str:
        return obj.get_scope_display()

    @column(description="Begins with")
    def begins(self, obj: ApiToken) -> str:
        return f"cpo_{obj.prefix}_…"

    @column(description="State")
    def state(self, obj: ApiToken) -> SafeString:
        if obj.revoked_at:
            return chip("Revoked", Tone.BAD)
        if obj.expires_at and obj.expires_at <= timezone.now():
            return chip("Expired", Tone.NEUTRAL)
        return chip("Active", Tone.GOOD)

    @column(description="Made by", ordering="created_by__email")
    def made_by(self, obj: ApiToken) -> str:
        return str(obj.created_by) if obj.created_by else EMPTY

    @column(description="Made", ordering="created_at")
    def made(self, obj: ApiToken) -> str:
        return when(obj.created_at, obj.cpo.time_zone)

    @column(description="Last used", ordering="last_used_at")
    def last_used(self, obj: ApiToken) -> str:
        return when(obj.last_used_at, obj.cpo.time_zone)

    @column(description="Ends", ordering="expires_at")
    def ends(self, obj: ApiToken) -> str:
        return when(obj.expires_at, obj.cpo.time_zone) if obj.expires_at else "Never"
