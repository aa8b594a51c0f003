"""The pages of the groups that share a balance: families and fleets, whose members are added by their contacts."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cpo_portal.accounts.access import Right
from cpo_portal.adminkit.actions import object_action
from cpo_portal.adminkit.bases import TenantAdmin, TenantTabularInline
from cpo_portal.adminkit.display import EMPTY, column, link_to, table, when
from cpo_portal.adminkit.forms import DialogForm
from cpo_portal.adminkit.rules import rights
from cpo_portal.adminkit.widgets import Textarea
from cpo_portal.charging.balances.units import in_words
from cpo_portal.charging.models import CustomerContact, CustomerGroup, CustomerGroupMember
from cpo_portal.charging.panels import GROUP_PANELS, Panel
from cpo_portal.charging.people.groups import RowsRefused, add_members, contacts_of


class MembersForm(DialogForm):
    """Who is added."""

    contacts = forms.CharField(
        label="Phones or e-mails", widget=Textarea, max_length=50_000, help_text="One a line, or divided by commas."
    )


class MemberInline(TenantTabularInline):
    """Who belongs to a group; they are added by their contact, with a button."""

    model = CustomerGroupMember
    fields = ("member", "contact", "added")
    readonly_fields = fields
    hide_title = True
    max_num = 0

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[CustomerGroupMember]:
        rows: QuerySet[CustomerGroupMember] = super().get_queryset(request).select_related("cpo", "customer__contact")
        return rows

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        # Who only looks sees who is in it by the customer's id alone, as on the customers' own pages.
        allowed = self.has_operate_permission(request, obj)
        return tuple(name for name in self.fields if allowed or name != "contact")

    @column(description="Customer")
    def member(self, obj: CustomerGroupMember) -> SafeString:
        return link_to("charging_customer", obj.customer_id, str(obj.customer))

    @column(description="Who it is")
    def contact(self, obj: CustomerGroupMember) -> str:
        return masked(getattr(obj.customer, "contact", None))

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
    change_form_template: Any = None
    change_form_after_template = "charging/panels.html"

    class Media:
        css = {"all": ("charging/order.css",)}

    def response_post_save_add(self, request: HttpRequest, obj: CustomerGroup) -> HttpResponse:
        # A group begins on its page: there it gets its members and its balance.
        return HttpResponseRedirect(reverse("admin:charging_customergroup_change", args=[obj.pk]))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        group = self.get_object(request, unquote(object_id))
        context = dict(extra_context or {})
        if group is not None and self.has_view_permission(request, group):
            made = (make(request, group) for make in (nobody_yet, balances, *GROUP_PANELS))
            context["panels"] = [panel for panel in made if panel is not None]
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

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
        return ", ".join(f"{x.name}: {in_words(x.amount, x.currency)}" for x in obj.balances.all()) or EMPTY


def nobody_yet(request: HttpRequest, group: CustomerGroup) -> Panel | None:
    """Say how a group without members gets them."""
    if group.members.exists():
        return None
    return Panel("Members", format_html("<p>{}</p>", "Nobody yet: add them with “Add members”, by phone or e-mail."))


def balances(request: HttpRequest, group: CustomerGroup) -> Panel:
    """Show what the group has paid ahead, and where it gets a balance."""
    rows = [
        (
            link_to("charging_balance", row.pk, row.name),
            in_words(row.amount, row.currency),
            in_words(row.held, row.currency),
        )
        for row in group.balances.order_by("name", "pk")
    ]
    shown = table(("Balance", "Left", "Held by orders"), rows, numbers=(1, 2)) if rows else _NO_BALANCE
    if Right.CHANGE not in rights(request):
        return Panel("Balances", shown)
    add = f"{reverse('admin:charging_balance_add')}?{urlencode({'group': group.pk, 'name': group.name})}"
    more = format_html('<p><a class="text-link" href="{}">Give the group a balance</a></p>', add)
    return Panel("Balances", format_html("{}{}", shown, more))


_NO_BALANCE = format_html("<p>{}</p>", "The members share no balance yet.")


def masked(contact: CustomerContact | None) -> str:
    """Return a name with the end of the number or the address: enough to tell the members of a group apart."""
    if contact is None:
        return EMPTY
    digits = "".join(filter(str.isdigit, contact.phone))
    local, _, domain = contact.email.partition("@")
    reached = f"•••• {digits[-4:]}" if len(digits) > 4 else f"{local[:1]}•••@{domain}" if domain else ""
    return ", ".join(filter(None, (contact.name, reached))) or EMPTY
