"""A signing key of ours is announced, signs at its time in every process, is known for a while longer, and retires."""

from __future__ import annotations

import base64
import itertools
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from beckn import key_rotation, keys, registry, tasks
from beckn.models import OutboundCallback, SigningKey, Subscriber
from beckn.protocol.signing import SignatureParams, parse_signature_header, verify
from cpo_portal.accounts.sealing import SealBroken
from tests.beckn.infra.support import BuyerApp, Sink, acknowledge, queue, wait_until
from tests.processes import run_at_once

pytestmark = pytest.mark.django_db
DAY, SECOND = timedelta(hours=24), timedelta(seconds=1)


@pytest.fixture(autouse=True)
def _empty_caches() -> None:
    keys.forget()
    registry.forget()


def rotate(**options: Any) -> str:
    out = StringIO()
    call_command("rotate_own_key", **options, stdout=out)
    return out.getvalue()


def shown() -> str:
    out = StringIO()
    call_command("show_own_key", stdout=out)
    return out.getvalue()


def started(key_id: str, ago: timedelta) -> None:
    """Let a key have begun so long ago."""
    SigningKey.objects.filter(key_id=key_id).update(valid_from=timezone.now() - ago)
    keys.forget()


def standing() -> list[tuple[str, str]]:
    return [(key.key_id, key.duty.value) for key in key_rotation.standing_keys()]


def test_a_new_key_is_shown_before_it_signs_and_asking_again_makes_no_other() -> None:
    old = keys.own_key()
    said = rotate(hours=48)
    new = SigningKey.objects.exclude(key_id=old.key_id).get()
    public = base64.b64encode(bytes(new.public_key)).decode()
    assert said.startswith(
        f"The next key is made.\nkey id         {new.key_id}\npublic key     {public}\nIt signs from "
    )
    assert abs(new.valid_from - timezone.now() - timedelta(hours=48)) < timedelta(minutes=1)
    assert rotate(hours=1).startswith(f"A key waits already; it was left as it is.\nkey id         {new.key_id}\n")
    assert (SigningKey.objects.count(), SigningKey.objects.get(pk=new.pk).valid_from) == (2, new.valid_from)
    keys.forget()
    assert keys.own_key() == old
    assert shown().split("\n")[2:] == [
        f"key id         {old.key_id}",
        f"public key     {base64.b64encode(old.public_key).decode()}",
        "",
        f"Signs from {new.valid_from:%Y-%m-%d %H:%M} UTC; register it before that:",
        f"key id         {new.key_id}",
        f"public key     {public}",
        "",
    ]


def test_the_old_key_is_known_for_a_day_after_the_new_one_signs_and_then_its_seed_is_erased() -> None:
    old = keys.own_key()
    rotate()
    rotate(now=True)
    new = keys.own_key()
    assert new.key_id != old.key_id
    assert standing() == [(new.key_id, "signs"), (old.key_id, "known")]
    assert f"until {SigningKey.objects.get(key_id=new.key_id).valid_from + DAY:%Y-%m-%d %H:%M} UTC:" in shown()
    started(old.key_id, 9 * DAY)
    started(new.key_id, DAY - timedelta(minutes=1))
    assert tasks.retire_own_keys() == 0
    assert registry.lookup(old.subscriber_id, old.key_id) is not None
    started(new.key_id, DAY + SECOND)
    assert tasks.retire_own_keys() == 1
    registry.forget()
    assert registry.lookup(old.subscriber_id, old.key_id) is None
    assert registry.lookup(old.subscriber_id, new.key_id) is not None
    retired = SigningKey.objects.get(key_id=old.key_id)
    assert (retired.sealed_seed, retired.revoked_at, bytes(retired.public_key)) == (None, None, old.public_key)
    assert (tasks.retire_own_keys(), keys.own_key(), standing()) == (0, new, [(new.key_id, "signs")])


def test_without_a_follower_no_key_retires() -> None:
    assert (tasks.retire_own_keys(), Subscriber.objects.count()) == (0, 0)
    only = keys.own_key()
    rotate(hours=100)
    started(only.key_id, 400 * DAY)
    assert tasks.retire_own_keys() == 0
    assert keys.own_key() == only


def test_a_new_key_that_is_revoked_within_the_overlap_gives_way_to_the_old_one_and_its_seed_goes() -> None:
    old = keys.own_key()
    rotate()
    rotate(now=True)
    SigningKey.objects.exclude(key_id=old.key_id).update(revoked_at=timezone.now())
    keys.forget()
    assert keys.own_key() == old
    assert tasks.retire_own_keys() == 0
    assert list(SigningKey.objects.filter(sealed_seed=None).exclude(key_id=old.key_id).values_list("pk")) != []


def test_a_key_that_waits_can_be_given_up() -> None:
    old = keys.own_key()
    rotate()
    new = SigningKey.objects.exclude(key_id=old.key_id).get()
    assert rotate(give_up=True) == f"{new.key_id} is revoked before it has signed; the present key goes on.\n"
    assert standing() == [(old.key_id, "signs")]
    for option in ("give_up", "now"):
        with pytest.raises(CommandError, match="No key waits"):
            rotate(**{option: True})


@pytest.mark.parametrize("announced", [True, False], ids=["a-key-waits", "none-waits"])
def test_a_key_that_is_known_to_somebody_ends_at_once(announced: bool) -> None:
    old = keys.own_key()
    if announced:
        rotate()
    waiting = SigningKey.objects.exclude(key_id=old.key_id).first()
    said = rotate(revoke=True)
    new = keys.own_key()
    assert new.key_id != old.key_id
    assert (waiting is None) or waiting.key_id == new.key_id
    assert f"key id         {new.key_id}\n" in said
    assert "keys were revoked (1)" in said
    assert standing() == [(new.key_id, "signs")]
    assert registry.lookup(old.subscriber_id, old.key_id) is None
    assert SigningKey.objects.get(key_id=old.key_id).sealed_seed is None


def test_a_key_that_no_data_key_opens_is_told_and_replaced(settings: Any) -> None:
    old = keys.own_key()
    rotate()
    settings.DATA_KEYS = [b"0" * 32]
    keys.forget()
    with pytest.raises(SealBroken, match=f"The signing key {old.key_id} cannot be opened. PORTAL_DATA_KEY does not"):
        keys.own_key()
    with pytest.raises(CommandError, match=r"which sealed signing keys \(2\): .*“A secret is lost”"):
        shown()
    before = list(SigningKey.objects.values_list())
    for options in ({}, {"now": True}):
        with pytest.raises(CommandError, match="Nothing was changed; where that key is lost for good, `--revoke`"):
            rotate(**options)
    assert list(SigningKey.objects.values_list()) == before
    assert "keys were revoked (2)" in rotate(revoke=True)
    assert keys.own_key().key_id not in {old.key_id}
    assert f"key id         {keys.own_key().key_id}" in shown()


@pytest.mark.parametrize("hours", [0, 0.01, -1, 24 * 366, float("nan"), float("inf")])
def test_a_notice_that_some_process_might_miss_is_refused(hours: float) -> None:
    with pytest.raises(CommandError, match=r"give 0\.02 to 8760"):
        rotate(hours=hours)
    assert not SigningKey.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_rotate_at_once_make_one_key() -> None:
    keys.own_key()
    made = run_at_once(4, lambda _: key_rotation.announce_key(starts_in=DAY))
    assert sorted(is_new for _, is_new in made) == [False, False, False, True]
    assert {row.key_id for row, _ in made} == {SigningKey.objects.order_by("-valid_from")[0].key_id}
    assert SigningKey.objects.count() == 2


def test_a_process_keeps_the_key_no_longer_than_until_the_next_one_starts() -> None:
    keys.own_key()
    assert keys._cached is not None
    assert 29 < keys._cached[0] - time.monotonic() <= 30
    key_rotation.announce_key(starts_in=timedelta(seconds=10))
    keys.forget()
    keys.own_key()
    assert 0 < keys._cached[0] - time.monotonic() <= 10


def test_a_key_that_starts_while_a_process_looks_is_not_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    old = keys.own_key()
    new, _ = key_rotation.announce_key(starts_in=timedelta(hours=1))
    keys.forget()
    load = keys._load

    def start_just_then() -> keys.OwnKey | None:
        found = load()
        SigningKey.objects.filter(pk=new.pk).update(valid_from=timezone.now())
        return found

    SigningKey.objects.filter(pk=new.pk).update(valid_from=timezone.now() + timedelta(seconds=10))
    monkeypatch.setattr(keys, "_load", start_just_then)
    assert keys.own_key() == old
    assert keys._cached is not None
    assert keys._cached[0] - time.monotonic() <= 10


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that was verified: made between two moments, with a key."""

    after: datetime
    before: datetime
    key_id: str


def sign_for(seconds: float) -> list[Signed]:
    """Sign as a worker does for so long."""
    publics: dict[str, bytes] = {}
    done, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        after = timezone.now()
        said = parse_signature_header(keys.sign_as_us(b"{}", after))
        done.append(Signed(after, timezone.now(), said.key_id))
        if said.key_id not in publics:
            publics[said.key_id] = bytes(SigningKey.objects.get(key_id=said.key_id).public_key)
        verify(b"{}", said, publics[said.key_id], now=after)
        time.sleep(0.005)
    return done


@pytest.mark.django_db(transaction=True)
def test_every_process_takes_the_new_key_over_at_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three processes sign all the time; a fourth announces a key for so far ahead that all of them learn of it."""
    monkeypatch.setattr(keys, "CACHE_SECONDS", 1.0)
    old = keys.own_key()

    def work(number: int) -> Any:
        if number:
            return sign_for(4.5)
        time.sleep(0.5)  # the others have the old key in hand
        return key_rotation.announce_key(starts_in=timedelta(seconds=2))[0]

    new, *signed = run_at_once(4, work)
    for done in signed:
        used = [each.key_id for each in done]
        assert (used[0], used[-1]) == (old.key_id, new.key_id)
        change = used.index(new.key_id)
        assert set(used[change:]) == {new.key_id}, "no process goes back"
        assert done[change].before >= new.valid_from, "no process is early"


@pytest.mark.django_db(transaction=True)
def test_every_process_leaves_a_revoked_key_within_the_time_that_it_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "CACHE_SECONDS", 1.0)
    old = keys.own_key()

    def work(number: int) -> Any:
        if number:
            return sign_for(3)
        time.sleep(0.5)
        new, _ = key_rotation.replace_at_once()
        return new.key_id, timezone.now()

    (new, revoked_at), *signed = run_at_once(4, work)
    for done in signed:
        assert done[0].key_id == old.key_id
        assert {each.key_id for each in done if each.after > revoked_at + timedelta(seconds=1.1)} == {new}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_real_workers_sign_with_the_new_key_from_the_same_moment_on(
    bap: BuyerApp, sink: Sink, start_worker: Any, broker: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They learn of it from the table, without a restart and without a word to them."""
    monkeypatch.setenv("TEST_KEY_SECONDS", "2")
    old = keys.own_key()
    signed: list[tuple[str, SignatureParams, float]] = []

    def note(request: Any, raw: bytes) -> None:
        number = json.loads(raw)["number"]
        owner = OutboundCallback.objects.values_list("lease_owner", flat=True).get(transaction_id=f"t-{number}")
        connection.close()
        said = parse_signature_header(request.headers["Authorization"])
        signed.append((owner.split("/")[1], said, time.time()))
        acknowledge(request, raw)

    def both_sign_with(key_id: str) -> Callable[[], bool]:
        def told() -> bool:
            number = next(numbers)
            queue(f"t-{number}", number=number)
            broker("deliver_due")
            return {pid for pid, said, _ in signed if said.key_id == key_id} == pids

        return told

    sink.behave = note
    numbers, pids = itertools.count(), {str(start_worker().pid), str(start_worker().pid)}
    wait_until(both_sign_with(old.key_id), 120)
    new, _ = key_rotation.announce_key(starts_in=timedelta(seconds=5))
    wait_until(both_sign_with(new.key_id), 120)
    start = new.valid_from.timestamp()
    assert max(said.created for _, said, _ in signed if said.key_id == old.key_id) <= start
    assert min(arrived for _, said, arrived in signed if said.key_id == new.key_id) >= start


def test_no_seed_is_ever_shown() -> None:
    first = keys.own_key()
    said = rotate() + shown() + rotate(now=True)
    second = keys.own_key()
    said += shown() + rotate(revoke=True) + shown()
    third = keys.own_key()
    assert len({first.seed, second.seed, third.seed}) == 3
    for seed in (first.seed, second.seed, third.seed):
        for spelling in (seed.hex(), base64.b64encode(seed).decode(), repr(seed)[2:-1]):
            assert spelling not in said
    assert len(re.findall(r"^public key {5}\S{44}$", said, re.MULTILINE)) == 8
    assert Subscriber.objects.get().keys.count() == 3
