"""What people have paid ahead, shared or get back is exported, and settled before they are forgotten."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.core.management import CommandError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from beckn.models import MessageBody
from cpo_portal.accounts.models import Role
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.balances import changes as balances
from cpo_portal.charging.balances import moves as balance_moves
from cpo_portal.charging.models import (
    Balance,
    BalanceEntry,
    Customer,
    CustomerGroupMember,
    Order,
    Refund,
)
from tests.beckn.actions.conversation import Conversation
from tests.people import make_member, signed_in
from tests.prepaid import credit, family
from tests.privacy.persons import ASHA, RAVI, buy, cart, everywhere, export, forget, paid_back

pytestmark = pytest.mark.django_db
LOCK = re.compile(r'SELECT .*? FROM "(\w+)" .*FOR (?:NO KEY )?UPDATE', re.DOTALL)


@pytest.mark.parametrize(("role", "marks"), [(Role.OWNER, True), (Role.MANAGER, True), (Role.ANALYST, False)], ids=str)
def test_a_refund_is_marked_as_paid_back(role: Role, marks: bool, talk: Conversation) -> None:
    talk.say("init", cart(talk, ASHA))
    cpo = talk.world.cpo
    with cpo_scope(cpo):
        refund = Refund.objects.create(
            cpo=cpo, order=Order.objects.get(), reason="TEST", amount=Decimal(3), currency="INR"
        )
    client = signed_in(make_member(cpo, "somebody", role))
    url = reverse("admin:charging_refund_mark_paid_back", args=[refund.pk])
    statuses = [client.post(url, {"_form_submitted": "on", "reference": "UTR-1"}).status_code for _ in range(2)]
    # The second time its form says that it was.
    assert statuses == ([302, 200] if marks else [403, 403])
    with every_cpo():
        assert Refund.objects.get().status == ("PAID" if marks else "DUE")


def test_messages_are_asked_for_once_however_many_orders_a_person_has(talk: Conversation) -> None:
    for _ in range(3):
        buy(talk)
    paid_back()
    with CaptureQueriesContext(connection) as queries:
        forget(phone=ASHA["phone"])
    asked = [query["sql"] for query in queries if "FROM beckn_inboundmessage" in query["sql"].replace('"', "")]
    assert (len(asked), MessageBody.objects.count()) == (3, 0)


def test_an_export_holds_balances_and_groups(talk: Conversation) -> None:
    order = buy(talk)
    group = family(talk.world.cpo, ASHA["phone"], RAVI["phone"])
    balance = credit(talk.world.cpo, "40", customer=order.customer)
    credit(talk.world.cpo, "70", customer=None, group=group)
    [customer] = export(phone=ASHA["phone"])["cpos"][0]["customers"]
    assert customer["groups"] == ["Rao family"]
    [mine] = customer["balances"]
    assert (mine["id"], mine["amount"], mine["held"]) == (str(balance.pk), "40.0000", "0.0000")
    assert [(entry["kind"], entry["amount"]) for entry in mine["entries"]] == [("TOP_UP", "40.0000")]


def test_what_a_group_has_is_paid_back_before_its_last_member_is_forgotten(talk: Conversation) -> None:
    buy(talk)
    buy(talk, RAVI)
    paid_back()
    group = family(talk.world.cpo, ASHA["phone"], RAVI["phone"], name="Asha Rao and Ravi")
    shared = credit(talk.world.cpo, "40", customer=None, group=group, name="Asha Rao, shared")
    forget(phone=RAVI["phone"])
    assert everywhere("Asha Rao, shared") == ["charging_balance"]  # it is hers still
    with pytest.raises(CommandError, match=rf"The balance {shared.pk} has ₹40\.00 left: pay it back"):
        forget(phone=ASHA["phone"])
    with cpo_scope(talk.world.cpo):
        assert CustomerGroupMember.objects.count() == 1
        balances.pay_back(shared, balance_moves.Moved(Decimal(40), "bank-1", None, "To Asha Rao's own account"))
    forget(phone=ASHA["phone"])
    assert everywhere("Asha Rao") == []
    with cpo_scope(talk.world.cpo):
        kept = BalanceEntry.objects.filter(balance=shared).order_by("pk").values_list("kind", "amount", "note")
        assert list(kept) == [("TOP_UP", 40, ""), ("REFUND", 40, "")]


def test_nobody_is_forgotten_while_an_order_of_who_left_the_group_holds_its_balance(talk: Conversation) -> None:
    group = family(talk.world.cpo, ASHA["phone"], RAVI["phone"])
    shared = credit(talk.world.cpo, "40", customer=None, group=group)
    talk.say("init", cart(talk, ASHA))
    with cpo_scope(talk.world.cpo):
        asha = Order.objects.get().customer
        assert f"{Balance.objects.get(pk=shared.pk).held:.2f}" == "40.00"
        CustomerGroupMember.objects.filter(customer=asha).delete()
    with pytest.raises(CommandError, match=rf"The balance {shared.pk} has ₹40\.00 held for orders: cancel them"):
        forget(phone=RAVI["phone"])
    with cpo_scope(talk.world.cpo):
        assert not Customer.objects.exclude(forgotten_at=None).exists()


def test_forgetting_locks_the_orders_then_the_balances_then_the_customers(talk: Conversation) -> None:
    order = buy(talk)
    paid_back()
    credit(talk.world.cpo, "0", customer=order.customer)
    credit(talk.world.cpo, "0", customer=None, group=family(talk.world.cpo, ASHA["phone"]))
    with CaptureQueriesContext(connection) as queries:
        forget(phone=ASHA["phone"])
    locks = [LOCK.match(query["sql"]) for query in queries]
    assert [found[1] for found in locks if found] == [
        "charging_order", "charging_balance", "charging_customer", "charging_customergroup",
    ]  # fmt: skip


def test_a_balance_is_paid_back_before_its_owner_is_forgotten_and_its_entries_stay(talk: Conversation) -> None:
    order = buy(talk)
    paid_back()
    family(talk.world.cpo, ASHA["phone"])
    balance = credit(talk.world.cpo, "40", customer=order.customer, name="Asha Rao, credit")
    with pytest.raises(CommandError, match=rf"The balance {balance.pk} has ₹40\.00 left: pay it back"):
        forget(phone=ASHA["phone"])
    with cpo_scope(talk.world.cpo):
        balances.pay_back(balance, balance_moves.Moved(Decimal(40), "bank-1", None, "To Asha Rao's own account"))
    forget(phone=ASHA["phone"])
    assert (everywhere("Asha Rao"), everywhere("Rao family")) == ([], [])
    with cpo_scope(talk.world.cpo):
        assert not CustomerGroupMember.objects.exists()
        kept = BalanceEntry.objects.filter(balance=balance).order_by("pk").values_list("kind", "amount", "note")
        assert list(kept) == [("TOP_UP", 40, ""), ("REFUND", 40, "")]
