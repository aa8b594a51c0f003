"""A person of a family that shares a limit: handed out without the others' figures, forgotten without freeing a use."""

from __future__ import annotations

import json

import pytest
from django.db import transaction
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import CustomerGroup
from offers import proofs, reversals
from offers.engine.proof import Verdict
from offers.models import GroupCounter, Offer, Quote, Redemption
from offers.reconcile import compare_with_ledger
from tests.beckn.actions.conversation import Conversation
from tests.prepaid import family
from tests.privacy.persons import ASHA, RAVI, buy, export, forget, paid_back

pytestmark = pytest.mark.django_db


@pytest.fixture
def talk(talk: Conversation) -> Conversation:
    """A CPO whose offer a family may use three times, and gets a use back when it is reversed."""
    with cpo_scope(talk.world.cpo):
        Offer.objects.update(uses_per_customer=3, shared_in_groups=True, give_use_back=True)
    family(talk.world.cpo, ASHA["phone"], RAVI["phone"])
    return talk


def test_a_proof_has_the_figure_of_the_group_and_an_export_has_not(talk: Conversation) -> None:
    buy(talk, RAVI)
    mine = buy(talk)
    with cpo_scope(talk.world.cpo):
        quote = Quote.objects.get(order=mine, is_bill=False)
        [used] = quote.proof["context"]["usage"].values()
        assert used["group_uses"] == 1
        quotes = list(Quote.objects.filter(order=mine))
        assert {proofs.reprove(quote).verdict for quote in quotes} == {Verdict.IDENTICAL}
    [cpo] = export(phone=ASHA["phone"])["cpos"]
    [order] = cpo["orders"]
    assert len(order["quotes"]) == len(quotes)
    text = json.dumps(order)
    assert '"customer_uses"' in text
    assert "group_uses" not in text
    assert "group_period_uses" not in text


def test_what_a_forgotten_member_used_stays_counted_and_goes_back_where_it_was_counted(talk: Conversation) -> None:
    buy(talk, RAVI)
    mine = buy(talk)
    paid_back()
    forget(phone=ASHA["phone"])
    with cpo_scope(talk.world.cpo):
        assert CustomerGroup.objects.get().members.count() == 1
        assert GroupCounter.objects.get().uses == 2
    assert compare_with_ledger().drifting == 0
    with cpo_scope(talk.world.cpo), transaction.atomic():
        given = Redemption.objects.get(order=mine)
        reversals.reverse(given, reversals.Part(given.committed), reference="complaint", now=timezone.now())
        assert GroupCounter.objects.get().uses == 1
    assert compare_with_ledger().drifting == 0
