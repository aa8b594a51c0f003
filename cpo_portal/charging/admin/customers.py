"""The pages of customers, which machines write: who they are for those who operate, and what they belong to."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse

from cpo_portal.adminkit.actions import page_button
from cpo_portal.adminkit.bases import ReadOnlyMixin, TenantAdmin, TenantExportMixin, TenantStackedInline
from cpo_portal.adminkit.display import EMPTY, column, link_to, table, when
from cpo_portal.adminkit.forms import DialogForm
from cpo_portal.adminkit.rules import cpo_of
from cpo_portal.adminkit.widgets import TextInput
from cpo_portal.charging.admin.imports import CustomerImportMixin
from cpo_portal.charging.balances.units import in_words
from cpo_portal.charging.export_columns import CUSTOMER_COLUMNS
from cpo_portal.charging.models import Balance, Customer, CustomerContact, CustomerGroup, CustomerRecord
from cpo_portal.charging.panels import Panel
from cpo_portal.charging.people.traces import Wanted, find_customers

#: What is shown to those who operate alone.
_PERSONAL = ("tier", "organisation")


class ContactForm(DialogForm):
    """Asks for a contact, and gives the id of the customer with it."""

    contact = forms.CharField(label="Phone or e-mail", max_length=254, widget=TextInput)

    def clean_contact(self) -> Any:
        text, cpo = self.cleaned_data["contact"], cpo_of(self.request)
        if cpo is None:
            raise ValidationError("Choose a CPO first.")
        try:
            found = find_customers(cpo, Wanted(email=text) if "@" in text else Wanted(phone=text))
        except ValueError as fault:
            raise ValidationError(str(fault)) from fault
        if not found:
            raise ValidationError("No customer has this contact.")
        return found[0].pk


class ContactInline(ReadOnlyMixin, TenantStackedInline):
    """Personal data, for those who operate; an analyst does without."""

    model = CustomerContact
    fields = ("name", "phone", "email", "organization", "tax_id")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_operate_permission(request, obj)


class RecordInline(ReadOnlyMixin, TenantStackedInline):
    """What the CPO keeps of the customer, for those who operate; files bring it in."""

    model = CustomerRecord
    fields = ("tier", "organisation", "joined_on", "vehicle_make")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_operate_permission(request, obj)


@admin.register(Customer)
class CustomerAdmin(ReadOnlyMixin, CustomerImportMixin, TenantExportMixin, TenantAdmin):
    """Drivers, known by keyed hashes."""

    list_display = ("__str__", "tier", "organisation", "known_since", "orders_made")
    export_columns = CUSTOMER_COLUMNS
    export_related = ("record", "orders")
    change_form_template: Any = None
    change_form_after_template = "charging/panels.html"
    search_fields = ("id__iexact",)
    search_help_text = "A whole customer id; “Find by contact” takes a phone number or an e-mail address."
    actions_list = ("import_customers", "find_by_contact")
    list_select_related = ("cpo", "record")
    inlines = (ContactInline, RecordInline)
    fields = ("id", "known_since", "orders_made")
    readonly_fields = ("known_since", "orders_made")

    def has_export_permission(self, request: HttpRequest) -> bool:
        # What the CPO keeps of a person is for those who operate.
        return self.has_operate_permission(request)

    class Media:
        css = {"all": ("charging/order.css",)}

    def get_list_display(self, request: HttpRequest) -> tuple[str, ...]:
        shown: tuple[str, ...] = self.list_display
        return shown if self.has_operate_permission(request) else tuple(x for x in shown if x not in _PERSONAL)

    @page_button(description="Find by contact", icon="person_search")
    def find_by_contact(self, request: HttpRequest) -> HttpResponse:
        """Go to the customer with a phone number or an e-mail address; sent in a form, it stays out of addresses."""
        if not self.has_operate_permission(request):
            raise PermissionDenied
        form = ContactForm(data=request.POST or None, request=request)
        if form.is_valid():
            return HttpResponseRedirect(reverse("admin:charging_customer_change", args=[form.cleaned_data["contact"]]))
        dialog = {
            "title": "Find by contact",
            "description": "Contacts are kept hashed, so that the whole number or address is needed.",
            "dismiss": "Go back",
        }
        context = {**self.admin_site.each_context(request), "opts": self.opts, "title": dialog["title"], "form": form}
        context |= {"dialog": dialog, "back": reverse("admin:charging_customer_changelist")}
        return TemplateResponse(request, "adminkit/dialog_page.html", context)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        shown = _panels(row) if row is not None and self.has_operate_permission(request, row) else []
        context = (extra_context or {}) | {"panels": shown}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    @column(description="Tier", ordering="record__tier")
    def tier(self, obj: Customer) -> str:
        return _record(obj).tier or EMPTY

    @column(description="Organisation", ordering="record__organisation")
    def organisation(self, obj: Customer) -> str:
        return _record(obj).organisation or EMPTY

    @column(description="Known since", ordering="created_at")
    def known_since(self, obj: Customer) -> str:
        return when(obj.created_at, obj.cpo.time_zone)

    @column(description="Orders")
    def orders_made(self, obj: Customer) -> int:
        return obj.orders.count()


def _record(customer: Customer) -> CustomerRecord:
    return getattr(customer, "record", None) or CustomerRecord()


def _panels(customer: Customer) -> list[Panel]:
    """Return the customer's groups and balances, each with a link to its page."""
    groups = list(CustomerGroup.objects.filter(members__customer=customer).order_by("name"))
    balances = Balance.objects.filter(Q(customer=customer) | Q(group__in=groups)).select_related("group")
    rows = [
        (link_to("charging_balance", each.pk, each.name), each.group or "Own", in_words(each.amount, each.currency))
        for each in balances.order_by("name", "pk")
    ]
    links = [link_to("charging_customergroup", each.pk, each.name) for each in groups]
    return [
        Panel("Groups", table(("Group",), [(link,) for link in links])),
        Panel("Balances", table(("Balance", "Whose", "Left"), rows, numbers=(2,))),
    ]
