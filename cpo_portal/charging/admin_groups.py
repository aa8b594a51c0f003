"""The pages of the groups that share a balance: families and fleets, whose members are added by their contacts."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest

from cpo_portal.adminkit.actions import object_action
from cpo_portal.adminkit.bases import TenantAdmin, TenantTabularInline
from cpo_portal.adminkit.display import EMPTY, column, money, when
from cpo_portal.adminkit.forms import DialogForm
from cpo_portal.adminkit.widgets import Textarea
from cpo_portal.charging.groups import RowsRefused, add_members, contacts_of
from cpo_portal.charging.models import CustomerGroup, CustomerGroupMember


class MembersForm(DialogForm):
    """Who is added."""

    contacts = forms.CharField(
        label="Phones or e-mails", widget=Textarea, max_length=50_000, help_text="One a line, or divided by commas."
    )


class MemberInline(TenantTabularInline):
    """Who belongs to a group; they are added by their contact, with a button."""

    model = CustomerGroupMember
    fields = ("customer", "added")
    readonly_fields = ("customer", "added")
    hide_title = True
    max_num = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @column(description="Added")
    def added(self, obj: CustomerGroupMember) -> str:
        return when(obj.added_at, obj.cpo.time_zone)


@admin.register(CustomerGroup)
class CustomerGroupAdmin(TenantAdmin):
    """Families and fleets."""

    list_display = ("name", "members_in", "balances_of")
    search_fields = ("name",)
    fields = ("name",)
    inlines = (MemberInline,)
    actions_detail = ("add_members",)

    @object_action(
        description="Add members",
        confirm="They share what the group has from now on; a driver is recognised by this contact.",
        icon="group_add",
        form_class=MembersForm,
    )
    def add_members(self, request: HttpRequest, obj: CustomerGroup, data: dict[str, Any]) -> str:
        try:
            new = add_members(obj, contacts_of(data["contacts"]))
        except RowsRefused as refused:
            raise ValidationError(str(refused)) from refused
        return f"{new} {'member was' if new == 1 else 'members were'} added."

    def _in_use(self, request: HttpRequest, rows: Any) -> str:
        refusal = super()._in_use(request, rows)
        return f"{refusal} Or take its members out, so that nobody shares it." if refusal else ""

    @column(description="Members")
    def members_in(self, obj: CustomerGroup) -> int:
        return obj.members.count()

    @column(description="Balances")
    def balances_of(self, obj: CustomerGroup) -> str:
        return ", ".join(f"{x.name}: {money(x.amount, x.currency)}" for x in obj.balances.all()) or EMPTY
