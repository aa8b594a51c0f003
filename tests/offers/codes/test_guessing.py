"""Who guesses codes is refused all of them for a while; who has one and types it right is not held up."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from offers.codes.guessing import WINDOW, forget, refuse_guessing
from offers.models import CodeGuess
from offers.quoting import Buyer, price_session
from offers.refusals import Refusal
from tests.offers.codes.coded import make_coded_offer
from tests.world import World, ask_for, make_offer, make_world

pytestmark = pytest.mark.django_db
TOO_MANY = "Too many unknown codes were sent; leave the code out, or send it again in 15 minutes."
RIGHT = "RIGHT-34679ACDEFGHJK"


@pytest.fixture
def world() -> World:
    world = make_world()
    make_coded_offer(world.cpo, RIGHT, offer_id="coded")
    make_offer(world.cpo, "label", display_code="WEEKEND25")
    make_offer(world.cpo, "secret", display_code="AIRPORT10", requires_code=True)
    return world


def send(world: World, *words: str, bap: str = "bap.example", transaction: str = "t-1") -> str:
    """Select with these words; return the refusal's kind and sentence, or "quoted"."""
    with cpo_scope(world.cpo):
        ask = ask_for(codes=words)
        priced = price_session(world.connector, ask, now=timezone.now())
        try:
            refuse_guessing(priced, ask, Buyer(bap, transaction))
        except Refusal as refusal:
            return f"{refusal.kind.value}: {refusal.message}"
    return "quoted"


REFUSED = f"BUSINESS_RULE: {TOO_MANY}"


@pytest.mark.parametrize("word", [RIGHT, "AIRPORT10", "WRONG-6"], ids=["single-use", "required", "unknown"])
def test_after_five_unknown_codes_every_secret_one_is_refused_alike(world: World, word: str) -> None:
    assert [send(world, f"WRONG-{number}") for number in range(5)] == ["quoted"] * 5
    assert send(world, word) == REFUSED
    assert send(world, word.lower()) == REFUSED
    assert CodeGuess.objects.count() == 5


def test_what_the_catalogue_shows_is_no_secret(world: World) -> None:
    for number in range(5):
        send(world, f"WRONG-{number}")
    assert send(world, "WEEKEND25") == "quoted"
    assert send(world) == "quoted"


def test_four_unknown_codes_and_a_right_one_are_answered(world: World) -> None:
    for number in range(4):
        send(world, f"WRONG-{number}")
    assert [send(world, RIGHT) for _ in range(9)] == ["quoted"] * 9


def test_the_same_wrong_code_again_is_one_guess(world: World) -> None:
    assert [send(world, "WRONG", "wrong") for _ in range(9)] == ["quoted"] * 9
    assert CodeGuess.objects.count() == 1


def test_many_guesses_in_one_message_give_no_answer_to_any(world: World) -> None:
    assert send(world, *(f"WRONG-{number}" for number in range(5)), RIGHT) == "quoted"
    assert send(world, *(f"WRONG-{number}" for number in range(6)), RIGHT, transaction="t-2") == REFUSED


def test_another_transaction_is_free_until_the_buyer_app_has_guessed_too_often(world: World, settings) -> None:
    settings.CODE_GUESSES_PER_SUBSCRIBER = 8
    assert [send(world, f"WRONG-{n}", transaction=f"t-{n}") for n in range(8)] == ["quoted"] * 8
    assert send(world, RIGHT, transaction="t-9") == REFUSED
    assert send(world, RIGHT, transaction="t-9", bap="other.example") == "quoted"


def test_after_a_quarter_of_an_hour_it_is_forgotten(world: World) -> None:
    for number in range(5):
        send(world, f"WRONG-{number}")
    CodeGuess.objects.update(at=F("at") - WINDOW + timedelta(minutes=1))
    assert (send(world, RIGHT), forget()) == (REFUSED, 0)
    CodeGuess.objects.update(at=F("at") - timedelta(minutes=1))
    assert (send(world, RIGHT), forget()) == ("quoted", 5)


def test_a_guess_is_kept_without_its_text(world: World) -> None:
    send(world, "WRONG-SECRET")
    [guess] = CodeGuess.objects.all()
    assert len(guess.digest) == 8
    assert b"WRONG" not in bytes(guess.digest)
