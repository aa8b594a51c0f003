"""/metrics: exact names and values, by bounded queries, and for nobody who may not look."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from beckn import tasks
from beckn.hold import hold_callbacks
from beckn.metrics import reading, text
from beckn.models import InboundMessage, OutboundCallback, WorkerHeartbeat
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import FOLLOWED
from offers import book
from offers.models import LedgerCheck, Offer
from tests.beckn.infra.support import BuyerApp, queue
from tests.world import make_offer, make_world

TOKEN = "a-token-of-more-than-twenty"
NAMES = {
    "cpo_portal_inbox_oldest_age_seconds",
    "cpo_portal_inbox_messages",
    "cpo_portal_outbox_oldest_age_seconds",
    "cpo_portal_outbox_oldest_by_bap_age_seconds",
    "cpo_portal_outbox_pending_by_bap",
    "cpo_portal_outbox_callbacks",
    "cpo_portal_outbox_expired_last_hour",
    "cpo_portal_callbacks_held",
    "cpo_portal_events_unannounced",
    "cpo_portal_events_unsettled",
    "cpo_portal_worker_heartbeat_age_seconds",
    "cpo_portal_book_revision_lag",
    "cpo_portal_ledger_check_age_seconds",
    "cpo_portal_ledger_counters",
    "cpo_portal_ledger_drift_counters",
    "cpo_portal_ledger_drift_amount",
    "cpo_portal_build_info",
}


@pytest.fixture
def scrape(client: Any) -> Any:
    """Return the samples by name and labels, as a scraper on this machine reads them."""

    def read() -> dict[str, float]:
        answer = client.get("/metrics")
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, text.CONTENT_TYPE)
        lines = [line for line in answer.content.decode().splitlines() if not line.startswith("#")]
        return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines}

    return read


@pytest.mark.django_db
def test_every_metric_has_a_help_a_type_and_its_documented_name(client: Any) -> None:
    page = client.get("/metrics").content.decode()
    assert set(re.findall(r"^# HELP (\S+) \S", page, re.MULTILINE)) == NAMES
    assert set(re.findall(r"^# TYPE (\S+) gauge$", page, re.MULTILINE)) == NAMES
    samples = [line for line in page.splitlines() if not line.startswith("#")]
    form = r'^[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?\d+(\.\d+)?$'
    assert [line for line in samples if not re.match(form, line)] == []


@pytest.mark.django_db
def test_an_idle_portal_tells_noughts(scrape: Any) -> None:
    told = {name: value for name, value in scrape().items() if "build_info" not in name}
    assert set(told.values()) == {0}
    assert "cpo_portal_ledger_drift_counters" not in told


@pytest.mark.django_db
def test_what_waits_is_told_with_its_age_and_whom_it_waits_for(scrape: Any, bap: BuyerApp, post: Any) -> None:
    other = BuyerApp("other.example", seed=b"b" * 32)
    other.register("https://other.example/beckn")
    now = timezone.now()
    ages = {queue("t-1").pk: 90, queue("t-2").pk: 30, queue("t-3", bap_id="other.example").pk: 600}
    for pk, age in ages.items():
        # However late its next attempt is, it waits since it was written.
        OutboundCallback.objects.filter(pk=pk).update(
            created_at=now - timedelta(seconds=age), next_attempt_at=now + timedelta(hours=1)
        )
    post("select", bap.body("select"), by=bap)
    InboundMessage.objects.update(received_at=now - timedelta(seconds=45))
    told = scrape()
    assert 45 <= told["cpo_portal_inbox_oldest_age_seconds"] < 75
    assert told['cpo_portal_inbox_messages{state="RECEIVED"}'] == 1
    assert 600 <= told["cpo_portal_outbox_oldest_age_seconds"] < 630
    assert 90 <= told['cpo_portal_outbox_oldest_by_bap_age_seconds{bap="bap.example"}'] < 120
    assert told['cpo_portal_outbox_pending_by_bap{bap="bap.example"}'] == 2
    assert told['cpo_portal_outbox_callbacks{state="PENDING"}'] == 3


@pytest.mark.django_db
def test_what_was_given_up_is_counted(scrape: Any, bap: BuyerApp, post: Any) -> None:
    dead, late, long_ago = (queue(f"t-{number}") for number in range(3))
    now = timezone.now()
    OutboundCallback.objects.filter(pk=dead.pk).update(state="DEAD", finished_at=now)
    OutboundCallback.objects.filter(pk=late.pk).update(state="EXPIRED", finished_at=now)
    OutboundCallback.objects.filter(pk=long_ago.pk).update(state="EXPIRED", finished_at=now - timedelta(hours=2))
    post("select", bap.body("select"), by=bap)
    InboundMessage.objects.update(state="DEAD")
    told = scrape()
    assert told['cpo_portal_outbox_callbacks{state="DEAD"}'] == 1
    assert told["cpo_portal_outbox_expired_last_hour"] == 1
    assert told['cpo_portal_inbox_messages{state="DEAD"}'] == 1


@pytest.mark.django_db
def test_only_so_many_buyer_apps_are_named_and_rows_counted(
    scrape: Any, bap: BuyerApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_ROWS", 2)
    for number in range(25):
        BuyerApp(f"bap-{number}.example", seed=b"c" * 32).register()
        queue(f"t-{number}", bap_id=f"bap-{number}.example")
    for number in range(3):
        queue(f"more-{number}")
    told = scrape()
    named = [name for name in told if name.startswith("cpo_portal_outbox_pending_by_bap")]
    assert len(named) == 20
    assert told['cpo_portal_outbox_callbacks{state="PENDING"}'] == 25 + 2


@pytest.mark.django_db
def test_the_worker_and_a_hold_are_told(scrape: Any) -> None:
    tasks.sweep()
    WorkerHeartbeat.objects.update(at=timezone.now() - timedelta(seconds=70))
    hold_callbacks("restore", "restored")
    told = scrape()
    assert 70 <= told['cpo_portal_worker_heartbeat_age_seconds{worker="messages"}'] < 100
    assert told["cpo_portal_callbacks_held"] == 1


@pytest.mark.django_db
def test_the_last_comparison_of_the_ledger_is_told_and_made_by_no_scrape(scrape: Any) -> None:
    LedgerCheck.objects.create(counters=9, drifting=0, amount=0)
    LedgerCheck.objects.create(counters=7, drifting=2, amount=Decimal("12.50"))
    told = scrape()
    figures = ["counters", "drift_counters", "drift_amount"]
    assert [told[f"cpo_portal_ledger_{name}"] for name in figures] == [7, 2, 12.5]
    assert LedgerCheck.objects.count() == 2


@pytest.mark.django_db
def test_books_that_are_behind_are_told_of_this_process_and_of_the_worker(
    scrape: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(book, "_books", {})
    cpo = make_world().cpo
    make_offer(cpo)
    with cpo_scope(cpo):
        book.book_for(cpo)
        assert scrape()['cpo_portal_book_revision_lag{process="web"}'] == 0
        for uses in (7, 8):
            Offer.objects.update(total_uses=uses)
    tasks.sweep()
    told = scrape()
    assert told['cpo_portal_book_revision_lag{process="web"}'] == 2
    assert told['cpo_portal_book_revision_lag{process="messages"}'] == 2


@pytest.mark.django_db
def test_only_this_machine_reads_it_where_no_token_is_set(client: Any) -> None:
    assert client.get("/metrics", REMOTE_ADDR="127.0.0.1").status_code == 200
    assert client.get("/metrics", REMOTE_ADDR="::1").status_code == 200
    for who in ({"REMOTE_ADDR": "203.0.113.7"}, {"REMOTE_ADDR": ""}, {"HTTP_X_FORWARDED_FOR": "127.0.0.1"}):
        answer = client.get("/metrics", **who)
        assert (answer.status_code, answer.content) == (404, b"Not found.\n")


@pytest.mark.django_db
def test_with_a_token_nobody_reads_it_without(client: Any, settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN
    for header in ("", "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer \udcff"):
        answer = client.get("/metrics", HTTP_AUTHORIZATION=header)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
    right = {"HTTP_AUTHORIZATION": f"Bearer {TOKEN}", "REMOTE_ADDR": "203.0.113.7", "HTTP_X_FORWARDED_FOR": "1.2.3.4"}
    assert client.get("/metrics", **right).status_code == 200
    assert client.post("/metrics", **right).status_code == 405


@pytest.mark.django_db
def test_a_database_that_is_down_is_a_503(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(*args: Any) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr(reading, "read", down)
    assert client.get("/metrics").status_code == 503


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["QUEUES", "TROUBLE", "BY_BAP"])
def test_no_scrape_reads_a_whole_table_of_messages(name: str) -> None:
    with connection.cursor() as cursor:
        # Whatever an emptier table would make cheaper: the question is what can be had without reading all of it.
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {getattr(reading, name)}", {"rows": 10_000, "followed": list(FOLLOWED)})
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert re.findall(r"Seq Scan on (beckn_inbound\w+|beckn_outbound\w+|charging_orderevent)", plan) == []
    indexes = {
        "QUEUES": {"inbound_due", "inbound_in_order"},
        "TROUBLE": {"inbound_dead", "callback_dead", "callback_expired"},
        "BY_BAP": {"callback_due_in_order"},
    }
    used = set(re.findall(r"using (\w+)", plan))
    assert used & indexes[name]


def test_labels_are_escaped() -> None:
    made = text.gauge("a", "b\nc", text.Sample(1.5, {"bap": 'x"\\\n'}))
    assert text.exposition([made]) == '# HELP a b\\nc\n# TYPE a gauge\na{bap="x\\"\\\\\\n"} 1.5\n'
