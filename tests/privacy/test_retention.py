"""How long bodies are kept: the CPO's figure, else the platform's; never shorter than until the row is final."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from psycopg.conninfo import conninfo_to_dict

from beckn import resending, retention
from beckn.models import InboundMessage, MessageBody, OutboundCallback
from beckn.retention import Dropped, drop_old_bodies
from beckn.tasks import drop_old_bodies as task
from cpo_portal.accounts.models import Cpo, User
from cpo_portal.adminkit.display import when
from cpo_portal.database import partitions
from tests.beckn.infra.support import BuyerApp, queue
from tests.processes import run_at_once
from tests.test_house import PRODUCTION, manage

pytestmark = pytest.mark.django_db
PLATFORM = 180
MONTH = date(2020, 1, 1)


@pytest.fixture(autouse=True)
def _platform(settings: Any) -> None:
    settings.MESSAGE_RETENTION_DAYS = PLATFORM


def make_cpo(days: int | None) -> Cpo:
    return Cpo.objects.create(provider_id=f"cpo-{days}.example", name="CPO", message_retention_days=days)


def age(message: InboundMessage | OutboundCallback, *, state: str, at: datetime) -> None:
    """Let a message have come at `at` and have the state."""
    MessageBody.objects.filter(pk=message.body_id).update(created_at=at)
    type(message).objects.filter(pk=message.pk).update(state=state, body_at=at, finished_at=at)
    message.refresh_from_db()


def sent(cpo: Cpo | None, *, days: float, state: str = "DELIVERED") -> OutboundCallback:
    callback = queue(f"t-{days}-{state}", cpo=cpo)
    age(callback, state=state, at=timezone.now() - timedelta(days=days))
    return callback


def has_body(message: InboundMessage | OutboundCallback) -> bool:
    return MessageBody.objects.filter(pk=message.body_id).exists()


MINUTE = 1 / 1440


@pytest.mark.parametrize(
    ("own", "kept_for"),
    [
        pytest.param(None, PLATFORM, id="the-platforms-where-the-cpo-has-none"),
        pytest.param(30, 30, id="the-cpos-where-it-is-shorter"),
        pytest.param(400, 400, id="the-cpos-where-it-is-longer"),
        pytest.param("no CPO", PLATFORM, id="the-platforms-where-no-or-several-cpos-are-concerned"),
    ],
)
@pytest.mark.parametrize(
    ("beyond", "kept"),
    [
        pytest.param(-1, True, id="a-day-before"),
        pytest.param(-MINUTE, True, id="a-minute-before"),
        pytest.param(0, False, id="at-the-limit"),
        pytest.param(1, False, id="a-day-after"),
    ],
)
def test_a_body_is_kept_until_the_limit(own: Any, kept_for: int, beyond: float, kept: bool) -> None:
    cpo = None if own == "no CPO" else make_cpo(own)
    make_cpo(31)  # another CPO's figure is no business of this one
    callback = sent(cpo, days=kept_for + beyond)
    before = OutboundCallback.objects.values().get()
    assert drop_old_bodies() == Dropped(bodies=0 if kept else 1, months=())
    after = OutboundCallback.objects.values().get()
    assert has_body(callback) is kept
    assert (after.pop("body_dropped_at") is None, before.pop("body_dropped_at")) == (kept, None)
    assert {**after, "body_hash": bytes(after["body_hash"])} == {**before, "body_hash": bytes(before["body_hash"])}


@pytest.mark.parametrize(
    ("state", "kept"),
    [("PENDING", True), ("DELIVERED", False), ("EXPIRED", False), ("DEAD", False)],
)
def test_a_callback_is_final_first(state: str, kept: bool) -> None:
    callback = sent(None, days=2000, state=state)
    drop_old_bodies()
    assert has_body(callback) is kept


@pytest.mark.parametrize(("state", "kept"), [("RECEIVED", True), ("DONE", False), ("DEAD", False)])
def test_a_request_is_final_first(state: str, kept: bool, post: Any, bap: BuyerApp) -> None:
    post("select", bap.body("select"), by=bap)
    message = InboundMessage.objects.get()
    age(message, state=state, at=timezone.now() - timedelta(days=2000))
    assert drop_old_bodies().bodies == (0 if kept else 1)
    assert has_body(message) is kept
    message.refresh_from_db()
    assert (message.body_dropped_at is None) is kept


def test_a_repeated_request_is_acknowledged_by_its_hash_alone(post: Any, bap: BuyerApp) -> None:
    raw = bap.body("select", message_id="m-1")
    post("select", raw, by=bap)
    message = InboundMessage.objects.get()
    age(message, state="DONE", at=timezone.now() - timedelta(days=2000))
    drop_old_bodies()
    assert post("select", raw, by=bap).json() == {"message": {"ack": {"status": "ACK"}}}
    refused = post("select", bap.body("select", message_id="m-1", ttl="PT31S"), by=bap)
    assert refused.json()["message"]["ack"]["status"] == "NACK"
    assert (InboundMessage.objects.count(), has_body(message)) == (1, False)


def test_it_goes_on_batch_by_batch_past_what_is_kept_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 2)
    patient = make_cpo(400)
    kept = [sent(patient, days=300 + number) for number in range(3)]
    gone = [sent(None, days=200 + number) for number in range(5)]
    assert drop_old_bodies().bodies == 5
    assert drop_old_bodies().bodies == 0
    assert [has_body(callback) for callback in kept + gone] == [True] * 3 + [False] * 5


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_drop_each_body_once() -> None:
    for number in range(40):
        sent(None, days=200 + number)
    assert sum(run_at_once(2, lambda _: task())) == 40
    assert not MessageBody.objects.exists()


def test_a_dropped_callback_is_not_sent_again() -> None:
    callback = sent(None, days=2000)
    drop_old_bodies()
    assert not resending.send_again(callback)
    assert OutboundCallback.objects.get().state == "DELIVERED"


def operators_page(callback: OutboundCallback) -> str:
    operator = User.objects.create_user("operator@platform.example", is_superuser=True)
    client = Client()
    client.force_login(operator, backend="django.contrib.auth.backends.ModelBackend")
    return client.get(reverse("admin:beckn_outboundcallback_change", args=[callback.pk])).content.decode()


def test_the_page_says_that_the_body_was_dropped_and_when() -> None:
    callback = sent(None, days=2000)
    drop_old_bodies()
    callback.refresh_from_db()
    page = operators_page(callback)
    assert f"The body was dropped on {when(callback.body_dropped_at)}, when it needed to be kept no longer." in page
    assert bytes(callback.body_hash).hex() in page


def test_the_page_of_a_body_whose_key_is_missing_says_what_to_do(settings: Any) -> None:
    callback = queue(number=7)
    settings.DATA_KEYS = [b"x" * 32]
    page = operators_page(callback)
    assert "The body cannot be read. PORTAL_DATA_KEY does not hold the key" in page


@pytest.mark.parametrize(
    ("days", "accepted"),
    [(29, False), (30, True), (3650, True), (3651, False), (None, True)],
)
def test_a_cpos_figure_has_bounds(days: int | None, accepted: bool) -> None:
    cpo = make_cpo(180)
    cpo.message_retention_days = days
    if accepted:
        cpo.full_clean()
        return
    with pytest.raises(ValidationError) as refused:
        cpo.full_clean()
    assert set(refused.value.message_dict) == {"message_retention_days"}


@pytest.fixture
def january(transactional_db: None) -> Iterator[None]:
    """A table for the bodies of a month long ago, as the owner's function made it before that month."""
    name = f"beckn_messagebody_y{MONTH:%Y}m{MONTH:%m}"
    owner = {**conninfo_to_dict(os.environ["DATABASE_OWNER_URL"]), "dbname": connection.settings_dict["NAME"]}
    with psycopg.connect(**owner, autocommit=True) as boss:
        boss.execute(
            f"CREATE TABLE {name} PARTITION OF beckn_messagebody "
            "FOR VALUES FROM ('2020-01-01 00:00+00') TO ('2020-02-01 00:00+00')"
        )
        yield
        boss.execute(f"DROP TABLE IF EXISTS {name}")


def in_january(number: int, state: str = "DELIVERED") -> OutboundCallback:
    callback = queue(f"t-{number}", number=number)
    age(callback, state=state, at=datetime(2020, 1, 1 + number, tzinfo=UTC))
    return callback


@pytest.mark.usefixtures("january")
def test_a_month_that_is_past_every_retention_goes_with_its_table() -> None:
    callbacks = [in_january(number) for number in range(3)]
    recent = queue("t-9", number=9)
    assert drop_old_bodies() == Dropped(bodies=3, months=(MONTH,))
    assert [body.pk for body in MessageBody.objects.all()] == [recent.body_id]
    for callback in callbacks:
        callback.refresh_from_db()
        assert callback.body_dropped_at is not None
    assert drop_old_bodies() == Dropped(bodies=0, months=())


@pytest.mark.usefixtures("january")
def test_a_month_stays_while_one_of_its_messages_is_not_final() -> None:
    waiting, gone = in_january(1, "PENDING"), in_january(2)
    assert drop_old_bodies() == Dropped(bodies=1, months=())
    assert (has_body(waiting), has_body(gone)) == (True, False)
    OutboundCallback.objects.filter(pk=waiting.pk).update(state="DEAD")
    assert drop_old_bodies() == Dropped(bodies=1, months=(MONTH,))


@pytest.mark.usefixtures("january")
def test_a_month_stays_while_one_cpo_keeps_its_messages_longer() -> None:
    patient = make_cpo(3650)
    kept, gone = in_january(1), in_january(2)
    OutboundCallback.objects.filter(pk=kept.pk).update(cpo=patient)
    assert drop_old_bodies() == Dropped(bodies=1, months=())
    assert (has_body(kept), has_body(gone)) == (True, False)


@pytest.mark.usefixtures("january")
def test_a_month_that_somebody_reads_is_dropped_the_next_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "LOCK_SECONDS", 0.2)
    in_january(1)
    params = connection.get_connection_params()
    with psycopg.connect(**{key: params[key] for key in ("dbname", "user", "password", "host")}) as reader:
        reader.execute("SELECT count(*) FROM beckn_messagebody")
        assert drop_old_bodies() == Dropped(bodies=1, months=())
    assert drop_old_bodies() == Dropped(bodies=0, months=(MONTH,))


@pytest.mark.parametrize(("days", "starts"), [("29", False), ("30", True), ("3651", False)])
def test_the_platforms_figure_has_the_same_bounds(days: str, starts: bool) -> None:
    result = manage("check", **PRODUCTION, PORTAL_MESSAGE_RETENTION_DAYS=days)
    assert ((result.returncode == 0), "Set PORTAL_MESSAGE_RETENTION_DAYS to 30 to 3650 days." in result.stderr) == (
        starts,
        not starts,
    )
