"""A page's list of rows, with what is worked out for the list and its download alone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.views import ChangeList


class _Rows(ChangeList):  # type: ignore[misc]
    def get_queryset(self, *args: Any, **kwargs: Any) -> QuerySet[Any]:
        rows: QuerySet[Any] = self.model_admin.for_list(super().get_queryset(*args, **kwargs))
        return rows

    def get_results(self, request: Any) -> None:
        super().get_results(request)
        self.model_admin.complete(self.result_list)


class ListedMixin:
    """Subclasses say what the rows of the list have beside those of a page; put it before the admin's base."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return _Rows

    def for_list(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows, as they were searched and filtered, with what the columns need."""
        return rows

    def complete(self, rows: Iterable[Any]) -> None:
        """Put on the rows of one page of the list what is looked up for all of them at once."""
