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
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from cpo_portal.accounts.models import User
from cpo_portal.adminkit.display import EMPTY, table
from cpo_portal.adminkit.forms import DialogForm
from cpo_portal.adminkit.rules import cpo_of
from cpo_portal.adminkit.widgets import FileInput
from cpo_portal.charging.imports.csv_files import MOST_BYTES, MOST_FAULTS, NotRead
from cpo_portal.charging.imports.handed_back import CheckedFile, NotTakenBack, hand_back, take_back


class FileForm(DialogForm):
    """A CSV file."""

    most_bytes = MOST_BYTES
    file_name = ""
    file = forms.FileField(label="CSV file", widget=FileInput(attrs={"accept": ".csv,text/csv"}))

    def clean_file(self) -> bytes:
        """Return what the file says."""
        file = self.cleaned_data["file"]
        self.file_name = str(file.name)
        if file.size > self.most_bytes:
            raise ValidationError(f"The file is larger than {self.most_bytes >> 20} MB: upload it in parts.")
        data: bytes = file.read()
        return data


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a file in a sentence, or would; the table of its faults; and whether it was written.

    `made` are links to what was made, as safe HTML. `page` is the address where the rest of it is told, of a file that
    goes on in the background.
    """

    said: str
    faults: SafeString | str = ""
    written: bool = False
    page: str = ""
    made: SafeString | str = ""

    @classmethod
    def refused(cls, faults: Sequence[tuple[int, str, str]], count: int) -> Outcome:
        """Return what is said of the first of so many faults, each its row, column and sentence."""
        shown = [(str(row), column or EMPTY, sentence) for row, column, sentence in faults[:MOST_FAULTS]]
        more = f", of which the first {len(shown)} are shown" if count > len(shown) else ""
        said = f"Nothing is imported: {count} fault{'' if count == 1 else 's'}{more}."
        return cls(said, table(("Row", "Column", "What to do"), shown))


class ImportPageMixin:
    """A page that takes in a file: one button tells what it would do, the other does it.

    A file that was checked without a fault is imported by a third button, without being chosen again.
    """

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
        again = request.POST.get("checked_file")
        sent = None if again else request.POST or None
        form = self.import_form(data=sent, files=request.FILES or None, request=request)
        title, description = self.import_title(row)
        request.crumb = title  # type: ignore[attr-defined]
        context = {**self.admin_site.each_context(request), "opts": self.opts, "form": form}
        # Above a whole list stands its own trail, not the CPO's that it belongs to.
        context["original"] = row if isinstance(row, self.model) else None
        context |= {
            "title": title,
            "crumb": title,
            "description": description,
            "help": self.import_help(row),
            "back": back,
        }
        try:
            outcome = self._outcome(request, row, form, again)
        except (NotRead, NotTakenBack) as refusal:
            outcome = None
            form.add_error("file", str(refusal)) if form.is_bound else context.update(refusal=str(refusal))
        if outcome is not None and (outcome.written or outcome.page):
            messages.success(request, format_html("{} {}", outcome.said, outcome.made))
            return HttpResponseRedirect(outcome.page or back)
        if outcome is not None:
            context |= {"outcome": outcome, "checked_file": self._checked_file(request, form, outcome)}
        return TemplateResponse(request, "charging/import.html", context)

    def _outcome(self, request: HttpRequest, row: Any, form: FileForm, again: str | None) -> Outcome | None:
        """Return what became of what was sent, None where that is no file yet."""
        by = request.user if isinstance(request.user, User) else None
        if again:
            file = take_back(again, bound_to=_bound_to(request), now=timezone.now())
            return self.take_in(row, {**file.choices, "file": file.data}, dry_run=False, by=by)
        if request.method != "POST" or not form.is_valid():
            return None
        return self.take_in(row, form.cleaned_data, dry_run="_import" not in request.POST, by=by)

    def _checked_file(self, request: HttpRequest, form: FileForm, outcome: Outcome) -> dict[str, str]:
        """Return the file that was checked as the page sends it in again: nothing where it has faults."""
        if outcome.faults or not form.is_bound:
            return {}
        choices = {name: value for name, value in form.cleaned_data.items() if name != "file"}
        file = CheckedFile(form.file_name, form.cleaned_data["file"], choices)
        return {"name": file.name, "text": hand_back(file, bound_to=_bound_to(request), now=timezone.now())}


def _bound_to(request: HttpRequest) -> str:
    """Return who may send a checked file in again, and where."""
    cpo = cpo_of(request)
    return f"checked file of {cpo.pk if cpo else ''} by {request.user.pk} for {request.path}"
