"""What failed once is found again by the sweep, whatever kind of event asks for it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from beckn import tasks
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import EventKind, OrderEvent, Refund
from offers.tasks import settle_stopped
from tests.offers.ordering.sale import Sale


@pytest.mark.django_db
def test_money_paid_twice_is_owed_back_by_the_sweep_when_the_first_round_failed(sale: Sale) -> None:
    sale.init()
    sale.pay()
    settle_stopped()
    sale.pay()
    with cpo_scope(sale.world.cpo):
        # Its callback went out, and what was to follow did not happen.
        OrderEvent.objects.update(announced_at=timezone.now())
    tasks.sweep()
    with cpo_scope(sale.world.cpo):
        assert [refund.amount for refund in Refund.objects.all()] == [Decimal("91.45")]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", EventKind)
def test_the_sweep_looks_for_every_kind_that_is_followed(
    sale: Sale, kind: EventKind, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed: list[bool] = []
    monkeypatch.setattr(tasks, "follow_events", lambda: followed.append(True))
    sale.init()
    with cpo_scope(sale.world.cpo):
        OrderEvent.objects.update(announced_at=timezone.now(), settled_at=timezone.now())
        OrderEvent.objects.create(
            order=sale.fresh(), kind=kind, occurred_at=timezone.now(), announced_at=timezone.now()
        )
    tasks.sweep()
    assert bool(followed) is (kind in {"CHARGING_STOPPED", "PAYMENT_REPORTED", "PAYMENT_UNASKED"})
