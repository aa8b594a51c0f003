"""Each template makes an offer that is sold at its exact price, and is not given just outside of its condition."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.urls import reverse
from django.utils import timezone

from cpo_portal.accounts.models import Cpo, TokenScope
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.imports.jobs import Author, import_customers
from cpo_portal.charging.models import Balance, Customer, CustomerGroup, Segment
from cpo_portal.charging.segments.stored import SegmentContent, save_segment
from cpo_portal.network.models import Charger, Connector, Location
from offers.authoring import content_of, limits_of
from offers.campaigns.filling import fill
from offers.campaigns.table import BY_KEY, TEMPLATES, Makes
from offers.models import (
    CampaignKind,
    CustomerCounter,
    CustomerPeriodCounter,
    GroupPeriodCounter,
    Offer,
    OfferPolicy,
    OfferVersion,
)
from offers.quoting import price_session
from pricing.engine.values import EnergyMeasure
from pricing.models import HolidayCalendar
from tests.pages import what_a_browser_sends
from tests.people import People, api_client, make_people, signed_in
from tests.prepaid import customer, family
from tests.world import ask_for

pytestmark = pytest.mark.django_db

ZONE = ZoneInfo("Asia/Kolkata")
WITHOUT = "118.00"  # 5 kWh at ₹18, ₹10 fee, 18 % GST
GOLD, SILVER = "+919000000001", "+919000000002"
OFFERS = [template.key for template in TEMPLATES if template.makes is Makes.OFFER]


@pytest.fixture
def people() -> People:
    """A CPO with all that templates need, at one of its two stations alone, and two customers."""
    people = make_people()
    world = people.here
    with cpo_scope(world.cpo):
        Location.objects.update(tags=["highway", "new-station", "rural"])
        plain = Location.objects.create(
            cpo=world.cpo, location_id="plain", name="Plain", address="Panaji", city="Panaji", state="Goa",
            latitude=Decimal(15), longitude=Decimal(74),
        )  # fmt: skip
        charger = Charger.objects.create(cpo=world.cpo, location=plain, evse_id="E2", name="E2", system=world.system)
        Connector.objects.create(
            cpo=world.cpo, charger=charger, item_id="plain-01", connector_type="CCS2", power_type="DC",
            max_power_w=30_000, charging_speed="FAST",
        )  # fmt: skip
        # The sessions are of the first; what could never apply again is not published.
        days = [{"date": f"{year}-08-15", "name": "Independence Day"} for year in (2026, 2098)]
        HolidayCalendar.objects.create(cpo=world.cpo, calendar_id="india", name="India", days=days)
    save_segment(world.cpo, SegmentContent("around", "Around joining", ({"fact": "ANNIVERSARY", "days": 3},)))
    save_segment(world.cpo, SegmentContent("gold", "Gold", ({"fact": "TIER", "values": ["Gold"]},)))
    joined = f"{timezone.now().astimezone(ZONE).date() - timedelta(days=365):%Y-%m-%d}"
    records = f"phone,tier,joined_on\n{GOLD},Gold,{joined}\n{SILVER},Silver,2020-02-02"
    import_customers(world.cpo, records.encode(), dry_run=False, author=Author())
    return people


@dataclass(frozen=True)
class Case:
    """A session and its price with the offer of a template."""

    template: str
    total: str
    at: str = "2026-08-12T15:00"
    wh: int = 5000
    item: str = "pe-charging-01"
    phone: str = ""
    used: int = 0
    used_together: int = 0
    now: bool = False


def case(template: str, total: str, label: str, **said: Any) -> Any:
    return pytest.param(Case(template, total, **said), id=f"{template}-{label}")


#: Just inside and just outside of each condition. 12 August 2026 is a Wednesday.
CASES = [
    case("happy-hour", "96.76", "14:00", at="2026-08-12T14:00"),
    case("happy-hour", "96.76", "16:59", at="2026-08-12T16:59"),
    case("happy-hour", WITHOUT, "13:59", at="2026-08-12T13:59"),
    case("happy-hour", WITHOUT, "17:00", at="2026-08-12T17:00"),
    case("happy-hour", WITHOUT, "saturday", at="2026-08-15T15:00"),
    case("weekend-special", "91.45", "saturday-00:00", at="2026-08-15T00:00"),
    case("weekend-special", "91.45", "sunday-23:59", at="2026-08-16T23:59"),
    case("weekend-special", WITHOUT, "friday-23:59", at="2026-08-14T23:59"),
    case("weekend-special", WITHOUT, "monday-00:00", at="2026-08-17T00:00"),
    case("weekend-special", "70.79", "49.99", at="2026-08-15T12:00", wh=2777),
    case("weekend-special", "56.05", "50.00", at="2026-08-15T12:00", wh=2778),
    case("holiday-promotion", "96.76", "the-day", at="2026-08-15T00:00"),
    case("holiday-promotion", "96.76", "its-last-minute", at="2026-08-15T23:59"),
    case("holiday-promotion", WITHOUT, "the-day-before", at="2026-08-14T23:59"),
    case("holiday-promotion", WITHOUT, "the-day-after", at="2026-08-16T00:00"),
    case("early-bird", "102.07", "05:00", at="2026-08-12T05:00"),
    case("early-bird", "102.07", "07:59", at="2026-08-12T07:59"),
    case("early-bird", WITHOUT, "04:59", at="2026-08-12T04:59"),
    case("early-bird", WITHOUT, "08:00", at="2026-08-12T08:00"),
    case("bulk-charging", "436.58", "19.999-kWh", wh=19_999),
    case("bulk-charging", "415.36", "20-kWh", wh=20_000),
    case("bulk-charging", "798.74", "39-kWh", wh=39_000),
    case("bulk-charging", "776.44", "40-kWh", wh=40_000),
    case("monthly-package", "102.07", "a-member", phone=GOLD),
    case("monthly-package", "102.07", "the-tenth", phone=GOLD, used=9, now=True),
    case("monthly-package", WITHOUT, "the-eleventh", phone=GOLD, used=10, now=True),
    case("monthly-package", WITHOUT, "no-member", phone=SILVER),
    case("family-offer", "107.38", "a-driver", phone=GOLD),
    case("family-offer", "107.38", "the-tenth", phone=GOLD, used=9, now=True),
    case("family-offer", WITHOUT, "the-eleventh", phone=GOLD, used=10, now=True),
    case("family-offer", WITHOUT, "the-eleventh-of-a-family", phone=GOLD, used_together=10, now=True),
    case("member-exclusive", "107.38", "a-member", phone=GOLD),
    case("member-exclusive", WITHOUT, "no-member", phone=SILVER),
    case("tier-pricing", "106.20", "gold", phone=GOLD),
    case("tier-pricing", WITHOUT, "silver", phone=SILVER),
    case("anniversary-reward", "59.00", "the-day", phone=GOLD, now=True),
    case("anniversary-reward", WITHOUT, "another-day", phone=SILVER, at="2026-08-12T15:00"),
    case("anniversary-reward", WITHOUT, "the-second", phone=GOLD, used=1, now=True),
    case("new-station-launch", "86.14", "there", phone=SILVER),
    case("new-station-launch", WITHOUT, "elsewhere", phone=SILVER, item="plain-01"),
    case("new-station-launch", "86.14", "the-third", phone=SILVER, used=2),
    case("new-station-launch", WITHOUT, "the-fourth", phone=SILVER, used=3),
    case("highway-special", "206.50", "10-kWh", wh=10_000),
    case("highway-special", "224.18", "9.999-kWh", wh=9_999),
    case("highway-special", "224.20", "elsewhere", wh=10_000, item="plain-01"),
    case("urban-rural-pricing", "102.07", "there"),
    case("urban-rural-pricing", WITHOUT, "elsewhere", item="plain-01"),
    case("regional-promotion", "107.38", "there"),
    case("regional-promotion", WITHOUT, "elsewhere", item="plain-01"),
]


def listed(people: People) -> dict[str, dict[str, Any]]:
    answer = api_client(people.here.cpo, TokenScope.STAFF_READ).get("/api/offer-templates").json()
    return {told["template"]: told for told in answer}


def made(people: People, template: str) -> Offer:
    """Make and publish the offer of a template, from this year on."""
    client = api_client(people.here.cpo)
    body = listed(people)[template]["body"]
    body["content"] |= {"valid_from": "2026-01-01T00:00:00+05:30", "valid_until": "2099-01-01T00:00:00+05:30"}
    answer = client.post("/api/offers", body, content_type="application/json")
    assert answer.status_code == 201, answer.content
    answer = client.post(f"/api/offers/{body['offer_id']}/publish", {}, content_type="application/json")
    assert (answer.status_code, answer.json()["state"]) == (200, "LIVE")
    with cpo_scope(people.here.cpo):
        return Offer.objects.select_related("live_version").get(offer_id=body["offer_id"])


def total(people: People, offer: Offer, said: Case) -> str:
    """Return what the session costs; the customer is known as from init on."""
    start = timezone.now() if said.now else datetime.fromisoformat(said.at).replace(tzinfo=ZONE)
    known: dict[str, Any] = {"identity_required": True}
    with cpo_scope(people.here.cpo):
        if said.phone:
            known["customer"] = customer(people.here.cpo, said.phone)
        if said.used:
            count_uses(offer, known["customer"], said.used, start)
        if said.used_together:
            share_uses(offer, said, start)
        connector = Connector.objects.select_related("cpo", "charger__location").get(item_id=said.item)
        ask = replace(ask_for(start=start, **known), measure=EnergyMeasure(said.wh))
        return f"{price_session(connector, ask, now=start).quote.total.amount:.2f}"


def share_uses(offer: Offer, said: Case, at: datetime) -> None:
    """Let the customer's family have used the offer so often in the month."""
    month, limit = at.astimezone(ZONE).date().replace(day=1), offer.uses_per_customer_month
    assert limit is not None
    GroupPeriodCounter.objects.create(
        offer=offer, group=family(offer.cpo, said.phone), period="MONTH", starts_on=month, uses=said.used_together,
        limit_uses=limit,
    )  # fmt: skip


def count_uses(offer: Offer, of: Customer, uses: int, at: datetime) -> None:
    """Let the customer have used the offer so often: ever, or in the month."""
    if offer.uses_per_customer is not None:
        CustomerCounter.objects.create(offer=offer, customer=of, uses=uses, limit_uses=offer.uses_per_customer)
        return
    month = at.astimezone(ZONE).date().replace(day=1)
    limit = offer.uses_per_customer_month
    assert limit is not None
    CustomerPeriodCounter.objects.create(
        offer=offer, customer=of, period="MONTH", starts_on=month, uses=uses, limit_uses=limit
    )


@pytest.mark.parametrize("said", CASES)
def test_a_template_sells_at_its_price_and_not_outside_of_its_condition(people: People, said: Case) -> None:
    assert total(people, made(people, said.template), said) == said.total


def test_each_kind_of_the_use_case_has_a_template_and_each_offer_is_proven_on_both_sides() -> None:
    tested: dict[str, set[bool]] = {}
    for param in CASES:
        [said] = param.values
        plain = Decimal(10) + (Decimal(18) * said.wh / 1000).quantize(Decimal("0.01"))
        without = plain + (plain * 18 / 100).quantize(Decimal("0.01"))
        tested.setdefault(said.template, set()).add(said.total == f"{without:.2f}")
    assert tested == {key: {True, False} for key in OFFERS}
    assert len(BY_KEY) == len(TEMPLATES) == 19
    kinds = {template.said["campaign_kind"] for template in TEMPLATES if template.makes is Makes.OFFER}
    assert kinds == set(CampaignKind.values) - {"OTHER"}


NEEDED = ["holiday-promotion", "monthly-package", "monthly-energy", "member-exclusive", "tier-pricing",
          "anniversary-reward", "new-station-launch", "highway-special", "urban-rural-pricing"]  # fmt: skip
EARLY = "15 % off for drivers who charge before the day begins: from 05:00 to 08:00."


def test_a_template_says_what_is_to_be_made_first_and_opens_no_form_for_everybody(people: People) -> None:
    with cpo_scope(people.here.cpo):
        Location.objects.update(tags=[], state="")
        Segment.objects.all().delete()
        HolidayCalendar.objects.all().delete()
    told = listed(people)
    assert [key for key, each in told.items() if each["missing"]] == [*NEEDED, "regional-promotion"]
    assert [key for key, each in told.items() if each["body"] is None] == [*NEEDED, "regional-promotion"]
    assert told["early-bird"]["sentence"] == EARLY
    assert told["highway-special"]["missing"] == "Give the tag “highway” to the locations first."
    browser = signed_in(people.owner)
    answer = browser.get(f"{ADD}?template=member-exclusive", follow=True)
    assert answer.redirect_chain == [(LIST, 302)]
    assert "Make a segment first: customers of a list, an organisation or a tier." in answer.content.decode()
    page = browser.get(LIST).content.decode()
    assert "template=member-exclusive" not in page
    assert "template=happy-hour" in page


LIST = reverse("admin:offers_offer_templates")
ADD = reverse("admin:offers_offer_add")


@pytest.mark.parametrize("template", OFFERS)
def test_the_ordinary_form_opens_filled_in_and_saves_what_it_shows(people: People, template: str) -> None:
    browser = signed_in(people.colleague)
    assert f"{ADD}?template={template}" in browser.get(LIST).content.decode()
    page = browser.get(f"{ADD}?template={template}")
    assert page.status_code == 200
    with cpo_scope(people.here.cpo):
        assert Offer.objects.count() == 0
        filled = fill(BY_KEY[template], people.here.cpo, timezone.now())
    sent = what_a_browser_sends(page.content.decode())
    answer = browser.post(f"{ADD}?template={template}", sent | {"_save": ["1"]}, follow=True)
    assert "is saved; buyer apps see it once you publish it" in answer.content.decode()
    with cpo_scope(people.here.cpo):
        offer = Offer.objects.get()
        said = content_of(OfferVersion.objects.get())
    assert (offer.offer_id, offer.state) == (template, "DRAFT")
    assert {name: getattr(said, name) for name in filled.content} == filled.content
    assert {name: value for name, value in vars_of(limits_of(offer)) if value} == filled.limits


def vars_of(limits: Any) -> Iterator[tuple[str, Any]]:
    return ((name, getattr(limits, name)) for name in limits.__dataclass_fields__)


def test_the_next_offer_of_a_template_gets_an_id_that_is_free(people: People) -> None:
    made(people, "happy-hour")
    assert listed(people)["happy-hour"]["body"]["offer_id"] == "happy-hour-2"


def test_an_unknown_template_is_the_empty_form(people: People) -> None:
    page = signed_in(people.owner).get(f"{ADD}?template=raffle")
    assert (page.status_code, 'value="raffle"' in page.content.decode()) == (200, False)


@pytest.mark.parametrize("name", ["analyst", "outsider"])
def test_who_does_not_author_sees_no_template_of_the_cpo(people: People, name: str) -> None:
    answer = signed_in(getattr(people, name)).get(LIST)
    assert answer.status_code == (403 if name == "analyst" else 200)
    assert "template=member-exclusive" not in answer.content.decode()


def test_prepaid_credits_and_the_family_plan_open_the_forms_of_balances_and_groups(people: People) -> None:
    browser = signed_in(people.owner)
    page = browser.get(LIST).content.decode()
    balance, group = reverse("admin:charging_balance_add"), reverse("admin:charging_customergroup_add")
    assert f"{balance}?name=Prepaid+credit&amp;valid_days=365" in page
    assert f"{group}?name=Family" in page
    shown = what_a_browser_sends(browser.get(f"{balance}?name=Prepaid+credit&valid_days=365").content.decode())
    assert (shown["name"], shown["valid_days"]) == (["Prepaid credit"], ["365"])
    shown = what_a_browser_sends(browser.get(f"{group}?name=Family").content.decode())
    assert shown["name"] == ["Family"]
    with cpo_scope(people.here.cpo):
        assert (Balance.objects.count(), CustomerGroup.objects.count(), Customer.objects.count()) == (0, 0, 2)


REFERRALS = ("referrer_reward", "friend_reward", "referral_days")


FILLED_IN = "The template has filled in the referrals: nothing is changed before you save."


def policy_page(people: People, name: str) -> str:
    """Return the page of the policy as who comes to it from the template sees it."""
    browser, lists = signed_in(getattr(people, name)), reverse("admin:offers_offerpolicy_changelist")
    answer = browser.get(f"{lists}?template=referral-bonus", follow=True)
    return answer.content.decode()


def test_the_referral_bonus_fills_in_the_policy_and_changes_nothing_by_itself(people: People) -> None:
    page = signed_in(people.owner).get(LIST).content.decode()
    assert f"{reverse('admin:offers_offerpolicy_changelist')}?template=referral-bonus" in page
    sent = what_a_browser_sends(policy_page(people, "owner"))
    assert [sent[name] for name in REFERRALS] == [["100"], ["100"], ["365"]]
    with cpo_scope(people.here.cpo):
        row = OfferPolicy.objects.get()
        assert [getattr(row, name) for name in REFERRALS] == [None, None, None]
    address = reverse("admin:offers_offerpolicy_change", args=[row.pk])
    assert signed_in(people.owner).post(f"{address}?template=referral-bonus", sent).status_code == 302
    with cpo_scope(people.here.cpo):
        assert OfferPolicy.objects.values_list(*REFERRALS).get() == (Decimal(100), Decimal(100), 365)


@pytest.mark.parametrize(
    ("rewards", "shown"), [((None, None), "100"), ((Decimal(30), Decimal(20)), "30.00")], ids=["none-yet", "others"]
)
def test_what_the_policy_says_already_stays(people: People, rewards: tuple[Decimal | None, ...], shown: str) -> None:
    with cpo_scope(people.here.cpo):
        OfferPolicy.objects.create(cpo=people.here.cpo, referrer_reward=rewards[0], friend_reward=rewards[1])
    page = policy_page(people, "owner")
    assert (what_a_browser_sends(page)["referrer_reward"], FILLED_IN in page) == ([shown], shown == "100")
    assert FILLED_IN not in policy_page(people, "analyst")


def test_a_template_speaks_of_the_cpos_own_currency(people: People) -> None:
    assert listed(people)["tier-pricing"]["sentence"] == "₹2.00 off each kWh for the customers of a tier."
    Cpo.objects.filter(pk=people.here.cpo.pk).update(currency="EUR")
    assert listed(people)["tier-pricing"]["sentence"] == "€2.00 off each kWh for the customers of a tier."
    assert "€2.00 off each kWh" in signed_in(people.owner).get(LIST).content.decode()


NUMBERS = ("one", "two", "three", "four", "five", "ten", "once", "twice")


@pytest.mark.parametrize("key", OFFERS)
def test_what_drivers_read_names_no_figure_that_its_author_may_change(key: str) -> None:
    said = BY_KEY[key].said
    text = f"{said.get('name', '')} {said.get('short_desc', '')} {said.get('long_desc', '')}".lower()
    assert [word for word in text.replace(",", " ").split() if word in NUMBERS or word.strip("%₹.").isdigit()] == []
