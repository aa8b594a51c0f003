"""The matrix of offer types as constraints of the database: what a type must say, and what it may not."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q, Value

from offers.engine.matrix import FIELDS, IN_FINANCE, IN_SLABS, Need, kinds_with
from offers.engine.values import BenefitKind, ValueType

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
_SLABS = "A slab says from which kWh to which, what it takes off, and its cap."
_TERMS = "A way to pay says who lends, how, how long, and what it costs."
#: What is wrong with a row of a list, as a filter of SQL/JSON: amounts are text, an open end is null.
_WRONG = {
    "slabs": (
        '@.item_count.type() != "number" || @.item_count < 0 || @.item_count_upper < @.item_count'
        ' || (@.item_count_upper.type() != "number" && @.item_count_upper != null)'
        ' || (@.value_type != "percent" && @.value_type != "amount")'
        ' || (@.value_type == "percent" && @.value.double() > 100)'
        ' || @.value.type() != "string" || @.value.double() <= 0'
        ' || @.value_cap.type() != "string" || @.value_cap.double() <= 0'
    ),
    "finance_terms": (
        '@.provider.type() != "string" || @.provider == "" || (@.method != "EMI" && @.method != "PAY_LATER")'
        ' || @.months.type() != "number" || @.months < 1'
        ' || @.annual_percent.type() != "string" || @.annual_percent.double() < 0 || @.annual_percent.double() > 100'
        ' || @.subvention_percent.type() != "string"'
        " || @.subvention_percent.double() < 0 || @.subvention_percent.double() > 100"
    ),
}


class HasPath(Func):
    """Whether a path of SQL/JSON finds anything in a column."""

    function = "jsonb_path_exists"
    template = "%(function)s(%(expressions)s::jsonpath)"
    output_field = models.BooleanField()


def type_constraints() -> list[models.CheckConstraint]:
    """Return a constraint for each field that a type must have or may not have, and for what its rows say."""
    found = [_fits(field) for field in FIELDS if field in _EMPTY]
    found += [_whole("slabs", IN_SLABS, _SLABS), _whole("finance_terms", IN_FINANCE, _TERMS)]
    found += [_right("slabs", _SLABS), _right("finance_terms", _TERMS), _bounds()]
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


def _right(field: str, sentence: str) -> models.CheckConstraint:
    """Return the constraint that a list is one, and that no row of it says what cannot be."""
    is_list = ~Q(HasPath(F(field), Value('strict $?(@.type() != "array")')))
    return models.CheckConstraint(
        condition=is_list & ~Q(HasPath(F(field), Value(f"$[*]?({_WRONG[field]})"))),
        name=f"offer_{field}_say_what_can_be",
        violation_error_message=sentence,
    )


def _bounds() -> models.CheckConstraint:
    """Return the constraint that amounts lie where the form and the API take them."""
    types = Q(value_type__in=["", *(each.value for each in ValueType)])
    cap = Q(value_cap=None) | (
        Q(value_cap__gt=0) & (~Q(value_type="amount") | Q(value=None) | Q(value_cap__gte=F("value")))
    )
    return models.CheckConstraint(
        condition=types & cap & (Q(min_value=None) | Q(min_value__gte=0)),
        name="offer_amounts_in_bounds",
        violation_error_message="The cap is the most the driver saves, and no amount lies below 0.",
    )
