"""What the network's pages and forms share: fixed ids, units that are told, and rows in use that are not deleted."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.contrib.postgres.forms import SimpleArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString

from cpo_portal.adminkit.actions import page_of
from cpo_portal.adminkit.display import Tone, chip
from cpo_portal.network.models import LEAST_WATTS, TOO_WEAK
from cpo_portal.network.usage import InUse, lock_for_delete, refuse_used

TOO_STRONG = "Give the power in watts, up to 2000000."


#: What staff call a field, where it is not the column's own name, and what they have to know of it.
NAMES = {
    "is_published": ("Shown to buyer apps", ""),
    "system": ("Charging system", "Without one nobody can start a session, so its connectors cannot be shown."),
    "country": ("Country", "Three letters, such as IND."),
}


def named(field: Any, name: str) -> Any:
    """Give a form's field the name and the help that staff need."""
    if name in NAMES:
        field.label, field.help_text = NAMES[name]
    return field


class FixedIdMixin:
    """An id that buyer apps and offers refer to is given once and stays (`fixed_id`)."""

    fixed_id: str
    readonly_fields: Any = ()

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*self.readonly_fields, *([self.fixed_id] if obj is not None else [])]


class KeepUsedMixin:
    """A row that others refer to is not deleted; a sentence says by what it is used and what to do instead."""

    instead = "Switch off “Shown to buyer apps” instead."

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        return named(field, db_field.name) if field is not None else None

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        # Deleted one by one, with a sentence for each that is in use.
        actions: dict[str, Any] = super().get_actions(request)  # type: ignore[misc]
        actions.pop("delete_selected", None)
        return actions

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        page: Any = self
        obj = page.get_object(request, unquote(object_id))
        try:
            if obj is not None and page.has_delete_permission(request, obj):
                refuse_used(obj)
            answer: HttpResponse = super().delete_view(request, object_id, extra_context)  # type: ignore[misc]
        except InUse as used:
            messages.error(request, used.on_page(obj, self.instead))
            return HttpResponseRedirect(page_of(self, request, object_id))
        return answer

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        # What was not in use when the page was opened may be by now.
        lock_for_delete(obj)
        refuse_used(obj)
        super().delete_model(request, obj)  # type: ignore[misc]


class CoordinateField(forms.DecimalField):
    """Degrees; more than six decimals, a hand's breadth, are rounded."""

    def to_python(self, value: Any) -> Any:
        degrees = super().to_python(value)
        if degrees is None or not degrees.is_finite() or abs(degrees) >= 1000:
            return degrees
        return round(degrees, 6)


class TagsField(SimpleArrayField):
    """Words between commas; what is left empty between two of them is left out."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = ",".join(word for word in (part.strip() for part in value.split(",")) if word)
        return super().to_python(value)


class FixedIdForm(forms.ModelForm):  # type: ignore[type-arg]
    """The same for rows below their parent."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in {"evse_id", "item_id"} & set(self.fields):
            self.fields[name].disabled = self.instance.pk is not None
        for name in {"is_published", "system"} & set(self.fields):
            self.fields[name].label = NAMES[name][0]


class ConnectorFormMixin:
    """Says of a rating that is too low what the unit is."""

    def formfield_for_dbfield(self, db_field: Any, request: Any, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if db_field.name == "max_power_w":
            field.validators = [MinValueValidator(LEAST_WATTS, TOO_WEAK), MaxValueValidator(2_000_000, TOO_STRONG)]
        return field


def published_chip(is_published: bool) -> SafeString:
    """Return whether buyer apps see the row."""
    return chip("Shown", Tone.GOOD) if is_published else chip("Hidden", Tone.NEUTRAL)
