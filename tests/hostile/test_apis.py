"""The staff, charging and payment APIs under requests made from their own description: no fault of ours, each answer as
it is described, and nothing written by what is refused or only reads."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction

from tests.hostile.described import Asker
from tests.tenancy.stage import Stage, set_stage

#: Requests per operation in the fast run and in the longer one, of which REQUESTS can ask for more; that one also tries
#: the boundaries of every value.
FAST, SLOW = 3, int(os.environ.get("REQUESTS", "30"))
#: What made-up requests have not done by chance is asked for again, at most so often, with other values each time.
MORE_ROUNDS = 8

#: What the stage's rows refuse whatever is asked, for they are in use or in another state; and starts, of which hardly
#: one is in time.
REFUSED = {
    "DELETE /api/chargers/{evse_id}", "DELETE /api/connectors/{item_id}", "DELETE /api/locations/{location_id}",
    "POST /api/offers/{offer_id}/archive", "POST /api/offers/{offer_id}/publish", "POST /api/offers/{offer_id}/resume",
    "POST /api/surge-schedules/{schedule_id}/archive", "POST /api/surge-schedules/{schedule_id}/resume",
    "POST /api/tariffs/{tariff_id}/publish", "POST /api/charging/sessions", "DELETE /api/named-lists/{list_id}",
}  # fmt: skip
#: Rules between fields, names of the stage's own rows and states that no description can say: what is made by chance is
#: taken now and then, and in some runs never.
HARDLY = {
    "DELETE /api/segments/{segment_id}", "PATCH /api/holiday-calendars/{calendar_id}", "PATCH /api/offer-policy",
    "PATCH /api/offers/{offer_id}", "PATCH /api/segments/{segment_id}", "POST /api/backtests", "POST /api/balances",
    "POST /api/balances/import", "POST /api/balances/{balance_id}/expire", "POST /api/balances/{balance_id}/pay-back",
    "POST /api/balances/{balance_id}/top-up", "POST /api/code-batches", "POST /api/code-batches/{batch}/cancel",
    "POST /api/customer-groups/{group_id}/add", "POST /api/customer-groups/{group_id}/remove",
    "POST /api/customers/import", "PATCH /api/demand-policies/{policy_id}", "POST /api/demand-policies",
    "POST /api/demand-policies/{policy_id}/switch-on", "POST /api/holiday-calendars",
    "POST /api/named-lists/{list_id}/contacts",
    "POST /api/offer-imports", "POST /api/offers", "POST /api/offers/{offer_id}/approve",
    "POST /api/offers/{offer_id}/duplicate", "POST /api/offers/{offer_id}/reject",
    "POST /api/offers/{offer_id}/restore", "POST /api/offers/{offer_id}/submit",
    "POST /api/orders/{order_id}/exchange", "POST /api/orders/{order_id}/refund",
    "POST /api/orders/{order_id}/take-back", "POST /api/referral-codes", "POST /api/segments",
    "POST /api/tariffs", "PUT /api/holiday-calendars/{calendar_id}", "PUT /api/offers/{offer_id}",
    "PUT /api/segments/{segment_id}",
}  # fmt: skip


@pytest.fixture(scope="module")
def stage(django_db_setup: None, django_db_blocker: Any) -> Iterator[Stage]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield set_stage()
        transaction.set_rollback(True)


@pytest.fixture
def asker(stage: Stage, django_db_blocker: Any) -> Iterator[Asker]:
    """Requests share the test's transaction, so none of them may close its connection."""
    signals = (request_started, request_finished)
    for signal in signals:
        signal.disconnect(close_old_connections)
    with django_db_blocker.unblock(), transaction.atomic():
        yield Asker(stage)
        transaction.set_rollback(True)
    for signal in signals:
        signal.connect(close_old_connections)


def test_requests_made_from_the_description_are_answered_as_it_says(asker: Asker) -> None:
    for operation in asker.operations():
        asker.ask(operation, count=FAST)
    assert "\n".join(asker.complaints) == ""
    assert len(asker.asked) >= 50
    assert {200, 201, 204, 400, 404, 409} <= {status for statuses in asker.asked.values() for status in statuses}


@pytest.mark.slow
def test_many_more_requests_and_every_boundary(asker: Asker) -> None:
    for operation in asker.operations():
        asker.ask(operation, count=SLOW, boundaries=True)
    for seed in range(2, 2 + MORE_ROUNDS):
        missing = {*asker.unheard()} - REFUSED - HARDLY
        for operation in asker.operations():
            if operation.label in missing:
                asker.ask(operation, count=SLOW, seed=seed)
    assert "\n".join(asker.complaints) == ""
    assert sorted({*asker.unheard()} - REFUSED - HARDLY) == []
