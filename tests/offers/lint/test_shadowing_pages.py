"""A save tells the author which live offers the new one makes never the best, where those are for."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Connector, Location
from offers import authoring
from offers.authoring.linting import lint_offer
from offers.models import Offer
from tests.offers.authoring.test_offer_admin import ADD, FORM
from tests.people import People, api_client, signed_in, weekend

pytestmark = pytest.mark.django_db
SAID: dict[str, Any] = {"weekly_windows": (), "min_value": None, "display_code": "", "value_cap": None}
OWN: dict[str, Any] = {"name": "Third", "value": Decimal(30), **SAID}


@pytest.fixture
def tenth(people: People) -> Offer:
    """Return a live offer of a tenth, at every station."""
    return authoring.publish(
        authoring.create_offer(people.here.cpo, "tenth", weekend(name="Tenth", value=Decimal(10), **SAID))
    )


def add_station(people: People) -> None:
    """Make another station with a connector like the world's, which buyer apps see."""
    with cpo_scope(people.here.cpo):
        place = Location.objects.create(
            cpo=people.here.cpo, location_id="a-shop", name="Shop", latitude=Decimal(19), longitude=Decimal(73)
        )
        connector = Connector.objects.select_related("charger").get(item_id="pe-charging-01")
        charger = connector.charger
        charger.pk, charger.evse_id, charger.location = None, "shop-charger", place
        charger.save()
        connector.pk, connector.item_id, connector.charger = None, "shop-01", charger
        connector.save()


def shadows(offer: Offer) -> list[str]:
    with cpo_scope(offer.cpo):
        report = lint_offer(Offer.objects.select_related("cpo").get(pk=offer.pk), timezone.now())
    return [x.rivals[0].offer_id for x in report.findings if x.code.value == "SHADOWS"]


def test_a_save_says_which_live_offer_it_keeps_out(people: People, tenth: Offer) -> None:
    always = {name: said for name, said in FORM.items() if not name.startswith("weekly_windows")}
    changes = {"offer_id": "third", "name": "Third", "value": "30", "_save": "1"}
    empty = dict.fromkeys(("min_value", "display_code", "value_cap", "total_uses"), "")
    answer = signed_in(people.owner).post(ADD, always | {"location_ids": []} | changes | empty, follow=True)
    told = [str(message) for message in answer.context["messages"]]
    assert told[-1].startswith("It makes Tenth never the best offer: in each of the ")


def test_the_api_says_it_with_the_session(people: People, tenth: Offer) -> None:
    authoring.create_offer(people.here.cpo, "third", weekend(**OWN))
    (finding,) = api_client(people.here.cpo).get("/api/offers/third/lint").json()["findings"]
    assert (finding["code"], finding["severity"], finding["at"]) == ("SHADOWS", "WARNING", "value")
    assert finding["sentence"].startswith("It makes Tenth never the best offer: in each of the ")
    assert finding["sentence"].endswith(" sessions tried in which Tenth holds, Third saves more, by ₹3.60 to ₹288.00.")
    assert [x["offer_id"] for x in finding["offers"]] == ["tenth"]
    assert finding["example"]["location_id"] == "cp-station"


def test_the_panel_names_what_is_kept_out_and_how_much_more_others_save(people: People, tenth: Offer) -> None:
    third = authoring.create_offer(people.here.cpo, "third", weekend(**OWN))
    page = signed_in(people.owner).get(f"/admin/offers/offer/lint/{third.pk}/").content.decode()
    heads, cells = re.findall(r"<th[^>]*>([^<]*)</th>", page), re.findall(r"<td[^>]*>([^<]*)</td>", page)
    assert heads == ["Offer that it keeps out", "Sessions", "Others save more by", "Tenth (tenth)"]
    assert cells[1:] == ["₹3.60 to ₹288.00"]


def test_one_that_is_for_another_station_too_is_not_kept_out(people: People, tenth: Offer) -> None:
    third = authoring.create_offer(people.here.cpo, "third", weekend(location_ids=("cp-station",), **OWN))
    assert shadows(third) == ["tenth"]
    add_station(people)
    assert shadows(third) == []


def test_one_that_is_over_before_is_kept_out_and_one_that_outlasts_it_is_not(people: People, tenth: Offer) -> None:
    third = authoring.create_offer(people.here.cpo, "third", weekend(**OWN))
    assert shadows(third) == ["tenth"]
    shorter = weekend(**OWN, valid_until=datetime(2027, 3, 1, tzinfo=UTC))
    assert shadows(authoring.create_offer(people.here.cpo, "shorter", shorter)) == []


def test_the_number_of_queries_does_not_depend_on_how_many_are_kept_out(people: People, tenth: Offer) -> None:
    third = authoring.create_offer(people.here.cpo, "third", weekend(**OWN))
    counts = []
    for number in range(2, 9):
        said = weekend(name=f"Tenth {number}", value=Decimal(10), **SAID)
        authoring.publish(authoring.create_offer(people.here.cpo, f"tenth-{number}", said))
        shadows(third)  # the book is read
        with CaptureQueriesContext(connection) as queries:
            shadows(third)
        counts.append(len(queries))
    # Three at most are tried in their own scope: from there on nothing grows.
    assert len(set(counts[3:])) == 1, counts
