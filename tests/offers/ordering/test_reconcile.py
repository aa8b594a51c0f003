"""Counters are compared with the ledger: what orders write agrees at every step, what anything else writes is found."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Balance
from offers import reconcile, reversals
from offers.models import CustomerCounter, LedgerCheck, OfferCounter, Redemption
from offers.reconcile import compare_with_ledger
from offers.tasks import settle_stopped
from tests.offers.ordering.sale import Sale
from tests.prepaid import credit, figures

pytestmark = pytest.mark.django_db(transaction=True)


def found() -> tuple[int, int, Decimal]:
    check = compare_with_ledger()
    return check.counters, check.drifting, check.amount


def test_every_step_of_an_order_keeps_counters_and_ledger_in_step(sale: Sale) -> None:
    assert found() == (1, 0, Decimal(0))
    sale.init()
    assert found() == (1, 0, Decimal(0))
    sale.pay()
    sale.start(sale.confirm())
    sale.charge(5200)
    assert found() == (1, 0, Decimal(0))
    assert settle_stopped() == 2
    assert found() == (1, 0, Decimal(0))
    with cpo_scope(sale.world.cpo), transaction.atomic():
        redemption = Redemption.objects.get()
        assert redemption.state == "COMMITTED"
        taken = reversals.reverse(redemption, reversals.Part(Decimal(5)), reference="complaint", now=timezone.now())
    assert taken == Decimal(5)
    assert found() == (1, 0, Decimal(0))


def test_a_counter_that_somebody_changed_is_named_with_the_figure_and_left_as_it_is(sale: Sale) -> None:
    sale.init()
    with cpo_scope(sale.world.cpo):
        OfferCounter.objects.update(uses_reserved=3, budget_reserved=Decimal("30.00"))
    check = compare_with_ledger()
    # The order reserved one use of 22.50.
    assert (check.counters, check.drifting, check.amount) == (1, 1, Decimal("7.50"))
    assert check.drifted == [
        {"offer": "weekend-discount-25", "customer": None, "group": None, "period": None, "uses": 2, "amount": "7.50"}
    ]
    with cpo_scope(sale.world.cpo):
        assert OfferCounter.objects.get().uses_reserved == 3
    with pytest.raises(CommandError, match="1 of 1 counters differ from the ledger"):
        call_command("check_ledger")


def test_a_use_of_a_customer_that_the_ledger_does_not_know_is_found(sale: Sale) -> None:
    placed = sale.init()
    with cpo_scope(sale.world.cpo):
        CustomerCounter.objects.create(
            offer=Redemption.objects.get().offer, customer=placed.order.customer, uses=1, limit_uses=1
        )
    check = compare_with_ledger()
    assert (check.counters, check.drifting) == (2, 1)
    assert [row["customer"] for row in check.drifted] == [str(placed.order.customer_id)]


def test_every_step_of_a_prepaid_order_keeps_the_balance_and_its_entries_in_step(sale: Sale) -> None:
    balance = credit(sale.world.cpo, "200")
    assert found() == (2, 0, Decimal(0))
    sale.init()
    assert found() == (2, 0, Decimal(0))
    sale.start(sale.confirm())
    sale.charge(5200)
    assert settle_stopped() == 1
    assert found() == (2, 0, Decimal(0))
    assert figures(balance) == (Decimal("105.36"), 0)


DRIFTS = [
    pytest.param({"amount": Decimal(90)}, "15.36", "0.0000", id="what-may-be-used"),
    pytest.param({"held": Decimal(3)}, "0.0000", "3.0000", id="what-is-held"),
]


@pytest.mark.parametrize(("changed", "amount", "held"), DRIFTS)
def test_a_balance_that_somebody_changed_is_named(
    sale: Sale, changed: dict[str, Decimal], amount: str, held: str
) -> None:
    balance = credit(sale.world.cpo, "105.36")
    with cpo_scope(sale.world.cpo):
        Balance.objects.update(**changed)
    check = compare_with_ledger()
    assert (check.counters, check.drifting, check.amount) == (2, 1, Decimal(amount) + Decimal(held))
    [drifted] = check.drifted
    assert {k: Decimal(v) if k != "balance" else v for k, v in drifted.items()} == {
        "balance": str(balance.pk),
        "amount": Decimal(amount),
        "held": Decimal(held),
    }
    with pytest.raises(CommandError, match="1 of 2 counters differ from the ledger"):
        call_command("check_ledger")
    assert figures(balance) == (changed.get("amount", Decimal("105.36")), changed.get("held", 0))


def test_only_the_last_checks_are_kept(sale: Sale, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconcile, "KEPT", 2)
    for _ in range(4):
        last = compare_with_ledger()
    assert list(LedgerCheck.objects.values_list("pk", flat=True)) == [last.pk, last.pk - 1]
