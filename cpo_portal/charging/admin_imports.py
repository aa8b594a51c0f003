"""The pages that take in files of contacts: customers' records, and the contacts of named lists."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cpo_portal.accounts.models import User
from cpo_portal.adminkit.actions import page_button
from cpo_portal.adminkit.bases import TenantAdmin, TenantExportMixin
from cpo_portal.adminkit.display import EMPTY, column, table, when
from cpo_portal.adminkit.forms import DialogForm
from cpo_portal.adminkit.widgets import FileInput
from cpo_portal.charging.csv_files import MOST_BYTES, NotRead
from cpo_portal.charging.import_rows import CONTACTS, CUSTOMER_COLUMNS
from cpo_portal.charging.imports import Author, Report, import_contacts, import_customers
from cpo_portal.charging.models import ContactImport, NamedList
from cpo_portal.charging.panels import Panel
from cpo_portal.charging.segments import delete_list, segments_naming


class FileForm(DialogForm):
    """A CSV file."""

    file = forms.FileField(label="CSV file", widget=FileInput(attrs={"accept": ".csv,text/csv"}))

    def clean_file(self) -> bytes:
        """Return what the file says."""
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            raise ValidationError(f"The file is larger than {MOST_BYTES >> 20} MB: upload it in parts.")
        data: bytes = file.read()
        return data


class ListFileForm(FileForm):
    """A CSV file, and what becomes of the contacts that are there."""

    replaces = forms.ChoiceField(
        label="The contacts of the list",
        choices=[("", "Keep them and add these"), ("yes", "Replace them by these")],
        required=False,
    )


class ImportPageMixin:
    """A page that takes in a file: `_check` tells what it would do, `_import` does it."""

    import_form: type[FileForm] = FileForm
    opts: Any
    admin_site: Any

    def import_title(self, row: Any) -> tuple[str, str]:
        """Return the page's title and what it says below it."""
        raise NotImplementedError

    def take_in(self, row: Any, data: dict[str, Any], *, dry_run: bool, author: Author) -> Report:
        """Import, or only look."""
        raise NotImplementedError

    def import_page(self, request: HttpRequest, row: Any, back: str) -> HttpResponse:
        """Show the form, or what came of it."""
        if not self.has_operate_permission(request, row):  # type: ignore[attr-defined]
            raise PermissionDenied
        form = self.import_form(data=request.POST or None, files=request.FILES or None, request=request)
        title, description = self.import_title(row)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "original": row, "form": form}
        context |= {"title": title, "description": description, "back": back}
        if request.method == "POST" and form.is_valid():
            dry_run = "_import" not in request.POST
            author = Author(request.user if isinstance(request.user, User) else None)
            try:
                report = self.take_in(row, form.cleaned_data, dry_run=dry_run, author=author)
            except NotRead as refusal:
                form.add_error("file", str(refusal))
            else:
                if report.job is not None:
                    messages.success(request, done_in_words(report))
                    return HttpResponseRedirect(back)
                context |= {"said": checked_in_words(report), "faults": faults_table(report)}
        return TemplateResponse(request, "charging/import.html", context)


def done_in_words(report: Report) -> str:
    """Say what an import has done, or that it will be done."""
    if report.job is not None and report.job.rows is not None:
        return f"{report.lines} rows are taken in, and written in the background within minutes."
    return f"Imported: {report.made} new, {report.changed} known before."


def checked_in_words(report: Report) -> str:
    """Say what a file would do, or how many faults keep it out."""
    if report.faults.count:
        count = report.faults.count
        more = f", of which the first {len(report.faults.shown)} are shown" if count > len(report.faults.shown) else ""
        return f"Nothing is imported: {count} fault{'' if count == 1 else 's'}{more}."
    return f"The file can be imported: {report.made} new, {report.changed} known before."


def faults_table(report: Report) -> SafeString | str:
    """Return the faults by row and column."""
    rows = [(str(x.row), x.column or EMPTY, x.sentence) for x in report.faults.shown]
    return table(("Row", "Column", "What to do"), rows) if rows else ""


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
            f"One contact in each cell, in columns of {', '.join(CONTACTS)}. They are hashed as they come in: neither "
            "numbers nor addresses are kept. Large files are written in the background.",
        )

    def take_in(self, row: NamedList, data: dict[str, Any], *, dry_run: bool, author: Author) -> Report:
        return import_contacts(row, data["file"], replaces=bool(data["replaces"]), dry_run=dry_run, author=author)

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
            shown = [Panel("Contacts", format_html("<p>{}</p>", row.contacts_there))]
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

    actions_list = ("import_customers",)

    @page_button(description="Import customers", icon="upload_file")
    def import_customers(self, request: HttpRequest) -> HttpResponse:
        """Take in customers' records."""
        return self.import_page(request, getattr(request, "cpo", None), reverse("admin:charging_customer_changelist"))

    def import_title(self, row: Any) -> tuple[str, str]:
        return (
            "Import customers",
            f"Columns: {', '.join(CUSTOMER_COLUMNS)}. One of customer, {', '.join(CONTACTS)} says who it is; the "
            "day of joining is written as 2024-05-31. Contacts are hashed as they come in. Who never bought becomes a "
            "customer, and is found at the first purchase. All rows are written, or none.",
        )

    def take_in(self, row: Any, data: dict[str, Any], *, dry_run: bool, author: Author) -> Report:
        return import_customers(row, data["file"], dry_run=dry_run, author=author)
