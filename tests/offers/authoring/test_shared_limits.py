"""Sharing a limit in groups as staff switch it: counted anew on both keys, never above a limit."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import CustomerGroup, CustomerGroupMember, Order
from offers import authoring
from offers.authoring.copies import duplicate
from offers.engine.periods import Period, today_at
from offers.engine.values import OfferLimits
from offers.ledger import LimitReached, release
from offers.models import GroupCounter, GroupPeriodCounter, Offer, OfferStateChange
from offers.reconcile import compare_with_ledger
from pricing.versions.review import Actor
from tests.offers.api.asking import CONTENT, fields, send
from tests.offers.authoring.test_offer_admin import ADD, FORM, page
from tests.offers.authoring.test_period_limits import WRITTEN
from tests.offers.holds import give, new_order, take
from tests.people import WEEKEND, api_client, make_people, signed_in
from tests.prepaid import customer, family
from tests.world import World

pytestmark = pytest.mark.django_db

SARAH, RAVI, MEERA = "+919000000001", "+919000000002", "+919000000003"
NOTHING_TO_SHARE = "Only a limit per customer is shared: set one, or leave this off."


@pytest.fixture
def offer(world: World) -> Offer:
    return authoring.publish(authoring.create_offer(world.cpo, "weekend-25", WEEKEND))


def sold(world: World, offer: Offer, *phones: str, days_ago: int = 0) -> None:
    """Reserve the offer once for each of these."""
    at = timezone.now() - timedelta(days=days_ago)
    for phone in phones:
        order = new_order(world, customer(world.cpo, phone), f"t-{Order.objects.count()}", at)
        take(order, offer, "20", at=at)


def counted() -> dict[tuple[str, str], int]:
    """Return the uses of groups by name and span; of periods those of the running ones."""
    today = today_at(timezone.now(), "Asia/Kolkata")
    ever = {(x.group.name, "EVER"): x.uses for x in GroupCounter.objects.select_related("group")}
    rows = GroupPeriodCounter.objects.select_related("group")
    running = [x for x in rows if x.starts_on == today.start_of(Period(x.period))]
    return ever | {(x.group.name, x.period): x.uses for x in running}


def refusals(offer: Offer, limits: OfferLimits) -> dict[str, list[str]]:
    with pytest.raises(ValidationError) as refused:
        authoring.set_limits(offer, limits)
    found: dict[str, list[str]] = refused.value.message_dict
    return found


EVERY = OfferLimits(uses_per_customer=9, uses_per_customer_day=9, uses_per_customer_month=9)


def test_switched_on_it_counts_what_members_have_used_before(world: World, offer: Offer) -> None:
    family(world.cpo, SARAH, RAVI)
    family(world.cpo, RAVI, MEERA, name="Acme fleet")
    authoring.set_limits(offer, EVERY)
    with cpo_scope(world.cpo):
        sold(world, offer, SARAH, RAVI, RAVI, "+919000000009")
        sold(world, offer, SARAH, days_ago=40)
        now = timezone.now()
        order = new_order(world, customer(world.cpo, MEERA), "settled", now)
        give(order, take(order, offer, "20", at=now), "20", at=now)
        given_back = new_order(world, customer(world.cpo, MEERA), "released", now)
        take(given_back, offer, "20", at=now)
        release(given_back, now=now, reference="cancel")
        authoring.set_limits(offer, replace(EVERY, shared_in_groups=True))
        assert counted() == {
            ("Rao family", "EVER"): 4,
            ("Rao family", "DAY"): 3,
            ("Rao family", "MONTH"): 3,
            ("Acme fleet", "EVER"): 3,
            ("Acme fleet", "DAY"): 3,
            ("Acme fleet", "MONTH"): 3,
        }
        assert set(GroupCounter.objects.values_list("limit_uses", flat=True)) == {9}
        assert compare_with_ledger().drifting == 0


def test_switched_off_nobody_is_held_to_a_group_and_on_again_it_counts_where_it_was_counted(
    world: World, offer: Offer
) -> None:
    group = family(world.cpo, SARAH, RAVI)
    limits = OfferLimits(uses_per_customer=2, uses_per_customer_day=2, shared_in_groups=True)
    authoring.set_limits(offer, limits)
    with cpo_scope(world.cpo):
        sold(world, offer, SARAH, RAVI)
        with pytest.raises(LimitReached):
            sold(world, offer, RAVI)
        authoring.set_limits(offer, replace(limits, shared_in_groups=False))
        assert (GroupCounter.objects.count(), GroupPeriodCounter.objects.count()) == (0, 0)
        assert compare_with_ledger().drifting == 0
        other = CustomerGroup.objects.create(cpo=world.cpo, name="Acme fleet")
        CustomerGroupMember.objects.filter(customer=customer(world.cpo, RAVI)).update(group=other)
        authoring.set_limits(offer, limits)
        assert counted() == {("Rao family", "EVER"): 2, ("Rao family", "DAY"): 2}
        sold(world, offer, RAVI)
        assert counted()[("Acme fleet", "EVER")] == 1
        assert compare_with_ledger().drifting == 0
        # A group that is gone is counted nowhere.
        authoring.set_limits(offer, replace(limits, shared_in_groups=False))
        group.delete()
        authoring.set_limits(offer, limits)
        assert counted() == {("Acme fleet", "EVER"): 1, ("Acme fleet", "DAY"): 1}
        assert compare_with_ledger().drifting == 0


BELOW = [
    pytest.param({"uses_per_customer": 1}, "uses_per_customer", "used already", id="ever"),
    pytest.param({"uses_per_customer_day": 1}, "uses_per_customer_day", "used today already", id="day"),
    pytest.param({"uses_per_customer_week": 1}, "uses_per_customer_week", "used this week already", id="week"),
    pytest.param({"uses_per_customer_month": 1}, "uses_per_customer_month", "used this month already", id="month"),
]


@pytest.mark.parametrize("shared_before", [False, True], ids=["switched on", "lowered"])
@pytest.mark.parametrize(("limits", "field", "when"), BELOW)
def test_a_limit_below_what_a_group_has_used_is_refused(
    world: World, offer: Offer, limits: dict[str, int], field: str, when: str, shared_before: bool
) -> None:
    family(world.cpo, SARAH, RAVI)
    wide = OfferLimits(**dict.fromkeys(limits, 9), shared_in_groups=True)
    before = authoring.set_limits(offer, wide if shared_before else OfferLimits())
    with cpo_scope(world.cpo):
        sold(world, offer, SARAH, RAVI)
        sentence = f"The members of a group have 2 uses reserved or {when}: set 2 or more, pause the offer, or do not"
        assert refusals(offer, OfferLimits(**limits, shared_in_groups=True)) == {field: [f"{sentence} share it."]}
        offer.refresh_from_db()
        assert authoring.limits_of(offer) == authoring.limits_of(before)
        # At what is used it is accepted, and used up.
        authoring.set_limits(offer, OfferLimits(**dict.fromkeys(limits, 2), shared_in_groups=True))
        with pytest.raises(LimitReached):
            sold(world, offer, SARAH)
        assert compare_with_ledger().drifting == 0


def test_a_span_that_is_added_or_dropped_while_it_is_shared_follows(world: World, offer: Offer) -> None:
    family(world.cpo, SARAH, RAVI)
    limits = OfferLimits(uses_per_customer_day=5, shared_in_groups=True)
    authoring.set_limits(offer, limits)
    with cpo_scope(world.cpo):
        sold(world, offer, SARAH, RAVI)
        sold(world, offer, RAVI, days_ago=40)
        authoring.set_limits(offer, replace(limits, uses_per_customer=6, uses_per_customer_month=5))
        assert counted() == {("Rao family", "EVER"): 3, ("Rao family", "DAY"): 2, ("Rao family", "MONTH"): 2}
        assert compare_with_ledger().drifting == 0
        authoring.set_limits(offer, OfferLimits(uses_per_customer=6, shared_in_groups=True))
        assert counted() == {("Rao family", "EVER"): 3}
        assert compare_with_ledger().drifting == 0


COUNTERS = [
    "offers_customercounter",
    "offers_customerperiodcounter",
    "offers_groupcounter",
    "offers_groupperiodcounter",
    "offers_offercounter",
]


def test_counters_are_taken_in_the_order_in_which_buyers_take_them(world: World, offer: Offer) -> None:
    family(world.cpo, SARAH, RAVI)
    high = OfferLimits(total_uses=9, uses_per_customer=8, uses_per_customer_day=5, shared_in_groups=True)
    low = replace(high, total_uses=8, uses_per_customer=7, uses_per_customer_day=4)
    with cpo_scope(world.cpo):
        sold(world, offer, SARAH)
        for limits in (high, low, OfferLimits()):
            with CaptureQueriesContext(connection) as queries:
                authoring.set_limits(offer, limits)
            taken = [WRITTEN.match(query["sql"].strip()) for query in queries]
            names = [found[1] or found[2] for found in taken if found]
            assert list(dict.fromkeys(name for name in names if name in COUNTERS)) == COUNTERS
        authoring.set_limits(offer, high)
        with CaptureQueriesContext(connection) as queries:
            sold(world, offer, RAVI)
        taken = [WRITTEN.match(query["sql"].strip()) for query in queries]
        names = [found[1] or found[2] for found in taken if found]
        assert [name for name in names if name in COUNTERS] == COUNTERS


def test_sharing_stands_in_the_history_and_in_a_copy(world: World, offer: Offer) -> None:
    limits = OfferLimits(uses_per_customer=2, shared_in_groups=True)
    authoring.set_limits(offer, OfferLimits(uses_per_customer=2))
    authoring.set_limits(offer, limits)
    with cpo_scope(world.cpo):
        change = OfferStateChange.objects.filter(offer=offer).first()
        assert change is not None
        assert change.note == "Limits: members of a group share these uses: no → yes"
        assert change.limits["shared_in_groups"] is True
        fresh = Offer.objects.select_related("cpo").get(pk=offer.pk)
        assert authoring.limits_of(duplicate(fresh, "copy", actor=Actor())) == limits


def test_form_api_and_domain_refuse_sharing_nothing_at_the_field_in_the_same_words() -> None:
    people = make_people()
    said = {"shared_in_groups": [NOTHING_TO_SHARE]}
    limits: dict[str, Any] = {"total_uses": 5, "shared_in_groups": True}
    answer = send(api_client(people.here.cpo), "offers", {"offer_id": "o", "content": CONTENT, "limits": limits})
    assert fields(answer) == {"limits": said}
    shown = signed_in(people.owner).post(ADD, FORM | {"total_uses": 5, "shared_in_groups": "on", "_save": "1"})
    found = shown.context["adminform"].form.errors
    assert {name: list(found[name]) for name in found} == said
    with cpo_scope(people.here.cpo):
        assert not Offer.objects.exists()
        made = authoring.create_offer(people.here.cpo, "weekend-25", WEEKEND)
        assert refusals(made, OfferLimits(shared_in_groups=True)) == said
        with pytest.raises(IntegrityError, match="sharing_needs_limit_per_customer"), transaction.atomic():
            Offer.objects.update(shared_in_groups=True)


def test_the_form_and_the_api_write_it_and_pages_say_it() -> None:
    people = make_people()
    browser, staff = signed_in(people.owner), api_client(people.here.cpo)
    asked = {"uses_per_customer_month": "10", "shared_in_groups": "on", "total_uses": "", "_publish": "1"}
    browser.post(ADD, FORM | asked)
    with cpo_scope(people.here.cpo):
        offer = Offer.objects.get()
        assert authoring.limits_of(offer).shared_in_groups is True
    assert (
        "10 per customer and month; members of one group share these uses" in browser.get(page(offer)).content.decode()
    )
    limits = {"limits": {"shared_in_groups": False}}
    assert send(staff, f"offers/{offer.offer_id}", limits, "patch").json()["limits"]["shared_in_groups"] is False
    with cpo_scope(people.here.cpo):
        assert authoring.limits_of(Offer.objects.get()) == replace(authoring.limits_of(offer), shared_in_groups=False)


def test_the_public_page_says_it(world: World, client: Client) -> None:
    made = authoring.create_offer(
        world.cpo, "family", WEEKEND, limits=OfferLimits(uses_per_customer_month=10, shared_in_groups=True)
    )
    authoring.publish(made)
    answer = client.get("/o/cpo1.com/family")
    assert "members of one group share these uses" in answer.content.decode().lower()


def test_a_group_whose_uses_are_counted_is_not_deleted_by_staff_and_says_so() -> None:
    people = make_people()
    cpo = people.here.cpo
    offer = authoring.publish(
        authoring.create_offer(
            cpo, "weekend-25", WEEKEND, limits=OfferLimits(uses_per_customer=2, shared_in_groups=True)
        )
    )
    used, unused = family(cpo, SARAH), family(cpo, RAVI, name="Acme fleet")
    browser = signed_in(people.owner)
    with cpo_scope(cpo):
        sold(people.here, offer, SARAH)
    shown = browser.post(f"/admin/charging/customergroup/{used.pk}/delete/", {"post": "yes"}, follow=True)
    assert (
        "Nothing was deleted: change or delete first what still needs it: Shared uses: 1/2 of" in shown.content.decode()
    )
    browser.post(f"/admin/charging/customergroup/{unused.pk}/delete/", {"post": "yes"})
    with cpo_scope(cpo):
        assert list(CustomerGroup.objects.all()) == [used]
