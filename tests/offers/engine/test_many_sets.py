"""The bound of a price where more sets of offers may be chosen than are told apart: still true, and not empty."""

from __future__ import annotations

import pytest

from offers.engine.values import ItemUnit, StackLimits
from pricing.engine.price import price
from pricing.engine.values import EnergyMeasure
from tests.offers.engine.samples import offer
from tests.offers.engine.test_giving import more
from tests.offers.engine.test_properties import flat, with_coffee
from tests.offers.engine.test_type_properties import offered
from tests.pricing.engine.samples import ask

#: Seven that combine are 128 sets, of which any two may be chosen.
SEVEN = tuple(offer(name, str(5 + n), additive=True) for n, name in enumerate("abcdefg"))
GIFT = more(ItemUnit.PRODUCT, 1, 1, "0", offer_id="gift", additive=True)


@pytest.mark.parametrize("opted_in", [frozenset(), frozenset("a"), frozenset("gf")], ids=["nobody", "one", "two"])
@pytest.mark.parametrize("pool", [SEVEN, (*SEVEN, GIFT)], ids=["off-the-price", "with-a-gift"])
def test_the_bound_is_true_where_sets_are_too_many_to_tell_apart(pool, opted_in):
    discounts = offered(*pool, opted_in=opted_in, stack=StackLimits(2, None))
    terms = flat()
    carts, nets = [], []

    class Recorder:
        def __call__(self, cart):
            carts.append(cart)
            return discounts(cart)

    for wh in (100, 160, 161, 240):
        quote = price(with_coffee(ask(EnergyMeasure(wh)), True), terms, discounts=Recorder())
        nets.append(quote.total.amount)
    bound = discounts.net_at_least(carts[0], carts[-1])
    assert 0 < bound <= min(nets)
