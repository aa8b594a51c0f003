"""Members of a customer group, added by contact: all of them or none, each once."""

from __future__ import annotations

import pytest
from django.test import Client

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Customer, CustomerGroup, CustomerGroupMember
from cpo_portal.charging.people.groups import RowsRefused, add_members
from tests.charging.asking import post
from tests.prepaid import SARAH, family
from tests.processes import run_at_once
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


def test_a_group_takes_its_members_by_contact_all_or_none(world: World, api: Client) -> None:
    group = post(api, "customer-groups", {"name": "Rao family"}).json()
    at = f"customer-groups/{group['id']}"
    wrong = post(api, f"{at}/add", {"contacts": [SARAH, "nobody"]})
    assert wrong.json()["error"]["fields"] == {
        "contacts": ["Row 2, contact: Give a phone number such as +919876543210, or an e-mail address."]
    }
    with cpo_scope(world.cpo):
        assert (CustomerGroupMember.objects.count(), Customer.objects.count()) == (0, 0)
    for _ in range(2):
        members = post(api, f"{at}/add", {"contacts": [SARAH, "asha@example.com"]}).json()["members"]
        assert len(members) == 2
    assert post(api, f"{at}/remove", {"customer": members[0]}).json()["members"] == members[1:]
    again = post(api, "customer-groups", {"name": "Rao family"})
    assert again.json()["error"]["fields"] == {"name": ["A group with this name exists already."]}


@pytest.mark.django_db(transaction=True)
def test_two_lists_of_the_same_people_in_opposite_order_make_each_of_them_once() -> None:
    world = make_world()
    people = [f"+91 98765 {number:05d}" for number in range(60)]
    with cpo_scope(world.cpo):
        groups = [CustomerGroup.objects.create(cpo=world.cpo, name=name) for name in ("Rao family", "Acme Logistics")]

    def add(number: int) -> int:
        with cpo_scope(world.cpo):
            return add_members(groups[number], people[:: -1 if number else 1])

    assert run_at_once(2, add) == [60, 60]
    with cpo_scope(world.cpo):
        assert (Customer.objects.count(), CustomerGroupMember.objects.count()) == (60, 120)


def test_refused_members_stay_in_the_form_to_be_corrected(world: World, owner: Client) -> None:
    group = family(world.cpo)
    form = {"contacts": f"{SARAH}\nnobody", "_form_submitted": "on"}
    at = f"/admin/charging/customergroup/{group.pk}/add_members/"
    for headers in ({}, {"HX-Request": "true"}):
        text = owner.post(at, form, headers=headers).content.decode()
        assert "Row 2, contact: Give a phone number such as +919876543210, or an e-mail address." in text
        assert f"{SARAH}\nnobody</textarea>" in text
    with cpo_scope(world.cpo):
        assert CustomerGroupMember.objects.count() == 0


def test_a_list_of_more_than_a_thousand_is_refused_whole(world: World) -> None:
    group = family(world.cpo)
    with cpo_scope(world.cpo), pytest.raises(RowsRefused, match="Send at most 1000 contacts at once"):
        add_members(CustomerGroup.objects.get(pk=group.pk), ["a@example.com"] * 1001)
