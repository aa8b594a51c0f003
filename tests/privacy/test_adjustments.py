"""What staff wrote when they changed a sale after its bill goes with the person; the accounts stay."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.utils import timezone

from beckn.models import OutboundCallback
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.models import Refund
from cpo_portal.charging.payments.refunds import PaidBack, mark_paid_back
from offers.models import Adjustment, Redemption, Referral
from offers.ordering.adjusting import Said
from offers.ordering.refund import refund_bill
from offers.ordering.reverse import take_back
from offers.referrals.codes import code_of
from tests.beckn.actions.conversation import Conversation
from tests.prepaid import customer
from tests.privacy.persons import ASHA, buy, everywhere, export, forget

pytestmark = pytest.mark.django_db


def test_the_reasons_go_and_the_figures_stay(talk: Conversation) -> None:
    order = buy(talk)
    with cpo_scope(talk.world.cpo):
        used = Redemption.objects.get(order=order)
        take_back(used, Decimal(10), Said("case 7", "Asha used it twice"), now=timezone.now())
        refund_bill(order, Said("case 8", "Asha was shouted at"), now=timezone.now())
        talk.work()
        mark_paid_back(Refund.objects.get(), PaidBack(None, timezone.now(), "UTR1"))
        referrer = code_of(customer(talk.world.cpo, "+91 90000 00009"))
        Referral.objects.create(
            cpo=talk.world.cpo, code=referrer, friend=order.customer, order=order, referrer_reward=100,
            friend_reward=50, currency="INR", expires_at=timezone.now(),
        )  # fmt: skip
        code_of(order.customer)
        talk.work()
    [kept] = export(phone=ASHA["phone"])["cpos"]
    said = [row["reason"] for row in kept["orders"][0]["adjustments"]]
    assert said == ["Asha was shouted at", "Asha used it twice"]
    [person] = kept["customers"]
    assert ([row["friend_reward"] for row in person["referrals"]], len(person["referral_code"])) == (["50.0000"], 1)
    OutboundCallback.objects.update(state="DELIVERED")
    with every_cpo():
        before = list(Adjustment.objects.order_by("pk").values_list("kind", "amount", "owed", "reference"))
    forget(phone=ASHA["phone"])
    assert everywhere("Asha") == []
    with every_cpo():
        assert list(Adjustment.objects.order_by("pk").values_list("kind", "amount", "owed", "reference")) == before
        assert set(Adjustment.objects.values_list("reason", flat=True)) == {""}
