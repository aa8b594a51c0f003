"""Who sees which participants, keys and messages, and what a body shows."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from nacl.signing import SigningKey as Signer

from beckn import keys, tasks, upkeep
from beckn.hold import hold_callbacks
from beckn.models import (
    DeliveryHold,
    InboundMessage,
    NetworkProfile,
    OutboundCallback,
    Replay,
    SigningKey,
    Subscriber,
    SubscriberHealth,
)
from beckn.outbox import claim_due_callbacks
from cpo_portal.accounts.models import Cpo, Membership, Role, User
from cpo_portal.accounts.tenancy import cpo_scope
from tests.beckn.infra.support import BuyerApp, queue

pytestmark = pytest.mark.django_db
PUBLIC = base64.b64encode(bytes(Signer(b"p" * 32).verify_key)).decode()


@pytest.fixture
def world(bap: BuyerApp) -> SimpleNamespace:
    """Voltway with an owner and an analyst, Gridgo with an outsider, an operator; one callback each, one of nobody."""
    w = SimpleNamespace()
    w.voltway = Cpo.objects.create(provider_id="cpo1.com", name="Voltway")
    w.gridgo = Cpo.objects.create(provider_id="cpo2.com", name="Gridgo")
    w.operator = User.objects.create_user("operator@platform.example", is_superuser=True, is_staff=True)
    for name, cpo, role in (
        ("owner", w.voltway, Role.OWNER),
        ("analyst", w.voltway, Role.ANALYST),
        ("outsider", w.gridgo, Role.OWNER),
    ):
        user = User.objects.create_user(f"{name}@example.com", is_staff=True)
        with cpo_scope(cpo):
            Membership.objects.create(cpo=cpo, user=user, role=role)
        setattr(w, name, user)
    w.callback = queue("t-volt", number=1, cpo=w.voltway)
    w.foreign = queue("t-grid", number=2, cpo=w.gridgo)
    w.nobodys = queue("t-nobodys", number=3)
    return w


@pytest.fixture
def visit(world: SimpleNamespace) -> Any:

    def open_page(person: str, page: str, *args: Any, data: dict[str, Any] | None = None) -> Any:
        client = Client()
        client.force_login(getattr(world, person), backend="django.contrib.auth.backends.ModelBackend")
        url = reverse(f"admin:beckn_{page}", args=args)
        return client.get(url) if data is None else client.post(url, data)

    return open_page


def listed(answer: Any) -> set[str]:
    return {name for name in ("t-volt", "t-grid", "t-nobodys") if name in answer.content.decode()}


@pytest.mark.parametrize(
    ("person", "seen"),
    [
        ("owner", {"t-volt"}),
        ("analyst", {"t-volt"}),
        ("outsider", {"t-grid"}),
        ("operator", {"t-volt", "t-grid", "t-nobodys"}),
    ],
)
def test_members_see_their_cpos_callbacks_and_operators_all(visit: Any, person: str, seen: set[str]) -> None:
    answer = visit(person, "outboundcallback_changelist")
    assert (answer.status_code, listed(answer)) == (200, seen)


def test_guessed_address_of_another_cpos_callback_leads_nowhere(visit: Any, world: SimpleNamespace) -> None:
    # Dead ones, for what waits for its delivery cannot be sent again by anybody.
    OutboundCallback.objects.update(state="DEAD")
    for person, callback in (("owner", world.foreign), ("outsider", world.callback), ("owner", world.nobodys)):
        answer = visit(person, "outboundcallback_change", callback.pk)
        assert answer.status_code == 302
        again = visit(person, "outboundcallback_send_again", callback.pk, data={"_form_submitted": "on"})
        assert again.status_code in {302, 403, 404}
    assert set(OutboundCallback.objects.values_list("state", flat=True)) == {"DEAD"}


def test_page_shows_the_body_to_those_who_operate_only(visit: Any, world: SimpleNamespace) -> None:
    assert "&quot;number&quot;: 1" in visit("owner", "outboundcallback_change", world.callback.pk).content.decode()
    page = visit("analyst", "outboundcallback_change", world.callback.pk)
    assert page.status_code == 200
    assert "&quot;number&quot;" not in page.content.decode()


def test_one_time_password_is_hidden(visit: Any, world: SimpleNamespace) -> None:
    from beckn.outbox import enqueue_callback

    body = {"stops": [{"authorization": {"type": "OTP", "token": "739201"}}], "token": "visible"}
    pk = enqueue_callback(
        bap_id="bap.example",
        transaction_id="t",
        message_id="m",
        action="on_confirm",
        body=body,
        expires_at=None,
        cpo=world.voltway,
    )
    page = visit("owner", "outboundcallback_change", pk).content.decode()
    assert "739201" not in page
    assert "visible" in page


def test_log_cannot_be_changed_by_anyone(visit: Any, world: SimpleNamespace) -> None:
    for person in ("owner", "operator"):
        assert visit(person, "outboundcallback_add").status_code == 403
        assert visit(person, "outboundcallback_delete", world.callback.pk).status_code == 403
        assert visit(person, "outboundcallback_change", world.callback.pk, data={"state": "DEAD"}).status_code == 403
    assert OutboundCallback.objects.get(pk=world.callback.pk).state == "PENDING"


def kill(callback: OutboundCallback) -> None:
    OutboundCallback.objects.filter(pk=callback.pk).update(state="DEAD", attempts=84, finished_at=timezone.now())


def test_owner_sends_dead_callbacks_of_the_cpo_again(visit: Any, world: SimpleNamespace) -> None:
    kill(world.callback)
    kill(world.foreign)
    chosen = {"action": "send_chosen_again", "_selected_action": [world.callback.pk, world.foreign.pk]}
    assert visit("owner", "outboundcallback_changelist", data=chosen).status_code == 302
    assert OutboundCallback.objects.get(pk=world.callback.pk).state == "PENDING"
    assert OutboundCallback.objects.get(pk=world.foreign.pk).state == "DEAD"


def test_chosen_callbacks_are_sent_again_at_once_so_that_none_overtakes_an_earlier_one(
    visit: Any, world: SimpleNamespace
) -> None:
    rows = [world.callback, *(queue("t-volt", cpo=world.voltway) for _ in range(3))]
    for row in rows:
        kill(row)
    chosen = {"action": "send_chosen_again", "_selected_action": [row.pk for row in rows]}
    with CaptureQueriesContext(connection) as queries:
        visit("owner", "outboundcallback_changelist", data=chosen)
    updates = [query["sql"] for query in queries if query["sql"].startswith('UPDATE "beckn_outboundcallback"')]
    assert (len(updates), OutboundCallback.objects.filter(transaction_id="t-volt", state="PENDING").count()) == (1, 4)


def test_analyst_cannot_send_anything_again(visit: Any, world: SimpleNamespace) -> None:
    kill(world.callback)
    chosen = {"action": "send_chosen_again", "_selected_action": [world.callback.pk]}
    visit("analyst", "outboundcallback_changelist", data=chosen)
    assert visit("analyst", "outboundcallback_send_again", world.callback.pk).status_code == 403
    assert OutboundCallback.objects.get(pk=world.callback.pk).state == "DEAD"


def test_inbound_messages_are_seen_the_same_way(visit: Any, world: SimpleNamespace, post: Any, bap: BuyerApp) -> None:
    for name in ("t-volt", "t-grid", "t-nobodys"):
        post("select", bap.body("select", transaction_id=name), by=bap)
    InboundMessage.objects.filter(transaction_id="t-volt").update(cpo=world.voltway)
    message = InboundMessage.objects.get(transaction_id="t-volt")
    assert listed(visit("owner", "inboundmessage_changelist")) == {"t-volt"}
    assert listed(visit("outsider", "inboundmessage_changelist")) == set()
    assert listed(visit("operator", "inboundmessage_changelist")) == {"t-volt", "t-grid", "t-nobodys"}
    assert "deg:ev-charging" in visit("owner", "inboundmessage_change", message.pk).content.decode()
    assert visit("outsider", "inboundmessage_change", message.pk).status_code == 302


@pytest.mark.parametrize("person", ["owner", "analyst", "outsider"])
def test_participants_are_the_operators_business(visit: Any, person: str, bap: BuyerApp) -> None:
    subscriber = Subscriber.objects.get(subscriber_id=bap.id)
    assert visit(person, "subscriber_changelist").status_code == 403
    assert visit(person, "subscriber_change", subscriber.pk).status_code == 403


def inline(**key: str) -> dict[str, str]:
    management = {"keys-TOTAL_FORMS": "1", "keys-INITIAL_FORMS": "0", "keys-MIN_NUM_FORMS": "0"}
    return management | {f"keys-0-{name}": value for name, value in key.items()}


def subscriber_form(**changes: str) -> dict[str, str]:
    form = {
        "subscriber_id": "new.example",
        "role": "BAP",
        "callback_url": "https://new.example/beckn",
        "is_active": "on",
        "default_ttl_seconds": "30",
        "max_concurrent": "4",
    }
    return form | changes


def test_operator_registers_a_participant_with_its_key(visit: Any) -> None:
    data = subscriber_form() | inline(key_id="k1", public_key_text=PUBLIC)
    answer = visit("operator", "subscriber_add", data=data)
    assert answer.status_code == 302
    key = SigningKey.objects.get(subscriber__subscriber_id="new.example")
    assert (key.key_id, bytes(key.public_key), key.sealed_seed) == ("k1", base64.b64decode(PUBLIC), None)


def test_key_that_is_none_is_refused_in_the_form(visit: Any) -> None:
    data = subscriber_form() | inline(key_id="k1", public_key_text="AAAA")
    answer = visit("operator", "subscriber_add", data=data)
    assert answer.status_code == 200
    assert "The public key is not 32 bytes in base64." in answer.content.decode()
    assert not Subscriber.objects.filter(subscriber_id="new.example").exists()


def test_our_own_seed_is_on_no_page(visit: Any) -> None:
    key = keys.own_key()
    platform = Subscriber.objects.get(subscriber_id=key.subscriber_id)
    page = visit("operator", "subscriber_change", platform.pk).content.decode()
    sealed = bytes(SigningKey.objects.get(key_id=key.key_id).sealed_seed or b"")
    assert base64.b64encode(key.public_key).decode() in page.replace("&#x2B;", "+")
    for secret in (key.seed, sealed):
        for text in (base64.b64encode(secret).decode(), secret.hex(), repr(secret), json.dumps(list(secret))):
            assert text not in page


def test_participant_cannot_be_deleted(visit: Any, bap: BuyerApp) -> None:
    subscriber = Subscriber.objects.get(subscriber_id=bap.id)
    assert visit("operator", "subscriber_delete", subscriber.pk, data={"post": "yes"}).status_code == 403
    assert Subscriber.objects.filter(pk=subscriber.pk).exists()


def test_manager_sets_how_the_cpo_appears_and_others_do_not(visit: Any, world: SimpleNamespace) -> None:
    page = visit("owner", "networkprofile_changelist")
    assert page.status_code == 302
    with cpo_scope(world.voltway):
        profile = NetworkProfile.objects.get()
    data = {"offer_codes": "ONDC", "surge_consent_required": "on", "_cpo": str(world.voltway.pk)}
    for person, status in (("outsider", 302), ("analyst", 403), ("owner", 302)):
        assert visit(person, "networkprofile_change", profile.pk, data=data).status_code == status
        with cpo_scope(world.voltway):
            profile.refresh_from_db()
        changed = person == "owner"
        assert (profile.offer_codes == "ONDC", profile.surge_consent_required) == (changed, changed)


def test_an_operator_releases_held_callbacks_and_members_do_not_learn_of_them(visit: Any) -> None:
    hold_callbacks("restore", "Restored from a backup.")
    for person in ("owner", "analyst", "outsider"):
        assert visit(person, "deliveryhold_changelist").status_code == 403
        assert visit(person, "deliveryhold_release", "restore", data={"_form_submitted": "on"}).status_code == 403
    assert DeliveryHold.objects.count() == 1
    assert "Restored from a backup." in visit("operator", "deliveryhold_changelist").content.decode()
    assert visit("operator", "deliveryhold_release", "restore", data={"_form_submitted": "on"}).status_code == 302
    assert DeliveryHold.objects.count() == 0


@pytest.fixture
def sick(world: SimpleNamespace, bap: BuyerApp) -> Subscriber:
    """The buyer app is left alone: it took two callbacks long ago, one is dead and two wait."""
    subscriber = Subscriber.objects.get(subscriber_id=bap.id)
    kill(world.callback)
    hour = timedelta(hours=1)
    SubscriberHealth.objects.create(
        subscriber=subscriber,
        failures=5,
        pauses=3,
        open_until=timezone.now() + hour,
        last_success_at=timezone.now() - hour,
        last_failure_at=timezone.now(),
        last_error="TimeoutError: no whole answer within 8 s",
    )
    return subscriber


def test_operator_sees_how_a_buyer_app_takes_its_callbacks(visit: Any, sick: Subscriber) -> None:
    listed_page = visit("operator", "subscriber_changelist").content.decode()
    cells = dict(re.findall(r"field-(health_chip|pending|dead)\b[^>]*>\s*(.*?)\s*</td>", listed_page, re.DOTALL))
    texts = {name: re.sub(r"<[^>]*>", "", cell).strip() for name, cell in cells.items()}
    assert texts == {"health_chip": "Left alone", "pending": "2", "dead": "1"}
    page = visit("operator", "subscriber_change", sick.pk).content.decode()
    assert "TimeoutError: no whole answer within 8 s" in page
    assert "Send all dead letters again" in page


def test_operator_sends_all_dead_letters_again_and_it_is_on_record(
    visit: Any, sick: Subscriber, world: SimpleNamespace
) -> None:
    asked = visit("operator", "subscriber_send_dead_again", sick.pk)
    assert "Send 1 callbacks to bap.example again." in asked.content.decode()
    assert not Replay.objects.exists()
    assert (
        visit(
            "operator", "subscriber_send_dead_again", sick.pk, data={"agreed": "on", "_form_submitted": "True"}
        ).status_code
        == 302
    )
    replay = Replay.objects.get()
    assert (replay.subscriber, replay.total, replay.requested_by) == (sick, 1, world.operator.get_username())
    assert LogEntry.objects.get().change_message == "Ordered 1 dead callbacks to be sent again."
    assert tasks.replay_dead() == 1
    assert OutboundCallback.objects.get(pk=world.callback.pk).state == "PENDING"
    assert (
        "1 of 1, ordered by operator@platform.example"
        in visit("operator", "subscriber_change", sick.pk).content.decode()
    )


def test_operator_stops_sending_and_the_rest_stays_dead(
    visit: Any, sick: Subscriber, world: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "REPLAY_AHEAD", 3)
    assert "Stop sending" not in visit("operator", "subscriber_change", sick.pk).content.decode()
    kill(world.foreign)
    assert upkeep.request_replay(sick, by="colleague@platform.example") is not None
    assert tasks.replay_dead() == 2
    assert "Stop sending" in visit("operator", "subscriber_change", sick.pk).content.decode()
    pressed = {"data": {"_form_submitted": "True"}}
    assert visit("operator", "subscriber_stop_sending", sick.pk, **pressed).status_code == 302
    states = OutboundCallback.objects.order_by("sequence").values_list("state", flat=True)
    assert list(states) == ["DEAD", "DEAD", "PENDING"]
    page = visit("operator", "subscriber_change", sick.pk).content.decode()
    assert re.search(
        r"0 of 2, ordered by colleague@platform\.example [^<]*, stopped by operator@platform\.example", page
    )
    assert "Stop sending" not in page
    assert LogEntry.objects.get().change_message == (
        "Stopped sending dead callbacks again; 2 that waited are dead again."
    )
    visit("operator", "subscriber_stop_sending", sick.pk, **pressed)
    assert (Replay.objects.count(), LogEntry.objects.count()) == (1, 1)


def test_operator_probes_now(visit: Any, sick: Subscriber) -> None:
    assert claim_due_callbacks(9) == []
    assert visit("operator", "subscriber_probe", sick.pk, data={"_form_submitted": "True"}).status_code == 302
    assert len(claim_due_callbacks(9)) == 1
    assert LogEntry.objects.get().change_message == "Ended the pause and probed."


@pytest.mark.parametrize("person", ["owner", "analyst", "outsider"])
@pytest.mark.parametrize("action", ["send_dead_again", "stop_sending", "probe"])
def test_members_neither_probe_nor_send_again(visit: Any, sick: Subscriber, person: str, action: str) -> None:
    assert visit(
        person, f"subscriber_{action}", sick.pk, data={"agreed": "on", "_form_submitted": "True"}
    ).status_code in {302, 403}
    assert (Replay.objects.exists(), claim_due_callbacks(9), LogEntry.objects.exists()) == (False, [], False)
