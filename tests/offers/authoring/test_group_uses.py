"""What a group has used of each limit that its members share is read on its page and on the offer's."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import CustomerGroup
from offers import authoring
from offers.admin import groups as admin_groups
from offers.models import GroupPeriodCounter, Offer
from tests.offers.holds import new_order, take
from tests.people import People, signed_in, weekend
from tests.prepaid import customer, family
from tests.world import make_offer

pytestmark = pytest.mark.django_db
SARAH, RAVI = "+919000000001", "+919000000002"


def read(people: People, row: CustomerGroup | Offer, name: str = "owner") -> str:
    page = reverse(f"admin:{row._meta.label_lower.replace('.', '_')}_change", args=[row.pk])
    return signed_in(getattr(people, name)).get(page).content.decode()


def told(text: str, heading: str) -> list[tuple[str, ...]]:
    """Return the rows of the panel under this heading as plain cells."""
    panel = text.partition(f"<h2>{heading}</h2>")[2].partition("</section>")[0]
    rows = re.findall(r"<tr>(<td.*?)</tr>", panel, re.DOTALL)
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in rows]
    return [tuple(" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row) for row in cells]


def use(people: People, offer: Offer, phone: str, name: str) -> None:
    now = timezone.now()
    with cpo_scope(people.here.cpo):
        take(new_order(people.here, customer(people.here.cpo, phone), name, now), offer, "20", at=now)


SHARED, SHARING = "Limits that the members share", "Groups that share its limits"


@pytest.mark.parametrize("name", ["owner", "analyst"])
def test_both_pages_show_each_shared_limit(people: People, name: str) -> None:
    cpo = people.here.cpo
    raos, fleet = family(cpo, SARAH), family(cpo, RAVI, name="Acme <fleet>")
    offer = make_offer(cpo, uses_per_customer=9, uses_per_customer_month=4, shared_in_groups=True)
    for number, phone in enumerate((SARAH, RAVI, RAVI)):
        use(people, offer, phone, f"t-{number}")
    text = read(people, raos, name)
    assert told(text, SHARED) == [
        ("Weekend Special – 25 % off", "In all", "1 / 9"), ("Weekend Special – 25 % off", "This month", "1 / 4"),
    ]  # fmt: skip
    assert f'<a class="text-link" href="{reverse("admin:offers_offer_change", args=[offer.pk])}">' in text
    text = read(people, offer, name)
    assert told(text, SHARING) == [
        ("Acme &lt;fleet&gt;", "In all", "2 / 9"),
        ("Acme &lt;fleet&gt;", "This month", "2 / 4"),
        ("Rao family", "In all", "1 / 9"),
        ("Rao family", "This month", "1 / 4"),
    ]
    assert f'<a class="text-link" href="{reverse("admin:charging_customergroup_change", args=[fleet.pk])}">' in text


def test_what_was_used_in_a_period_that_is_over_counts_no_more(people: People) -> None:
    group = family(people.here.cpo, SARAH)
    offer = make_offer(people.here.cpo, uses_per_customer_day=2, shared_in_groups=True)
    use(people, offer, SARAH, "t-1")
    with cpo_scope(people.here.cpo):
        GroupPeriodCounter.objects.update(starts_on="2026-01-01")
    assert told(read(people, group), SHARED) == [("Weekend Special – 25 % off", "Today", "0 / 2")]


def test_what_nobody_used_is_shown_and_what_is_not_shared_is_not(people: People) -> None:
    cpo = people.here.cpo
    group = family(cpo, SARAH)
    offer = make_offer(cpo, uses_per_customer_week=2, shared_in_groups=True)
    alone = make_offer(cpo, "alone", uses_per_customer_week=3)
    authoring.create_offer(cpo, "draft", weekend())
    assert told(read(people, group), SHARED) == [("Weekend Special – 25 % off", "This week", "0 / 2")]
    assert "No group has used it yet. Its members use up the limits together." in read(people, offer)
    assert SHARING not in read(people, alone)


def test_of_many_offers_those_are_shown_that_the_group_has_used_most(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admin_groups, "MOST_SHOWN", 2)
    raos, fleet = family(people.here.cpo, SARAH), family(people.here.cpo, RAVI, name="Acme")
    for offer_id, limits, drivers in (
        ("a-monthly", {"uses_per_customer_month": 5}, [SARAH]),
        ("b-often", {"uses_per_customer": 9, "uses_per_customer_month": 5}, [SARAH, SARAH]),
        ("c-by-others", {"uses_per_customer": 8}, [RAVI, RAVI, RAVI]),
        ("d-newest", {"uses_per_customer": 7}, []),
    ):
        offer = make_offer(people.here.cpo, offer_id, **limits, shared_in_groups=True)  # type: ignore[arg-type]
        for number, phone in enumerate(drivers):
            use(people, offer, phone, f"{offer_id}-{number}")
    assert [row[1:] for row in told(read(people, raos), SHARED)] == [
        ("In all", "2 / 9"), ("This month", "2 / 5"), ("This month", "1 / 5"),
    ]  # fmt: skip
    assert [row[1:] for row in told(read(people, fleet), SHARED)] == [("In all", "3 / 8"), ("In all", "0 / 7")]


def test_without_a_shared_limit_the_page_says_nothing_of_them(people: People) -> None:
    group = family(people.here.cpo, SARAH)
    make_offer(people.there.cpo, uses_per_customer=2, shared_in_groups=True)
    assert SHARED not in read(people, group)
