"""What is paid for an order, what comes back by which terms, and what came back, as buyer apps see it."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote as quoted

from beckn.presenting.adjusted import payment_type, shortfalls
from beckn.presenting.fulfillments import STATE_NAMES
from beckn.presenting.prepaid import energy_back, gave_back
from beckn.protocol.catalog_views import FulfillmentState
from beckn.protocol.order_views import PaymentMethodView, PaymentStatus, PaymentView, RefundTermView, SettlementView
from cpo_portal.charging import models as charging
from offers.ordering.orders import paid_for
from pricing.engine.money import Money, zero
from pricing.engine.refunds import RefundTerm, decide_refund

PAYMENT_METHODS = (
    PaymentMethodView("PAYMENT-LINK", "Pay by the link"),
    PaymentMethodView("UPI-TRANSFER", "Pay by UPI through the link"),
)
BANK_TRANSFER = PaymentMethodView("BANK-TRANSFER", "Pay by transfer to the bank account")


def payment_views(order: charging.Order) -> tuple[PaymentView, ...]:
    gateway = charging.PaymentGateway.objects.filter(cpo=order.cpo_id).first()
    methods = PAYMENT_METHODS if gateway else ()
    if gateway and gateway.bank_account_number:
        methods = (BANK_TRANSFER, *methods)
    return tuple(
        PaymentView(
            id=str(payment.pk),
            amount=_asked(payment),
            status=PaymentStatus.NOT_PAID if payment.status == charging.PaymentStatus.NOT_PAID else PaymentStatus.PAID,
            type=payment_type(payment.type),
            url=_pay_url(gateway.pay_url, order, payment) if gateway else "",
            transaction_id=payment.gateway_reference or order.transaction_id,
            bank_code=gateway.bank_code if gateway else "",
            bank_account_number=gateway.bank_account_number if gateway else "",
            at=payment.paid_at,
            methods=methods,
        )
        for payment in order.payments.order_by("created_at")
    )


def _asked(payment: charging.Payment) -> Money:
    """Return what is asked for; of what is not asked for any more the protocol knows only that nothing is to pay."""
    return zero(payment.currency) if payment.is_void else Money(payment.amount, payment.currency)


def _pay_url(template: str, order: charging.Order, payment: charging.Payment) -> str:
    """Fill the gateway's template, so that the link works as it stands."""
    amount = f"{_asked(payment).rounded().amount:f}"
    return template.replace("$transaction_id", quoted(order.transaction_id)).replace("$amount", amount)


def refund_term_view(term: RefundTerm, order: charging.Order) -> RefundTermView:
    """Return a term with what it would give back of the quoted amount."""
    quoted_amount = Money(order.quoted_amount, order.currency).rounded()
    notice = timedelta(minutes=term.notice_minutes)
    decision = decide_refund((term,), paid=quoted_amount, state=term.fulfillment_state, notice=notice)
    state = FulfillmentState(term.fulfillment_state)
    names = {FulfillmentState.PENDING: "Order Confirmed", FulfillmentState.ACTIVE: "Charging Active"}
    return RefundTermView(
        state="CONFIRMED" if state is FulfillmentState.PENDING else state.value,
        state_name=names.get(state, STATE_NAMES[state]),
        eligible=term.eligible,
        description=term.description,
        within=term.within,
        amount=decision.amount if term.eligible else None,
    )


def settlement_views(order: charging.Order) -> tuple[SettlementView, ...]:
    """Return every refund, and a shortfall that is not paid yet; of a cancelled order at least that nothing is."""
    views = [
        SettlementView(
            "REFUND",
            Money(refund.amount, refund.currency),
            refund.description,
            status=refund.status,
            at=refund.paid_at,
            reference=refund.paid_reference,
        )
        for refund in order.refunds.exclude(status=charging.RefundStatus.VOID).order_by("created_at")
    ]
    if order.state == charging.OrderState.CANCELLED and not views:
        sentence = "By the refund terms nothing comes back." if paid_for(order) else "Nothing was paid."
        sentence = " ".join(filter(None, (gave_back(order) or sentence, energy_back(order))))
        views.append(SettlementView("REFUND", zero(order.currency), sentence))
    return (*views, *shortfalls(order))
