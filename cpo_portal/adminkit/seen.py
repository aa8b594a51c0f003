"""Forms left open while somebody else saved: what both have changed is told, and not overwritten unseen."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.forms import BaseForm, ChoiceField, ModelForm
from django.http import HttpRequest

#: What a form carries of each value that it was opened on, by field.
SEEN = "_seen"
CHANGED = "Somebody has changed this since you opened the page."
NOTHING_SAVED = (
    "Nothing was saved: somebody has changed what is marked here since you opened the page. Compare it, then save "
    "again to write what stands here."
)


class SeenFormMixin:
    """Refuses, once, to write a field that was another one when the form was opened; `seen` is what was sent back.

    A form that sends nothing of it is taken as it is. Rows below a form are forms of their own, which send nothing.
    """

    seen: dict[str, str]

    def full_clean(self) -> None:
        super().full_clean()  # type: ignore[misc]
        form: Any = self
        if not (form.is_bound and self.seen):
            return
        now = marks_of(form)
        lost = [x for x in form.changed_data if x in now and self.seen.get(x, now[x]) != now[x]]
        for name in lost:
            form.add_error(name, _sentence(form, name))
        if lost:
            form.add_error(None, NOTHING_SAVED)


def seen_form(form: type[ModelForm], request: HttpRequest) -> type[ModelForm]:
    """Return the form class that compares what it was opened on with what is stored by now."""
    return type(form.__name__, (SeenFormMixin, form), {"seen": _read(request.POST.get(SEEN, ""))})


def marks_of(form: BaseForm) -> dict[str, str]:
    """Return a mark of each value that the form was made with, by field."""
    return {name: _mark(form.initial[name]) for name in form.fields if name in form.initial}


def written_marks(form: BaseForm) -> str:
    """Return the marks as a form carries them."""
    return json.dumps(marks_of(form))


def _read(text: str) -> dict[str, str]:
    try:
        found = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return {name: mark for name, mark in found.items() if isinstance(mark, str)} if isinstance(found, dict) else {}


def _mark(value: Any) -> str:
    text = json.dumps(_plain(value), sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _plain(value: Any) -> Any:
    if isinstance(value, Model):
        return str(value.pk)
    if isinstance(value, dict):
        return {str(key): _plain(entry) for key, entry in value.items()}
    if hasattr(value, "__iter__") and not isinstance(value, str | bytes):
        return [_plain(entry) for entry in value]
    # As forms show it: what is empty is no other value for being None in the one place and "" in the other.
    return "" if value is None else str(value)


def _sentence(form: BaseForm, name: str) -> str:
    """Return what a field's other value is by now, where a line can say it."""
    field, value = form.fields[name], form.initial[name]
    if isinstance(field, ChoiceField) and isinstance(value, str | int):
        choices: Any = field.choices
        value = dict(choices).get(value, value) if value != "" else ""
    if not isinstance(value, str | int | Decimal) or isinstance(value, bool) or not 1 <= len(str(value)) <= 200:
        return CHANGED
    return f"Somebody has made this “{value}” since you opened the page."
