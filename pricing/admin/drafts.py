"""The admin pages of things with versions: one form over the thing and its draft, published by a button of its own."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString

from cpo_portal.adminkit.bases import TenantAdmin
from cpo_portal.adminkit.display import EMPTY, Tone, chip, when
from cpo_portal.adminkit.forms import DialogForm
from cpo_portal.adminkit.widgets import TextInput
from pricing.versions.review import EDIT
from pricing.versions.who import People

#: The addresses of panels in which people try a price, by model; rooms above fill it in.
TRY_PAGES: dict[str, str] = {}


class NoteForm(DialogForm):  # type: ignore[misc]
    """Asks why."""

    note = forms.CharField(label="Why (shown in the history)", required=False, max_length=300, widget=TextInput)


class RefusedFormMixin:
    """A form that shows what the domain refused while it was being saved."""

    refusal: ValidationError
    fields: dict[str, Any]

    def full_clean(self) -> None:
        super().full_clean()  # type: ignore[misc]
        by_field = self.refusal.message_dict if hasattr(self.refusal, "error_dict") else {None: self.refusal.messages}
        for name, sentences in by_field.items():
            self.add_error(name if name in self.fields else None, sentences)  # type: ignore[attr-defined]


class DraftAdmin(TenantAdmin):
    """Subclasses say how a form is written to the draft, how it is published, and what the page shows.

    Domain functions refuse by ValidationError; what only shows when saving (a race) is shown in the form, whose input
    is kept.
    """

    change_form_template = "pricing/admin/draft_form.html"
    change_form_show_cancel_button = True
    history_section = "history"

    def write_draft(self, request: HttpRequest, obj: Any, form: Any) -> Any:
        """Create or change the thing and its draft; return the thing."""
        raise NotImplementedError

    def publish_draft(self, request: HttpRequest, obj: Any) -> str:
        """Publish the draft, if there is one, and say what happened; "" where that is told once it is committed."""
        raise NotImplementedError

    def saved_draft(self, obj: Any) -> str:
        """Say what became of a draft that was saved."""
        raise NotImplementedError

    def may_edit(self, obj: Any) -> bool:
        """Tell whether the thing's state still allows a draft."""
        return True

    def may_publish(self, obj: Any) -> bool:
        """Tell whether the form may publish what it saves."""
        return True

    def page(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Return what the templates show beside the form."""
        raise NotImplementedError

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (not isinstance(obj, self.model) or self.may_edit(obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # What was sold once is history; it is ended or archived instead.
        return False

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        obj = self.get_object(request, object_id) if object_id else None
        context = {
            "may_author": self.has_change_permission(request, obj) if object_id else self.has_add_permission(request),
            "may_publish": obj is None or self.may_publish(obj),
            "draft_page": self.page(request, obj) | {"try_url": self._try_url(obj)} if obj is not None else {},
        }
        context |= extra_context or {}
        try:
            return super().changeform_view(request, object_id, form_url, context)
        except ValidationError as refusal:
            # What was begun is rolled back; the same form again, with the refusal, saves nothing.
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, context)

    def _try_url(self, obj: Any) -> str:
        name = TRY_PAGES.get(str(self.opts.model_name))
        return reverse(name, args=[obj.pk]) if name else ""

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = super().get_form(request, obj, change, **kwargs)
        refusal = getattr(request, "refusal", None)
        return form if refusal is None else type(form.__name__, (RefusedFormMixin, form), {"refusal": refusal})

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        saved = self.write_draft(request, obj, form)
        obj.__dict__.update(saved.__dict__)

    def save_related(self, request: HttpRequest, form: Any, formsets: Sequence[Any], change: bool) -> None:
        super().save_related(request, form, formsets, change)
        obj = form.instance
        if "_publish" in request.POST:
            if said := self.publish_draft(request, obj):
                messages.success(request, said)
        else:
            messages.success(request, self.saved_draft(obj))

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        return self._stay(obj)

    def response_change(self, request: HttpRequest, obj: Any) -> HttpResponse:
        return self._stay(obj)

    def _stay(self, obj: Any) -> HttpResponse:
        return HttpResponseRedirect(
            reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[obj.pk])
        )


def expected_version(request: HttpRequest) -> int | None:
    """Return the version that the form was opened on."""
    number = request.POST.get("_version", "")
    return int(number) if number.isdecimal() and len(number) < 10 else None


def version_mark(version: Any, live_pk: int | None, coming: Collection[int] = ()) -> SafeString:
    """Return the chip that says whether a version is a draft, is live, will be (`coming`, primary keys), or was."""
    if version.published_at is None:
        return chip("Draft", Tone.NEUTRAL)
    if version.pk == live_pk:
        return chip("Current", Tone.GOOD)
    return chip("Coming" if version.pk in coming else "Replaced", Tone.NEUTRAL)


def version_row(version: Any, words: str, mark: SafeString, zone: str, people: People) -> dict[str, Any]:
    """Return one line of the table of versions."""
    return {
        "number": version.number,
        "chip": mark,
        "words": words,
        "made": when(version.created_at, zone),
        "by": people.wrote.get(version.pk, ""),
        "published": when(version.published_at, zone),
        "published_by": people.published.get(version.pk, ""),
    }


def history_row(change: Any, labels: dict[str, str], zone: str, people: People) -> dict[str, Any]:
    """Return one line of the table of state changes."""
    before, after = labels.get(change.from_state, change.from_state), labels.get(change.to_state, change.to_state)
    what = f"New version, still {after.lower()}" if before == after else f"{before} → {after}"
    if change.move == EDIT:
        what = "Edited" if before == after else f"Edited: {what}"
    return {
        "at": when(change.at, zone),
        "what": what,
        "version": change.version.number if change.version else EMPTY,
        "who": people.of(change) or EMPTY,
        "note": change.note,
    }
