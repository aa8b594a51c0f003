"""Which moves an offer allows, and what a stored state means at an instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cpo_portal.accounts.tenancy import cpo_scope
from offers.models import Offer, OfferCounter, OfferState, OfferVersion
from offers.states import Move, derived_state, moves_from, next_state, state_condition
from tests.world import make_offer, make_world

NOW = datetime(2026, 3, 7, 12, tzinfo=UTC)
DAY = timedelta(days=1)

ALLOWED = {
    "DRAFT": {Move.PUBLISH: "APPROVED", Move.ARCHIVE: "ARCHIVED", Move.SUBMIT: "IN_REVIEW"},
    "IN_REVIEW": {
        Move.PUBLISH: "APPROVED",
        Move.ARCHIVE: "ARCHIVED",
        Move.APPROVE: "APPROVED",
        Move.REJECT: "DRAFT",
    },
    "APPROVED": {
        Move.PUBLISH: "APPROVED",
        Move.PAUSE: "PAUSED",
        Move.END: "ENDED",
        Move.WITHDRAW: "WITHDRAWN",
        Move.SUBMIT: "APPROVED",
        Move.APPROVE: "APPROVED",
        Move.REJECT: "APPROVED",
    },
    "PAUSED": {
        Move.PUBLISH: "PAUSED",
        Move.RESUME: "APPROVED",
        Move.END: "ENDED",
        Move.WITHDRAW: "WITHDRAWN",
        Move.SUBMIT: "PAUSED",
        Move.APPROVE: "PAUSED",
        Move.REJECT: "PAUSED",
    },
    "ENDED": {
        Move.PUBLISH: "APPROVED",
        Move.WITHDRAW: "WITHDRAWN",
        Move.ARCHIVE: "ARCHIVED",
        Move.SUBMIT: "ENDED",
        Move.APPROVE: "APPROVED",
        Move.REJECT: "ENDED",
    },
    "WITHDRAWN": {Move.ARCHIVE: "ARCHIVED"},
    "ARCHIVED": {},
}


@pytest.mark.parametrize("move", Move, ids=str)
@pytest.mark.parametrize("state", OfferState.values)
def test_each_move_leads_where_the_table_says_or_is_refused(state: str, move: Move) -> None:
    assert next_state(state, move) == ALLOWED[state].get(move)


@pytest.mark.parametrize("state", OfferState.values)
def test_the_moves_of_a_state_are_those_of_the_table(state: str) -> None:
    assert set(moves_from(state)) == set(ALLOWED[state])


def counter(**values: Any) -> OfferCounter:
    return OfferCounter(**{"limit_uses": None, "limit_budget": None} | values)


DERIVED = [
    pytest.param("DRAFT", -1, 1, None, "DRAFT", id="a draft is a draft whatever its validity"),
    pytest.param("PAUSED", -1, 1, None, "PAUSED", id="a paused offer is paused inside its validity"),
    pytest.param("PAUSED", -2, -1, None, "PAUSED", id="a paused offer is paused after its validity"),
    pytest.param("WITHDRAWN", -1, 1, None, "WITHDRAWN", id="a withdrawn offer is withdrawn"),
    pytest.param("ENDED", -1, 1, None, "ENDED", id="ended early"),
    pytest.param("APPROVED", 0, 1, None, "LIVE", id="live from its first instant"),
    pytest.param("APPROVED", 1, 2, None, "SCHEDULED", id="scheduled before it"),
    pytest.param("APPROVED", -1, 0, None, "ENDED", id="ended at its last instant"),
    pytest.param("APPROVED", -1, 1, counter(limit_uses=2, uses_committed=1), "LIVE", id="one use left"),
    pytest.param(
        "APPROVED", -1, 1, counter(limit_uses=2, uses_committed=1, uses_reserved=1), "EXHAUSTED", id="no use left"
    ),
    pytest.param(
        "APPROVED",
        -1,
        1,
        counter(limit_budget=Decimal("10.00"), budget_reserved=Decimal("9.99")),
        "LIVE",
        id="a paisa of budget left",
    ),
    pytest.param(
        "APPROVED",
        -1,
        1,
        counter(limit_budget=Decimal("10.00"), budget_reserved=Decimal("4.00"), budget_committed=Decimal("6.00")),
        "EXHAUSTED",
        id="no budget left",
    ),
    pytest.param(
        "APPROVED",
        -1,
        1,
        counter(limit_uses=1, uses_committed=1, limit_budget=Decimal(10)),
        "EXHAUSTED",
        id="uses gone, budget left",
    ),
    pytest.param("APPROVED", 1, 2, counter(limit_uses=1, uses_committed=1), "SCHEDULED", id="time comes before limits"),
]


@pytest.mark.parametrize(("state", "begins", "ends", "used", "expected"), DERIVED)
def test_the_derived_state_follows_validity_and_usage(
    state: str, begins: int, ends: int, used: OfferCounter | None, expected: str
) -> None:
    version = OfferVersion(valid_from=NOW + begins * DAY, valid_until=NOW + ends * DAY)
    assert derived_state(Offer(state=state), version, used, NOW) == expected


@pytest.mark.django_db
@pytest.mark.parametrize(("state", "begins", "ends", "used", "expected"), DERIVED)
def test_the_database_finds_an_offer_under_exactly_the_state_that_is_derived(
    state: str, begins: int, ends: int, used: OfferCounter | None, expected: str
) -> None:
    cpo = make_world().cpo
    offer = make_offer(cpo, state=state, valid_from=NOW + begins * DAY, valid_until=NOW + ends * DAY)
    with cpo_scope(cpo):
        if used is not None:
            used.pk = offer.pk
            used.save(force_insert=True)
        found = [
            name
            for name in ("DRAFT", "PAUSED", "WITHDRAWN", "ARCHIVED", "SCHEDULED", "LIVE", "ENDED", "EXHAUSTED")
            if Offer.objects.filter(state_condition(name, NOW)).exists()
        ]
    assert found == [expected]
