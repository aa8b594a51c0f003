"""Refund: a whole bill is paid back to the means that paid it, and its offers are as if they had not been used."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Sum

from cpo_portal.adminkit.display import money
from cpo_portal.charging.balances.credits import GivenBack, credited_by, give_back_drawn, would_give_back
from cpo_portal.charging.balances.holds import taken_by
from cpo_portal.charging.balances.units import ENERGY
from cpo_portal.charging.events import record_event
from cpo_portal.charging.models import EventKind, Order, PaymentStatus, Refund, RefundStatus
from offers import reversals
from offers.models import Adjustment, AdjustmentKind
from offers.ordering.adjusting import AdjustmentRefused, Said, lock_billed
from offers.ordering.orders import paid_for
from offers.ordering.owed import EXCHANGE, WITHIN, Owed, owe
from offers.referrals import coming
from pricing.engine.money import Money, zero

BILL = "BILL"
#: What is told of money that a balance had paid and that nobody has a balance for any more.
OWNERLESS = "Of this, {} had been paid by a prepaid balance that nobody has any more."


@dataclass(frozen=True, slots=True)
class ComesBack:
    """What the refund of a bill pays back: money, and credit to balances; `ownerless` is the part of the money that a
    balance had paid that nobody has any more. `asked` is what was asked for, not paid, and is void then. `energy` is
    what goes back to pools, in Wh."""

    cash: Money
    credit: Decimal
    ownerless: Money
    asked: Decimal
    energy: Decimal


def refund_of(order: Order) -> ComesBack:
    """Return what `refund_bill` would pay back now; nothing is changed."""
    paid = _still_here(order)
    asked = order.payments.filter(status=PaymentStatus.NOT_PAID).aggregate(sum=Sum("amount"))["sum"]
    return _comes_back(order, paid, would_give_back(order, less=_gone(paid)), asked or Decimal(0))


def _comes_back(order: Order, paid: Money, back: GivenBack, asked: Decimal) -> ComesBack:
    instead = Money(back.ownerless, order.currency).rounded()
    cash = (paid if paid.amount > 0 else zero(order.currency)) + instead
    return ComesBack(cash, back.credited, instead, asked, back.energy)


@transaction.atomic
def refund_bill(order: Order, said: Said, *, now: datetime) -> Adjustment:
    """Pay a bill back once: what balances paid returns to them, the rest is a refund, and nothing is owed any more.

    What a balance paid that nobody has any more, its owner having been forgotten, is part of the refund; energy is not.
    Uses come back by the offers' policy, budgets always; an exchange that was valued stays, and so does a referral that
    was rewarded; one that was not waits for another session. The same reference again
    changes nothing and says so; raises AdjustmentRefused where it was paid back under another one.
    """
    order = lock_billed(order)
    done = Adjustment.objects.filter(order=order, kind=AdjustmentKind.BILL_REFUNDED).first()
    if done is not None:
        if done.reference != said.reference:
            sentence = f"This bill was refunded before, under the reference {done.reference}."
            raise AdjustmentRefused(sentence, "reference")
        done.repeated = True
        return done
    coming.unearn(order)
    reversals.lock_given(order)
    paid = _still_here(order)
    given_back = give_back_drawn(order, reference=_reference(order), less=_gone(paid))
    back = _comes_back(order, paid, given_back, Decimal(0))
    cash, credit, instead = back.cash, back.credit, back.ownerless
    # What was returned in exchange is the CPO's: that offer stays used.
    valued = Adjustment.objects.filter(order=order, kind=AdjustmentKind.EXCHANGE_VALUED)
    kept = set(valued.values_list("redemption", flat=True))
    reversals.reverse_all(order, reference=f"bill refund {said.reference}", now=now, without=kept)
    # Money that is reported all the same is not asked for any more, and comes back.
    order.payments.filter(status=PaymentStatus.NOT_PAID).update(status=PaymentStatus.VOID)
    words = said.reason
    if instead:
        words = f"{said.reason.rstrip('. ')}. {OWNERLESS.format(money(instead.amount, instead.currency))}"
    refund = _owe(order, cash, words, now) if cash else None
    made = Adjustment.objects.create(
        cpo_id=order.cpo_id,
        order=order,
        kind=AdjustmentKind.BILL_REFUNDED,
        amount=cash.amount + credit,
        currency=order.currency,
        refund=refund,
        reference=said.reference,
        reason=said.reason,
        by=said.by,
        source=said.source,
    )
    detail: dict[str, Any] = {"amount": f"{cash.amount:f}", "reference": said.reference}
    detail |= {"prepaid": f"{credit:f}"} if credit else {}
    detail |= {"ownerless": f"{instead.amount:f}"} if instead else {}
    detail |= {"energy_wh": int(back.energy)} if back.energy else {}
    record_event(order, EventKind.BILL_REFUNDED, occurred_at=now, detail=detail)
    return made


def ownerless_of(order: Order) -> Money:
    """Return what balances had paid of a refunded bill and came back as money, for nobody has them any more."""
    kept = taken_by(order) - credited_by(order, reference=_reference(order)) - _gone(_still_here(order))
    return Money(kept, order.currency).rounded()


def energy_back(order: Order) -> Decimal:
    """Return the Wh of pools that went back with a refunded bill."""
    return credited_by(order, ENERGY, reference=_reference(order))


def _reference(order: Order) -> str:
    return f"bill refund {order.pk}"


def _still_here(order: Order) -> Money:
    """Return what was paid for the order and was not going back before its bill did."""
    of_bill = order.refunds.filter(notice=None).exclude(reason__startswith=EXCHANGE).exclude(reason=BILL)
    back = of_bill.exclude(status=RefundStatus.VOID).aggregate(sum=Sum("amount"))["sum"]
    return paid_for(order) - Money(back or Decimal(0), order.currency).rounded()


def _gone(still_here: Money) -> Decimal:
    """Return what is going back beyond the money that was paid: it came out of the balances."""
    return max(-still_here.amount, Decimal(0))


def _owe(order: Order, cash: Money, words: str, now: datetime) -> Refund:
    owe(order, Owed(BILL, cash, words, now + WITHIN), now=now)
    return Refund.objects.get(order=order, reason=BILL, notice=None)
