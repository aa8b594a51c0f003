"""Whether one more redemption fits into what is left of a budget: of one offer, and as a condition on many.

A reservation takes the most that a redemption can cost, so an offer of which less than that is left is given out.
"""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Case, DecimalField, F, Func, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce, Least

from offers.engine.benefits import BENEFITS, beside, rule_of
from offers.engine.values import OfferTerms, ValueType
from offers.mapping import budget_terms
from offers.models import Offer, OfferVersion

#: Where only the cart says what a redemption costs: nothing fits once nothing is left.
_LEAST = Decimal("0.01")
_AMOUNT: DecimalField[Decimal, Decimal] = DecimalField(max_digits=12, decimal_places=2)


def cost_of(terms: OfferTerms) -> Decimal:
    """Return what one more redemption needs of a budget, as long as no price is known."""
    most = rule_of(terms).maximum(terms)
    return _LEAST if most is None else most


def cost_of_version(offer: Offer, version: OfferVersion) -> Decimal:
    """Return the same of rows."""
    return cost_of(budget_terms(offer, version))


def cost_in_rows(to_offer: str = "") -> Combinable:
    """Return the same of an offer's live version as an expression; `to_offer` leads from the row to the offer."""
    live = f"{to_offer}live_version__"
    amount = Case(When(**{f"{live}value_type": ValueType.AMOUNT.value}, then=F(f"{live}value")), output_field=_AMOUNT)
    most = Least(F(f"{to_offer}redemption_cap"), F(f"{live}value_cap"), amount, _MostOfSlabs(F(f"{live}slabs")))
    return Case(
        When(**{f"{live}benefit_kind__in": _FREE_OF_COST}, then=Value(Decimal(0))),
        default=Coalesce(most, Value(_LEAST)),
        output_field=_AMOUNT,
    )


class _MostOfSlabs(Func):
    """The largest cap of any slab in a column of them, NULL where there is none."""

    template = "(SELECT max((each ->> 'value_cap')::numeric) FROM jsonb_array_elements(%(expressions)s) AS each)"
    output_field = _AMOUNT


#: What stands beside the order's price.
_FREE_OF_COST = [kind.value for kind, rule in BENEFITS.items() if rule.maximum is beside.maximum]
