"""A group begins on its own page, which tells who is in it, what it has paid ahead, and where it gets both."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.admin.groups import masked
from cpo_portal.charging.models import CustomerContact, CustomerGroup
from tests.people import People, signed_in
from tests.prepaid import SARAH, credit, customer, family

pytestmark = pytest.mark.django_db
ADD = reverse("admin:charging_customergroup_add")
CONTACTS = {
    "name-and-phone": ({"name": "Sarah Rao", "phone": "+91-9876543210", "email": "s@example.com"},
                       "Sarah Rao, •••• 3210"),
    "phone": ({"phone": "+919876543210"}, "•••• 3210"),
    "e-mail": ({"name": "Ravi", "email": "ravi@example.com"}, "Ravi, r•••@example.com"),
    "too-short-a-phone": ({"name": "Ravi", "phone": "1234"}, "Ravi"),
    "nothing": ({}, "–"),
}  # fmt: skip


def page_of(group: CustomerGroup) -> str:
    return reverse("admin:charging_customergroup_change", args=[group.pk])


def read(people: People, group: CustomerGroup, name: str = "owner") -> str:
    return signed_in(getattr(people, name)).get(page_of(group)).content.decode()


@pytest.mark.parametrize(("said", "shown"), CONTACTS.values(), ids=CONTACTS.keys())
def test_a_contact_is_masked(said: dict[str, Any], shown: str) -> None:
    assert masked(CustomerContact(**said)) == shown


def test_who_never_bought_has_no_contact_to_show() -> None:
    assert masked(None) == "–"


def test_a_new_group_leads_to_its_page_with_what_is_next(people: People) -> None:
    inline = {"members-TOTAL_FORMS": "0", "members-INITIAL_FORMS": "0"}
    answer: Any = signed_in(people.owner).post(ADD, {"name": "Rao family", **inline}, follow=True)
    with cpo_scope(people.here.cpo):
        group = CustomerGroup.objects.get()
    assert answer.redirect_chain == [(page_of(group), 302)]
    text = answer.content.decode()
    assert "Nobody yet: add them with “Add members”, by phone or e-mail." in text
    assert "The members share no balance yet." in text
    add = f"{reverse('admin:charging_balance_add')}?group={group.pk}&amp;name=Rao+family"
    assert f'<a class="text-link" href="{add}">Give the group a balance</a>' in text
    form = signed_in(people.owner).get(add.replace("&amp;", "&")).content.decode()
    assert 'value="Rao family"' in form
    assert f'<option value="{group.pk}" selected>' in form


def test_members_and_balances_are_named_and_linked(people: People) -> None:
    cpo = people.here.cpo
    group = family(cpo, SARAH)
    balance = credit(cpo, "40", name="Family credit", group=group)
    with cpo_scope(cpo):
        sarah = customer(cpo, SARAH)
        CustomerContact.objects.update_or_create(
            customer=sarah, defaults={"name": "Sarah <Rao>", "phone": SARAH, "email": ""}
        )
    member = f'<a class="text-link" href="{reverse("admin:charging_customer_change", args=[sarah.pk])}">{sarah}</a>'
    paid = (
        f'<a class="text-link" href="{reverse("admin:charging_balance_change", args=[balance.pk])}">Family credit</a>'
    )
    text = read(people, group)
    assert (member in text, paid in text, "₹40.00" in text) == (True, True, True)
    assert "Sarah &lt;Rao&gt;, •••• 3210" in text
    assert "Nobody yet" not in text
    looked_at = read(people, group, "analyst")
    assert (member in looked_at, paid in looked_at) == (True, True)
    assert ("Sarah" in looked_at, "3210" in looked_at, "Give the group a balance" in looked_at) == (False, False, False)
