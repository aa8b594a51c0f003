"""A balance never falls below zero, counts each reference once, expires by itself, and is its entries."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import InternalError
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.balances import changes as balances
from cpo_portal.charging.balances.moves import BalanceRefused, Moved
from cpo_portal.charging.models import Balance
from tests.prepaid import credit, entries, figures
from tests.processes import run_at_once
from tests.world import World, make_world

pytestmark = pytest.mark.django_db

SEEDS = [*range(2), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 20))]


def test_a_top_up_counts_once_per_reference(world: World) -> None:
    balance = credit(world.cpo, "100")
    with cpo_scope(world.cpo):
        first = balances.top_up(balance, Moved(Decimal(50), "receipt-7"), now=timezone.now())
        assert balances.top_up(balance, Moved(Decimal(50), "receipt-7"), now=timezone.now()) == first
        with pytest.raises(BalanceRefused, match=r"receipt-7 was used for ₹50\.00"):
            balances.top_up(balance, Moved(Decimal(60), "receipt-7"), now=timezone.now())
    assert figures(balance) == (Decimal(150), 0)
    assert entries(balance) == [("TOP_UP", "100.00"), ("TOP_UP", "50.00")]


BAD = [
    pytest.param("0", "Give an amount above 0", id="nothing"),
    pytest.param("-5", "Give an amount above 0", id="negative"),
    pytest.param("1000000000", "below 1,000,000,000", id="too-much"),
    pytest.param("1.005", "Give an amount with at most 2 decimals.", id="half-a-paisa"),
]


@pytest.mark.parametrize(("amount", "sentence"), BAD)
def test_what_is_no_amount_is_refused(world: World, amount: str, sentence: str) -> None:
    balance = credit(world.cpo, "0")
    with cpo_scope(world.cpo), pytest.raises(BalanceRefused, match=sentence):
        balances.top_up(balance, Moved(Decimal(amount), "x"), now=timezone.now())
    assert (figures(balance), entries(balance)) == ((0, 0), [])


def test_a_balance_stays_below_a_billion(world: World) -> None:
    balance = credit(world.cpo, "600000000")
    with cpo_scope(world.cpo), pytest.raises(BalanceRefused, match="A balance stays below 1,000,000,000: add less"):
        balances.top_up(balance, Moved(Decimal(400_000_000), "x"), now=timezone.now())
    assert figures(balance) == (Decimal(600_000_000), 0)
    with cpo_scope(world.cpo):
        balances.top_up(balance, Moved(Decimal("399999999.99"), "x"), now=timezone.now())
    assert figures(balance) == (Decimal("999999999.99"), 0)


PAID_BACK = [
    pytest.param("99.99", Decimal("0.01"), id="a-paisa-less"),
    pytest.param("100.00", Decimal(0), id="all"),
]


@pytest.mark.parametrize(("amount", "left"), PAID_BACK)
def test_what_is_left_is_paid_back(world: World, amount: str, left: Decimal) -> None:
    balance = credit(world.cpo, "100")
    with cpo_scope(world.cpo):
        balances.pay_back(balance, Moved(Decimal(amount), "bank-1"))
    assert figures(balance) == (left, 0)


def test_more_than_is_left_is_not_paid_back(world: World) -> None:
    balance = credit(world.cpo, "100")
    with (
        cpo_scope(world.cpo),
        pytest.raises(BalanceRefused, match=r"Only ₹100\.00 of this balance is held by no"),
    ):
        balances.pay_back(balance, Moved(Decimal("100.01"), "bank-1"))
    assert figures(balance) == (Decimal(100), 0)
    assert entries(balance) == [("TOP_UP", "100.00")]


def test_what_is_left_expires_once(world: World) -> None:
    now = timezone.now()
    over = credit(world.cpo, "100")
    alive = credit(world.cpo, "40", expires_at=now + timedelta(hours=1))
    with cpo_scope(world.cpo):
        Balance.objects.filter(pk=over.pk).update(expires_at=now - timedelta(seconds=1))
    with every_cpo():
        assert [balances.expire_due(now=now) for _ in range(2)] == [1, 0]
    assert figures(over) == (0, 0)
    assert entries(over) == [("TOP_UP", "100.00"), ("EXPIRE", "100.00")]
    assert figures(alive) == (Decimal(40), 0)


def test_a_balance_of_30_days_lives_30_days_from_each_top_up(world: World) -> None:
    now = timezone.now()
    balance = credit(world.cpo, "0", valid_days=30)
    with cpo_scope(world.cpo):
        balances.top_up(balance, Moved(Decimal(100), "june"), now=now)
        balances.top_up(balance, Moved(Decimal(50), "july"), now=now + timedelta(days=29))
        balance.refresh_from_db()
        assert balance.expires_at == now + timedelta(days=59)
        balances.top_up(balance, Moved(Decimal(70), "september"), now=now + timedelta(days=60))
        balance.refresh_from_db()
    assert balance.expires_at == now + timedelta(days=90)
    assert entries(balance) == [("TOP_UP", "100.00"), ("TOP_UP", "50.00"), ("EXPIRE", "150.00"), ("TOP_UP", "70.00")]
    assert figures(balance) == (Decimal(70), 0)


def test_an_expired_balance_takes_no_top_up(world: World) -> None:
    now = timezone.now()
    balance = credit(world.cpo, "100", expires_at=now + timedelta(days=1))
    with cpo_scope(world.cpo), pytest.raises(BalanceRefused, match="This balance has expired"):
        balances.top_up(balance, Moved(Decimal(5), "late"), now=now + timedelta(days=1))
    assert figures(balance) == (Decimal(100), 0)


def test_staff_end_a_balance_early_and_only_once(world: World) -> None:
    now = timezone.now()
    balance = credit(world.cpo, "100")
    with cpo_scope(world.cpo):
        assert balances.expire(balance, now=now, note="Moved away") == Decimal(100)
        assert balances.expire(balance, now=now + timedelta(minutes=1)) == 0
        balance.refresh_from_db()
    assert balance.expires_at == now
    assert entries(balance) == [("TOP_UP", "100.00"), ("EXPIRE", "100.00")]


REFUSED = [
    pytest.param("UPDATE charging_balance SET amount = -1", "balance_never_below_zero", id="below-zero"),
    pytest.param("UPDATE charging_balance SET held = -1", "balance_held_never_below_zero", id="held-below-zero"),
    pytest.param("UPDATE charging_balance SET customer_id = NULL", "balance_of_customer_or_group", id="of-nobody"),
    pytest.param("UPDATE charging_balanceentry SET amount = 1", "its rows are history", id="history"),
    pytest.param("DELETE FROM charging_balanceentry", "its rows are history", id="history-delete"),
]


@pytest.mark.parametrize(("statement", "words"), REFUSED)
def test_the_database_refuses_it_too(world: World, statement: str, words: str) -> None:
    balance = credit(world.cpo, "100")
    refused = pytest.raises((IntegrityError, InternalError), match=words)
    with every_cpo(), refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
    assert figures(balance) == (Decimal(100), 0)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", SEEDS)
def test_eight_at_once_take_a_hundred_and_not_more(seed: int) -> None:
    world = make_world()
    balance = credit(world.cpo, "100")

    def take(number: int) -> str:
        with cpo_scope(world.cpo):
            try:
                return f"{balances.pay_back(balance, Moved(Decimal(30), f'bank-{number}')).amount:.2f}"
            except BalanceRefused:
                return "refused"

    assert sorted(run_at_once(8, take)) == ["30.00"] * 3 + ["refused"] * 5
    assert figures(balance) == (Decimal(10), 0)


@pytest.mark.django_db(transaction=True)
def test_the_same_top_up_sent_eight_times_at_once_counts_once() -> None:
    world = make_world()
    balance = credit(world.cpo, "0")

    def add(number: int) -> int:
        with cpo_scope(world.cpo):
            return balances.top_up(balance, Moved(Decimal(30), "receipt-7"), now=timezone.now()).pk

    assert len(set(run_at_once(8, add))) == 1
    assert figures(balance) == (Decimal(30), 0)
