"""Balances by API and on their pages: made, moved, shown and exported."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.balances import changes as balances
from cpo_portal.charging.balances import moves as balance_moves
from cpo_portal.charging.models import Balance, BalanceEntry, Customer
from tests.charging.asking import post
from tests.prepaid import SARAH, credit, family, figures
from tests.world import World

pytestmark = pytest.mark.django_db


def test_a_balance_from_opening_to_its_end_by_api(world: World, api: Client) -> None:
    made = post(api, "balances", {"name": "Prepaid credit", "contact": SARAH}).json()
    assert {key: made[key] for key in ("currency", "left", "held", "group", "expires_at")} == {
        "currency": "INR", "left": "0.00", "held": "0.00", "group": None, "expires_at": None,
    }  # fmt: skip
    at = f"balances/{made['id']}"
    for _ in range(2):
        assert post(api, f"{at}/top-up", {"amount": "499.50", "reference": "r-1"}).json()["left"] == "499.50"
    assert post(api, f"{at}/pay-back", {"amount": "99.50", "reference": "b-1"}).json()["left"] == "400.00"
    assert post(api, f"{at}/expire", {"note": "moved away"}).json()["left"] == "0.00"
    rows = api.get(f"/api/{at}/entries").json()["results"]
    assert [(row["kind"], row["amount"], row["reference"]) for row in rows][1:] == [
        ("REFUND", "99.50", "b-1"), ("TOP_UP", "499.50", "r-1"),
    ]  # fmt: skip
    assert rows[0]["kind"] == "EXPIRE"
    assert rows[0]["note"].startswith("moved away (API token ")


REFUSED = [
    pytest.param({"name": "x"}, "contact", "Give the driver's phone or e-mail, or a group, and not both.", id="nobody"),
    pytest.param(
        {"name": "x", "contact": "12"},
        "contact",
        "Give a phone number such as +919876543210, or an e-mail address.",
        id="no-phone",
    ),
    pytest.param(
        {"name": "x", "contact": SARAH, "valid_days": 0},
        "valid_days",
        "Ensure this value is greater than or equal to 1.",
        id="no-day",
    ),
]


@pytest.mark.parametrize(("body", "field", "sentence"), REFUSED)
def test_a_balance_that_cannot_be_is_refused_at_the_field(
    world: World, api: Client, body: dict[str, Any], field: str, sentence: str
) -> None:
    answer = post(api, "balances", body)
    assert (answer.status_code, answer.json()["error"]["fields"]) == (400, {field: [sentence]})
    with cpo_scope(world.cpo):
        assert (Balance.objects.count(), Customer.objects.count()) == (0, 0)


def test_a_used_reference_is_refused_at_its_field(world: World, api: Client) -> None:
    balance = credit(world.cpo, "100")
    answer = post(api, f"balances/{balance.pk}/top-up", {"amount": "7", "reference": "first"})
    sentence = "The reference first was used for ₹100.00; give this one a reference of its own."
    assert (answer.status_code, answer.json()["error"]["fields"]) == (400, {"reference": [sentence]})


def test_the_page_makes_a_balance_and_its_buttons_move_it(world: World, owner: Client) -> None:
    assert owner.post("/admin/charging/balance/add/", {"name": "Credit", "contact": SARAH}).status_code == 302
    with cpo_scope(world.cpo):
        balance = Balance.objects.get()
    moved = {"amount": "12.5", "reference": "r-1", "note": "cash", "_form_submitted": "on"}
    at = f"/admin/charging/balance/{balance.pk}"
    assert owner.post(f"{at}/top_up/", moved).status_code == 302
    assert owner.post(f"{at}/pay_back/", moved | {"amount": "2.5"}).status_code == 302
    assert figures(balance) == (10, 0)
    assert "₹10.00" in owner.get(f"{at}/change/").content.decode()
    refused = owner.post(f"{at}/pay_back/", moved | {"amount": "20", "reference": "r-2"}).content.decode()
    assert "Only ₹10.00 of this balance is held by no order: give that much or less." in refused
    assert 'value="r-2"' in refused
    assert owner.post(f"{at}/expire/", {"note": "over", "_form_submitted": "on"}).status_code == 302
    assert figures(balance) == (0, 0)
    with cpo_scope(world.cpo):
        assert BalanceEntry.objects.filter(by__email__startswith="owner", note="cash").count() == 2


@pytest.mark.parametrize(("button", "did"), [("top_up", "added"), ("pay_back", "taken off")])
def test_a_reference_that_was_written_before_is_said_to_move_nothing(
    world: World, owner: Client, button: str, did: str
) -> None:
    balance = credit(world.cpo, "100")
    form = {"amount": "40", "reference": "r-1", "_form_submitted": "on"}
    at = f"/admin/charging/balance/{balance.pk}/{button}/"
    assert f"₹40.00 was {did}." in owner.post(at, form, follow=True).content.decode()
    then = figures(balance)
    said = owner.post(at, form, follow=True).content.decode()
    assert f"Nothing was {did}: r-1 had been written before, ₹40.00 on" in said
    assert f"₹40.00 was {did}." not in said
    assert figures(balance) == then


def test_the_entries_show_no_reference_that_only_the_portal_needs(world: World, owner: Client) -> None:
    balance = credit(world.cpo, "100")
    owner.post(f"/admin/charging/balance/{balance.pk}/expire/", {"note": "over", "_form_submitted": "on"})
    with cpo_scope(world.cpo):
        own = BalanceEntry.objects.get(kind="EXPIRE").reference
    for page in (f"balance/{balance.pk}/change/", "balanceentry/"):
        text = owner.get(f"/admin/charging/{page}").content.decode()
        assert "first" in text
        assert own not in text


def test_saving_the_page_leaves_the_figures_to_the_orders(world: World, owner: Client) -> None:
    balance = credit(world.cpo, "100")
    form = {"name": "Renamed", "expires_at": "", "valid_days": "30"}
    with CaptureQueriesContext(connection) as queries:
        assert owner.post(f"/admin/charging/balance/{balance.pk}/change/", form).status_code == 302
    [written] = [x["sql"] for x in queries if x["sql"].startswith('UPDATE "charging_balance"')]
    assert 'SET "name" = \'Renamed\', "valid_days" = 30 WHERE' in written
    assert figures(balance) == (100, 0)


def test_saving_the_page_leaves_a_later_date_to_the_top_up_that_came_in_between(world: World, owner: Client) -> None:
    soon = timezone.now().replace(microsecond=0) + timedelta(days=1)
    balance = credit(world.cpo, "0", valid_days=30, expires_at=soon)
    at = f"/admin/charging/balance/{balance.pk}/change/"
    shown = dict(re.findall(r'<input[^>]*? name="([\w-]+)"(?=[^>]*? value="([^"]*)")', owner.get(at).content.decode()))
    sent = {name: value for name, value in shown.items() if name.removeprefix("initial-").startswith(EDITED)}
    with cpo_scope(world.cpo):
        balances.top_up(balance, balance_moves.Moved(Decimal(5), "r-1"), now=timezone.now())
        extended = Balance.objects.get().expires_at
    assert extended is not None
    assert extended > soon
    assert owner.post(at, sent | {"name": "Renamed"}).status_code == 302
    with cpo_scope(world.cpo):
        assert (Balance.objects.get().name, Balance.objects.get().expires_at) == ("Renamed", extended)
    with CaptureQueriesContext(connection) as queries:
        assert owner.post(at, sent | {"name": "Renamed", "initial-name": "Renamed"}).status_code == 302
    assert [x["sql"] for x in queries if x["sql"].startswith('UPDATE "charging_balance"')] == []


EDITED = ("name", "expires_at", "valid_days")


def test_the_customers_page_leads_to_their_groups_and_balances(world: World, owner: Client) -> None:
    own, group = credit(world.cpo, "100"), family(world.cpo, SARAH)
    shared = credit(world.cpo, "40", name="Shared", customer=None, group=group)
    text = owner.get(f"/admin/charging/customer/{own.customer_id}/change/").content.decode()
    for page in (f"balance/{own.pk}", f"balance/{shared.pk}", f"customergroup/{group.pk}"):
        assert f'href="/admin/charging/{page}/change/"' in text
    assert "₹40.00" in text


def test_a_balance_expires_by_the_clock_of_the_cpo(world: World, owner: Client) -> None:
    balance = credit(world.cpo, "100")
    address = f"/admin/charging/balance/{balance.pk}/change/"
    form = {"name": "Credit", "expires_at": "2031-03-01T18:30", "valid_days": ""}
    assert owner.post(address, form).status_code == 302
    with cpo_scope(world.cpo):
        assert Balance.objects.get().expires_at == datetime(2031, 3, 1, 13, 0, tzinfo=UTC)
    text = owner.get(address).content.decode()
    assert 'type="datetime-local" name="expires_at" value="2031-03-01T18:30"' in text


BAD_FORMS = [
    pytest.param({"contact": ""}, "Give the driver’s phone", id="nobody"),
    pytest.param({"contact": "12"}, "Give a phone number such as", id="no-phone"),
]


@pytest.mark.parametrize(("wrong", "sentence"), BAD_FORMS)
def test_the_page_refuses_at_the_field(world: World, owner: Client, wrong: dict[str, str], sentence: str) -> None:
    form = {"name": "Credit", "contact": SARAH} | wrong
    answer = owner.post("/admin/charging/balance/add/", form)
    assert answer.status_code == 200
    assert sentence.replace("’", "&#x27;") in answer.content.decode()
    with cpo_scope(world.cpo):
        assert Balance.objects.count() == 0


def test_an_export_says_whose_it_is_and_what_is_left(world: World, owner: Client) -> None:
    credit(world.cpo, "15", name="=Credit", customer=None, group=family(world.cpo, SARAH))
    text = owner.get("/admin/charging/balance/export/").content.decode("utf-8-sig")
    assert text.splitlines()[1].split(",")[1:8] == ["'=Credit", "", "Rao family", "15.00", "0.00", "INR", ""]
    entry = owner.get("/admin/charging/balanceentry/export/").content.decode("utf-8-sig").splitlines()[1].split(",")
    assert (entry[2], entry[4:]) == ("'=Credit", ["Topped up", "15.00", "INR", "first", "", "", ""])
