"""Exports of a CPO's rows: the list as filtered, the columns that were named, and no cell that a sheet would run."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db.models import QuerySet
from django.http import HttpRequest
from import_export.admin import ExportActionMixin
from import_export.formats import base_formats
from import_export.resources import ModelResource, modelresource_factory
from unfold.contrib.import_export.forms import ExportForm

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


def harmless(cell: Any) -> Any:
    """Return the cell so that a spreadsheet shows it as text instead of running it as a formula."""
    if not isinstance(cell, str) or _NUMBER.fullmatch(cell):
        return cell
    return f"'{cell}" if cell.lstrip(" ")[:1] in {"=", "+", "-", "@", "\t", "\r", "\n", "|", "%"} else cell


class TenantExportMixin(ExportActionMixin):  # type: ignore[misc]
    """Adds a CSV export to a TenantAdmin: put it first among the bases and name the columns in `export_fields`.

    The names are fields or paths ("user__email"); a mapping gives them headings. The button downloads the list as
    it is filtered, the action downloads the chosen rows.
    """

    export_fields: Sequence[str] | Mapping[str, str] = ()
    export_form_class = ExportForm
    skip_export_form = True
    skip_export_form_from_action = True
    show_change_form_export = False
    change_form_template = None
    formats = [base_formats.CSV]

    def has_export_permission(self, request: HttpRequest) -> bool:
        allowed: bool = self.has_view_permission(request)
        return allowed

    def get_export_resource_classes(self, request: HttpRequest) -> list[type[ModelResource]]:
        if self.resource_classes:
            return list(self.resource_classes)
        if not self.export_fields:
            raise ImproperlyConfigured(f"{type(self).__name__} needs export_fields: a row may hold secrets.")
        columns = tuple(self.export_fields)
        return [modelresource_factory(self.model, meta_options={"fields": columns, "export_order": columns})]

    def get_valid_export_item_pks(self, request: HttpRequest) -> QuerySet[Any] | list[Any]:
        chosen = [pk for pk in request.POST.getlist("export_items") if pk.isdecimal() and len(pk) < 19]
        return list(self.get_queryset(request).filter(pk__in=chosen).values_list("pk", flat=True))

    def get_data_for_export(self, request: HttpRequest, queryset: QuerySet[Any], **kwargs: Any) -> Any:
        data = super().get_data_for_export(request, queryset, **kwargs)
        rows = [tuple(harmless(cell) for cell in row) for row in data]
        named = self.export_fields if isinstance(self.export_fields, Mapping) else {}
        headers = [named.get(header, header) for header in data.headers]
        data.wipe()
        data.headers = headers
        data.extend(rows)
        return data
