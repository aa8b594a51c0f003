"""Exchange: what the driver gave in return is valued when it is there, and credited or paid back, once."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import models, transaction

from cpo_portal.adminkit.display import money, too_fine
from cpo_portal.charging.balances.changes import MOST
from cpo_portal.charging.balances.credits import CannotCredit, credit_customer
from cpo_portal.charging.balances.moves import Moved
from cpo_portal.charging.events import record_event
from cpo_portal.charging.models import Balance, EventKind, Order, Refund
from offers import reversals
from offers.models import Adjustment, AdjustmentKind, BenefitKindChoice, Redemption, RedemptionState
from offers.ordering.adjusting import AdjustmentRefused, Said, lock_billed, said_before, used_otherwise
from offers.ordering.owed import EXCHANGE, WITHIN, Owed, owe
from pricing.engine.money import Money, round_amount

CREDIT_NAME = "Exchange credit"


class CreditTo(models.TextChoices):
    """Where the value goes; part of the API, never renamed."""

    BALANCE = "BALANCE", "The driver's prepaid balance"
    REFUND = "REFUND", "A refund"


def to_value(order: Order) -> models.QuerySet[Redemption]:
    """Return the exchanges of an order that nobody has valued yet."""
    rows = Redemption.objects.filter(order=order, state=RedemptionState.COMMITTED)
    valued = Adjustment.objects.filter(order=order, kind=AdjustmentKind.EXCHANGE_VALUED).values("redemption")
    return rows.filter(version__benefit_kind=BenefitKindChoice.EXCHANGE).exclude(pk__in=valued)


@transaction.atomic
def value_exchange(redemption: Redemption, value: Decimal, to: str, said: Said, *, now: datetime) -> Adjustment:
    """Credit or pay back what a returned thing is worth, once per exchange of a billed order.

    The same reference and value again change nothing and say so. Raises AdjustmentRefused.
    """
    order = lock_billed(redemption.order)
    done = _valued_before(order, redemption, value, said)
    if done is not None:
        return done
    if not to_value(order).filter(pk=redemption.pk).exists():
        raise AdjustmentRefused("This is no exchange that waits for its return.", "offer")
    if not 0 < value < MOST:
        raise AdjustmentRefused("Give a value above 0 and below 1,000,000,000.", "value")
    if value != round_amount(value, order.currency):
        raise AdjustmentRefused(too_fine(order.currency), "value")
    reversals.lock_given(order)
    reference = f"exchange {redemption.pk}"
    balance = _credit(order, Moved(value, reference, said.by)) if to == CreditTo.BALANCE else None
    refund = None if balance is not None else _pay_back(order, value, said, now)
    made = Adjustment.objects.create(
        cpo_id=order.cpo_id,
        order=order,
        redemption=redemption,
        kind=AdjustmentKind.EXCHANGE_VALUED,
        amount=value,
        currency=order.currency,
        balance=balance,
        refund=refund,
        reference=said.reference,
        reason=said.reason,
        by=said.by,
        source=said.source,
    )
    detail = {"offer": redemption.offer.offer_id, "amount": f"{value:f}", "to": str(to), "reference": said.reference}
    record_event(order, EventKind.EXCHANGED, occurred_at=now, detail=detail)
    return made


def _valued_before(order: Order, redemption: Redemption, value: Decimal, said: Said) -> Adjustment | None:
    """Return what this call did before; raises where it was another value, or the reference is another exchange's."""
    done = Adjustment.objects.filter(redemption=redemption, kind=AdjustmentKind.EXCHANGE_VALUED).first()
    if done is None:
        other = said_before(order, AdjustmentKind.EXCHANGE_VALUED, said)
        if other is not None:
            raise used_otherwise(other)
        return None
    if (done.reference, done.amount) != (said.reference, value):
        worth = money(done.amount, done.currency)
        sentence = f"This exchange was valued before, at {worth} under the reference {done.reference}."
        raise AdjustmentRefused(sentence, "reference" if done.amount == value else "value")
    done.repeated = True
    return done


def _credit(order: Order, moved: Moved) -> Balance:
    try:
        return credit_customer(order, moved, name=CREDIT_NAME)
    except CannotCredit as refused:
        raise AdjustmentRefused(str(refused), "credit_to") from refused


def _pay_back(order: Order, value: Decimal, said: Said, now: datetime) -> Refund:
    """Owe the value; a second exchange of the order has a reason of its own, for an order owes once per reason."""
    before = order.refunds.filter(reason__startswith=EXCHANGE).count()
    reason = f"{EXCHANGE} {before + 1}" if before else EXCHANGE
    owe(order, Owed(reason, Money(value, order.currency), said.reason, now + WITHIN), now=now)
    return Refund.objects.get(order=order, reason=reason, notice=None)
