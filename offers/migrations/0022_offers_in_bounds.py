"""Slabs, ways to pay and amounts say what the form and the API take; the rows of a list only had to be whole before."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models
from django.db.models import F, Q, Value

from offers.models.types import HasPath

NO_LIST = 'strict $?(@.type() != "array")'
WRONG = {
    "slabs": (
        '$[*]?(@.item_count.type() != "number" || @.item_count < 0 || @.item_count_upper < @.item_count'
        ' || (@.item_count_upper.type() != "number" && @.item_count_upper != null)'
        ' || (@.value_type != "percent" && @.value_type != "amount")'
        ' || (@.value_type == "percent" && @.value.double() > 100)'
        ' || @.value.type() != "string" || @.value.double() <= 0'
        ' || @.value_cap.type() != "string" || @.value_cap.double() <= 0)'
    ),
    "finance_terms": (
        '$[*]?(@.provider.type() != "string" || @.provider == "" || (@.method != "EMI" && @.method != "PAY_LATER")'
        ' || @.months.type() != "number" || @.months < 1'
        ' || @.annual_percent.type() != "string" || @.annual_percent.double() < 0 || @.annual_percent.double() > 100'
        ' || @.subvention_percent.type() != "string"'
        " || @.subvention_percent.double() < 0 || @.subvention_percent.double() > 100)"
    ),
}
SENTENCES = {
    "slabs": "A slab says from which kWh to which, what it takes off, and its cap.",
    "finance_terms": "A way to pay says who lends, how, how long, and what it costs.",
}
BOUNDS = models.CheckConstraint(
    condition=Q(
        ("value_type__in", ["", "percent", "amount", "per_kwh"]),
        Q(
            ("value_cap", None),
            Q(
                ("value_cap__gt", 0),
                Q(
                    Q(("value_type", "amount"), _negated=True),
                    ("value", None),
                    ("value_cap__gte", F("value")),
                    _connector="OR",
                ),
            ),
            _connector="OR",
        ),
        Q(("min_value", None), ("min_value__gte", 0), _connector="OR"),
    ),
    name="offer_amounts_in_bounds",
    violation_error_message="The cap is the most the driver saves, and no amount lies below 0.",
)


def right(field: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        condition=Q(
            Q(HasPath(F(field), Value(NO_LIST)), _negated=True),
            Q(HasPath(F(field), Value(WRONG[field])), _negated=True),
        ),
        name=f"offer_{field}_say_what_can_be",
        violation_error_message=SENTENCES[field],
    )


CONSTRAINTS = (right("slabs"), right("finance_terms"), BOUNDS)


class Migration(migrations.Migration):
    dependencies = [("offers", "0021_surge_consents")]

    operations = [AddConstraintNotValid(model_name="offerversion", constraint=each) for each in CONSTRAINTS]
