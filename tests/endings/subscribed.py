"""Where a sale on a subscription is when something happens to it, and what happens."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Balance
from cpo_portal.charging.tasks import expire_balances
from offers.models import Offer, OfferState
from tests.endings.stage import Stage
from tests.prepaid import pool, subscribe


def on_plan(stage: Stage, kwh: int = 6) -> None:
    """Let the CPO sell a subscription, and the driver have so much of it."""
    subscribe(stage.world.cpo)
    with cpo_scope(stage.world.cpo):
        Offer.objects.update(state=OfferState.PAUSED)
    pool(stage.world.cpo, f"{kwh}000")


def to(step: str, kwh: int = 6, **changes: Any) -> Callable[[Stage], None]:
    """Return: the driver has so much in the pool, and the sale goes to a step."""

    def arrange(stage: Stage) -> None:
        on_plan(stage, kwh)
        getattr(stage, step)(**changes)

    return arrange


def ahead(hours: int) -> Callable[[Stage], None]:
    """Return: a confirmed order of a session that many hours from now."""

    def arrange(stage: Stage) -> None:
        on_plan(stage)
        stage.sold(start=timezone.now() + timedelta(hours=hours))

    return arrange


def then(first: Callable[[Stage], None], *more: Callable[[Stage], None]) -> Callable[[Stage], None]:
    """Return: one after the other."""

    def arrange(stage: Stage) -> None:
        for step in (first, *more):
            step(stage)

    return arrange


def other_sale(stage: Stage) -> None:
    """Let the same driver order 5 kWh elsewhere."""
    replace(stage, transaction_id=str(uuid.uuid4()), heard=[], clock=None).placed()


def place(stage: Stage) -> None:
    stage.placed()


def confirm(stage: Stage) -> None:
    stage.confirm()


def window_over(stage: Stage) -> None:
    stage.later(minutes=20)


def paid_late(stage: Stage) -> None:
    stage.notify()
    stage.confirm()


def pool_over(stage: Stage) -> None:
    """Let the pool's time be over, while the order holds of it."""
    with cpo_scope(stage.world.cpo):
        Balance.objects.update(expires_at=timezone.now())
    expire_balances()


def cancelled_and_swept(stage: Stage) -> None:
    stage.cancel()
    expire_balances()


def stop(wh: int, reason: str = "Remote") -> Callable[[Stage], None]:
    """Return: after 20 minutes the charger reports its stop."""

    def act(stage: Stage) -> None:
        stage.later(minutes=20)
        stage.report_stop(wh, reason)

    return act


def refund(stage: Stage) -> None:
    stage.press_on_order("refund_order", reference="case 8", reason="The charger hummed")
