"""The page on which staff send a CSV file of top-ups, to be checked or written."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone

from cpo_portal.accounts.models import User
from cpo_portal.adminkit.display import table
from cpo_portal.adminkit.forms import DialogForm
from cpo_portal.adminkit.rules import cpo_of
from cpo_portal.charging.balance_csv import COLUMNS, Imported, import_top_ups
from cpo_portal.charging.groups import RowsRefused

LARGEST = 1_000_000


class ImportForm(DialogForm):
    """A file, and whether it is to be checked alone."""

    file = forms.FileField(label="CSV file")
    dry_run = forms.BooleanField(label="Check only, write nothing", required=False, initial=True)

    def clean_file(self) -> str:
        file: UploadedFile = self.cleaned_data["file"]
        if (file.size or 0) > LARGEST:
            raise forms.ValidationError("Send a file of at most 1 MB.")
        try:
            return file.read().decode()
        except UnicodeDecodeError:
            raise forms.ValidationError("Save the sheet as CSV in UTF-8 and send that.") from None


def import_page(model_admin: Any, request: HttpRequest) -> HttpResponse:
    """Answer the form: what would be written, what was, or every fault by row and column."""
    form = ImportForm(data=request.POST or None, files=request.FILES or None, request=request, object_id="")
    said, faults = "", ""
    cpo = cpo_of(request)
    if cpo is not None and form.is_valid():
        by = request.user if isinstance(request.user, User) else None
        try:
            done = import_top_ups(
                cpo,
                form.cleaned_data["file"],
                dry_run=form.cleaned_data["dry_run"],
                now=timezone.now(),
                by=by,
            )
            said = in_words(done)
        except RowsRefused as refused:
            said = "Nothing was written. Correct these and send the file again."
            faults = table(("Row", "Column", "What to do"), [(x.row, x.column, x.message) for x in refused.faults])
    context = model_admin.admin_site.each_context(request) | {
        "title": "Import top-ups",
        "opts": model_admin.opts,
        "form": form,
        "columns": ", ".join(COLUMNS),
        "said": said,
        "faults": faults,
        "back": reverse(f"admin:{model_admin.opts.app_label}_{model_admin.opts.model_name}_changelist"),
    }
    return TemplateResponse(request, "charging/import_top_ups.html", context)


def in_words(done: Imported) -> str:
    """Return what became of a file in a sentence."""
    new = done.rows - done.repeated
    what = f"{new} top-up{'' if new == 1 else 's'}"
    before = f"; {done.repeated} had been written before" if done.repeated else ""
    return f"{what} written{before}." if done.written else f"{what} can be written{before}. Nothing was written yet."
