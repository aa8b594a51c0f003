"""No export of the portal holds a cell that a spreadsheet would run: each export that the admin offers is asked."""

from __future__ import annotations

import ast
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.urls import NoReverseMatch, reverse
from import_export.resources import ModelResource

from cpo_portal.adminkit.bases import TenantExportMixin
from cpo_portal.adminkit.cells import escaped
from tests.people import make_people, signed_in

ROOT = Path(__file__).parents[2]
HOSTILE = (
    "=cmd|' /C calc'!A0", "+1+cmd|x", "-2+3", "@SUM(1+1)", "\t1", "\r1", "\n1", " =1", "   +A1", "|calc", "%0A=1",
    "=", "-", "+", "@", '=HYPERLINK("https://x.example","y")', "-1-1", "+", "-１", "--1", "+1e5", "-1_0",
)  # fmt: skip
#: What other sheets split into cells of their own: behind semicolons and tabs, and at the end of a line.
SPLIT = {
    "\t=1": "'\t'=1",
    "\r=1": "'\r'=1",
    "\n=1": "'\n'=1",
    "Ten off;=1": "Ten off;'=1",
    "Ten off; @A1;'+A1": "Ten off;' @A1;''+A1",
    "Ten off\t|calc": "Ten off\t'|calc",
    "=a;-b": "'=a;'-b",
}
DISARMED = {cell: f"'{cell}" for cell in HOSTILE} | SPLIT
HARMLESS = ("-5", "+5", "-0.50", "12", "a=1", "₹5", "", "x@y.example", "2026-01-01", "a; b; 10-19", "a;b=1")
#: Code that may write or name a table file: the guard itself, and what only reads one.
TABLE_CODE = {
    "beckn/demo/sites.py",
    "cpo_portal/adminkit/exports.py",
    "cpo_portal/charging/admin/import_page.py",
    "cpo_portal/charging/admin/imports.py",
    "cpo_portal/charging/balances/files.py",
    "cpo_portal/charging/imports/csv_files.py",
    "offers/api/codes.py",
    "offers/api/files.py",
    "offers/codes/export.py",
    "offers/files/writing.py",
    "pricing/holiday_files.py",
}
TABLE_MODULES = {"csv", "tablib", "openpyxl", "xlsxwriter", "xlwt"}


def _export_url(model_admin: ModelAdmin[Any]) -> str:
    meta = model_admin.model._meta
    try:
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_export")
    except NoReverseMatch:
        return ""


def exporting() -> list[Any]:
    """Return every admin that offers an export, by whatever means."""
    found = admin.site._registry.values()
    return [each for each in found if hasattr(each, "get_export_resource_classes") or hasattr(each, "get_export_data")]


def test_the_exports_are_those_that_have_an_address() -> None:
    with_address = {each for each in admin.site._registry.values() if _export_url(each)}
    assert set(exporting()) == with_address
    assert sorted(each.model.__name__ for each in with_address) == [
        "Balance", "BalanceEntry", "Connector", "Customer", "Location", "Membership", "NamedList", "Offer", "Order",
        "Payment", "Referral", "Refund", "Segment", "Signal", "SurgeSchedule", "Tariff",
    ]  # fmt: skip


class Cells(list[str]):
    """Rows that are their own only cell, as a queryset gives them."""

    def prefetch_related(self, *paths: str) -> Cells:
        return self

    def iterator(self, chunk_size: int) -> Iterator[str]:
        return iter(self)


@pytest.mark.django_db
@pytest.mark.parametrize("model_admin", exporting(), ids=lambda each: type(each).__name__)
def test_an_export_disarms_every_cell_of_every_column(
    model_admin: ModelAdmin[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(model_admin, TenantExportMixin)
    columns = len(model_admin.export_columns or model_admin.export_fields)
    cells = [*DISARMED, *HARMLESS]
    monkeypatch.setattr(ModelResource, "iter_queryset", lambda self, queryset: iter(cells))
    monkeypatch.setattr(ModelResource, "export_resource", lambda self, cell, *args, **kwargs: [cell] * columns)
    if model_admin.export_columns:
        hostile = dict.fromkeys(model_admin.export_columns, lambda cell: cell)
        monkeypatch.setattr(model_admin, "export_columns", hostile)
        monkeypatch.setattr(model_admin, "get_export_queryset", lambda request: Cells(cells))
    answer = signed_in(make_people().owner).get(_export_url(model_admin))
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv")
    [headings, *rows] = csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline=""))
    assert len(headings) == columns
    assert rows == [[cell] * columns for cell in (*DISARMED.values(), *HARMLESS)]


def test_a_file_that_can_be_imported_disarms_the_same_cells() -> None:
    assert {cell: escaped(cell) for cell in DISARMED} == DISARMED
    assert [escaped(cell) for cell in HARMLESS] == list(HARMLESS)


def test_nothing_else_writes_tables() -> None:
    writers = set()
    for room in ("cpo_portal", "pricing", "offers", "beckn"):
        for path in (ROOT / room).rglob("*.py"):
            if _writes_tables(path.read_text()):
                writers.add(str(path.relative_to(ROOT)))
    assert writers <= TABLE_CODE


def _writes_tables(source: str) -> bool:
    if "text/csv" in source or "content-disposition" in source.lower() or "FileResponse" in source:
        return True
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in imports if isinstance(node, ast.ImportFrom)}
    return any(name.split(".")[0] in TABLE_MODULES for name in names)
