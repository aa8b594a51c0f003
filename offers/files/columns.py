"""The columns of a file of offers: the labels of the form, each with how its cells are read and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import MISSING, dataclass, fields
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import pretty_name

from cpo_portal.adminkit.rows import RowsField
from offers.authoring.content import CONTENT_FIELDS, OfferContent
from offers.authoring.limits import LIMIT_FIELDS
from offers.files.cells import read_names, read_rows_of, write_dates, write_names, write_rows_of
from offers.forms.offers import OfferForm, slabs_label
from offers.type_words import labels_by_type
from pricing.forms.rows import DatesField, IdsField, LocalDateTimeField

#: What a file begins with; the rest follows in the order of the content.
_FIRST = (
    "offer_id",
    "name",
    "campaign_kind",
    "benefit_kind",
    "value_type",
    "value",
    "value_cap",
    "min_value",
    "valid_from",
    "valid_until",
)
#: Labels that the form chooses when it is shown, and what they would be with the CPO's currency in them.
_LABELS = {"base": "Taken off", "slabs": "Slabs"}
_YES, _NO = frozenset({"yes", "true", "1", "x"}), frozenset({"no", "false", "0"})


@dataclass(frozen=True, slots=True)
class Column:
    """One column: the field of the form, its label, whether each row needs it, and both directions of its cells.

    `read` takes a text that is not empty and raises ValidationError in the words of the form.
    """

    name: str
    label: str
    needed: bool
    read: Callable[[str], Any]
    write: Callable[[Any], str]

    @property
    def key(self) -> str:
        """Return the label as a file's header is compared."""
        return self.label.casefold()

    def told(self, text: str, sentence: str) -> str:
        """Return what is to be said of a cell that a sentence refuses: of names between commas, what parts them."""
        said, unknown, _ = sentence.partition(f"“{text}”")
        if self.read is read_names and unknown and "," in text and ";" not in text:
            return f"{said}{unknown}: separate names by semicolons, not by commas."
        return sentence


def columns_for(zone: str) -> tuple[Column, ...]:
    """Return the columns in their order; instants without an offset are on the clock of `zone`."""
    known = OfferForm.base_fields
    names = (*_FIRST, *(name for name in (*CONTENT_FIELDS, *LIMIT_FIELDS) if name not in _FIRST))
    return tuple(_column(name, known[name], ZoneInfo(zone)) for name in names if name in known)


def other_names(columns: tuple[Column, ...], currency: str) -> dict[str, str]:
    """Return what the form calls a column besides, by type or with the CPO's currency: folded name → label."""
    labels = {column.name: column.label for column in columns}
    said = [*labels_by_type(), ("slabs", slabs_label(currency))]
    taken = {column.key for column in columns}
    return {text.casefold(): labels[name] for name, text in said if text.casefold() not in taken}


def needed_in_header(columns: tuple[Column, ...]) -> Callable[[set[str]], str]:
    """Return what says which needed columns a header lacks."""

    def missing(header: set[str]) -> str:
        lacking = [f"“{column.label}”" for column in columns if column.needed and column.key not in header]
        if len(lacking) > 1:
            return f"The file needs the columns {', '.join(lacking[:-1])} and {lacking[-1]}: add them."
        return f"The file needs the column {lacking[0]}: add it." if lacking else ""

    return missing


_NEEDED = {"offer_id", *(field.name for field in fields(OfferContent) if field.default is MISSING)}


def _column(name: str, field: Any, zone: ZoneInfo) -> Column:
    label = _LABELS.get(name) or str(field.label or pretty_name(name))
    read, write = _ways(name, field, zone)
    return Column(name, label, name in _NEEDED, read, write)


def _ways(name: str, field: Any, zone: ZoneInfo) -> tuple[Callable[[str], Any], Callable[[Any], str]]:
    """Return how the field's cells are read and written."""
    if isinstance(field, LocalDateTimeField):
        field = copy(field)
        field.zone = zone
        return field.clean, lambda instant: _instant(instant, zone)
    if isinstance(field, IdsField):
        return read_names, write_names
    if isinstance(field, DatesField):
        return lambda text: field.clean([{"date": day} for day in read_names(text)]), write_dates
    if isinstance(field, RowsField):
        return lambda text: read_rows_of(name, text), lambda rows: write_rows_of(name, rows)
    if isinstance(field, forms.BooleanField):
        return _yes_or_no, lambda yes: "yes" if yes else "no"
    if isinstance(field, forms.ChoiceField):
        return _choice(field)
    return field.clean, lambda value: _plain(field.prepare_value(value))


def _choice(field: Any) -> tuple[Callable[[str], Any], Callable[[Any], str]]:
    """Take a choice by its words or its code; where the CPO's own rows are the choices, by its code alone."""
    labels = {str(code): str(label) for code, label in field.choices if code}
    if not labels:
        return str, str
    codes = {word.casefold(): code for code, label in labels.items() for word in (label, code)}

    def read(text: str) -> str:
        code = codes.get(text.casefold())
        if code is None:
            raise ValidationError(f"There is no “{text[:60]}”: use one of {', '.join(labels.values())}.")
        return code

    return read, lambda code: labels.get(code, code)


def _yes_or_no(text: str) -> bool:
    word = text.casefold()
    if word not in _YES | _NO:
        raise ValidationError("Write yes or no.")
    return word in _YES


def _instant(instant: datetime, zone: ZoneInfo) -> str:
    local = instant.astimezone(zone)
    return local.isoformat(timespec="auto" if local.second or local.microsecond else "minutes")


def _plain(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)


def values_by_field(columns: tuple[Column, ...]) -> Mapping[str, Column]:
    """Return the columns by the name of their field."""
    return {column.name: column for column in columns}
