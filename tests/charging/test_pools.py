"""Staff keep balances of energy as they keep money: in kWh on pages and in files, in whole Wh in the API."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.balances import changes as balances
from cpo_portal.charging.balances.files import import_top_ups
from cpo_portal.charging.balances.moves import BalanceRefused, Moved
from cpo_portal.charging.balances.units import from_people, in_sheet, in_words, is_exact
from cpo_portal.charging.models import Balance
from cpo_portal.charging.people.groups import RowsRefused
from cpo_portal.charging.tasks import expire_balances
from tests.charging.asking import post
from tests.prepaid import SARAH, credit, entries, family, figures, pool, subscribe
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("amount", "unit", "words", "sheet"),
    [
        pytest.param("12500", "Wh", "12.5 kWh", "12.500", id="energy"),
        pytest.param("1", "Wh", "0.001 kWh", "0.001", id="a-wh"),
        pytest.param("0", "Wh", "0 kWh", "0.000", id="no-energy"),
        pytest.param("1234567000", "Wh", "1,234,567 kWh", "1234567.000", id="much-energy"),
        pytest.param("100000", "Wh", "100 kWh", "100.000", id="a-hundred"),
        pytest.param("1234567.5", "INR", "₹12,34,567.50", "1234567.50", id="money"),
    ],
)
def test_amounts_are_shown_in_their_unit(amount: str, unit: str, words: str, sheet: str) -> None:
    assert (in_words(Decimal(amount), unit), str(in_sheet(Decimal(amount), unit))) == (words, sheet)
    assert from_people(Decimal(sheet), unit) == Decimal(amount)


@pytest.mark.parametrize(
    ("amount", "unit", "exact"),
    [("1", "Wh", True), ("1.5", "Wh", False), ("1.05", "INR", True), ("1.005", "INR", False)],
)
def test_energy_is_whole_wh(amount: str, unit: str, exact: bool) -> None:
    assert is_exact(Decimal(amount), unit) is exact


def fields_of(answer: Any) -> Any:
    """Return what a refusal says of each field."""
    return answer.json()["error"]["fields"]


BAD = [
    pytest.param("0.5", "Give an energy of whole Wh: at most three decimals of a kWh.", id="half-a-wh"),
    pytest.param("0", "Give an amount above 0 and below 1,000,000 kWh.", id="nothing"),
    pytest.param("1000000000", "Give an amount above 0 and below 1,000,000 kWh.", id="too-much"),
]


@pytest.mark.parametrize(("wh", "sentence"), BAD)
def test_what_is_no_energy_is_refused(world: World, wh: str, sentence: str) -> None:
    balance = pool(world.cpo, "0")
    with cpo_scope(world.cpo), pytest.raises(BalanceRefused) as refused:
        balances.top_up(balance, Moved(Decimal(wh), "x"), now=timezone.now())
    assert str(refused.value) == sentence
    assert (figures(balance), entries(balance)) == ((0, 0), [])


def test_the_database_refuses_parts_of_a_wh_and_a_plan_for_money(world: World) -> None:
    energy, money = pool(world.cpo, "5"), credit(world.cpo, "5")
    for balance, wrong in ((energy, {"amount": Decimal("4.5")}), (money, {"plan": "monthly"})):
        with cpo_scope(world.cpo), transaction.atomic(), pytest.raises(IntegrityError, match="balance_of_"):
            Balance.objects.filter(pk=balance.pk).update(**wrong)
    assert (figures(energy), figures(money)) == ((5, 0), (5, 0))


def test_a_pool_from_opening_to_its_end_by_api(world: World, api: Client) -> None:
    subscribe(world.cpo)
    made = post(api, "balances", {"name": "Plan", "contact": SARAH, "currency": "Wh", "plan": "monthly"}).json()
    assert {key: made[key] for key in ("currency", "plan", "left", "held")} == {
        "currency": "Wh", "plan": "monthly", "left": "0", "held": "0",
    }  # fmt: skip
    at = f"balances/{made['id']}"
    for _ in range(2):
        assert post(api, f"{at}/top-up", {"amount": "12500", "reference": "r-1"}).json()["left"] == "12500"
    assert post(api, f"{at}/pay-back", {"amount": "500", "reference": "b-1"}).json()["left"] == "12000"
    refused = post(api, f"{at}/top-up", {"amount": "0.5", "reference": "r-2"})
    assert fields_of(refused) == {"amount": ["Give an energy of whole Wh: at most three decimals of a kWh."]}
    refused = post(api, f"{at}/pay-back", {"amount": "12001", "reference": "b-2"})
    assert fields_of(refused) == {
        "amount": ["Only 12 kWh of this balance is held by no order: give that much or less."]
    }
    assert post(api, f"{at}/expire", {}).json()["left"] == "0"
    rows = api.get(f"/api/{at}/entries").json()["results"]
    assert [(row["kind"], row["amount"]) for row in rows] == [
        ("EXPIRE", "12000"), ("REFUND", "500"), ("TOP_UP", "12500"),
    ]  # fmt: skip


MONEY = "Only energy is for one subscription: leave it empty for money."
UNKNOWN = "You have no subscription with this tariff id: author its tariff first, or leave it empty for any."
LETTERS = "Use letters, digits, dots, colons, underscores and hyphens, a letter or digit first."
REFUSED = [
    pytest.param({"plan": "monthly"}, "plan", MONEY, id="money-for-a-plan"),
    pytest.param({"currency": "Wh", "plan": "a b"}, "plan", LETTERS, id="no-tariff-id"),
    pytest.param({"currency": "Wh", "plan": "yearly"}, "plan", UNKNOWN, id="no-tariff"),
    pytest.param({"currency": "Wh", "plan": "standard"}, "plan", UNKNOWN, id="no-subscription"),
    pytest.param({"currency": "Wh", "plan": "theirs"}, "plan", UNKNOWN, id="another-cpos-subscription"),
    pytest.param(
        {"currency": "USD"},
        "currency",
        "There is no “USD” here: use Wh for energy, or leave it out for money.",
        id="another-currency",
    ),
]


@pytest.mark.parametrize(("body", "field", "sentence"), REFUSED)
def test_a_pool_that_cannot_be_is_refused_at_the_field(
    world: World,
    api: Client,
    body: dict[str, Any],
    field: str,
    sentence: str,
) -> None:
    subscribe(make_world("there.example", item_id="pe-charging-01").cpo, "theirs")
    answer = post(api, "balances", {"name": "Plan", "contact": SARAH} | body)
    assert (answer.status_code, fields_of(answer)) == (400, {field: [sentence]})
    with cpo_scope(world.cpo):
        assert Balance.objects.count() == 0


def test_the_page_makes_a_pool_and_its_buttons_move_kwh(world: World, owner: Client) -> None:
    subscribe(world.cpo)
    form = {"name": "Plan", "contact": SARAH, "of": "Wh", "plan": "monthly"}
    assert owner.post("/admin/charging/balance/add/", form).status_code == 302
    with cpo_scope(world.cpo):
        balance = Balance.objects.get()
    assert (balance.currency, balance.plan) == ("Wh", "monthly")
    moved = {"amount": "12.5", "reference": "r-1", "_form_submitted": "on"}
    at = f"/admin/charging/balance/{balance.pk}"
    assert "12.5 kWh was added." in owner.post(f"{at}/top_up/", moved, follow=True).content.decode()
    assert (
        "2 kWh was taken off." in owner.post(f"{at}/pay_back/", moved | {"amount": "2"}, follow=True).content.decode()
    )
    assert figures(balance) == (10_500, 0)
    page = owner.get(f"{at}/change/").content.decode()
    assert "10.5 kWh" in page
    assert 'value="monthly"' in page
    ended = owner.post(f"{at}/expire/", {"note": "over", "_form_submitted": "on"}, follow=True).content.decode()
    assert "The balance has ended; 10.5 kWh was taken off." in ended
    assert figures(balance) == (0, 0)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        pytest.param({"of": "money", "plan": "monthly"}, MONEY, id="money"),
        pytest.param({"plan": "monthly"}, MONEY, id="money-unsaid"),
        pytest.param({"of": "Wh", "plan": "yearly"}, UNKNOWN, id="no-tariff"),
    ],
)
def test_the_page_refuses_a_plan_at_its_field(world: World, owner: Client, said: dict[str, str], sentence: str) -> None:
    subscribe(world.cpo)
    answer = owner.post("/admin/charging/balance/add/", {"name": "Credit", "contact": SARAH} | said)
    assert answer.context["adminform"].form.errors == {"plan": [sentence]}
    with cpo_scope(world.cpo):
        assert Balance.objects.count() == 0


def test_a_pool_may_be_given_another_plan_that_there_is(world: World, owner: Client) -> None:
    subscribe(world.cpo)
    balance = pool(world.cpo, "500", plan="gone")
    at = f"/admin/charging/balance/{balance.pk}/change/"
    shown = {"initial-name": balance.name, "initial-plan": "gone", "initial-valid_days": "", "name": balance.name}
    for plan, kept in (("gone", "gone"), ("yearly", "gone"), ("monthly", "monthly"), ("", "")):
        owner.post(at, shown | {"initial-plan": "gone", "plan": plan})
        with cpo_scope(world.cpo):
            assert Balance.objects.get().plan == kept


def test_pages_of_customers_and_groups_show_kwh(world: World, owner: Client) -> None:
    own = pool(world.cpo, "2500")
    group = family(world.cpo, SARAH)
    pool(world.cpo, "7001", customer=None, group=group)
    assert "2.5 kWh" in owner.get(f"/admin/charging/customer/{own.customer_id}/change/").content.decode()
    assert "7.001 kWh" in owner.get(f"/admin/charging/customergroup/{group.pk}/change/").content.decode()
    assert "Monthly plan: 7.001 kWh" in owner.get("/admin/charging/customergroup/").content.decode()


def test_an_export_is_in_kwh(world: World, owner: Client) -> None:
    pool(world.cpo, "2500", plan="monthly", customer=None, group=family(world.cpo, SARAH))
    row = owner.get("/admin/charging/balance/export/").content.decode("utf-8-sig").splitlines()[1].split(",")
    assert row[1:8] == ["Monthly plan", "", "Rao family", "2.500", "0.000", "kWh", "monthly"]
    entry = owner.get("/admin/charging/balanceentry/export/").content.decode("utf-8-sig").splitlines()[1].split(",")
    assert entry[4:7] == ["Topped up", "2.500", "kWh"]


def test_a_file_tops_up_kwh_and_money_alike(world: World) -> None:
    energy, money = pool(world.cpo, "0"), credit(world.cpo, "0")
    text = f"phone,name,amount,reference\n{SARAH},Monthly plan,12.5,r-1\n{SARAH},Prepaid credit,12.5,r-1"
    for _ in range(2):
        import_top_ups(world.cpo, text.encode(), dry_run=False, now=timezone.now())
    assert (figures(energy), figures(money)) == ((12_500, 0), (Decimal("12.5"), 0))
    fine = f"phone,name,amount,reference\n{SARAH},Monthly plan,0.0005,r-2"
    with pytest.raises(RowsRefused) as refused:
        import_top_ups(world.cpo, fine.encode(), dry_run=False, now=timezone.now())
    assert [str(fault) for fault in refused.value.faults] == [
        "Row 2, amount: Give an energy of whole Wh: at most three decimals of a kWh."
    ]
    assert figures(energy) == (12_500, 0)


def test_a_pool_expires_by_itself(world: World) -> None:
    balance = pool(world.cpo, "2500")
    with cpo_scope(world.cpo):
        Balance.objects.filter(pk=balance.pk).update(expires_at=timezone.now())
    assert [expire_balances(), expire_balances()] == [1, 0]
    assert (figures(balance), entries(balance)) == ((0, 0), [("TOP_UP", "2500.00"), ("EXPIRE", "2500.00")])
