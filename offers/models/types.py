"""The matrix of offer types as constraints of the database: what a type must say, and what it may not."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value

from offers.engine.matrix import FIELDS, IN_FINANCE, IN_SLABS, Need, kinds_with
from offers.engine.values import BenefitKind

#: A field's condition of being empty; `base` has no empty value, but a usual one.
_EMPTY: dict[str, Q] = {
    "qualifier_item_ids": Q(qualifier_item_ids=Value([], ArrayField(models.CharField(max_length=100)))),
    "value": Q(value=None),
    "value_type": Q(value_type=""),
    "value_cap": Q(value_cap=None),
    "base": Q(base="ITEMS"),
    "slabs": Q(slabs=Value([], models.JSONField())),
    "finance_terms": Q(finance_terms=Value([], models.JSONField())),
    "item_unit": Q(item_unit=""),
    "qualifier_item_count": Q(qualifier_item_count=None),
    "benefit_item_count": Q(benefit_item_count=None),
    "benefit_item_id": Q(benefit_item_id=""),
    "item_value": Q(item_value=None),
}


class HasPath(Func):
    """Whether a path of SQL/JSON finds anything in a column."""

    function = "jsonb_path_exists"
    template = "%(function)s(%(expressions)s::jsonpath)"
    output_field = models.BooleanField()


def type_constraints() -> list[models.CheckConstraint]:
    """Return a constraint for each field that a type must have or may not have, and for what its rows say."""
    found = [_fits(field) for field in FIELDS if field in _EMPTY]
    found.append(_whole("slabs", IN_SLABS, "A slab says from which kWh to which, what it takes off, and its cap."))
    found.append(_whole("finance_terms", IN_FINANCE, "A way to pay says who lends, how, how long, and what it costs."))
    per_kwh = Q(benefit_kind=BenefitKind.DISCOUNT.value) | ~Q(value_type="per_kwh")
    found.append(
        models.CheckConstraint(
            condition=per_kwh,
            name="offer_per_kwh_is_a_discount",
            violation_error_message="Only a discount is counted per kWh: choose percent or amount.",
        )
    )
    return found


def _fits(field: str) -> models.CheckConstraint:
    given = Q(benefit_kind__in=_names(field, Need.MANDATORY)) & ~_EMPTY[field]
    none = Q(benefit_kind__in=_names(field, Need.NOT_APPLICABLE)) & _EMPTY[field]
    either = Q(benefit_kind__in=_names(field, Need.OPTIONAL))
    cases = [x for x, need in ((given, "M"), (none, "-"), (either, "O")) if kinds_with(field, Need(need))]
    condition = cases[0]
    for case in cases[1:]:
        condition |= case
    return models.CheckConstraint(
        condition=condition,
        name=f"offer_{field}_fits_its_type",
        violation_error_message="The type of the offer and what it says do not fit.",
    )


def _names(field: str, need: Need) -> list[str]:
    return [kind.value for kind in kinds_with(field, need)]


def _whole(field: str, parts: tuple[str, ...], sentence: str) -> models.CheckConstraint:
    """Return the constraint that each row of a list says all of its parts."""
    missing = "||".join(f"!exists(@.{name})" for name in parts)
    return models.CheckConstraint(
        condition=Q(HasPath(F(field), Value(f"$[*]?({missing})")), _negated=True),
        name=f"offer_{field}_are_whole",
        violation_error_message=sentence,
    )
