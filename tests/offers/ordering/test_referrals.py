"""A referral rewards both sides once: after the new customer's first billed session, never oneself, never twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from cpo_portal.accounts.models import Role, TokenScope
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Balance, BalanceEntry, ChargingSession, Customer, Order, OrderEvent
from cpo_portal.network.models import Connector
from offers.models import CodeGuess, OfferPolicy, Quote, Referral
from offers.ordering.adjusting import Said
from offers.ordering.cancel import CancelledBy, cancel
from offers.ordering.place import Placing, place
from offers.ordering.refund import refund_bill
from offers.quoting import Buyer
from offers.reconcile import compare_with_ledger
from offers.referrals import rewarding
from offers.referrals.codes import code_of
from offers.referrals.rewarding import reward_due
from offers.refusals import Refusal
from offers.tasks import settle_stopped
from tests.offers.ordering.sale import Sale
from tests.people import api_client, make_member, signed_in
from tests.prepaid import customer
from tests.processes import run_at_once
from tests.world import World, ask_for, make_world

pytestmark = pytest.mark.django_db(transaction=True)

RAVI = "+91 90000 00001"
PAST = timedelta(seconds=-1)
SEEDS = [*range(2), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 20))]


@pytest.fixture
def sale(sale: Sale) -> Sale:
    """A sale to Sarah at a CPO that gives who refers ₹100 and the friend ₹50."""
    with cpo_scope(sale.world.cpo):
        OfferPolicy.objects.create(cpo=sale.world.cpo, referrer_reward=100, friend_reward=50)
    return sale


def code(sale: Sale, phone: str = RAVI) -> str:
    with cpo_scope(sale.world.cpo):
        return code_of(customer(sale.world.cpo, phone)).code


def policy(sale: Sale, **changes: Any) -> None:
    with cpo_scope(sale.world.cpo):
        OfferPolicy.objects.update(**changes)


def come(sale: Sale, *codes: str, **changes: Any) -> None:
    sale.init(ask_for(codes=codes), **changes)


def charge(sale: Sale, wh: int = 5000) -> None:
    sale.pay()
    sale.start(sale.confirm())
    sale.charge(wh)
    assert settle_stopped() > 0


def credited(sale: Sale) -> dict[str, str]:
    """Return what was credited, by whose it is."""
    with cpo_scope(sale.world.cpo):
        names = {customer(sale.world.cpo, RAVI).pk: "Ravi", customer(sale.world.cpo).pk: "Sarah"}
        rows = BalanceEntry.objects.filter(kind="CREDIT").select_related("balance")
        found: Counter[str] = Counter()
        for row in rows:
            found[names.get(row.balance.customer_id, "another")] += row.amount  # type: ignore[assignment,arg-type]
        return {name: f"{amount:.2f}" for name, amount in found.items()}


def referrals(sale: Sale) -> list[str]:
    with cpo_scope(sale.world.cpo):
        return list(Referral.objects.order_by("pk").values_list("state", flat=True))


def test_the_first_billed_session_rewards_both_and_the_second_nobody(sale: Sale) -> None:
    come(sale, code(sale))
    assert referrals(sale) == ["WAITING"]
    charge(sale)
    assert credited(sale) == {}
    assert reward_due() == 1
    assert credited(sale) == {"Ravi": "100.00", "Sarah": "50.00"}
    with cpo_scope(sale.world.cpo):
        assert OrderEvent.objects.get(kind="REFERRED").detail == {
            "code": code(sale), "amount": "50", "referrer": "100",
        }  # fmt: skip
        assert set(Balance.objects.values_list("name", "expires_at")) == {("Referral reward", None)}
    assert (reward_due(), referrals(sale)) == (0, ["REWARDED"])
    again = Sale(sale.world, sale.secret, sale.gateway)
    again.init(transaction_id="t-2")  # what it earned pays the next session
    with cpo_scope(sale.world.cpo):
        assert f"{Order.objects.get(transaction_id='t-2').payments.get().amount:.2f}" == "41.45"
    assert reward_due() == 0
    assert compare_with_ledger().drifting == 0


@pytest.mark.parametrize("how", ["as-a-code", "as-a-bare-id", "in-small-letters"])
def test_the_code_may_be_sent_in_any_of_the_ways_of_codes_and_is_no_guess(sale: Sale, how: str) -> None:
    word = code(sale)
    asks = {
        "as-a-code": ask_for(codes=(word,)),
        "as-a-bare-id": ask_for(opted_in=(word,)),
        "in-small-letters": ask_for(codes=(word.lower(),)),
    }
    placed = sale.init(asks[how])
    assert f"{placed.quote.total:.2f}" == "91.45"  # the price is what it is
    assert referrals(sale) == ["WAITING"]
    assert not CodeGuess.objects.exists()


def refused(sale: Sale, *codes: str) -> str:
    with pytest.raises(Refusal) as said:
        come(sale, *codes)
    return said.value.message


def test_nobody_refers_themselves(sale: Sale) -> None:
    own = code(sale, "+91-9876543210")
    assert refused(sale, own) == f"The referral code {own} is the driver's own, for others to use; leave it out."
    assert referrals(sale) == []


def test_who_has_charged_here_is_no_new_customer(sale: Sale) -> None:
    sale.init()
    charge(sale)
    word = code(sale)
    sale.order = None
    with pytest.raises(Refusal, match="is for new customers; leave it out"):
        come(sale, word, transaction_id="t-2")
    assert referrals(sale) == []


def test_an_unknown_word_is_still_refused(sale: Sale) -> None:
    assert refused(sale, "NOSUCHCODE") == "The code NOSUCHCODE belongs to no offer here; leave it out."
    assert referrals(sale) == []


def test_two_codes_are_one_too_many(sale: Sale) -> None:
    assert refused(sale, code(sale), code(sale, "+91 90000 00002")) == "Two referral codes were sent; send one."
    assert referrals(sale) == []


def test_without_a_programme_a_code_earns_nothing(sale: Sale) -> None:
    policy(sale, referrer_reward=None, friend_reward=None)
    word = code(sale)
    assert refused(sale, word) == f"The referral code {word} earns nothing any more; leave it out."
    assert referrals(sale) == []


def test_a_driver_whom_nobody_knows_is_asked_for_a_contact(sale: Sale) -> None:
    word = code(sale)
    with cpo_scope(sale.world.cpo), transaction.atomic():
        connector = Connector.objects.select_related("cpo", "charger__location").get()
        placing = Placing(Buyer("bap.example", "t-9"), connector, ask_for(codes=(word,)))
        with pytest.raises(Refusal, match="needs to know the driver; send a phone number or an e-mail"):
            place(placing, now=timezone.now())
    assert referrals(sale) == []


def test_a_test_order_refers_nobody(sale: Sale) -> None:
    word = code(sale)
    with cpo_scope(sale.world.cpo), transaction.atomic():
        connector = Connector.objects.select_related("cpo", "charger__location").get()
        buyer = Buyer("bap.example", "t-9", sandbox=True)
        place(
            Placing(buyer, connector, ask_for(codes=(word,)), billing={"phone": "+91 9876543210"}), now=timezone.now()
        )
    assert referrals(sale) == []


def test_the_promise_outlives_a_cancelled_order_and_a_change_of_the_rewards(sale: Sale) -> None:
    come(sale, code(sale))
    with cpo_scope(sale.world.cpo), transaction.atomic():
        cancel(sale.fresh(), by=CancelledBy.CONSUMER, reason="later", now=timezone.now())
    policy(sale, referrer_reward=1, friend_reward=1)
    sale.init(transaction_id="t-2")
    charge(sale)
    assert reward_due() == 1
    assert credited(sale) == {"Ravi": "100.00", "Sarah": "50.00"}


def test_the_last_code_before_the_first_session_counts(sale: Sale) -> None:
    come(sale, code(sale, "+91 90000 00002"))
    come(sale, code(sale))
    charge(sale)
    assert reward_due() == 1
    assert credited(sale) == {"Ravi": "100.00", "Sarah": "50.00"}


NOTHING_EARNED = [pytest.param(0, 0, id="no-energy"), pytest.param(5000, 91, id="91-days-later")]


@pytest.mark.parametrize(("wh", "days"), NOTHING_EARNED)
def test_a_session_without_energy_or_too_late_earns_nothing(sale: Sale, wh: int, days: int) -> None:
    come(sale, code(sale))
    with cpo_scope(sale.world.cpo):
        Referral.objects.update(expires_at=Referral.objects.get().expires_at - timedelta(days=days))
    charge(sale, wh)
    assert reward_due() == 0
    assert credited(sale) == {}


def test_who_asked_to_be_forgotten_is_credited_nothing_and_the_friend_is(sale: Sale) -> None:
    come(sale, code(sale))
    charge(sale)
    with cpo_scope(sale.world.cpo):
        Customer.objects.filter(pk=customer(sale.world.cpo, RAVI).pk).update(forgotten_at=timezone.now())
    assert reward_due() == 1
    assert credited(sale) == {"Sarah": "50.00"}


def refund(sale: Sale) -> str:
    with cpo_scope(sale.world.cpo):
        return f"{refund_bill(sale.fresh(), Said('case 8', 'It hummed'), now=timezone.now()).amount:.2f}"


def waiting_for(sale: Sale) -> tuple[str, bool, bool]:
    """Return the referral's state, and whether a session has earned it and it is due."""
    with cpo_scope(sale.world.cpo):
        row = Referral.objects.get()
        return row.state, row.earned_by_id is not None, row.due_at is not None


@pytest.mark.parametrize("sent_again", [False, True], ids=["without-the-code", "with-the-code-again"])
def test_a_refunded_bill_earns_nothing_and_the_next_one_does(sale: Sale, sent_again: bool) -> None:
    come(sale, code(sale))
    charge(sale)
    assert waiting_for(sale) == ("WAITING", True, True)
    refund(sale)
    assert (reward_due(), credited(sale), waiting_for(sale)) == (0, {}, ("WAITING", False, False))
    with cpo_scope(sale.world.cpo):
        ChargingSession.objects.update(session_id="s-0")
    again = Sale(sale.world, sale.secret, sale.gateway)
    come(again, *([code(sale)] if sent_again else []), transaction_id="t-2")
    charge(again)
    assert (reward_due(), credited(sale)) == (1, {"Ravi": "100.00", "Sarah": "50.00"})


def test_what_was_rewarded_before_the_refund_stays(sale: Sale) -> None:
    come(sale, code(sale))
    charge(sale)
    assert reward_due() == 1
    refund(sale)
    assert (reward_due(), waiting_for(sale)) == (0, ("REWARDED", True, True))
    assert credited(sale) == {"Ravi": "100.00", "Sarah": "50.00"}


def test_a_reward_that_was_due_when_its_bill_had_been_refunded_waits_again(sale: Sale) -> None:
    come(sale, code(sale))
    charge(sale)
    refund(sale)
    with cpo_scope(sale.world.cpo):
        Referral.objects.update(earned_by=sale.fresh(), due_at=timezone.now())  # as it was left before
    assert (reward_due(), credited(sale), waiting_for(sale)) == (0, {}, ("WAITING", False, False))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_bill_that_is_refunded_while_it_is_rewarded_does_one_or_the_other_first(sale: Sale, seed: int) -> None:
    come(sale, code(sale))
    charge(sale)
    said = run_at_once(2, lambda number: refund(sale) if number else reward_due())
    assert "91.45" in said
    found = (said.count(1), credited(sale), waiting_for(sale))
    assert found in [
        (1, {"Ravi": "100.00", "Sarah": "50.00"}, ("REWARDED", True, True)),
        (0, {}, ("WAITING", False, False)),
    ]
    assert reward_due() == 0
    assert compare_with_ledger().drifting == 0


@pytest.mark.parametrize("days", [None, 30], ids=["for-good", "expiring"])
def test_who_is_forgotten_while_a_reward_waits_for_their_balance_is_credited_nothing(
    sale: Sale, days: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy(sale, referral_days=days)
    come(sale, code(sale))
    charge(sale)
    lock_all = rewarding.lock_all

    def wait(balances: Iterable[UUID]) -> None:
        lock_all(balances)
        Customer.objects.filter(pk=customer(sale.world.cpo, RAVI).pk).update(forgotten_at=timezone.now())

    monkeypatch.setattr(rewarding, "lock_all", wait)
    assert reward_due() == 1
    assert credited(sale) == {"Sarah": "50.00"}


def test_rewards_that_expire_do(sale: Sale) -> None:
    policy(sale, referral_days=30)
    come(sale, code(sale))
    charge(sale)
    reward_due()
    with cpo_scope(sale.world.cpo):
        ends = {(row.expires_at - timezone.now()).days for row in Balance.objects.all() if row.expires_at}
    assert ends == {29}


@pytest.mark.parametrize("seed", SEEDS)
def test_whoever_rewards_at_once_rewards_once(sale: Sale, seed: int) -> None:
    come(sale, code(sale))
    charge(sale)
    assert sum(run_at_once(4, lambda number: reward_due())) == 1
    assert credited(sale) == {"Ravi": "100.00", "Sarah": "50.00"}
    assert compare_with_ledger().drifting == 0


def place_for(world: World, phone: str, word: str, name: str) -> str:
    with cpo_scope(world.cpo):
        connector = Connector.objects.select_related("cpo", "charger__location").get()
        placing = Placing(Buyer("bap.example", name), connector, ask_for(codes=(word,)), billing={"phone": phone})
        try:
            with transaction.atomic():
                place(placing, now=timezone.now())
        except Refusal as refusal:
            return refusal.message
    return "placed"


@pytest.mark.parametrize("seed", SEEDS)
def test_a_code_of_two_friends_takes_two_of_six_at_once(sale: Sale, seed: int) -> None:
    policy(sale, referrals_per_customer=2)
    word = code(sale)

    def work(number: int) -> str:
        return place_for(sale.world, f"+91 90000 1{seed:02}0{number}", word, f"t-{seed}-{number}")

    said = Counter(run_at_once(6, work))
    # The offer of five uses runs out for nobody: it is not asked for, and left out where it is gone.
    assert said == {"placed": 2, f"The referral code {word} is used up; leave it out.": 4}
    assert referrals(sale) == ["WAITING", "WAITING"]


@pytest.mark.parametrize(
    ("changes", "quoted", "said"),
    [
        pytest.param({}, None, "used up", id="while they may still pay"),
        pytest.param({"payment_until": PAST}, PAST, "placed", id="after the time to pay"),
        pytest.param({"payment_until": PAST}, timedelta(minutes=5), "used up", id="while the quote binds"),
        pytest.param({"state": "CANCELLED"}, None, "placed", id="after an order that was never confirmed"),
        pytest.param({"state": "CANCELLED", "confirmed_at": timedelta()}, None, "used up", id="after a confirmed one"),
        pytest.param({"state": "ACTIVE", "confirmed_at": timedelta()}, None, "used up", id="who has paid"),
    ],
)
def test_who_never_went_on_gives_way_to_the_next_friend(
    sale: Sale, changes: dict[str, Any], quoted: timedelta | None, said: str
) -> None:
    policy(sale, referrals_per_customer=1)
    word, now = code(sale), timezone.now()
    assert place_for(sale.world, "+91 90000 00010", word, "t-10") == "placed"
    found = {name: now + value if isinstance(value, timedelta) else value for name, value in changes.items()}
    with cpo_scope(sale.world.cpo):
        Order.objects.update(**{**found, **({"payment_until": now + timedelta(minutes=5)} if not found else {})})
        if quoted is not None:
            Quote.objects.update(valid_until=now + quoted)
    assert said in place_for(sale.world, "+91 90000 00011", word, "t-11")
    if said == "placed":
        # The place is gone for whoever had it first.
        assert "used up" in place_for(sale.world, "+91 90000 00010", word, "t-12")
    with cpo_scope(sale.world.cpo):
        assert Referral.objects.filter(expires_at__gt=timezone.now()).count() == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_one_friend_who_sends_two_codes_at_once_is_referred_once(sale: Sale, seed: int) -> None:
    words = [code(sale), code(sale, "+91 90000 00002")]

    def work(number: int) -> str:
        return place_for(sale.world, "+91 9876543210", words[number % 2], f"t-{seed}-{number}")

    assert Counter(run_at_once(4, work)) == {"placed": 4}
    assert referrals(sale) == ["WAITING"]


def test_staff_make_a_code_by_contact_and_see_who_came(sale: Sale) -> None:
    manager = signed_in(make_member(sale.world.cpo, "manager", Role.MANAGER))
    url = reverse("admin:offers_referralcode_make_code")
    assert url in manager.get("/admin/offers/referralcode/").content.decode()
    page = manager.post(url, {"contact": RAVI, "_form_submitted": "1"}, follow=True)
    word = code(sale)
    assert word in page.content.decode()
    come(sale, word)
    assert "Waiting for the first session" in manager.get("/admin/offers/referral/").content.decode()
    exported = signed_in(make_member(sale.world.cpo, "ana", Role.ANALYST)).get("/admin/offers/referral/export/")
    assert exported.content.decode("utf-8-sig").splitlines()[1].startswith(f"{word},")


def test_the_api_makes_a_code_once_and_says_who_came(sale: Sale) -> None:
    client = api_client(sale.world.cpo)
    first, second = (client.post("/api/referral-codes", {"contact": RAVI}, "application/json") for _ in range(2))
    assert (first.status_code, first.json()["code"]) == (201, code(sale))
    assert second.json() == first.json()
    wrong = client.post("/api/referral-codes", {"contact": "nobody"}, "application/json")
    assert (wrong.status_code, "Give a phone number" in wrong.content.decode()) == (400, True)
    come(sale, code(sale))
    body = api_client(sale.world.cpo, TokenScope.STAFF_READ).get(f"/api/referral-codes/{code(sale).lower()}").json()
    assert [(x["state"], x["referrer_reward"], x["friend_reward"]) for x in body["referrals"]] == [
        ("WAITING", "100.00", "50.00")
    ]
    assert client.get("/api/referral-codes/NOBODY").status_code == 404


BOTH = "A referral rewards both sides: give both rewards an amount above 0, or neither."


@pytest.mark.parametrize(
    "rewards", [{"friend_reward": None}, {"friend_reward": "0"}, {"referrer_reward": "-1"}], ids=["one", "zero", "less"]
)
def test_a_programme_rewards_both_sides_or_none(sale: Sale, rewards: dict[str, Any]) -> None:
    answer = api_client(sale.world.cpo).patch("/api/offer-policy", rewards, "application/json")
    assert (answer.status_code, BOTH in answer.content.decode()) == (400, True)
    with cpo_scope(sale.world.cpo):
        row = OfferPolicy.objects.get()
    assert (row.referrer_reward, row.friend_reward) == (Decimal(100), Decimal(50))


def test_a_reward_is_an_amount_that_can_be_credited(sale: Sale) -> None:
    policy(sale, referrer_reward=None, friend_reward=None)
    type(sale.world.cpo).objects.filter(pk=sale.world.cpo.pk).update(currency="JPY")
    client = api_client(type(sale.world.cpo).objects.get(pk=sale.world.cpo.pk))
    for wrong in ("0.50", "100.50"):
        answer = client.patch("/api/offer-policy", {"referrer_reward": wrong, "friend_reward": "1"}, "application/json")
        assert (answer.status_code, "Give an amount without decimals." in answer.content.decode()) == (400, True)
    page = signed_in(make_member(sale.world.cpo, "owner", Role.OWNER))
    with cpo_scope(sale.world.cpo):
        address = reverse("admin:offers_offerpolicy_change", args=[OfferPolicy.objects.get().pk])
    form = page.post(address, {"referrer_reward": "0.50", "friend_reward": "1"})
    assert "Give an amount without decimals." in form.content.decode()
    with cpo_scope(sale.world.cpo):
        assert OfferPolicy.objects.get().referrer_reward is None


def test_codes_of_another_cpo_are_unknown(sale: Sale) -> None:
    other = make_world("cpo2.com", item_id="there-01")
    with cpo_scope(other.cpo):
        word = code_of(customer(other.cpo, RAVI)).code
    assert refused(sale, word) == f"The code {word} belongs to no offer here; leave it out."
