"""The matrix of types against the offers construct's own table, cell by cell."""

from __future__ import annotations

import pytest

from offers.engine.benefits import BENEFITS
from offers.engine.matrix import FIELDS, MATRIX, NEEDS, Need, fault
from offers.engine.values import BenefitKind
from offers.models import BenefitKindChoice

#: As the template prints it: min value | item count, upper, item id | value, type, cap | item count, id, value.
PRINTED = {
    "discount": "O | N/A N/A N/A | M M O | N/A N/A N/A",
    "buyXgetY": "O | M N/A N/A | N/A N/A N/A | M O M",
    "freebie": "O | N/A N/A N/A | N/A N/A N/A | M M N/A",
    "slab": "O | M M N/A | M M M | N/A N/A N/A",
    "combo": "O | N/A N/A M | M M M | N/A N/A N/A",
    "delivery": "O | N/A N/A N/A | M M O | N/A N/A N/A",
    "exchange": "O | N/A N/A N/A | N/A N/A N/A | N/A N/A N/A",
    "financing": "O | N/A N/A N/A | N/A N/A N/A | N/A N/A N/A",
}
COLUMNS = (
    "min_value",
    "item_count",
    "item_count_upper",
    "item_ids",
    "value",
    "value_type",
    "value_cap",
    "given_count",
    "given_id",
    "item_value",
)
CELLS = [
    pytest.param(kind, column, cell.replace("N/A", "-"), id=f"{kind}-{column}")
    for kind, row in PRINTED.items()
    for column, cell in zip(COLUMNS, row.replace("|", " ").split(), strict=True)
]


@pytest.mark.parametrize(("kind", "column", "need"), CELLS)
def test_a_cell_is_as_the_template_prints_it(kind, column, need):
    assert MATRIX[BenefitKind(kind)][column].value == need


def test_every_type_has_a_row_a_module_and_a_choice():
    kinds = list(BenefitKind)
    assert [*MATRIX] == [*NEEDS] == [*BENEFITS] == kinds
    assert BenefitKindChoice.values == [kind.value for kind in kinds]
    assert all(tuple(row) == FIELDS for row in NEEDS.values())


@pytest.mark.parametrize(
    ("kind", "field", "given", "sentence"),
    [
        pytest.param("discount", "value", False, "Give the value: per cent, or an amount.", id="missing"),
        pytest.param("discount", "value", True, "", id="given"),
        pytest.param("discount", "value_cap", False, "", id="optional"),
        pytest.param(
            "slab",
            "value",
            True,
            "An offer by slabs has no use for a value of its own: leave it empty.",
            id="not-applicable",
        ),
    ],
)
def test_a_fault_is_one_sentence(kind, field, given, sentence):
    assert fault(BenefitKind(kind), field, given=given) == sentence


def test_only_a_missing_mandatory_field_and_a_given_foreign_one_are_faults():
    for kind, row in NEEDS.items():
        for field, need in row.items():
            assert bool(fault(kind, field, given=False)) == (need is Need.MANDATORY)
            assert bool(fault(kind, field, given=True)) == (need is Need.NOT_APPLICABLE)
