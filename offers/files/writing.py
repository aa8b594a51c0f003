"""Offers as the file that an import takes: each as its form shows it, the latest version with the limits."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from typing import Any, TypeVar

from django.db.models import OuterRef, Q, Subquery
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.adminkit.cells import escaped
from offers.authoring.content import OfferContent, content_of
from offers.engine.values import OfferLimits
from offers.files.columns import Column, columns_for
from offers.mapping import limits_of
from offers.models import Offer, OfferState, OfferVersion

PAGE = 500
_Response = TypeVar("_Response", bound=HttpResponseBase)


def offers_as_csv(cpo: Cpo, chosen: Collection[int] | None = None) -> Iterator[str]:
    """Yield the file of the chosen offers, else of all that are not archived, piece by piece, the oldest first."""
    columns = columns_for(cpo.time_zone)
    yield _lines([[column.label for column in columns]])
    last = 0
    while page := _page(cpo, last, chosen):
        last = page[-1].offer_id
        yield _lines(line_of(version.offer.offer_id, content_of(version), limits_of(version.offer), columns)
                     for version in page)  # fmt: skip


def download(cpo: Cpo, chosen: Collection[int] | None = None, *, mark: str = "") -> StreamingHttpResponse:
    """Return the CPO's offers, or those with the chosen keys, as a file; for spreadsheets it begins with a mark."""
    return attached(StreamingHttpResponse(chain((mark,), offers_as_csv(cpo, chosen))), "offers.csv")


def attached(response: _Response, name: str) -> _Response:
    """Let the browser keep the answer as a file of this name."""
    response["Content-Type"] = "text/csv; charset=utf-8"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response


def file_of(cpo: Cpo, rows: Iterable[tuple[str, OfferContent, OfferLimits]]) -> str:
    """Return the file of these offers: id, content and limits each."""
    columns = columns_for(cpo.time_zone)
    return _lines([[column.label for column in columns], *(line_of(*row, columns) for row in rows)])


def line_of(offer_id: str, content: OfferContent, limits: OfferLimits, columns: tuple[Column, ...]) -> list[str]:
    """Return an offer's cells in the order of the columns."""
    return [escaped(column.write(_value(column.name, offer_id, content, limits))) for column in columns]


def _value(name: str, offer_id: str, content: OfferContent, limits: OfferLimits) -> Any:
    if name == "offer_id":
        return offer_id
    return getattr(content, name) if hasattr(content, name) else getattr(limits, name)


def _page(cpo: Cpo, after: int, chosen: Collection[int] | None) -> list[OfferVersion]:
    # The scope is closed between two pages: whoever sends them on does other things meanwhile.
    with cpo_scope(cpo):
        latest = OfferVersion.objects.filter(offer=OuterRef("pk")).order_by("-number").values("pk")[:1]
        wanted = ~Q(state=OfferState.ARCHIVED) if chosen is None else Q(pk__in=chosen)
        offers = Offer.objects.filter(wanted, cpo=cpo, pk__gt=after).order_by("pk")
        keys = list(offers.annotate(latest=Subquery(latest)).values_list("latest", flat=True)[:PAGE])
        versions = OfferVersion.objects.filter(pk__in=keys).select_related("offer").order_by("offer_id")
        return list(versions)


def _lines(rows: Iterable[list[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()
