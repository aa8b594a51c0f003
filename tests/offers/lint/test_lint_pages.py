"""The linter on rows: it blocks publishing at the field, tells of findings on every save, and answers when asked."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.utils import timezone

from cpo_portal.accounts.models import TokenScope
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Charger, Connector, Location, Product
from offers import authoring
from offers.admin import lint as admin_lint
from offers.authoring.linting import lint_offer
from offers.engine.book import OfferBook
from offers.mapping import offer_terms
from offers.models import Offer, OfferPolicy, OfferState
from offers.sites import places_of
from pricing.models import HolidayCalendar
from tests.offers.authoring.test_offer_admin import ADD, FORM, checks, edit_form, page
from tests.offers.lint.drafted import add_connector, draft
from tests.people import People, api_client, signed_in
from tests.world import make_offer

pytestmark = pytest.mark.django_db
NOWHERE = "No connector that buyer apps see is in its scope: choose other places, or publish one of these."
NO_STATIONS = "No station of yours is shown to buyer apps: publish one first."


@pytest.fixture
def calendar(people: People) -> HolidayCalendar:
    with cpo_scope(people.here.cpo):
        days = [{"date": "2025-11-08", "name": "A day that is over"}]
        return HolidayCalendar.objects.create(cpo=people.here.cpo, calendar_id="in", name="India", days=days)


IN_A_DAY = {"valid_from": datetime(2039, 1, 1, tzinfo=UTC), "valid_until": datetime(2039, 1, 2, tzinfo=UTC)}
BLOCKED: dict[str, tuple[dict[str, Any], str, str]] = {
    "a-city-of-a-hidden-station": ({"location_ids": ("hidden",)}, "location_ids", NOWHERE),
    "another-kind-of-connector": ({"connector_types": ("CHADEMO",)}, "connector_types", NOWHERE),
    "more-power-than-there-is": ({"min_power_w": 30_001}, "min_power_w", NOWHERE),
    "a-product-that-is-not-sold": ({"item_ids": ("tea",)}, "item_ids", NOWHERE),
    "no-holiday": (
        {"holiday_calendar": "in", "holidays": "ONLY"},
        "holidays",
        "No holiday of India is left in its validity: choose another calendar or other dates.",
    ),
    "a-window-after-the-end": (
        # The 1st of January 2039 is a Saturday.
        {**IN_A_DAY, "weekly_windows": ({"weekdays": [1], "start": "09:00", "end": "10:00"},)},
        "valid_until",
        "The offer ends before its first window, which opens on 3 Jan 2039 09:00 IST: choose a later end or another "
        "window.",
    ),
}


@pytest.fixture
def hidden(people: People, calendar: HolidayCalendar) -> None:
    here = people.here
    with cpo_scope(here.cpo):
        Location.objects.create(
            cpo=here.cpo,
            location_id="hidden",
            name="Hidden",
            latitude=Decimal(19),
            longitude=Decimal(73),
            is_published=False,
        )
        for name, is_published in (("coffee", True), ("tea", False)):
            Product.objects.create(
                cpo=here.cpo, product_id=name, name=name.title(), price=Decimal(60), is_published=is_published
            )


@pytest.mark.usefixtures("hidden")
@pytest.mark.parametrize("name", BLOCKED)
def test_a_contradiction_blocks_publishing_at_its_field(people: People, name: str) -> None:
    changes, field, sentence = BLOCKED[name]
    offer = draft(people, **changes)
    with pytest.raises(ValidationError) as refusal:
        authoring.publish(offer)
    assert refusal.value.message_dict == {field: [sentence]}
    answer = api_client(people.here.cpo).post("/api/offers/draft/publish", {}, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["fields"]) == (400, {"content": {field: [sentence]}})
    with cpo_scope(people.here.cpo):
        OfferPolicy.objects.create(cpo=people.here.cpo, review_required=True)
    with pytest.raises(ValidationError) as refusal:
        authoring.submit(offer, by=people.owner)
    assert refusal.value.message_dict == {field: [sentence]}
    with cpo_scope(people.here.cpo):
        found = Offer.objects.get()
        assert (found.state, found.live_version, found.versions.get().published_at) == ("DRAFT", None, None)


OPEN: dict[str, dict[str, Any]] = {
    "the-kind-of-connector-that-there-is": {"connector_types": ("CCS2",)},
    "as-much-power-as-there-is": {"min_power_w": 30_000},
    "a-product-that-is-sold": {"item_ids": ("coffee",)},
    "a-station-that-is-shown": {"location_ids": ("cp-station", "hidden")},
    "all-days-but-holidays": {"holiday_calendar": "in", "holidays": "EXCEPT"},
    "a-window-before-the-end": {
        **IN_A_DAY,
        "weekly_windows": ({"weekdays": [6], "start": "09:00", "end": "10:00"},),
    },
}


@pytest.mark.usefixtures("hidden")
@pytest.mark.parametrize("changes", OPEN.values(), ids=OPEN)
def test_what_may_apply_is_published(people: People, changes: dict[str, Any]) -> None:
    assert authoring.publish(draft(people, **changes)).state == OfferState.APPROVED


#: Open at ten on a Saturday in Dubai, not in Delhi, where it is half past eleven then; the other way round; in neither.
CLOCKS: dict[str, tuple[str, str, list[str]]] = {
    "where-the-later-clock-is-open": ("05:45", "07:00", ["other-clock"]),
    "where-the-earlier-clock-is-open": ("04:30", "05:30", ["pe-charging-01"]),
    "where-both-are": ("04:30", "07:00", ["other-clock", "pe-charging-01"]),
    "where-neither-is": ("05:45", "06:00", []),
}


@pytest.mark.parametrize("clock", CLOCKS)
@pytest.mark.parametrize("first", [True, False], ids=["read-first", "read-last"])
def test_each_station_reads_the_windows_on_its_own_clock(people: People, clock: str, first: bool) -> None:
    begins, ends, tried = CLOCKS[clock]
    other = "a-clock" if first else "z-clock"
    with cpo_scope(people.here.cpo):
        add_connector(people, other, time_zone="Asia/Dubai")
    offer = draft(
        people,
        weekly_windows=({"weekdays": [6], "start": "10:00", "end": "11:00"},),
        valid_from=datetime.fromisoformat(f"2039-01-01T{begins}+00:00"),
        valid_until=datetime.fromisoformat(f"2039-01-01T{ends}+00:00"),
    )
    with cpo_scope(people.here.cpo):
        found = lint_offer(Offer.objects.select_related("cpo").get(pk=offer.pk), timezone.now())
        book = OfferBook.compile((), revision=0)
        sites = places_of(offer_terms(offer, offer.versions.get()), timezone.now(), book).sites
    if not tried:
        assert [x.code.value for x in found.contradictions] == ["ENDS_BEFORE_WINDOW"]
        with pytest.raises(ValidationError) as refusal:
            authoring.publish(offer)
        assert refusal.value.message_dict == {
            "valid_until": [
                "The offer ends before its first window, which opens on 1 Jan 2039 10:00 +04: choose a later end or "
                "another window."
            ]
        }
        return
    assert found.findings == ()
    assert sorted(x.item_id for x in sites) == sorted(other if x == "other-clock" else x for x in tried)
    assert authoring.publish(offer).state == OfferState.APPROVED


@pytest.mark.parametrize("table", [Connector, Location, Charger], ids=["connector", "location", "system"])
def test_a_station_counts_that_buyer_apps_see_and_somebody_can_start(people: People, table: Any) -> None:
    offer = draft(people)
    with cpo_scope(people.here.cpo):
        table.objects.update(**({"system": None} if table is Charger else {"is_published": False}))
    with pytest.raises(ValidationError) as refusal:
        authoring.publish(offer)
    assert refusal.value.message_dict == {"location_ids": [NO_STATIONS]}


@pytest.mark.usefixtures("hidden")
def test_the_form_refuses_at_the_field_and_keeps_a_draft(people: People) -> None:
    browser = signed_in(people.owner)
    changes = {"location_ids": ["hidden"], "display_code": ""}
    refused = browser.post(ADD, FORM | changes | {"_publish": "1"})
    assert refused.context["adminform"].form.errors == {"location_ids": [NOWHERE]}
    with cpo_scope(people.here.cpo):
        assert not Offer.objects.exists()
    saved = browser.post(ADD, FORM | changes | {"_save": "1"}, follow=True).content.decode()
    assert f"It cannot be published like this. {NOWHERE}" in saved
    with cpo_scope(people.here.cpo):
        assert Offer.objects.get().state == "DRAFT"


def test_a_save_is_told_what_was_found_and_one_without_findings_is_not(people: People) -> None:
    make_offer(people.here.cpo, "better", name="Half price", value=Decimal(50), value_cap=None, min_value=None)
    offer, browser = draft(people), signed_in(people.owner)
    told = browser.post(page(offer), edit_form(offer, name="Renamed", _save="1"), follow=True).content.decode()
    assert "It is never the best offer: in each of the" in told
    assert "Half price saves more, by" in told
    with cpo_scope(people.here.cpo):
        Offer.objects.filter(offer_id="better").update(state="PAUSED")
    told = browser.post(page(offer), edit_form(offer, name="Again", _save="1"), follow=True).content.decode()
    assert "It is never the best offer" not in told


@pytest.mark.django_db(transaction=True)
def test_a_save_is_linted_after_its_transaction(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    offer, inside = draft(people), []

    def noted(offer: Offer, now: datetime) -> Any:
        inside.append(connection.in_atomic_block)
        return lint_offer(offer, now)

    monkeypatch.setattr(admin_lint, "lint_offer", noted)
    signed_in(people.owner).post(page(offer), edit_form(offer, name="Renamed", _save="1"))
    assert inside == [False]


@pytest.mark.parametrize("name", ["owner", "colleague", "analyst"])
def test_members_see_the_findings_and_an_outsider_does_not(people: People, name: str) -> None:
    offer = draft(people, value=Decimal(100), value_cap=None)
    text = signed_in(getattr(people, name)).get(checks(offer)).content.decode()
    assert "It can make a session free: it takes ₹360.00 off ₹360.00 of energy, time and products." in text
    assert "At Connaught Place Station (pe-charging-01), " in text
    assert "Tried in 210 sessions (place, time, size and customer) at 1 connector of its scope, against 0 other" in text
    assert signed_in(people.outsider).get(checks(offer)).status_code == 404


def test_the_page_loads_the_panel_and_has_a_link_without_scripts(people: People) -> None:
    offer = draft(people)
    text = signed_in(people.owner).get(page(offer)).content.decode()
    assert f'hx-get="{checks(offer)}"' in text
    assert f'<a href="{checks(offer)}" class="draft-link">Check this offer</a>' in text
    panel = signed_in(people.owner).get(checks(offer), headers={"HX-Request": "true"}).content.decode()
    assert panel.startswith('<section id="checks"')
    assert "Nothing was found." in panel


def test_the_api_answers_with_the_session_as_data(people: People) -> None:
    draft(people, value=Decimal(100), value_cap=None, valid_from=datetime(2039, 1, 1, tzinfo=UTC))
    client = api_client(people.here.cpo, TokenScope.STAFF_READ)
    found = client.get("/api/offers/draft/lint").json()
    (finding,) = found["findings"]
    example = finding.pop("example")
    words = example.pop("words")
    assert words == (
        "At Connaught Place Station (pe-charging-01), Sat 1 Jan 2039, 05:30 IST: 20 kWh for ₹360.00, by a customer who "
        "never charged with you."
    )
    assert example == {
        "location_id": "cp-station",
        "item_id": "pe-charging-01",
        "starts_at": "2039-01-01T00:00:00Z",
        "energy_wh": 20000,
        "value": "360.00",
        "paid": None,
        "currency": "INR",
        "products": [],
        "customer": {"sessions": 0, "facts": {}, "bap_id": ""},
        "busy_percent": None,
    }
    assert finding == {
        "code": "FREE_ENERGY",
        "severity": "WARNING",
        "at": "value",
        "sentence": "It can make a session free: it takes ₹360.00 off ₹360.00 of energy, time and products.",
        "outcome": "The driver pays for fees and tax at most.",
        "figures": [
            {"name": "value", "value": "360.00", "currency": "INR"},
            {"name": "taken_off", "value": "360.00", "currency": "INR"},
            {"name": "percent", "value": "100", "currency": ""},
        ],
        "offers": [],
    }
    assert found["sampled"] == {
        "sessions": 210,
        "combinations": 210,
        "connectors": 1,
        "connectors_in_scope": 1,
        "other_offers": 0,
        "cut": False,
    }
    assert api_client(people.there.cpo).get("/api/offers/draft/lint").status_code == 404


def test_the_api_says_on_every_save_what_was_found(people: People) -> None:
    client = api_client(people.here.cpo)
    content = {
        "name": "Free",
        "benefit_kind": "discount",
        "value_type": "percent",
        "value": "100",
        "valid_from": "2026-01-01T00:00:00Z",
        "valid_until": "2040-01-01T00:00:00Z",
    }
    made = client.post("/api/offers", {"offer_id": "free", "content": content}, content_type="application/json")
    assert [x["code"] for x in made.json()["findings"]] == ["FREE_ENERGY"]
    changed = client.patch("/api/offers/free", {"content": {"value": "50"}}, content_type="application/json")
    assert changed.json()["findings"] == []
