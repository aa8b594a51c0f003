"""A subscription sells the energy of a pool end to end: held at init, taken by the bill, the rest given back."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.balances import changes as balances
from cpo_portal.charging.balances import moves as balance_moves
from cpo_portal.charging.models import Balance, BalanceEntry, Order, OrderEvent, Payment, Refund
from cpo_portal.network.models import Connector
from offers.adjustment_words import refund_beforehand
from offers.models import Quote
from offers.ordering.adjusting import Said
from offers.ordering.cancel import CancelledBy, cancel
from offers.ordering.confirm import confirm
from offers.ordering.place import Placing, place
from offers.ordering.refund import refund_bill
from offers.ordering.settle import bill_of
from offers.proofs import Verdict, reprove
from offers.quoting import Buyer, SessionAsk
from offers.refusals import Refusal
from offers.tasks import release_expired, settle_stopped
from pricing.engine.values import AmountMeasure, DurationMeasure, EnergyMeasure
from tests.offers.ordering.sale import Sale
from tests.prepaid import SARAH, credit, customer, entries, family, figures, pool
from tests.world import make_offer, make_world

pytestmark = pytest.mark.django_db


def five(**changes: Any) -> SessionAsk:
    """Ask for 5 kWh from now on."""
    start = changes.pop("start", None) or timezone.now()
    ends = start + timedelta(hours=1)
    return SessionAsk(EnergyMeasure(changes.pop("wh", 5000)), start, ends, **changes)


def asked(sale: Sale) -> list[tuple[str, str]]:
    with cpo_scope(sale.world.cpo):
        rows = Payment.objects.filter(order=sale.order).order_by("created_at")
        return [(f"{row.amount:.2f}", row.status) for row in rows]


def deliver(sale: Sale, wh: int) -> None:
    sale.start(sale.confirm())
    sale.charge(wh)
    settle_stopped()
    with cpo_scope(sale.world.cpo):
        assert sale.fresh().state == "COMPLETE"


def quotes(sale: Sale) -> list[tuple[bool, int | None]]:
    """Return the order's stored quotes, each proven again: whether it is the bill, and what its terms include."""
    with cpo_scope(sale.world.cpo):
        rows = list(Quote.objects.filter(order=sale.order).order_by("created_at"))
        assert [reprove(row).verdict for row in rows] == [Verdict.IDENTICAL] * len(rows)
        return [(row.is_bill, row.terms["included_wh"]) for row in rows]


def of_kind(sale: Sale, kind: str) -> list[dict[str, Any]]:
    with cpo_scope(sale.world.cpo):
        return list(OrderEvent.objects.filter(order=sale.order, kind=kind).values_list("detail", flat=True))


INITS = [
    pytest.param("4999", ["0.00", "0.02", "10.00", "1.80"], "11.82", (0, 4999), id="a-wh-short"),
    pytest.param("5000", ["0.00", "10.00", "1.80"], "11.80", (0, 5000), id="exactly"),
    pytest.param("5001", ["0.00", "10.00", "1.80"], "11.80", (1, 5000), id="a-wh-more"),
    pytest.param("3000", ["0.00", "36.00", "10.00", "8.28"], "54.28", (0, 3000), id="a-part"),
]


@pytest.mark.parametrize(("has", "lines", "total", "left"), INITS)
def test_init_holds_the_planned_energy_as_far_as_it_is_left(
    sub: Sale, has: str, lines: list[str], total: str, left: tuple[int, int]
) -> None:
    balance = pool(sub.world.cpo, has)
    placed = sub.init(five())
    assert (sub.lines("QUOTED"), f"{placed.quote.total:.2f}") == (lines, total)
    assert asked(sub) == [(total, "NOT-PAID")]
    assert figures(balance) == left
    assert quotes(sub) == [(False, min(int(has), 5000))]


BILLS = [
    # What was metered, what of 6 kWh in the pool is taken, the bill's lines, and what its terms include.
    pytest.param("6000", 4000, "4000", ["0.00", "10.00", "1.80"], 5000, id="less-than-held"),
    pytest.param("6000", 5000, "5000", ["0.00", "10.00", "1.80"], 5000, id="as-held"),
    pytest.param("6000", 5500, "5500", ["0.00", "10.00", "1.80"], 5500, id="more-and-it-is-left"),
    pytest.param("6000", 7000, "6000", ["0.00", "18.00", "10.00", "5.04"], 6000, id="more-than-is-left"),
    pytest.param("3000", 2000, "2000", ["0.00", "10.00", "1.80"], 3000, id="less-than-a-part"),
    pytest.param("3000", 5200, "3000", ["0.00", "39.60", "10.00", "8.93"], 3000, id="a-part-and-the-rest"),
]


@pytest.mark.parametrize(("has", "wh", "taken", "lines", "included"), BILLS)
def test_the_bill_takes_what_was_metered(
    sub: Sale, has: str, wh: int, taken: str, lines: list[str], included: int
) -> None:
    balance = pool(sub.world.cpo, has)
    placed = sub.init(five())
    assert sub.pay(f"{placed.quote.total:.2f}") == "PAID"
    deliver(sub, wh)
    assert sub.lines("BILLED") == lines
    assert figures(balance) == (Decimal(has) - Decimal(taken), 0)
    assert quotes(sub) == [(False, min(int(has), 5000)), (True, included)]
    assert [x["energy_wh"] for x in of_kind(sub, "SETTLED")] == [int(taken)]
    assert settle_stopped() == 0
    assert figures(balance) == (Decimal(has) - Decimal(taken), 0)


def test_the_cost_so_far_goes_by_what_is_held_and_by_what_is_left(sub: Sale) -> None:
    balance = pool(sub.world.cpo, "3000")
    placed = sub.init(five())
    sub.pay(f"{placed.quote.total:.2f}")
    sub.start(sub.confirm())
    sub.charge(8000, stop=False)  # 6 kWh by the last reading

    def so_far() -> list[str]:
        with cpo_scope(sub.world.cpo):
            return [f"{x.amount.amount}" for x in bill_of(sub.fresh(), now=timezone.now()).lines]

    assert so_far() == ["0.00", "54.00", "10.00", "11.52"]
    with cpo_scope(sub.world.cpo):
        balances.top_up(balance, balance_moves.Moved(Decimal(1000), "more"), now=timezone.now())
    assert so_far() == ["0.00", "36.00", "10.00", "8.28"]
    assert figures(balance) == (1000, 3000)  # to look at it takes nothing


def test_money_pays_for_what_is_left_to_pay_and_never_for_energy(sub: Sale) -> None:
    cpo = sub.world.cpo
    energy, money = pool(cpo, "3000"), credit(cpo, "100")
    sub.init(five())
    assert asked(sub) == [("0.00", "PAID")]
    assert (figures(energy), figures(money)) == ((0, 3000), (Decimal("45.72"), Decimal("54.28")))
    deliver(sub, 2000)
    assert (figures(energy), figures(money)) == ((1000, 0), (Decimal("88.20"), 0))


def test_energy_pays_for_nothing_on_another_tariff() -> None:
    world = make_world()
    balance = pool(world.cpo, "9000")
    sale = Sale(world, "", None)
    assert f"{sale.init(five()).quote.total:.2f}" == "118.00"
    assert figures(balance) == (9000, 0)


def test_what_expires_first_is_used_first_and_the_own_before_the_familys(sub: Sale) -> None:
    cpo = sub.world.cpo
    shared = pool(cpo, "9000", customer=None, group=family(cpo, SARAH))
    own = pool(cpo, "1000")
    ending = pool(cpo, "500", expires_at=timezone.now() + timedelta(days=3))
    over = pool(cpo, "700")
    with cpo_scope(cpo):
        Balance.objects.filter(pk=over.pk).update(expires_at=timezone.now() - timedelta(days=3))
    sub.init(five())
    assert [figures(x) for x in (ending, own, shared, over)] == [(0, 500), (0, 1000), (5500, 3500), (700, 0)]


def test_who_declines_keeps_the_energy_and_pays(sub: Sale) -> None:
    balance = pool(sub.world.cpo, "9000")
    placed = sub.init(five(declined=("prepaid-balance",)))
    assert f"{placed.quote.total:.2f}" == "118.00"
    assert sub.pay("118.00") == "PAID"
    deliver(sub, 6000)
    assert sub.lines("BILLED") == ["108.00", "10.00", "21.24"]
    assert entries(balance) == [("TOP_UP", "9000.00")]


def test_a_test_order_includes_nothing(sub: Sale) -> None:
    balance = pool(sub.world.cpo, "9000")
    with cpo_scope(sub.world.cpo), transaction.atomic():
        connector = Connector.objects.select_related("cpo", "charger__location").get()
        buyer = Buyer("bap.example", "t-1", sandbox=True)
        placed = place(Placing(buyer, connector, five(), billing={"phone": SARAH}), now=timezone.now())
    assert f"{placed.quote.total:.2f}" == "118.00"
    assert entries(balance) == [("TOP_UP", "9000.00")]


def test_nobody_else_draws_on_it(sub: Sale) -> None:
    balance = pool(sub.world.cpo, "9000", customer=None, group=family(sub.world.cpo, "+91 98765 00001"))
    assert f"{sub.init(five()).quote.total:.2f}" == "118.00"
    assert entries(balance) == [("TOP_UP", "9000.00")]


@pytest.mark.parametrize(
    ("measure", "lines", "held"),
    [
        pytest.param(AmountMeasure(Decimal(100), "INR"), ["0.00", "90.00", "10.00", "18.00"], 2000, id="an-amount"),
        pytest.param(DurationMeasure(3), ["0.00", "10.00", "1.80"], 1500, id="minutes"),
    ],
)
def test_other_measures_include_what_they_come_to(sub: Sale, measure: Any, lines: list[str], held: int) -> None:
    """₹100 buy what they would without a pool, and the pool beside it."""
    balance = pool(sub.world.cpo, "2000")
    sub.init(SessionAsk(measure, timezone.now()))
    assert sub.lines("QUOTED") == lines
    assert figures(balance) == (2000 - held, held)
    assert quotes(sub) == [(False, held)]


def test_a_second_init_holds_anew_and_no_more(sub: Sale) -> None:
    balance = pool(sub.world.cpo, "6000")
    sub.init(five())
    sub.init(five(wh=2000))
    assert figures(balance) == (4000, 2000)
    sub.init(five(declined=("prepaid-balance",)))
    assert figures(balance) == (6000, 0)
    assert entries(balance)[1:] == [
        ("HOLD", "5000.00"), ("RETURN", "5000.00"), ("HOLD", "2000.00"), ("RETURN", "2000.00")
    ]  # fmt: skip


def test_offers_go_by_what_is_paid_and_a_bill_is_proven_with_them(sub: Sale) -> None:
    make_offer(sub.world.cpo, min_value=Decimal(30))
    pool(sub.world.cpo, "3000")
    placed = sub.init(five())
    assert sub.lines("QUOTED") == ["0.00", "36.00", "10.00", "-9.00", "6.66"]
    assert sub.pay(f"{placed.quote.total:.2f}") == "PAID"
    deliver(sub, 4000)  # 18.00 are left to pay: the offer asks for 30.00
    assert sub.lines("BILLED") == ["0.00", "18.00", "10.00", "5.04"]
    assert quotes(sub) == [(False, 3000), (True, 3000)]


@pytest.mark.parametrize("by", CancelledBy)
def test_a_cancellation_gives_all_energy_back(sub: Sale, by: CancelledBy) -> None:
    energy, money = pool(sub.world.cpo, "6000"), credit(sub.world.cpo, "11.80")
    sub.init(five())
    sub.confirm()
    with cpo_scope(sub.world.cpo), transaction.atomic():
        done = cancel(sub.fresh(), by=by, reason="changed my mind", now=timezone.now())
    assert figures(energy) == (6000, 0)
    assert figures(money) == ((Decimal("11.80"), 0) if by is CancelledBy.PROVIDER else (0, 0))
    assert done.description.endswith("5 kWh went back to the subscription.")
    assert [x["energy_wh"] for x in of_kind(sub, "CANCELLED")] == [5000]
    with cpo_scope(sub.world.cpo), transaction.atomic():
        cancel(sub.fresh(), by=by, reason="again", now=timezone.now())
    assert figures(energy) == (6000, 0)


def test_an_order_that_nobody_goes_on_with_gives_its_energy_back(sub: Sale) -> None:
    energy, money = pool(sub.world.cpo, "6000"), credit(sub.world.cpo, "5")
    sub.init(five(), now=timezone.now() - timedelta(minutes=20))
    assert (figures(energy), figures(money)) == ((1000, 5000), (0, 5))
    assert [release_expired(), release_expired()] == [1, 0]
    assert (figures(energy), figures(money)) == ((6000, 0), (5, 0))


def late(sub: Sale) -> None:
    """Init with a balance that pays the rest, and let the time to pay pass."""
    credit(sub.world.cpo, "11.80")
    sub.init(five(start=timezone.now()), now=timezone.now() - timedelta(minutes=20))
    assert release_expired() == 1


def test_a_late_confirm_holds_the_energy_again(sub: Sale) -> None:
    balance = pool(sub.world.cpo, "6000")
    late(sub)
    sub.confirm()
    assert figures(balance) == (1000, 5000)
    with cpo_scope(sub.world.cpo):
        assert sub.fresh().state == "ACTIVE"


def test_a_late_confirm_finds_the_energy_used_and_sells_nothing(sub: Sale) -> None:
    balance = pool(sub.world.cpo, "6000")
    late(sub)
    with cpo_scope(sub.world.cpo):
        balances.pay_back(balance, balance_moves.Moved(Decimal(1001), "bank-1"))
    with pytest.raises(Refusal, match=r"The quote of 11\.80 INR has ended and the price is now 11\.82 INR") as refused:
        sub.confirm()
    assert refused.value.kind.value == "QUOTE_CHANGED"
    assert figures(balance) == (4999, 0)


@pytest.mark.parametrize(("used", "state"), [(0, "ACTIVE"), (1000, "ACTIVE"), (1001, "CANCELLED")])
def test_who_pays_after_the_energy_went_back_has_it_again_or_the_money_back(sub: Sale, used: int, state: str) -> None:
    balance = pool(sub.world.cpo, "6000")
    sub.init(five(start=timezone.now()), now=timezone.now() - timedelta(minutes=20))
    assert release_expired() == 1
    assert sub.pay("11.80") == "PAID"
    with cpo_scope(sub.world.cpo):
        if used:
            balances.pay_back(balance, balance_moves.Moved(Decimal(used), "bank-1"))
        with transaction.atomic(), suppress(Refusal):
            confirm(sub.fresh(), now=timezone.now())
        assert sub.fresh().state == state
        assert Refund.objects.count() == (state == "CANCELLED")
    assert figures(balance) == ((1000 - used, 5000) if state == "ACTIVE" else (4999, 0))


def test_a_refunded_bill_gives_the_energy_back_once(sub: Sale) -> None:
    energy, money = pool(sub.world.cpo, "6000"), credit(sub.world.cpo, "100")
    sub.init(five())
    deliver(sub, 4000)
    with cpo_scope(sub.world.cpo):
        assert refund_beforehand(sub.fresh()) == (
            "₹11.80 goes back to the prepaid balance; nothing was paid in money. 4 kWh goes back to the subscription."
        )
        for _ in range(2):
            refund_bill(sub.fresh(), Said("case 7", "Wrong meter"), now=timezone.now())
        assert BalanceEntry.objects.filter(balance=energy, kind="CREDIT").count() == 1
        assert not Refund.objects.exists()
    assert (figures(energy), figures(money)) == ((6000, 0), (100, 0))
    assert [x["energy_wh"] for x in of_kind(sub, "BILL_REFUNDED")] == [4000]


def test_the_driver_of_an_order_made_again_for_another_has_nothing_held(sub: Sale) -> None:
    hers = pool(sub.world.cpo, "6000")
    his = pool(sub.world.cpo, "2000", customer=customer(sub.world.cpo, "+91 98765 00001"))
    sub.init(five())
    with cpo_scope(sub.world.cpo), transaction.atomic():
        connector = Connector.objects.select_related("cpo", "charger__location").get()
        placing = Placing(Buyer("bap.example", "t-1"), connector, five(), billing={"phone": "+91 98765 00001"})
        place(placing, now=timezone.now())
    assert (figures(hers), figures(his)) == ((6000, 0), (0, 2000))
    with cpo_scope(sub.world.cpo):
        assert Order.objects.count() == 1
