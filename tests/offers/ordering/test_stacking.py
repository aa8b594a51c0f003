"""What a CPO allows together, from the quote to the bill: the largest discount is the one that was locked."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cpo_portal.accounts.tenancy import cpo_scope
from offers.models import OfferPolicy, Quote, QuoteOffer, Redemption
from offers.tasks import settle_stopped
from tests.offers.ordering.sale import Sale
from tests.world import make_offer

pytestmark = pytest.mark.django_db(transaction=True)


def combining(sale: Sale, offer_id: str, value: str, **said: object) -> None:
    """Publish an offer that combines with others, beside the world's own quarter, which stands alone."""
    make_offer(sale.world.cpo, offer_id, value=Decimal(value), additive=True, display_code="", **said)


def policy(sale: Sale, **said: object) -> None:
    with cpo_scope(sale.world.cpo):
        OfferPolicy.objects.update_or_create(cpo=sale.world.cpo, defaults=said)


def reasons(sale: Sale, quote: Quote) -> dict[str, tuple[str, str]]:
    with cpo_scope(sale.world.cpo):
        return {
            x.asked_id: (x.outcome, x.reason_code) for x in QuoteOffer.objects.filter(quote=quote).order_by("asked_id")
        }


def test_a_quote_and_its_bill_keep_the_largest_discount_whatever_the_cpo_does_meanwhile(sale: Sale) -> None:
    combining(sale, "a-twenty", "20")
    combining(sale, "b-ten", "10")
    policy(sale, max_discount_percent=Decimal("28"))
    quote = sale.init().quote
    # 28 % of 90.00 are 25.20: more than the lone quarter's 22.50, less than the 27.00 that both would give.
    assert sale.lines("QUOTED") == ["90.00", "10.00", "-18.00", "-7.20", "13.46"]
    assert quote.max_discount_percent == Decimal("28.00")
    policy(sale, max_discount_percent=Decimal("5"), max_stack=1)
    sale.pay("88.26")
    sale.start(sale.confirm())
    sale.charge(4000)
    settle_stopped()
    assert sale.lines("BILLED") == ["72.00", "10.00", "-14.40", "-5.76", "11.13"]
    with cpo_scope(sale.world.cpo):
        bill = Quote.objects.get(is_bill=True)
        assert bill.max_discount_percent == Decimal("28.00")
        assert {x.offer.offer_id: x.committed for x in Redemption.objects.select_related("offer")} == {
            "a-twenty": Decimal("14.40"),
            "b-ten": Decimal("5.76"),
        }


def test_a_quote_says_which_offer_took_the_group_and_which_found_the_stack_full(sale: Sale) -> None:
    combining(sale, "a-twenty", "20", exclusivity_group="night")
    combining(sale, "b-ten", "10", exclusivity_group="night")
    combining(sale, "c-eight", "8")
    combining(sale, "d-two", "2")
    policy(sale, max_stack=2)
    assert reasons(sale, sale.init().quote) == {
        "a-twenty": ("APPLIED", ""),
        "b-ten": ("ELIGIBLE_NOT_CHOSEN", "GROUP_TAKEN"),
        "c-eight": ("APPLIED", ""),
        "d-two": ("ELIGIBLE_NOT_CHOSEN", "STACK_FULL"),
        "weekend-discount-25": ("ELIGIBLE_NOT_CHOSEN", "NOT_ADDITIVE"),
    }
