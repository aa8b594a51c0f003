"""The pages that take in files of contacts: customers' records, and the contacts of named lists."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cpo_portal.accounts.models import User
from cpo_portal.adminkit.actions import page_button
from cpo_portal.adminkit.bases import TenantAdmin, TenantExportMixin
from cpo_portal.adminkit.display import EMPTY, column, table, when
from cpo_portal.charging.admin.import_page import FileForm, ImportPageMixin, Outcome
from cpo_portal.charging.imports.jobs import Author, Report, import_contacts, import_customers
from cpo_portal.charging.imports.rows import CONTACTS, CUSTOMER_COLUMNS
from cpo_portal.charging.models import ContactImport, NamedList
from cpo_portal.charging.panels import Panel
from cpo_portal.charging.segments.list_past import changes_until
from cpo_portal.charging.segments.stored import delete_list, segments_naming

SHA256_HELP = (
    "sha256 stands in place of a number or address that you would rather not send: the SHA-256 of +919876543210 or "
    "asha@example.com, as 64 hexadecimal digits."
)


class ListFileForm(FileForm):
    """A CSV file, and what becomes of the contacts that are there."""

    replaces = forms.ChoiceField(
        label="The contacts of the list",
        choices=[("", "Keep them and add these"), ("yes", "Replace them by these")],
        required=False,
    )


def done_in_words(report: Report) -> str:
    """Say what an import has done, or that it will be done."""
    if report.job is not None and report.job.rows is not None:
        return f"{report.lines} rows are taken in, and written in the background within minutes."
    return f"Imported: {report.made} new, {report.changed} known before."


def outcome_of(report: Report) -> Outcome:
    """Return what the page says of a report."""
    if report.faults.count:
        return Outcome.refused([(x.row, x.column, x.sentence) for x in report.faults.shown], report.faults.count)
    if report.job is not None:
        return Outcome(done_in_words(report), written=True)
    return Outcome(f"The file can be imported: {report.made} new, {report.changed} known before.")


@admin.register(NamedList)
class NamedListAdmin(ImportPageMixin, TenantExportMixin, TenantAdmin):
    """Lists of contacts, kept as hashes alone."""

    import_form = ListFileForm
    change_form_template: Any = None
    change_form_after_template = "charging/panels.html"
    list_display = ("name", "list_id", "contacts", "filled")
    search_fields = ("name", "list_id")
    fields = ("name", "list_id")
    export_columns = {
        "List id": lambda row: row.list_id,
        "Name": lambda row: row.name,
        "Contacts": lambda row: row.contacts_there,
        "Filled ({clock})": lambda row: row.filled_at,
    }
    actions_detail = ("upload",)

    class Media:
        css = {"all": ("charging/order.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[NamedList]:
        rows: QuerySet[NamedList] = super().get_queryset(request).select_related("cpo")
        return rows.annotate(contacts_there=Count("entries"))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("list_id",) if obj is not None else ()

    @page_button(description="Upload contacts", icon="upload_file")
    def upload(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Take in contacts."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            missing: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return missing
        return self.import_page(request, row, reverse("admin:charging_namedlist_change", args=[row.pk]))

    def import_title(self, row: NamedList) -> tuple[str, str]:
        return (
            f"Contacts of “{row}”",
            f"The first row names the columns, of {', '.join(CONTACTS)}; cells are divided by commas, semicolons or "
            f"tabs, and each holds one contact. {SHA256_HELP} Contacts are hashed as they come in: neither numbers nor "
            "addresses are kept. Large files are written in the background.",
        )

    def take_in(self, row: NamedList, data: dict[str, Any], *, dry_run: bool, by: User | None) -> Outcome:
        replaces = bool(data["replaces"])
        report = import_contacts(row, data["file"], replaces=replaces, dry_run=dry_run, author=Author(by))
        return outcome_of(report)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        # The contacts go along; nobody wants to read a hundred thousand hashes before.
        names = [str(row) for row in objs]
        return names, {"named lists": len(names)}, set(), []

    def delete_model(self, request: HttpRequest, obj: NamedList) -> None:
        delete_list(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[NamedList]) -> None:
        for row in queryset:
            delete_list(row)

    def _in_use(self, request: HttpRequest, rows: Any) -> str:
        for row in rows:
            if users := segments_naming(row):
                return f"Nothing was deleted. “{row}” is used by the segment {users[0]}: take it out there first."
        return ""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        row = self.get_object(request, unquote(object_id)) if object_id else None
        shown = []
        if row is not None and self.has_view_permission(request, row):
            shown = [Panel("Contacts", format_html("<p>{}{}</p>", row.contacts_there, changes_in_words(row)))]
            shown += [Panel("Files", files_table(row.imports.select_related("by"), row.cpo.time_zone))]
        return super().changeform_view(request, object_id, form_url, {"panels": shown, **(extra_context or {})})

    @column(description="Contacts", ordering="contacts_there")
    def contacts(self, row: NamedList) -> int:
        count: int = row.contacts_there  # type: ignore[attr-defined]
        return count

    @column(description="Filled", ordering="filled_at")
    def filled(self, row: NamedList) -> str:
        return when(row.filled_at, row.cpo.time_zone)


def files_table(imports: QuerySet[ContactImport], zone: str) -> SafeString:
    """Return the last files that were taken in."""
    rows = [
        (
            when(job.created_at, zone),
            job.get_state_display(),
            EMPTY if job.made is None else job.made,
            EMPTY if job.changed is None else job.changed,
            job.reason or str(job.by or (f"API token {job.by_token}…" if job.by_token else "")),
        )
        for job in imports[:20]
    ]
    return table(("Taken in", "State", "New", "Known before", "By, or why not"), rows, numbers=(2, 3))


class CustomerImportMixin(ImportPageMixin):
    """Takes in files of customers' records."""

    actions_list: tuple[str, ...] = ("import_customers",)

    @page_button(description="Import customers", icon="upload_file")
    def import_customers(self, request: HttpRequest) -> HttpResponse:
        """Take in customers' records."""
        return self.import_page(request, getattr(request, "cpo", None), reverse("admin:charging_customer_changelist"))

    def import_title(self, row: Any) -> tuple[str, str]:
        return (
            "Import customers",
            f"The first row names the columns, of {', '.join(CUSTOMER_COLUMNS)}; cells are divided by commas, "
            f"semicolons or tabs. One of customer, {', '.join(CONTACTS)} says who it is: customer is the id that the "
            f"export and the customer's page have. {SHA256_HELP} The day of joining is written as 2024-05-31. Contacts "
            "are hashed as they come in. Who never bought becomes a customer, and is found at the first purchase. All "
            "rows are written, or none.",
        )

    def take_in(self, row: Any, data: dict[str, Any], *, dry_run: bool, by: User | None) -> Outcome:
        return outcome_of(import_customers(row, data["file"], dry_run=dry_run, author=Author(by)))


def changes_in_words(row: NamedList) -> str:
    """Return a sentence on whom surges let off besides, "" where nobody was taken off or put on lately."""
    until = changes_until(row, timezone.now())
    if until is None:
        return ""
    return (
        f". It was filled anew: surges let off whom they did before as well, in sessions that start before "
        f"{when(until, row.cpo.time_zone)}; offers go by the contacts above."
    )
