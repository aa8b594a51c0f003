"""Exports of a CPO's rows: the list as filtered, the columns that were named, and no cell that a sheet would run."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import tablib  # type: ignore[import-untyped]
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from import_export.admin import ExportActionMixin
from import_export.formats import base_formats
from import_export.resources import ModelResource, modelresource_factory
from unfold.contrib.import_export.forms import ExportForm

from cpo_portal.adminkit.cells import UTF_8_MARK, escaped


def harmless(cell: Any) -> Any:
    """Return the cell so that a spreadsheet shows it as text instead of running it as a formula."""
    return escaped(cell) if isinstance(cell, str) else cell


class SheetCSV(base_formats.CSV):  # type: ignore[misc]
    """CSV for spreadsheets."""

    def export_data(self, dataset: tablib.Dataset, **kwargs: Any) -> str:
        text: str = super().export_data(dataset, **kwargs)
        return f"{UTF_8_MARK}{text}"


class TenantExportMixin(ExportActionMixin):  # type: ignore[misc]
    """Adds a CSV export to a TenantAdmin: put it first among the bases and name the columns in `export_fields`.

    The names are fields or paths ("user__email"); a mapping gives them headings. Where people read the file,
    `export_columns` says it in the screen's words instead: a heading and a function of the row, or the name of the
    admin's own column, that returns text, a number, an instant (written on the CPO's clock, which the heading
    names as {clock}) or None; `export_related` is
    what those functions read of other tables. The button downloads the list as it is filtered, the action downloads
    the chosen rows.
    """

    export_fields: Sequence[str] | Mapping[str, str] = ()
    export_columns: Mapping[str, Callable[[Any], Any] | str] = MappingProxyType({})
    export_related: Sequence[str] = ()
    export_form_class = ExportForm
    skip_export_form = True
    skip_export_form_from_action = True
    show_change_form_export = False
    change_form_template = None
    formats = [SheetCSV]

    def has_export_permission(self, request: HttpRequest) -> bool:
        allowed: bool = self.has_view_permission(request)
        return allowed

    def get_export_resource_classes(self, request: HttpRequest) -> list[type[ModelResource]]:
        if self.resource_classes:
            return list(self.resource_classes)
        if not self.export_fields and not self.export_columns:
            raise ImproperlyConfigured(f"{type(self).__name__} needs export_fields: a row may hold secrets.")
        columns = tuple(self.export_fields) or (self.model._meta.pk.name,)
        return [modelresource_factory(self.model, meta_options={"fields": columns, "export_order": columns})]

    def get_valid_export_item_pks(self, request: HttpRequest) -> QuerySet[Any] | list[Any]:
        chosen = [pk for pk in request.POST.getlist("export_items") if _is_key(pk)]
        return list(self.get_queryset(request).filter(pk__in=chosen).values_list("pk", flat=True))

    def get_data_for_export(self, request: HttpRequest, queryset: QuerySet[Any], **kwargs: Any) -> Any:
        if self.export_columns:
            return self._columns(request, queryset)
        data = super().get_data_for_export(request, queryset, **kwargs)
        rows = [tuple(harmless(cell) for cell in row) for row in data]
        named = self.export_fields if isinstance(self.export_fields, Mapping) else {}
        headers = [named.get(header, header) for header in data.headers]
        data.wipe()
        data.headers = headers
        data.extend(rows)
        return data

    def _columns(self, request: HttpRequest, queryset: QuerySet[Any]) -> tablib.Dataset:
        name = getattr(getattr(request, "cpo", None), "time_zone", "") or settings.TIME_ZONE
        zone = ZoneInfo(name)
        rows = queryset.prefetch_related(*self.export_related).iterator(chunk_size=500)
        columns = [getattr(self, made) if isinstance(made, str) else made for made in self.export_columns.values()]
        lines = [[column(row) for column in columns] for row in rows]
        headings = [heading.format(clock=name) for heading in self.export_columns]
        data = tablib.Dataset(headers=headings)
        data.extend([tuple(harmless(_text(value, zone)) for value in line) for line in lines])
        return data


def _text(value: Any, zone: ZoneInfo) -> Any:
    """Return what a cell holds: a wall clock that sheets can read, digits without an exponent, text of safe HTML."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}"
    if isinstance(value, Decimal):
        return f"{value:f}"
    return html.unescape(strip_tags(value)) if isinstance(value, SafeString) else value


def _is_key(text: str) -> bool:
    """Tell whether this may be a row's key: a number that a column holds, or a UUID."""
    if text.isdecimal():
        return len(text) < 19
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
