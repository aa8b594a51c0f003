"""Form fields of drafts: Beckn ids, and what they take from `adminkit`: instants in a CPO's zone, lists of rows."""

from __future__ import annotations

from django import forms

from cpo_portal.adminkit.instants import LocalDateTimeField, LocalDateTimeInput
from cpo_portal.adminkit.rows import RowsField, RowsWidget
from cpo_portal.adminkit.widgets import Select2Multiple

__all__ = ["IdsField", "LocalDateTimeField", "LocalDateTimeInput", "RowsField", "RowsWidget"]


class IdsField(forms.MultipleChoiceField):
    """Beckn ids of the CPO's own things; ids that are gone stay in view until they are taken out."""

    widget = Select2Multiple

    def offer(self, choices: list[tuple[str, str]], chosen: tuple[str, ...] = ()) -> None:
        """Let these be chosen, and keep what was chosen before."""
        known = {key for key, _ in choices}
        self.choices = [*choices, *((key, f"{key} (no longer there)") for key in chosen if key not in known)]
