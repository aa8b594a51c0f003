"""Our own key is made once and never lies open; participants are registered by a command."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from threading import Barrier
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone
from nacl.signing import SigningKey as Signer

from beckn import keys
from beckn.models import SigningKey, Subscriber
from cpo_portal.accounts.sealing import SealBroken

pytestmark = pytest.mark.django_db
PUBLIC = base64.b64encode(bytes(Signer(b"p" * 32).verify_key)).decode()
OTHER = base64.b64encode(bytes(Signer(b"q" * 32).verify_key)).decode()


def test_own_key_is_made_once() -> None:
    first = keys.own_key()
    keys.forget()
    assert keys.own_key() == first
    platform = Subscriber.objects.get()
    assert (platform.subscriber_id, platform.role, platform.keys.count()) == ("cpo-portal.example", "BPP", 1)
    assert bytes(Signer(first.seed).verify_key) == first.public_key == bytes(platform.keys.get().public_key)


def test_seed_is_sealed_under_the_data_key(settings: Any) -> None:
    key = keys.own_key()
    sealed = bytes(SigningKey.objects.get().sealed_seed or b"")
    assert key.seed not in sealed
    assert repr(key.seed) not in repr(key)
    settings.DATA_KEYS = [b"0" * 32]
    keys.forget()
    with pytest.raises(SealBroken):
        keys.own_key()


def test_newest_valid_key_signs() -> None:
    old = keys.own_key()
    sealed = keys.seal(b"n" * 32)
    public = bytes(Signer(b"n" * 32).verify_key)
    young = SigningKey.objects.create(
        subscriber=Subscriber.objects.get(),
        key_id="young",
        public_key=public,
        sealed_seed=sealed,
        valid_from=timezone.now() + timedelta(hours=1),
    )
    keys.forget()
    assert keys.own_key() == old
    SigningKey.objects.filter(pk=young.pk).update(valid_from=timezone.now())
    keys.forget()
    assert (keys.own_key().key_id, keys.own_key().seed) == ("young", b"n" * 32)
    SigningKey.objects.filter(pk=young.pk).update(revoked_at=timezone.now())
    keys.forget()
    assert keys.own_key() == old


@pytest.mark.django_db(transaction=True)
def test_processes_that_start_together_make_one_key() -> None:
    start = Barrier(4)

    def make(_: int) -> str:
        start.wait()
        try:
            return keys.make_key().key_id
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = set(pool.map(make, range(4)))
    assert made == {SigningKey.objects.get().key_id}


def add(**options: Any) -> str:
    out = StringIO()
    defaults = {
        "subscriber_id": "bap.example",
        "url": "https://bap.example/beckn",
        "key_id": "k1",
        "public_key": PUBLIC,
    }
    call_command("add_subscriber", **(defaults | options), stdout=out)
    return out.getvalue()


def test_command_registers_a_participant_and_running_it_again_changes_nothing() -> None:
    assert add(sandbox=True) == "bap.example (BAP) is registered with key k1.\n"
    add(sandbox=True)
    subscriber = Subscriber.objects.get()
    assert (subscriber.callback_url, subscriber.role, subscriber.sandbox) == ("https://bap.example/beckn", "BAP", True)
    assert (subscriber.default_ttl_seconds, subscriber.max_concurrent, subscriber.is_active) == (30, 4, True)
    assert [bytes(key.public_key) for key in subscriber.keys.all()] == [base64.b64decode(PUBLIC)]


def test_command_adds_a_second_key() -> None:
    add()
    add(key_id="k2", public_key=OTHER)
    assert set(SigningKey.objects.values_list("key_id", flat=True)) == {"k1", "k2"}


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"public_key": "AAAA"}, "The public key is not 32 bytes in base64."),
        ({"public_key": "no base64!"}, "The public key is not 32 bytes in base64."),
        ({"url": "ftp://bap.example"}, "Use an http or https address without a query."),
        ({"url": "https://user@bap.example/"}, "Use an http or https address without a query."),
        ({"subscriber_id": "a|b"}, "Use letters, digits and . - _ : / only."),
    ],
)
def test_command_refuses_with_one_sentence(options: dict[str, str], sentence: str) -> None:
    with pytest.raises(CommandError, match=sentence):
        add(**options)
    assert not Subscriber.objects.exists()


def test_command_does_not_replace_a_key_under_its_id() -> None:
    add()
    with pytest.raises(CommandError, match="give the new key a new id"):
        add(public_key=OTHER)
    assert bytes(SigningKey.objects.get().public_key) == base64.b64decode(PUBLIC)


def test_own_key_is_shown_without_its_seed() -> None:
    out = StringIO()
    call_command("show_own_key", stdout=out)
    key = keys.own_key()
    assert out.getvalue().split("\n") == [
        "subscriber id  cpo-portal.example",
        "address        http://127.0.0.1:8000/beckn",
        f"key id         {key.key_id}",
        f"public key     {base64.b64encode(key.public_key).decode()}",
        "",
    ]
