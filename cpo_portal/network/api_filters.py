"""What lists are narrowed and paged by: a name or value that cannot be read is refused, never left out."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django_filters import rest_framework as filters
from django_filters.fields import ChoiceField, IsoDateTimeField
from rest_framework import serializers
from rest_framework.pagination import LimitOffsetPagination
from rest_framework.request import Request
from rest_framework.settings import api_settings

from cpo_portal.database.instants import FIRST_YEAR, LAST_YEAR
from cpo_portal.network.api_fields import MOST_FAULTS, NO_SUCH_WORD, closest

_YES_NO = {"true": True, "1": True, "false": False, "0": False}


class YesNoField(forms.Field):
    """true or false."""

    widget = forms.TextInput

    def to_python(self, value: Any) -> bool | None:
        text = str(value or "").strip().lower()
        if not text:
            return None
        if text not in _YES_NO:
            raise ValidationError("Write true or false.", "invalid")
        return _YES_NO[text]


class YesNoFilter(filters.BooleanFilter):
    """Narrows by a column that is true or false."""

    field_class = YesNoField

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, widget=forms.TextInput, **kwargs)


class OneOfFormField(ChoiceField):
    """One of a few words; what is none of them is refused with all that are."""

    def validate(self, value: Any) -> None:
        forms.Field.validate(self, value)
        if value and not self.valid_value(value):
            words = ", ".join(str(word) for word, _ in self.choices if word)
            raise ValidationError(NO_SUCH_WORD.format(input=str(value)[:60], choices=words), "invalid_choice")


class OneOfFilter(filters.ChoiceFilter):
    """Narrows by a column with choices."""

    field_class = OneOfFormField


class InstantFormField(IsoDateTimeField):
    """An instant in the years that the APIs take."""

    def to_python(self, value: Any) -> datetime | None:
        try:
            instant: datetime | None = super().to_python(value)
        except OverflowError as error:
            raise ValidationError(self.error_messages["invalid"], "invalid") from error
        if instant is not None and not FIRST_YEAR <= instant.year <= LAST_YEAR:
            raise ValidationError(f"Send a time in the years {FIRST_YEAR} to {LAST_YEAR}.", "invalid")
        return instant


class InstantFilter(filters.IsoDateTimeFilter):
    """Narrows by an instant."""

    field_class = InstantFormField


class Pages(LimitOffsetPagination):
    """Pages of 50 rows, or of the asked `limit`, from `offset` on; no page repeats or skips a row of another."""

    max_limit = 1000
    farthest = 1_000_000_000

    def paginate_queryset(self, queryset: Any, request: Request, view: Any = None) -> Any:
        _refuse_unknown(request, view)
        return super().paginate_queryset(in_one_order(queryset), request, view)

    def get_limit(self, request: Request) -> int | None:
        return _number(request, self.limit_query_param, 1, self.max_limit, self.default_limit)

    def get_offset(self, request: Request) -> int:
        return _number(request, self.offset_query_param, 0, self.farthest, 0)


def _refuse_unknown(request: Request, view: Any) -> None:
    """Refuse names in the query by which a list is not narrowed or paged, lest one that is misspelt goes unseen."""
    narrowed = getattr(view, "filterset_class", None) if view.action == "list" else None
    known = [*(narrowed.base_filters if narrowed else ()), Pages.limit_query_param, Pages.offset_query_param]
    unknown = [x for x in request.query_params if x not in known and x != api_settings.URL_FORMAT_OVERRIDE]
    if unknown:
        raise serializers.ValidationError({name: [_no_filter(name, known)] for name in unknown[:MOST_FAULTS]})


def _no_filter(name: str, known: list[str]) -> str:
    meant = closest(name, known)
    rest = f"did you mean “{meant}”?" if meant else f"use {', '.join(known)}."
    return f"There is no such filter: {rest}"


def in_one_order(rows: Any) -> Any:
    """Return the rows sorted as they are, and by their key where several may share all that they are sorted by; a list
    has one order already."""
    if not isinstance(rows, QuerySet):
        return rows
    query, meta = rows.query, rows.model._meta
    names: tuple[Any, ...] = tuple(query.order_by or (meta.ordering if query.default_ordering else ()))
    plain = [name.removeprefix("-") for name in names if isinstance(name, str)]
    unique = {"pk", *(field.name for field in meta.concrete_fields if field.unique)}
    if not unique.isdisjoint(plain):
        return rows
    downwards = bool(names) and isinstance(names[-1], str) and names[-1].startswith("-")
    return rows.order_by(*names, "-pk" if downwards else "pk")


def _number(request: Request, name: str, least: int, most: int, default: Any) -> Any:
    """Return a whole number of the query, or the default where it is not there; raises 400."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and least <= int(text) <= most):
        raise serializers.ValidationError({name: [f"Send a whole number from {least} to {most}."]})
    return int(text)
