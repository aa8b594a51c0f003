"""What is kept about one person, written out whole, and forgotten as far as accounts and limits allow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction
from django.db.models.functions import Now

from beckn import bodies, retention
from beckn.models import InboundMessage, InboundState, OutboundCallback, OutboundState
from beckn.protocol.jsontext import read_json
from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.sealing import SealBroken
from cpo_portal.charging.balances import moves as balance_moves
from cpo_portal.charging.balances.units import in_words
from cpo_portal.charging.models import (
    Balance,
    BalanceEntry,
    ChargingSession,
    ContactImport,
    Customer,
    CustomerContact,
    CustomerGroup,
    CustomerGroupMember,
    CustomerRecord,
    ImportState,
    NamedListChange,
    NamedListEntry,
    Order,
    OrderContact,
    OrderState,
    Rating,
    Refund,
    RefundStatus,
    SessionState,
)
from cpo_portal.charging.people.traces import Found
from offers.forgotten import drop_keys, forget_facts, limits_guarded
from offers.models import Adjustment, CustomerCounter, CustomerPeriodCounter, Quote, Referral, ReferralCode
from offers.ordering.owed import EXCHANGE
from offers.ordering.refund import BILL as BILL_REFUNDED

Json = dict[str, Any]


class StillOpen(Exception):
    """Something is going on that needs the person's data; `reasons` say what to do first."""

    def __init__(self, reasons: list[str]) -> None:
        super().__init__(" ".join(reasons))
        self.reasons = reasons


@dataclass
class Forgotten:
    """What was erased and what stays, by words that are shown to whoever asked for it."""

    orders: int = 0
    bodies: int = 0
    waiting: int = 0
    guarded: int = 0
    kept: dict[str, int] = field(default_factory=dict)


def export(found: Found) -> Json:
    """Return everything that the active scope's CPO keeps of a person, in JSON's types."""
    return {
        "customers": [_customer(customer) for customer in found.customers],
        "orders": [_order(order) for order in found.orders],
        "named_lists": [entry.named_list.list_id for entry in found.listed],
        "former_named_lists": [change.named_list.list_id for change in found.changes if change.was_on],
    }


def forget(cpo: Cpo, found: Found) -> Forgotten:
    """Erase a person at the active scope's CPO; run again, it erases what came since. Raises StillOpen.

    Amounts, times and our own ids stay: orders, payments, refunds and the offers' ledger are accounts.
    """
    done = Forgotten(orders=len(found.orders))
    with transaction.atomic():
        orders = Order.objects.filter(pk__in=[order.pk for order in found.orders])
        locked = list(orders.select_for_update(no_key=True, of=("self",)).order_by("pk"))
        customers = Customer.objects.filter(pk__in=[customer.pk for customer in found.customers])
        balance_moves.lock_all(_balances_of(customers, _groups_of(customers)).values_list("pk", flat=True))
        list(customers.select_for_update(of=("self",)).order_by("pk"))
        # Who is in them stays so until all is done, and no balance of theirs is made.
        list(_groups_of(customers).select_for_update(of=("self",)).order_by("pk"))
        _refuse_open(Order.objects.filter(models.Q(pk__in=orders) | models.Q(customer__in=customers)), customers)
        orders.update(vehicle_make="", vehicle_model="", cancellation_reason="", otp_digest=None)
        OrderContact.objects.filter(order__in=orders).delete()
        Rating.objects.filter(order__in=orders).update(comment="")
        CustomerContact.objects.filter(customer__in=customers).delete()
        CustomerRecord.objects.filter(customer__in=customers).delete()
        NamedListEntry.objects.filter(pk__in=[entry.pk for entry in found.listed]).delete()
        NamedListChange.objects.filter(pk__in=[change.pk for change in found.changes]).delete()
        _leave_balances(customers)
        customers.update(forgotten_at=Now())
        drop_keys(customers)
        forget_facts(Quote.objects.filter(order__in=orders))
        _forget_reasons(orders)
        done.guarded = sum(limits_guarded(customer.pk) for customer in found.customers)
        done.kept = _kept(locked)
    transactions = [(order.bap_id, order.transaction_id) for order in locked]
    done.bodies = retention.drop_bodies_of(cpo, transactions)
    done.waiting = retention.bodies_left_of(cpo, transactions)
    return done


def _forget_reasons(orders: models.QuerySet[Order]) -> None:
    """Drop what staff wrote when they changed a sale after its bill."""
    Adjustment.objects.filter(order__in=orders).exclude(reason="").update(reason="")
    said = models.Q(reason=BILL_REFUNDED) | models.Q(reason__startswith=EXCHANGE)
    Refund.objects.filter(said, order__in=orders).update(description="")


def _leave_balances(customers: models.QuerySet[Customer]) -> None:
    """Take the names out of the person's balances, which are accounts, and the person out of groups.

    A group of which nobody is left is the person's own.
    """
    alone = list(_left_alone(customers))
    theirs = list(_balances_of(customers, alone).values_list("pk", flat=True))
    Balance.objects.filter(pk__in=theirs).update(name="Forgotten")
    BalanceEntry.objects.filter(balance__in=theirs).exclude(note="").update(note="")
    CustomerGroupMember.objects.filter(customer__in=customers).delete()
    for group in alone:
        CustomerGroup.objects.filter(pk=group.pk).update(name=f"Forgotten {group.pk}")


def _groups_of(customers: models.QuerySet[Customer]) -> models.QuerySet[CustomerGroup]:
    members = CustomerGroupMember.objects.filter(customer__in=customers)
    return CustomerGroup.objects.filter(pk__in=members.values("group"))


def _left_alone(customers: models.QuerySet[Customer]) -> models.QuerySet[CustomerGroup]:
    """Return the groups that have no other members."""
    others = CustomerGroupMember.objects.exclude(customer__in=customers)
    return _groups_of(customers).exclude(pk__in=others.values("group"))


def _balances_of(customers: models.QuerySet[Customer], groups: Iterable[CustomerGroup]) -> models.QuerySet[Balance]:
    return Balance.objects.filter(models.Q(customer__in=customers) | models.Q(group__in=groups))


def _refuse_open(orders: models.QuerySet[Order], customers: models.QuerySet[Customer]) -> None:
    """Raise StillOpen where the person is needed still: to charge, to pay, to be paid back."""
    reasons = [
        f"Order {order.pk} is charging: wait until the session has stopped, or stop it."
        for order in orders.filter(session__in=ChargingSession.objects.exclude(state=SessionState.STOPPED))
    ]
    charging = ChargingSession.objects.exclude(state=SessionState.STOPPED).values("order")
    reasons += [
        f"Order {order.pk} is {order.get_state_display().lower()}: cancel it, or wait until it is complete."
        for order in orders.filter(state__in=(OrderState.INITIALISED, OrderState.ACTIVE)).exclude(pk__in=charging)
    ]
    reasons += [
        f"A refund of {refund} on order {refund.order_id} is due: pay it back and mark it as paid on its page."
        for refund in Refund.objects.filter(order__in=orders, status=RefundStatus.DUE)
    ]
    reasons += [
        f"The balance {balance.pk} has {balance.shown} left: pay it back, or let it expire, on its page."
        for balance in _balances_of(customers, _left_alone(customers)).filter(amount__gt=0).order_by("pk")
    ]
    reasons += [
        f"The balance {balance.pk} has {in_words(balance.held, balance.currency)} held for orders: cancel them, or "
        "wait until they are complete."
        for balance in _balances_of(customers, _left_alone(customers)).filter(held__gt=0).order_by("pk")
    ]
    if ContactImport.objects.filter(state=ImportState.WAITING).exists():
        reasons.append("A file of contacts waits to be written, and may name this person: try again in a minute.")
    if reasons:
        raise StillOpen(reasons)


def _kept(orders: Iterable[Order]) -> dict[str, int]:
    """Return how many rows of accounts stay, by their name."""
    ids = [order.pk for order in orders]
    counts = {"orders": len(ids)}
    for name in ("session", "payments", "refunds", "events", "redemptions", "balance_holds", "surge_consents"):
        related = Order._meta.get_field(name).related_model
        counts[str(related._meta.verbose_name_plural)] = related.objects.filter(order__in=ids).count()  # type: ignore[union-attr]
    return counts


def _customer(customer: Customer) -> Json:
    contact = CustomerContact.objects.filter(customer=customer).first()
    record = CustomerRecord.objects.filter(customer=customer).first()
    counters = CustomerCounter.objects.filter(customer=customer).select_related("offer")
    return {
        **_row(customer),
        "contact": _row(contact) if contact else None,
        "record": _row(record) if record else None,
        "known_by": [f"keyed hash, key {key.hmac_key_id}" for key in customer.keys.order_by("pk")],
        "balances": [{**_row(x), "entries": _rows(x.entries.all())} for x in customer.balances.all()],
        "referral_code": _rows(ReferralCode.objects.filter(customer=customer)),
        "referrals": _rows(Referral.objects.filter(models.Q(friend=customer) | models.Q(code__customer=customer))),
        "groups": [member.group.name for member in customer.memberships.select_related("group")],
        "offer_uses": [{"offer_id": c.offer.offer_id, "uses": c.uses, "limit": c.limit_uses} for c in counters],
        "offer_uses_by_period": [
            {"offer_id": c.offer.offer_id, "period": c.period, "from": c.starts_on, "uses": c.uses}
            for c in CustomerPeriodCounter.objects.filter(customer=customer).select_related("offer")
        ],
    }


def _order(order: Order) -> Json:
    session = ChargingSession.objects.filter(order=order).first()
    contact = OrderContact.objects.filter(order=order).first()
    return {
        **_row(order),
        "connector": order.connector.item_id,
        "contact": _row(contact) if contact else None,
        "lines": _rows(order.lines.all()),
        "events": _rows(order.events.all()),
        "session": {**_row(session), "readings": _rows(session.readings.all())} if session else None,
        "payments": [{**_row(paid), "reports": _rows(paid.notices.all())} for paid in order.payments.all()],
        "refunds": _rows(order.refunds.all()),
        "adjustments": _rows(order.adjustments.all()),
        "surge_consents": _rows(order.surge_consents.all()),
        "ratings": _rows(order.ratings.all()),
        "balances": _rows(order.balance_holds.all()),
        "offers": [{**_row(held), "ledger": _rows(held.entries.all())} for held in order.redemptions.all()],
        "quotes": [_quote(quote) for quote in order.quotes.all()],
        "messages": [_message(message) for message in _messages(order)],
    }


def _quote(quote: Quote) -> Json:
    """Return a stored price but for how often others of the person's groups had used its offers."""
    row = _row(quote)
    context = (row["proof"] or {}).get("context") or {}
    for used in (context.get("usage") or {}).values():
        used.pop("group_uses", None)
        used.pop("group_period_uses", None)
    return row


def _messages(order: Order) -> Iterator[InboundMessage | OutboundCallback]:
    """Yield the messages of the order's transaction, but those of other CPOs."""
    whose = models.Q(cpo=order.cpo_id) | models.Q(cpo=None)
    said = {"bap_id": order.bap_id, "transaction_id": order.transaction_id}
    yield from InboundMessage.objects.filter(whose, **said).order_by("id")
    yield from OutboundCallback.objects.filter(whose, **said).order_by("sequence")


def _message(message: InboundMessage | OutboundCallback) -> Json:
    incoming = isinstance(message, InboundMessage)
    states = InboundState if incoming else OutboundState
    return {
        "direction": "in" if incoming else "out",
        "action": message.action,
        "message_id": message.message_id,
        "at": message.body_at,
        "state": states(message.state).label,
        "body_hash": bytes(message.body_hash).hex(),
        "body": _body(message),
        "body_dropped_at": message.body_dropped_at,
    }


def _body(message: InboundMessage | OutboundCallback) -> Any:
    try:
        raw = bodies.load(message.body_id, message.body_at)
    except SealBroken as error:
        return f"It cannot be read. {error}"
    return None if raw is None else read_json(raw, refuse_duplicates=False)


def _rows(rows: models.QuerySet[Any]) -> list[Json]:
    return [_row(row) for row in rows]


def _row(row: models.Model) -> Json:
    """Return a row's columns by name, without hashes and secrets, which say nothing about anybody."""
    return {
        column.attname: column.value_from_object(row)
        for column in row._meta.concrete_fields
        if not isinstance(column, models.BinaryField)
    }
