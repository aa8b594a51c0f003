"""Who is named by an e-mail address is the driver whose app gives it beside a phone number, before or after."""

from __future__ import annotations

import pytest
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.balances.files import import_top_ups
from cpo_portal.charging.imports.jobs import Author, import_customers
from cpo_portal.charging.models import Customer, CustomerRecord
from cpo_portal.charging.people.customers import find_or_make_customer
from cpo_portal.charging.people.groups import customer_by_contact
from tests.prepaid import credit, figures
from tests.world import World

pytestmark = pytest.mark.django_db

ASHA = {"phone": "+919876543210", "email": "Asha@example.com"}
TIERS = b"email,tier\nasha@example.com,GOLD\n"


def buys(world: World, billing: dict[str, str]) -> Customer:
    found = find_or_make_customer(world.cpo, billing=billing, contact={})
    assert found is not None
    return found


def test_a_driver_who_comes_later_with_a_number_is_who_staff_named(world: World) -> None:
    named = customer_by_contact(world.cpo, "asha@example.com")
    assert buys(world, ASHA) == named
    # From now on by the number alone as well.
    assert buys(world, {"phone": "98765 43210"}) == named


def test_a_driver_known_by_a_number_is_found_by_the_address_that_their_app_gave(world: World) -> None:
    driver = buys(world, ASHA)
    assert customer_by_contact(world.cpo, " asha@EXAMPLE.com") == driver
    report = import_customers(world.cpo, TIERS, dry_run=False, author=Author())
    assert (report.made, report.changed, report.faults.count) == (0, 1, 0)
    with cpo_scope(world.cpo):
        assert CustomerRecord.objects.get().customer == driver


def test_an_address_of_two_drivers_names_neither(world: World) -> None:
    drivers = {buys(world, ASHA), buys(world, ASHA | {"phone": "+919876543211"})}
    assert len(drivers) == 2
    assert customer_by_contact(world.cpo, "asha@example.com") not in drivers
    assert buys(world, ASHA) in drivers


def test_an_import_that_gives_a_number_too_goes_by_the_number(world: World) -> None:
    buys(world, ASHA)
    rows = b"phone,email,tier\n+919876543211,asha@example.com,GOLD\n"
    report = import_customers(world.cpo, rows, dry_run=True, author=Author())
    assert (report.made, report.changed, report.faults.count) == (1, 0, 0)


def test_a_top_up_by_the_address_reaches_the_drivers_balance(world: World) -> None:
    driver = buys(world, ASHA)
    balance = credit(world.cpo, "0", customer=driver)
    rows = b"email,amount,reference\nasha@example.com,250,R-1\n"
    import_top_ups(world.cpo, rows, dry_run=False, now=timezone.now())
    assert figures(balance) == (250, 0)
