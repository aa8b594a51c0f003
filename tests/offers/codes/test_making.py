"""Codes are made in the background: exactly as many as asked, by however many workers, whoever is killed."""

from __future__ import annotations

import math
import os
import signal
from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connections

from cpo_portal.accounts.tenancy import cpo_scope
from offers.authoring import archive, content_of, save_draft, withdraw, working_version
from offers.codes import batches
from offers.codes.alphabets import CHARACTERS, LEAST_BITS, least_length, make_code
from offers.codes.batches import BatchSpec, Counts, ask_for_codes, cancel_batch, counts_of, make_some
from offers.codes.tasks import make_codes
from offers.models import CodeBatch, Offer, OfferVersion, SingleUseCode
from tests.offers.codes.coded import buy, make_coded_offer
from tests.processes import run_at_once
from tests.world import make_offer, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batches, "CHUNK", 100)
    monkeypatch.setattr(batches, "_wake", lambda: None)


def texts(batch: CodeBatch) -> list[str]:
    with cpo_scope(batch.cpo):
        return list(SingleUseCode.objects.filter(batch=batch).values_list("code", flat=True))


def test_a_batch_is_made_chunk_by_chunk_and_says_how_far_it_is() -> None:
    world = make_world()
    batch = ask_for_codes(make_coded_offer(world.cpo), BatchSpec(250, name="Flyer", prefix="diwali-"))
    assert (batch.prefix, batch.length, batch.made) == ("DIWALI-", 14, 0)
    progress = []
    while make_some(batch):
        with cpo_scope(world.cpo):
            batch.refresh_from_db()
        progress.append((batch.made, batch.finished_at is not None))
    assert progress == [(100, False), (200, False), (250, True)]
    found = texts(batch)
    assert len(set(found)) == 250
    assert {len(code) for code in found} == {21}
    assert {code[:7] for code in found} == {"DIWALI-"}
    assert set("".join(code[7:] for code in found)) <= set(CHARACTERS["MIXED"])


def test_a_made_code_opens_the_offer() -> None:
    world = make_world()
    batch = ask_for_codes(make_coded_offer(world.cpo), BatchSpec(1))
    assert make_codes() == 1
    assert buy(world, "t-1", codes=(texts(batch)[0].lower(),)) == "91.45"


def test_the_worker_makes_what_all_batches_lack_and_nothing_when_it_comes_again() -> None:
    here, there = make_world(), make_world("cpo2.com", item_id="there-01")
    first = ask_for_codes(make_coded_offer(here.cpo), BatchSpec(150))
    second = ask_for_codes(make_coded_offer(there.cpo), BatchSpec(20))
    assert make_codes() == 170
    assert make_codes() == 0
    assert (len(texts(first)), len(texts(second))) == (150, 20)
    with cpo_scope(here.cpo):
        assert not SingleUseCode.objects.filter(batch=second).exists()
        assert counts_of(first) == Counts(free=150, held=0, used=0, cancelled=0)


@pytest.mark.parametrize("alphabet", sorted(CHARACTERS))
def test_the_shortest_code_has_sixty_bits_and_no_look_alikes(alphabet: str) -> None:
    bits = math.log2(len(CHARACTERS[alphabet]))
    assert (least_length(alphabet) - 1) * bits < LEAST_BITS <= least_length(alphabet) * bits
    if alphabet != "DIGITS":
        for alike in ("0OQ", "1IL", "2Z", "5S", "8B", "UV"):
            assert len(set(alike) & set(CHARACTERS[alphabet])) <= (1 if alphabet == "LETTERS" else 0)
    assert make_code("P-", least_length(alphabet), alphabet) != make_code("P-", least_length(alphabet), alphabet)


REFUSED = {
    "none": (BatchSpec(0), "count", "Ask for at least one code."),
    "too-many": (BatchSpec(1_000_001), "count", "An offer has at most 1,000,000 codes: ask for fewer."),
    "too-many-with-those-there": (
        BatchSpec(999_991),
        "count",
        "An offer has at most 1,000,000 codes: 999,990 more can be made for this one.",
    ),
    "short": (
        BatchSpec(5, length=13),
        "length",
        "Codes this short can be guessed: take at least 14 random characters.",
    ),
    "short-digits": (
        BatchSpec(5, length=18, alphabet="DIGITS"),
        "length",
        "Codes this short can be guessed: take at least 19 random characters.",
    ),
    "long": (
        BatchSpec(5, length=34, prefix="DIWALI-"),
        "length",
        "A code has at most 40 characters: take at most 33 random ones.",
    ),
    "prefix-with-a-blank": (
        BatchSpec(5, prefix="DI WALI"),
        "prefix",
        "Use letters, digits and hyphens, such as DIWALI-, or leave it empty.",
    ),
    "formula": (
        BatchSpec(5, prefix="=1+1"),
        "prefix",
        "Use letters, digits and hyphens, such as DIWALI-, or leave it empty.",
    ),
    "unknown-alphabet": (BatchSpec(5, alphabet="EMOJI"), "alphabet", "Value 'EMOJI' is not a valid choice."),
}


@pytest.mark.parametrize(("spec", "field", "sentence"), REFUSED.values(), ids=REFUSED)
def test_a_batch_is_refused_at_its_field(spec: BatchSpec, field: str, sentence: str) -> None:
    world = make_world()
    offer = make_coded_offer(world.cpo)
    ask_for_codes(offer, BatchSpec(9))
    with pytest.raises(ValidationError) as refused:
        ask_for_codes(offer, spec)
    assert refused.value.message_dict == {field: [sentence]}
    with cpo_scope(world.cpo):
        assert list(CodeBatch.objects.order_by("pk").values_list("count", flat=True)) == [1, 9]


def test_the_last_code_of_a_million_may_be_asked_for() -> None:
    world = make_world()
    assert ask_for_codes(make_coded_offer(world.cpo), BatchSpec(999_999)).count == 999_999


def test_a_cancelled_batch_makes_room_and_is_made_no_further() -> None:
    world = make_world()
    offer = make_coded_offer(world.cpo)
    batch = ask_for_codes(offer, BatchSpec(999_999))
    assert make_some(batch) == 100
    assert cancel_batch(batch) == 100
    assert make_some(batch) == 0
    with pytest.raises(ValidationError, match="These codes are cancelled already"):
        cancel_batch(batch)
    assert ask_for_codes(offer, BatchSpec(999_999)).count == 999_999


def test_an_offer_without_single_use_codes_or_that_is_over_gets_no_batch() -> None:
    world = make_world()
    plain, gone = make_offer(world.cpo, "plain"), make_coded_offer(world.cpo, offer_id="gone")
    withdraw(gone)
    for offer, sentence in (
        (plain, "tick “each buyer must send a code of their own” in it first"),
        (gone, "This offer is withdrawn: choose another one."),
    ):
        with pytest.raises(ValidationError) as refused:
            ask_for_codes(offer, BatchSpec(5))
        assert sentence in refused.value.message_dict["offer"][0]
    archive(gone)
    with pytest.raises(ValidationError, match="This offer is archived"):
        ask_for_codes(gone, BatchSpec(5))


def test_a_code_that_an_offer_shows_is_made_for_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    world = make_world()
    make_offer(world.cpo, "shown", display_code="Weekend25")
    batch = ask_for_codes(make_coded_offer(world.cpo, "TAKEN", offer_id="coded"), BatchSpec(2))
    answers = iter(["WEEKEND25", "TAKEN", "FRESH1", "FRESH2"])
    monkeypatch.setattr(batches, "make_code", lambda *_: next(answers))
    assert [make_some(batch), make_some(batch)] == [0, 2]
    assert sorted(texts(batch)) == ["FRESH1", "FRESH2"]


CLASHES = {"required": True, "a-label-alone": False}


@pytest.mark.parametrize("required", CLASHES.values(), ids=CLASHES)
def test_a_single_use_code_is_no_display_code_in_any_case(required: bool) -> None:
    world = make_world()
    make_coded_offer(world.cpo, "TAKEN25", offer_id="coded")
    offer = make_offer(world.cpo, "other", display_code="FREE25")
    with cpo_scope(world.cpo):
        version = working_version(offer)
        assert version is not None
        content = content_of(version)
    with pytest.raises(ValidationError) as refused:
        save_draft(offer, replace(content, display_code="Taken25", requires_code=required))
    assert refused.value.message_dict == {
        "display_code": ["This is a single-use code of the offer coded: choose another."]
    }


def test_an_offer_with_single_use_codes_has_none_of_its_own() -> None:
    world = make_world()
    offer = make_coded_offer(world.cpo)
    with cpo_scope(world.cpo):
        version = working_version(offer)
        assert version is not None
        content = content_of(version)
    with pytest.raises(ValidationError) as refused:
        save_draft(offer, replace(content, display_code="MINE"))
    assert refused.value.message_dict == {
        "display_code": ["Each buyer sends a code of their own: leave the display code empty."]
    }
    draft = save_draft(offer, replace(content, requires_code=False, priority=3))
    assert (draft.requires_code, draft.single_use_codes) == (True, True)


class TestWithProcesses:
    pytestmark = pytest.mark.django_db(transaction=True)

    def test_four_workers_make_no_more_than_asked(self) -> None:
        world = make_world()
        batch = ask_for_codes(make_coded_offer(world.cpo), BatchSpec(1_950))

        def work(number: int) -> int:
            made = 0
            for _ in range(60):
                made += make_some(batch)
            return made

        assert sum(run_at_once(4, work)) <= 1_950
        while make_some(batch):
            pass
        assert len(set(texts(batch))) == 1_950
        with cpo_scope(world.cpo):
            assert CodeBatch.objects.get(pk=batch.pk).made == 1_950

    def test_a_killed_worker_loses_one_chunk_and_the_next_goes_on(self) -> None:
        world = make_world()
        batch = ask_for_codes(make_coded_offer(world.cpo), BatchSpec(450))
        assert make_some(batch) == 100
        reader, writer = os.pipe()
        connections.close_all()
        child = os.fork()
        if child == 0:  # the child never returns

            def die(*_: Any) -> str:
                os.write(writer, b"here")
                signal.pause()
                return ""

            make_some(batch)
            batches.make_code = die
            make_some(batch)
        assert os.read(reader, 4) == b"here"
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        with cpo_scope(world.cpo):
            assert CodeBatch.objects.get(pk=batch.pk).made == 200
        assert make_codes() == 250
        assert len(set(texts(batch))) == 450
        with cpo_scope(world.cpo):
            assert (Offer.objects.count(), OfferVersion.objects.count()) == (1, 1)
