"""What a price says of a limit that a group has used up, and how often it asks."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import CustomerGroupMember
from cpo_portal.network.models import Connector
from offers.engine.periods import Period, today_at
from offers.mapping import offer_terms
from offers.models import (
    Offer,
)
from offers.ordering.place import Placed, Placing, place
from offers.quoting import Buyer
from offers.reconcile import compare_with_ledger
from offers.usage import usage_of
from tests.offers.holds import SATURDAY
from tests.offers.ordering.sharing import RAVI, SARAH, shared
from tests.prepaid import customer, family
from tests.world import World, ask_for

pytestmark = pytest.mark.django_db


def init(world: World, phone: str, name: str) -> Placed:
    connector = Connector.objects.select_related("cpo", "charger__location").get(pk=world.connector.pk)
    placing = Placing(Buyer("bap.example", name), connector, ask_for(), billing={"phone": phone})
    with transaction.atomic():
        return place(placing, now=timezone.now())


def reason(placed: Placed) -> tuple[str, str, str]:
    [outcome] = placed.priced.trace.outcomes
    check = outcome.reason
    assert check is not None
    return check.code.value, check.actual, check.margin


def test_a_price_says_that_the_group_used_it_up_and_nothing_of_others(world: World) -> None:
    shared(world, "_month", 2)
    family(world.cpo, SARAH, RAVI)
    with cpo_scope(world.cpo):
        assert f"{init(world, SARAH, 'a').quote.total:f}" == "91.45"
        second = init(world, RAVI, "b")
        [outcome] = second.priced.trace.outcomes
        told = [(x.actual, x.margin) for x in outcome.checks if x.code == "GROUP_USES_MONTH"]
        assert (f"{second.quote.total:f}", told) == ("91.45", [("", "")])
        # An order that holds a use is not refused by it.
        again = init(world, RAVI, "b")
        assert f"{again.quote.total:f}" == "91.45"
        third = init(world, RAVI, "c")
        again_from = today_at(timezone.now(), world.cpo.time_zone).again(Period.MONTH)
        assert f"{third.quote.total:f}" == "118.00"
        assert reason(third) == ("GROUP_USES_MONTH", "", f"used up by the group, {again_from}")


def test_an_order_of_one_full_group_is_refused_whatever_it_holds_of_another(world: World) -> None:
    shared(world, "", 2)
    family(world.cpo, SARAH)
    fleet = family(world.cpo, RAVI, name="Acme fleet")
    with cpo_scope(world.cpo):
        assert f"{init(world, SARAH, 'a').quote.total:f}" == "91.45"
        for name in "bc":
            assert f"{init(world, RAVI, name).quote.total:f}" == "91.45"
        CustomerGroupMember.objects.create(cpo=world.cpo, group=fleet, customer=customer(world.cpo, SARAH))
        assert reason(init(world, SARAH, "a"))[0] == "GROUP_USES"
    assert compare_with_ledger().drifting == 0


def test_an_evaluation_asks_no_more_often_for_groups(world: World) -> None:
    family(world.cpo, SARAH, RAVI)

    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            usage_of(world.cpo.pk, terms, key, today=today_at(SATURDAY, world.cpo.time_zone))
        return len(found)

    with cpo_scope(world.cpo):
        key = customer(world.cpo, SARAH).pk
        offers = [shared(world, "_week", offer_id=f"offer-{n}", display_code="") for n in range(5)]
        terms = [offer_terms(x, Offer.objects.get(pk=x.pk).live_version) for x in offers]  # type: ignore[arg-type]
        assert queries() == 1
