"""A data key that is missing is told at once: by /readyz, by the commands, with what it sealed and the way out."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client

from beckn import keys, tasks
from beckn.data_keys import give_up_unreadable
from beckn.models import InboundMessage, MessageBody, OutboundCallback, SigningKey
from cpo_portal.accounts import sealing
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.imports.jobs import Author, import_contacts
from cpo_portal.charging.models import CustomerKey, NamedList, PaymentGateway
from cpo_portal.charging.payments.reports import create_gateway, rotate_secret
from cpo_portal.charging.people.customers import find_or_make_customer
from tests.beckn.infra.support import BuyerApp, queue
from tests.world import make_world

pytestmark = pytest.mark.django_db
OLD, NEW = b"o" * 32, b"n" * 32
WAY_OUT = "put that key back, or follow “A secret is lost” in docs/operations.md."


@pytest.fixture(autouse=True)
def world(settings: Any) -> Any:
    """A key of ours, two CPOs' gateways and a worker, all under the old data key."""
    settings.DATA_KEYS = [OLD]
    keys.forget()
    keys.own_key()
    tasks.sweep()
    world = make_world()
    create_gateway(world.cpo, name="Pay", pay_url="https://pay.example/$transaction_id")
    return world


def key_id(secret: bytes) -> str:
    return sealing._key(secret).id


def readiness() -> tuple[int, str]:
    answer = Client().get("/readyz")
    return answer.status_code, answer.json()["checks"]["keys"]


def check() -> str:
    out = StringIO()
    call_command("check_data_keys", stdout=out)
    return out.getvalue()


def test_with_its_keys_the_portal_is_ready(settings: Any) -> None:
    assert readiness() == (200, "ok")
    settings.DATA_KEYS = [NEW, OLD]
    assert readiness() == (200, "ok")


def test_a_lost_key_makes_it_unready_and_the_sentence_says_what_needs_it(settings: Any) -> None:
    settings.DATA_KEYS = [NEW]
    keys.forget()
    sentence = (
        f"PORTAL_DATA_KEY does not hold the key {key_id(OLD)}, which sealed payment gateways (1), signing keys (1): "
        + WAY_OUT
    )
    assert readiness() == (503, sentence)
    for command in ("show_own_key", "check_data_keys"):
        with pytest.raises(CommandError) as told:
            call_command(command, stdout=StringIO())
        assert str(told.value) == sentence


def test_a_message_that_waits_under_a_lost_key_is_told(settings: Any) -> None:
    BuyerApp("bap.example", seed=b"b" * 32).register()
    queue()
    settings.DATA_KEYS = [NEW, OLD]
    call_command("reseal", stdout=StringIO())
    with connection.cursor() as cursor:
        # As a body that was written by a process which had not been restarted yet.
        cursor.execute("UPDATE beckn_messagebody SET key_id = %s", [key_id(OLD)])
    settings.DATA_KEYS = [NEW]
    assert readiness() == (
        503,
        f"PORTAL_DATA_KEY does not hold the key {key_id(OLD)}, which sealed waiting callbacks (1): {WAY_OUT}",
    )
    with pytest.raises(CommandError, match=r"which sealed message bodies \(1\)"):
        check()
    assert OutboundCallback.objects.get().state == "PENDING"
    with pytest.raises(CommandError, match=r"which sealed message bodies \(1\)"):
        call_command("check_data_keys", give_up=True, stdout=StringIO())
    callback = OutboundCallback.objects.get()
    assert (callback.state, callback.last_error) == ("DEAD", f"the data key {key_id(OLD)} that sealed it is lost")
    assert readiness() == (200, "ok")


def test_a_list_whose_key_goes_is_told_to_be_uploaded_again(world: Any, settings: Any) -> None:
    with cpo_scope(world.cpo):
        fleet = NamedList.objects.create(cpo=world.cpo, list_id="fleet", name="Fleet")
    import_contacts(fleet, b"phone\n9876543210\n9000000001", replaces=False, dry_run=False, author=Author())
    settings.DATA_KEYS = [NEW, OLD]
    call_command("reseal", stdout=StringIO())
    settings.DATA_KEYS = [NEW]
    lost = r"contacts on named lists \(upload their lists again\) \(2\)"
    with pytest.raises(CommandError, match=lost):
        check()
    import_contacts(fleet, b"phone\n9876543210", replaces=True, dry_run=False, author=Author())
    assert "named lists" not in check()


def test_what_can_be_read_is_not_given_up(settings: Any, post: Any, bap: BuyerApp) -> None:
    queue()
    post("select", bap.body("select"), by=bap)
    settings.DATA_KEYS = [NEW, OLD]
    assert give_up_unreadable() == 0
    settings.DATA_KEYS = [NEW]
    assert give_up_unreadable() == 2
    assert (InboundMessage.objects.get().state, OutboundCallback.objects.get().state) == ("DEAD", "DEAD")


def test_a_value_that_was_altered_is_told_apart_from_a_lost_key() -> None:
    row = SigningKey.objects.get()
    SigningKey.objects.update(sealed_seed=bytes(row.sealed_seed or b"")[:-1] + b"\0\0")
    assert readiness() == (503, "Altered since they were sealed, so that nothing opens them: signing keys (1).")


def test_the_way_out_makes_it_ready_again(settings: Any, world: Any) -> None:
    settings.DATA_KEYS = [NEW]
    keys.forget()
    call_command("rotate_own_key", revoke=True, stdout=StringIO())
    with cpo_scope(world.cpo):
        rotate_secret(PaymentGateway.objects.get())
    assert readiness() == (200, "ok")
    assert check() == (
        f"key {key_id(NEW)} writes and reads: payment gateways (1), signing keys (1)\n"
        "Everything that is sealed can be opened.\n"
    )


def test_the_command_says_what_each_key_is_needed_for(settings: Any, world: Any) -> None:
    with cpo_scope(world.cpo):
        find_or_make_customer(world.cpo, billing={"phone": "+91 98765 43210"}, contact={})
    settings.DATA_KEYS = [NEW, OLD]
    assert check() == (
        f"key {key_id(NEW)} writes and reads: nothing needs it\n"
        f"key {key_id(OLD)} reads: payment gateways (1), signing keys (1)\n"
        "Everything that is sealed can be opened.\n"
    )
    call_command("reseal", stdout=StringIO())
    settings.DATA_KEYS = [OLD]
    with cpo_scope(world.cpo):
        find_or_make_customer(world.cpo, billing={"phone": "+91 98765 00000"}, contact={})
        assert CustomerKey.objects.count() == 3  # two of the customer who is known under both keys
    settings.DATA_KEYS = [NEW]
    with pytest.raises(CommandError) as told:
        check()
    assert str(told.value) == (
        f"PORTAL_DATA_KEY does not hold the key {key_id(OLD)}, which sealed customers (their limits would begin anew) "
        f"(1): {WAY_OUT}"
    )
    assert not MessageBody.objects.exists()
