"""The list of surges and its download: what holds, what is announced, and how often the database is asked."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from cpo_portal.accounts.tenancy import cpo_scope
from pricing.admin.surge_words import listed
from pricing.models import SurgeSchedule
from pricing.surges.content import Scope, SurgeContent
from tests.people import People, signed_in
from tests.pricing.surges.samples import DAY, FIFTH, NOW, RUPEE, make_schedule, publish, seen

pytestmark = pytest.mark.django_db

LIST = "/admin/pricing/surgeschedule/"
HIGHER = SurgeContent(value=Decimal(25))


def test_the_list_and_its_download_say_what_holds_and_what_is_announced(people: People, clock: Any) -> None:
    cpo = people.here.cpo
    schedule = publish(make_schedule(cpo, replace(FIFTH, scope=Scope(location_ids=("cp-station",)))))
    clock.now = NOW + 2 * DAY
    publish(schedule, replace(HIGHER, scope=Scope(location_ids=("cp-station",))))
    make_schedule(cpo, RUPEE, schedule_id="night", name="Night fee", kind="NIGHT")
    client = signed_in(people.analyst)
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", client.get(LIST).content.decode(), re.DOTALL)
    announced = "Version 2 takes effect for sessions planned to start from Fri 5 Mar 2027, 17:30 IST"
    texts = [seen(row) for row in rows]
    row = "Peak demand: Rush hours Published 20 % of the energy price at all times at Connaught Place Station"
    assert any(f"{row} {announced}" in text for text in texts)
    assert any("Time: Night Draft ₹1.00 per kWh at all times everywhere –" in text for text in texts)
    lines = client.get(f"{LIST}export/").content.decode("utf-8-sig").splitlines()
    assert lines[1] == (
        "congestion,Congestion fee,Peak demand: Rush hours,Published,20 % of the energy price,at all times,"
        f'at Connaught Place Station,nobody,"{announced}"'
    )
    for query, found in (("state__exact=DRAFT", "Night fee"), ("kind__exact=RUSH_HOURS", "Congestion fee")):
        text = client.get(f"{LIST}?{query}").content.decode()
        assert [x for x in ("Night fee", "Congestion fee") if x in text] == [found]


def test_the_list_asks_as_often_for_many_as_for_one(people: People, django_assert_num_queries: Any) -> None:
    cpo = people.here.cpo
    for number in range(4):
        publish(make_schedule(cpo, FIFTH, schedule_id=f"s{number}"))
    with cpo_scope(cpo):
        rows = list(SurgeSchedule.objects.select_related("cpo", "live_version"))
        for some in (rows[:1], rows):
            with django_assert_num_queries(2):
                listed(some, NOW)
