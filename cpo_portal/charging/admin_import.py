"""The page that takes in a CSV file: it is checked alone or imported, and its faults are told by row and column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString

from cpo_portal.accounts.models import User
from cpo_portal.adminkit.display import EMPTY, table
from cpo_portal.adminkit.forms import DialogForm
from cpo_portal.adminkit.widgets import FileInput
from cpo_portal.charging.csv_files import MOST_BYTES, MOST_FAULTS, NotRead


class FileForm(DialogForm):
    """A CSV file."""

    most_bytes = MOST_BYTES
    file = forms.FileField(label="CSV file", widget=FileInput(attrs={"accept": ".csv,text/csv"}))

    def clean_file(self) -> bytes:
        """Return what the file says."""
        file = self.cleaned_data["file"]
        if file.size > self.most_bytes:
            raise ValidationError(f"The file is larger than {self.most_bytes >> 20} MB: upload it in parts.")
        data: bytes = file.read()
        return data


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file in a sentence, or would; the table of its faults; and whether it was written.

    `page` is the address where the rest of it is told, of a file that goes on in the background.
    """

    said: str
    faults: SafeString | str = ""
    written: bool = False
    page: str = ""

    @classmethod
    def refused(cls, faults: Sequence[tuple[int, str, str]], count: int) -> Outcome:
        """Return what is said of the first of so many faults, each its row, column and sentence."""
        shown = [(str(row), column or EMPTY, sentence) for row, column, sentence in faults[:MOST_FAULTS]]
        more = f", of which the first {len(shown)} are shown" if count > len(shown) else ""
        said = f"Nothing is imported: {count} fault{'' if count == 1 else 's'}{more}."
        return cls(said, table(("Row", "Column", "What to do"), shown))


class ImportPageMixin:
    """A page that takes in a file: one button tells what it would do, the other does it."""

    import_form: type[FileForm] = FileForm
    model: Any
    opts: Any
    admin_site: Any

    def import_title(self, row: Any) -> tuple[str, str]:
        """Return the page's title and what it says below it."""
        raise NotImplementedError

    def import_help(self, row: Any) -> SafeString | str:
        """Return what stands below the description, as safe HTML."""
        return ""

    def take_in(self, row: Any, data: dict[str, Any], *, dry_run: bool, by: User | None) -> Outcome:
        """Import, or only look; raises NotRead for what is no such file."""
        raise NotImplementedError

    def import_page(self, request: HttpRequest, row: Any, back: str) -> HttpResponse:
        """Show the form, or what came of it."""
        if not self.has_operate_permission(request, row):  # type: ignore[attr-defined]
            raise PermissionDenied
        form = self.import_form(data=request.POST or None, files=request.FILES or None, request=request)
        title, description = self.import_title(row)
        context = {**self.admin_site.each_context(request), "opts": self.opts, "form": form}
        # Above a whole list stands its own trail, not the CPO's that it belongs to.
        context["original"] = row if isinstance(row, self.model) else None
        context |= {"title": title, "description": description, "help": self.import_help(row), "back": back}
        if request.method == "POST" and form.is_valid():
            dry_run = "_import" not in request.POST
            by = request.user if isinstance(request.user, User) else None
            try:
                outcome = self.take_in(row, form.cleaned_data, dry_run=dry_run, by=by)
            except NotRead as refusal:
                form.add_error("file", str(refusal))
            else:
                if outcome.written or outcome.page:
                    messages.success(request, outcome.said)
                    return HttpResponseRedirect(outcome.page or back)
                context |= {"said": outcome.said, "faults": outcome.faults, "checked": not outcome.faults}
        return TemplateResponse(request, "charging/import.html", context)
