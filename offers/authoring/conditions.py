"""What is refused of an offer's conditions on the session."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.core.exceptions import ValidationError

from cpo_portal.network.catalogue import units_left
from cpo_portal.network.models import Product
from offers.authoring.unread import Finding, readable, told
from offers.engine.values import OfferLimits
from offers.models import Offer
from offers.models.conditions import HALF_A_STOCK, UPSIDE_DOWN_ENERGY

if TYPE_CHECKING:
    from offers.authoring.content import OfferContent

#: More than any session takes.
MOST_WH = 2_000_000
MOST_SESSIONS = 1000
MOST_UNITS = 1_000_000
OWN_FIELDS = (
    "min_energy_wh",
    "max_energy_wh",
    "nth_session",
    "max_busy_percent",
    "stock_product_id",
    "stock_at_least",
)
_Findings = Iterable[Finding]


def check_conditions(offer: Offer, content: OfferContent) -> _Findings:
    """Yield each fault as (field, sentence); inside the CPO's scope."""
    return told((_energy, _nth, _busy, _stock), content)


def _nth(content: OfferContent) -> _Findings:
    if content.nth_session is not None and not 1 <= content.nth_session <= MOST_SESSIONS:
        yield "nth_session", f"Give the session's number, from 1 for the first to {MOST_SESSIONS}."


def _busy(content: OfferContent) -> _Findings:
    if content.max_busy_percent is not None and not 1 <= content.max_busy_percent <= 100:
        yield "max_busy_percent", "Give a share of the chargers from 1 to 100 %."


def check_counted(nth_session: int | None, limits: OfferLimits) -> None:
    """Refuse an offer for a customer's nth session that they could take more than once.

    A session counts once it is confirmed: until then every order that they begin would be the nth.
    """
    if nth_session is not None and limits.uses_per_customer != 1:
        raise ValidationError(
            {"uses_per_customer": "An offer for one session of a customer is used once: set it to 1."}
        )


def _stock(content: OfferContent) -> _Findings:
    name, least = content.stock_product_id, content.stock_at_least
    if bool(name) is not (least is not None):
        yield "stock_at_least" if name else "stock_product_id", HALF_A_STOCK
        return
    if least is not None and not 1 <= least <= MOST_UNITS:
        yield "stock_at_least", f"Give a number from 1 to {MOST_UNITS}."
    if not name:
        return
    product = Product.objects.select_related("stock_row").filter(product_id=name).first()
    if product is None:
        yield "stock_product_id", f"You have no product “{name}”: give the id of one of yours."
    elif units_left(product) is None:
        yield "stock_product_id", f"The stock of “{name}” is not counted: set it at the product first."


def _energy(content: OfferContent) -> _Findings:
    given = {name: getattr(content, name) for name in readable(content, ("min_energy_wh", "max_energy_wh"))}
    wrong = [name for name, value in given.items() if value is not None and not 1 <= value <= MOST_WH]
    yield from ((name, f"Give an energy above 0 and up to {MOST_WH // 1000} kWh.") for name in wrong)
    if wrong:
        return
    least, most = content.min_energy_wh, content.max_energy_wh
    if least is not None and most is not None and least > most:
        yield "max_energy_wh", UPSIDE_DOWN_ENERGY
