"""Reads a file of offers into contents and limits, with every fault by row and column."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.core.exceptions import ValidationError
from django.db import DatabaseError

from cpo_portal.accounts.models import Cpo
from cpo_portal.charging.imports.csv_files import Bounds, Faults, NotRead, each_row, is_blank
from cpo_portal.database.errors import describe
from offers.authoring.bulk import NewOffer, check_new
from offers.authoring.codes import CodesInUse, keep_single_use
from offers.authoring.content import CONTENT_FIELDS, content_from
from offers.authoring.limits import LIMIT_FIELDS
from offers.authoring.types import unread_by_type, without_leftovers
from offers.engine.values import OfferLimits
from offers.files.columns import Column, columns_for, needed_in_header, other_names, values_by_field
from offers.known import add_names, remembered
from offers.models import Offer

MOST_OFFERS = 10_000
#: A cell holds a list of ids; the reader of CSV itself takes no longer one.
BOUNDS = Bounds(most_bytes=8 << 20, most_rows=MOST_OFFERS, longest_cell=130_000)
#: How often progress is told.
STEP = 200
NOT_TAKEN = "This cannot be read: write it as the example file does."
NOT_JUDGED = "This row cannot be checked: write it as the example file does, or enter the offer by its form."
log = structlog.get_logger(__name__)


def count_rows(cpo: Cpo, data: bytes) -> int:
    """Return how many rows the file has below its header; raises NotRead for what is no such file."""
    columns = columns_for(cpo.time_zone)
    rows = sum(1 for row in _rows(data, columns, cpo.currency) if not is_blank(row))
    if not rows:
        raise NotRead("The file has no rows: write one below the header.")
    return rows


def read_offers(
    cpo: Cpo, data: bytes, *, progress: Callable[[int], None] = lambda done: None
) -> tuple[list[NewOffer], Faults]:
    """Return the file's offers in their normal form, and its faults: with any, the offers are not all there.

    Inside the CPO's scope; reads only. `progress` is told how many rows are done. Raises NotRead.
    """
    columns, faults = columns_for(cpo.time_zone), Faults()
    by_field, seen = values_by_field(columns), _Seen()
    found: list[NewOffer] = []
    with remembered():
        # Offers of one file may exclude each other.
        ids, codes = by_field["offer_id"].key, by_field["display_code"].key
        named = [(row[ids], row.get(codes, "")) for row in _rows(data, columns, cpo.currency)]
        add_names(Offer, "offer_id", [offer_id for offer_id, _ in named])
        keep_single_use(cpo.pk, [code for _, code in named])
        for number, cells in enumerate(_rows(data, columns, cpo.currency), start=2):
            new = None if is_blank(cells) else _parsed(number, cells, columns, faults)
            if new is not None:
                normal, errors = _checked(cpo, new)
                _note(faults, _Row(number, cells), errors | seen.faults_of(new, errors), by_field)
                if not faults.count:
                    found.append(normal)
            if number % STEP == 0:
                progress(number - 1)
    return found, faults


def _checked(cpo: Cpo, new: NewOffer) -> tuple[NewOffer, dict[str, list[str]]]:
    """Return what `check_new` does; a row that it cannot judge is at fault itself."""
    try:
        return check_new(cpo, new)
    except DatabaseError:
        raise
    except Exception as error:  # noqa: BLE001  sent again, the row would be as it is
        log.error("offer_row_failed", row=new.line, error=describe(error))
        return new, {"": [NOT_JUDGED]}


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the file: its number, and its cells by the keys of their columns."""

    number: int
    cells: Mapping[str, str]


def _note(faults: Faults, row: _Row, errors: Mapping[str, list[str]], columns: Mapping[str, Column]) -> None:
    """Note what is wrong in a row, by the labels of its fields."""
    for name, sentences in errors.items():
        column = columns.get(name)
        for sentence in sentences:
            if column is None:
                faults.add(row.number, "", sentence)
            else:
                faults.add(row.number, column.label, column.told(row.cells.get(column.key, ""), sentence))


def _rows(data: bytes, columns: tuple[Column, ...], currency: str) -> Iterator[dict[str, str]]:
    labels, others = [column.label for column in columns], other_names(columns, currency)
    return each_row(data, columns=labels, needed=needed_in_header(columns), bounds=BOUNDS, other_names=others)


def _parsed(number: int, cells: Mapping[str, str], columns: tuple[Column, ...], faults: Faults) -> NewOffer:
    """Return what a row says, with the fields whose cells are at fault unread."""
    values: dict[str, Any] = {}
    unread: set[str] = set()
    for column in columns:
        text = cells.get(column.key, "")
        if text:
            try:
                values[column.name] = column.read(text)
            except ValidationError as refusal:
                unread.add(column.name)
                for sentence in refusal.messages:
                    faults.add(number, column.label, sentence)
            except DatabaseError:
                raise
            except Exception as error:  # noqa: BLE001  sent again, the cell would be as it is
                unread.add(column.name)
                log.error("offer_cell_failed", column=column.name, error=describe(error))
                faults.add(number, column.label, NOT_TAKEN)
        elif column.needed:
            unread.add(column.name)
            faults.add(number, column.label, "This field is required.")
    offer_id = values.pop("offer_id", "")
    limits = OfferLimits(**{name: values.pop(name) for name in LIMIT_FIELDS if name in values})
    said = {name: values[name] for name in CONTENT_FIELDS if name in values}
    if "benefit_kind" not in unread:
        said = without_leftovers(said, said)
    return NewOffer(number, offer_id, content_from(said), limits, unread_by_type(unread, said))


@dataclass(slots=True)
class _Seen:
    """The ids and codes of the rows so far, each with its row."""

    ids: dict[str, int] = field(default_factory=dict)
    codes: CodesInUse = field(default_factory=lambda: CodesInUse({}, {}))

    def faults_of(self, new: NewOffer, errors: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """Return what an earlier row has already, unless the field is refused anyhow."""
        found = {}
        unread = new.unread
        earlier = self.ids.setdefault(new.offer_id.upper(), new.line) if "offer_id" not in unread else new.line
        if earlier != new.line and "offer_id" not in errors:
            found["offer_id"] = [f"Row {earlier} has this id already: choose another id."]
        code, required = new.content.display_code.upper(), new.content.requires_code
        if code and unread.isdisjoint(("requires_code", "display_code")):
            fault = self.codes.fault(code, required=required)
            if fault and "display_code" not in errors:
                found["display_code"] = [fault]
            (self.codes.asked if required else self.codes.shown).setdefault(code, f"of row {new.line}")
        return found
