"""The codes of a batch as CSV, written while they are read: a million codes take no more memory than a thousand."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import StreamingHttpResponse

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.adminkit.exports import harmless
from offers.models import CodeBatch, CodeState, SingleUseCode

PAGE = 5_000


class _Echo:
    """A file for the writer that gives back what it was to keep."""

    def write(self, line: str) -> str:
        return line


def codes_as_csv(batch: CodeBatch) -> StreamingHttpResponse:
    """Return the download of a batch: each code with its state, and when an order took it on the CPO's clock."""
    response = StreamingHttpResponse(_lines(batch), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="codes-{batch.offer.offer_id}-{batch.pk}.csv"'
    response["Cache-Control"] = "no-store"
    return response


def _lines(batch: CodeBatch) -> Iterator[str]:
    writer: Any = csv.writer(_Echo())
    zone = ZoneInfo(batch.cpo.time_zone)
    yield writer.writerow(["Code", "State", f"Taken ({batch.cpo.time_zone})"])
    last = 0
    while page := _page(batch, last):
        last = page[-1][0]
        yield "".join(
            writer.writerow([harmless(code), _state(batch, state), _text(taken_at, zone)])
            for _, code, state, taken_at in page
        )


def _page(batch: CodeBatch, after: int) -> list[tuple[int, str, str, datetime | None]]:
    # The scope is closed between two pages: whoever sends them on does other things meanwhile.
    with cpo_scope(batch.cpo):
        codes = SingleUseCode.objects.filter(batch=batch, pk__gt=after).order_by("pk")
        return list(codes.values_list("pk", "code", "state", "taken_at")[:PAGE])


def _state(batch: CodeBatch, state: str) -> str:
    if state == CodeState.FREE and batch.cancelled_at is not None:
        state = CodeState.CANCELLED
    return str(CodeState(state).label)


def _text(instant: datetime | None, zone: ZoneInfo) -> str:
    return "" if instant is None else f"{instant.astimezone(zone):%Y-%m-%d %H:%M:%S}"
