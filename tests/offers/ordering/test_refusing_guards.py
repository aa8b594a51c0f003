"""After a race the price names the limit whose counter refused, and no other."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Connector
from offers.engine.values import OfferLimits
from offers.models import (
    CustomerCounter,
    CustomerPeriodCounter,
    GroupCounter,
    GroupPeriodCounter,
    OfferCounter,
    Redemption,
)
from offers.ordering import place as placing
from offers.ordering.place import Placing
from offers.quoting import Buyer
from tests.prepaid import family
from tests.world import ask_for, make_offer, make_world

pytestmark = pytest.mark.django_db

SARAH = "+919000000001"
#: All limits that there are, so that each reason has the others beside it to be mistaken for.
LIMITS = OfferLimits(
    total_uses=100,
    uses_per_customer=50,
    uses_per_customer_month=40,
    uses_per_customer_week=30,
    uses_per_customer_day=20,
    budget=None,
    shared_in_groups=True,
)
EMPTY: dict[Any, Any] = {}
FULL: dict[str, tuple[Any, dict[str, Any], str]] = {
    "total": (OfferCounter, EMPTY, "TOTAL_USES"),
    "customer": (CustomerCounter, EMPTY, "CUSTOMER_USES"),
    "customer-month": (CustomerPeriodCounter, {"period": "MONTH"}, "CUSTOMER_USES_MONTH"),
    "customer-week": (CustomerPeriodCounter, {"period": "WEEK"}, "CUSTOMER_USES_WEEK"),
    "customer-day": (CustomerPeriodCounter, {"period": "DAY"}, "CUSTOMER_USES_DAY"),
    "group": (GroupCounter, EMPTY, "GROUP_USES"),
    "group-month": (GroupPeriodCounter, {"period": "MONTH"}, "GROUP_USES_MONTH"),
    "group-week": (GroupPeriodCounter, {"period": "WEEK"}, "GROUP_USES_WEEK"),
    "group-day": (GroupPeriodCounter, {"period": "DAY"}, "GROUP_USES_DAY"),
}


def init(connector: Connector, name: str) -> Any:
    with transaction.atomic():
        buyer = Buyer("bap.example", name)
        return placing.place(Placing(buyer, connector, ask_for(), billing={"phone": SARAH}), now=timezone.now())


@pytest.mark.parametrize(("counter", "which", "code"), FULL.values(), ids=FULL.keys())
def test_a_race_lost_by_one_counter_names_its_limit(
    monkeypatch: pytest.MonkeyPatch, counter: Any, which: dict[str, Any], code: str
) -> None:
    world = make_world()
    said = {name: getattr(LIMITS, name) for name in LIMITS.__dataclass_fields__}
    make_offer(world.cpo, **{name: value for name, value in said.items() if value})
    family(world.cpo, SARAH)
    with cpo_scope(world.cpo):
        connector = Connector.objects.select_related("cpo", "charger__location").get(pk=world.connector.pk)
        assert f"{init(connector, 'first').quote.total:f}" == "91.45"
        priced = placing.price_session

        def overtaken(*given: Any, **said: Any) -> Any:
            """Let the others take the rest between the price and the reservation, once."""
            found = priced(*given, **said)
            _fill(counter, which)
            return found

        monkeypatch.setattr(placing, "price_session", overtaken)
        answer = init(connector, "second")
        [outcome] = answer.priced.trace.outcomes
        assert (outcome.reason and outcome.reason.code.value, f"{answer.quote.total:f}") == (code, "118.00")
        assert Redemption.objects.count() == 1


def _fill(counter: Any, which: dict[str, Any]) -> None:
    rows = counter.objects.filter(**which)
    for row in rows:
        name = "uses_reserved" if counter is OfferCounter else "uses"
        type(row).objects.filter(pk=row.pk).update(**{name: row.limit_uses})
