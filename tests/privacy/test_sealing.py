"""Data keys: the first writes, all read; what is sealed opens nowhere else; a rotation loses nobody and nothing."""

from __future__ import annotations

import base64
import json
import uuid
import zlib
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command
from django.db import connection
from nacl.secret import SecretBox

from beckn import bodies, keys
from beckn.models import MessageBody, OutboundCallback, SigningKey
from beckn.resealing import sealed_columns
from cpo_portal import env
from cpo_portal.accounts import sealing
from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.models import Customer, CustomerKey, Order, PaymentGateway
from cpo_portal.charging.payments.reports import create_gateway
from cpo_portal.charging.people.customers import find_or_make_customer
from cpo_portal.charging.sessions import otp
from tests.beckn.actions.conversation import Conversation
from tests.beckn.infra.support import queue
from tests.processes import run_at_once
from tests.world import make_world

OLD, NEW, LOST = b"o" * 32, b"n" * 32, b"l" * 32
BODY_ID = uuid.UUID(int=7)
ASHA = {"name": "Asha Rao", "phone": "+91 98765 43210"}


@pytest.fixture(autouse=True)
def _old_key(settings: Any) -> None:
    settings.DATA_KEYS = [OLD]
    keys.forget()


def text_of(*secrets: bytes) -> str:
    return ", ".join(base64.b64encode(secret).decode() for secret in secrets)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param(text_of(OLD), [OLD], id="one"),
        pytest.param(text_of(NEW, OLD), [NEW, OLD], id="two"),
        pytest.param(text_of(b"short"), None, id="short"),
        pytest.param(text_of(OLD, b"short"), None, id="the-second-short"),
        pytest.param(text_of(OLD, OLD), None, id="the-same-twice"),
        pytest.param("no base64!", None, id="no-base64"),
        pytest.param(",", None, id="only-a-comma"),
    ],
)
def test_data_keys_are_read_or_refused_with_the_way_out(
    text: str, found: list[bytes] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_DATA_KEY", text)
    if found is not None:
        assert env.keys("PORTAL_DATA_KEY") == found
        return
    with pytest.raises(ImproperlyConfigured, match=r"openssl rand -base64 32") as refused:
        env.keys("PORTAL_DATA_KEY")
    assert text_of(OLD) not in str(refused.value)


@pytest.mark.parametrize(
    ("configured", "opens"),
    [
        pytest.param([OLD], True, id="the-same-key"),
        pytest.param([NEW, OLD], True, id="the-old-key-behind-the-new"),
        pytest.param([NEW], False, id="another-key"),
    ],
)
def test_a_secret_opens_with_any_key_that_is_held(configured: list[bytes], opens: bool, settings: Any) -> None:
    sealed = sealing.seal(b"seed")
    before_ids = bytes(SecretBox(sealing.newest_key().unnamed).encrypt(b"seed"))
    body = bodies.pack(BODY_ID, b'{"a":1}')
    settings.DATA_KEYS = configured
    if opens:
        assert (sealing.unseal(sealed), sealing.unseal(before_ids)) == (b"seed", b"seed")
        assert bodies.unpack(BODY_ID, body) == b'{"a":1}'
        return
    for value in (sealed, before_ids):
        with pytest.raises(sealing.SealBroken, match="PORTAL_DATA_KEY does not hold"):
            sealing.unseal(value)
    with pytest.raises(sealing.SealBroken, match="PORTAL_DATA_KEY does not hold"):
        bodies.unpack(BODY_ID, body)


def test_the_first_key_seals(settings: Any) -> None:
    settings.DATA_KEYS = [NEW, OLD]
    sealed, body = sealing.seal(b"seed"), bodies.pack(BODY_ID, b"x")
    settings.DATA_KEYS = [NEW]
    assert (sealing.unseal(sealed), bodies.unpack(BODY_ID, body)) == (b"seed", b"x")


def test_a_key_shows_nothing_of_itself() -> None:
    key = sealing.newest_key()
    assert repr(key) == f"Key(id='{key.id}')"
    assert len(key.id) == 8


@pytest.mark.parametrize("size", [0, 1, 1024, 1025, 400_000])
def test_a_body_comes_back_as_signed_and_lies_there_unreadable(size: int) -> None:
    raw = (b"Sarah Johnson " * (size // 14 + 1))[:size]
    packed = bodies.pack(BODY_ID, raw)
    assert bodies.unpack(BODY_ID, packed) == raw
    assert packed.codec == ("sealed" if size <= 1024 else "zlib-sealed")
    assert b"Sarah" not in packed.body
    assert bodies.pack(BODY_ID, raw).body != packed.body
    assert len(packed.body) <= max(1024, size // 10) + 40


def test_a_body_opens_only_in_its_own_row_and_unaltered() -> None:
    packed = bodies.pack(BODY_ID, b"Sarah Johnson")
    with pytest.raises(sealing.SealBroken, match="altered, or belongs to another row"):
        bodies.unpack(uuid.UUID(int=8), packed)
    for position in (0, 24, len(packed.body) - 1):
        altered = bytearray(packed.body)
        altered[position] ^= 1
        with pytest.raises(sealing.SealBroken, match="altered"):
            bodies.unpack(BODY_ID, packed._replace(body=bytes(altered)))
    with pytest.raises(sealing.SealBroken, match="altered"):
        bodies.unpack(BODY_ID, packed._replace(body=b"short"))


def test_a_hash_of_a_body_is_recognised_after_a_rotation_and_means_nothing_without_the_keys(settings: Any) -> None:
    known = bodies.hash_of(b"body")
    settings.DATA_KEYS = [NEW, OLD]
    assert (bodies.is_same(b"body", known), bodies.is_same(b"other", known)) == (True, False)
    settings.DATA_KEYS = [NEW]
    assert not bodies.is_same(b"body", known)


@pytest.mark.django_db
def test_a_driver_is_the_same_customer_under_every_key(settings: Any) -> None:
    cpo = make_world().cpo
    asha = find_or_make_customer(cpo, billing=ASHA, contact={})
    old_id = sealing.newest_key().id
    settings.DATA_KEYS = [NEW, OLD]
    assert find_or_make_customer(cpo, billing=ASHA, contact={}) == asha
    with cpo_scope(cpo):
        assert set(CustomerKey.objects.values_list("hmac_key_id", flat=True)) == {old_id, sealing.newest_key().id}
    settings.DATA_KEYS = [NEW]
    assert find_or_make_customer(cpo, billing=ASHA, contact={}) == asha
    settings.DATA_KEYS = [LOST]
    assert find_or_make_customer(cpo, billing=ASHA, contact={}) != asha


@pytest.mark.django_db
def test_a_driver_whose_key_had_no_name_is_recognised_and_named() -> None:
    cpo = make_world().cpo
    asha = find_or_make_customer(cpo, billing=ASHA, contact={})
    with cpo_scope(cpo):
        CustomerKey.objects.update(hmac_key_id="1")
        assert find_or_make_customer(cpo, billing=ASHA, contact={}) == asha
        assert set(CustomerKey.objects.values_list("hmac_key_id", flat=True)) == {"1", sealing.newest_key().id}


@pytest.mark.django_db(transaction=True)
def test_while_keys_change_a_new_driver_is_one_customer(settings: Any) -> None:
    """Half of the processes have been restarted with the new key first."""
    cpo = make_world().cpo

    def come(number: int) -> str:
        settings.DATA_KEYS = [NEW, OLD] if number % 2 else [OLD, NEW]
        customer = find_or_make_customer(cpo, billing=ASHA, contact={})
        return str(customer and customer.pk)

    assert len(set(run_at_once(8, come))) == 1
    with every_cpo():
        assert (Customer.objects.count(), CustomerKey.objects.count()) == (1, 2)


@pytest.mark.django_db
def test_an_otp_holds_over_a_rotation(talk: Conversation, settings: Any) -> None:
    code = talk.confirmed()
    settings.DATA_KEYS = [NEW, OLD]
    with cpo_scope(talk.world.cpo):
        order = Order.objects.get()
        assert otp.check(order, "000000" if code != "000000" else "111111") is otp.OtpResult.WRONG
        assert otp.check(order, code) is otp.OtpResult.ACCEPTED


def resealed() -> str:
    out = StringIO()
    call_command("reseal", stdout=out)
    return out.getvalue()


def make_everything(cpo: Cpo) -> OutboundCallback:
    """Seal something of every kind, and a body as version 0.1 wrote it."""
    keys.own_key()
    create_gateway(cpo, name="Pay", pay_url="https://pay.example/$transaction_id")
    find_or_make_customer(cpo, billing=ASHA, contact={})
    callback = queue(number=3)
    plain = queue(number=4)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE beckn_messagebody SET codec = 'zlib', key_id = '', body = %s WHERE id = %s",
            [zlib.compress(b'{"number":4}'), plain.body_id],
        )
    return callback


@pytest.mark.django_db
def test_reseal_brings_everything_under_the_new_key_and_the_old_one_can_go(settings: Any) -> None:
    cpo = make_world().cpo
    callback = make_everything(cpo)
    with every_cpo():
        asha, gateway = Customer.objects.get(), PaymentGateway.objects.get()
    seed, secret = keys.own_key().seed, sealing.unseal(gateway.sealed_secret)
    settings.DATA_KEYS = [NEW, OLD]
    new_id = sealing.newest_key().id
    assert resealed() == (
        f"Brought under the key {new_id}: secrets (2), message bodies (2), customers (1).\n"
        "Nothing needs an older key but orders that wait for their OTP.\n"
    )
    assert resealed().startswith(f"Brought under the key {new_id}: secrets (0), message bodies (0), customers (0).\n")
    settings.DATA_KEYS = [NEW]
    keys.forget()
    with every_cpo():
        gateway.refresh_from_db()
    assert (keys.own_key().seed, sealing.unseal(gateway.sealed_secret)) == (seed, secret)
    assert bodies.load(callback.body_id, callback.body_at) == b'{"number":3}'
    assert set(MessageBody.objects.values_list("codec", "key_id")) == {("sealed", new_id)}
    assert find_or_make_customer(cpo, billing=ASHA, contact={}) == asha


@pytest.mark.django_db
def test_reseal_says_who_still_needs_the_old_key(settings: Any) -> None:
    cpo = make_world().cpo
    asha = find_or_make_customer(cpo, billing=ASHA, contact={})
    with cpo_scope(cpo):
        Customer.objects.get().contact.delete()
    settings.DATA_KEYS = [NEW, OLD]
    assert resealed().splitlines()[1] == (
        "Known under older keys only, until they buy again: customers (1). Keep those keys in PORTAL_DATA_KEY, or "
        "their limits begin anew."
    )
    assert find_or_make_customer(cpo, billing=ASHA, contact={}) == asha
    assert resealed().splitlines()[1] == "Nothing needs an older key but orders that wait for their OTP."


@pytest.mark.django_db
def test_reseal_leaves_what_it_cannot_open_and_names_it(settings: Any) -> None:
    callback = queue(number=3)
    before = list(MessageBody.objects.values())
    settings.DATA_KEYS = [NEW]
    with pytest.raises(CommandError, match=rf"no key opens stay as they are \(1\):\nmessage body {callback.body_id}"):
        call_command("reseal", stdout=StringIO())
    assert [row | {"body": bytes(row["body"])} for row in MessageBody.objects.values()] == [
        row | {"body": bytes(row["body"])} for row in before
    ]


@pytest.mark.django_db(transaction=True)
def test_two_reseals_at_once_do_each_thing_once(settings: Any) -> None:
    callbacks = [queue(number=number) for number in range(30)]
    settings.DATA_KEYS = [NEW, OLD]
    said = run_at_once(2, lambda _: resealed())
    assert sum(int(text.split("message bodies (")[1].split(")")[0]) for text in said) == 30
    settings.DATA_KEYS = [NEW]
    found = [json.loads(bodies.load(row.body_id, row.body_at) or b"") for row in callbacks]
    assert found == [{"number": number} for number in range(30)]


def test_every_sealed_column_is_known_to_reseal() -> None:
    assert sealed_columns() == [(PaymentGateway, "sealed_secret"), (SigningKey, "sealed_seed")]
