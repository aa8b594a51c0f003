"""Which moves an offer allows, and what a stored state means at an instant."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from cpo_portal.accounts.tenancy import cpo_scope
from offers.engine.values import Usage
from offers.mapping import offer_terms
from offers.models import DayCounter, Offer, OfferCounter, OfferState, OfferVersion
from offers.published import is_shown
from offers.states import Move, counter_of, derived_state, moves_from, next_state, state_condition
from tests.world import make_offer, make_world

NOW = datetime(2026, 3, 7, 12, tzinfo=UTC)
DAY = timedelta(days=1)
PAISA = Decimal("0.01")

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
        id="a paisa of budget left, and a redemption costs no more",
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
    assert derived_state(Offer(state=state, redemption_cap=PAISA), version, used, NOW) == expected


@pytest.mark.django_db
@pytest.mark.parametrize(("state", "begins", "ends", "used", "expected"), DERIVED)
def test_the_database_finds_an_offer_under_exactly_the_state_that_is_derived(
    state: str, begins: int, ends: int, used: OfferCounter | None, expected: str
) -> None:
    cpo = make_world().cpo
    validity = {"valid_from": NOW + begins * DAY, "valid_until": NOW + ends * DAY}
    offer = make_offer(cpo, state=state, redemption_cap=PAISA, **validity)
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


BUDGET, CAP = Decimal("73.39"), Decimal(50)
_NO_VALUE: dict[str, Any] = {"value": None, "value_type": "", "value_cap": None}


def _slab(first: int, last: int | None, cap: str) -> dict[str, Any]:
    return {"item_count": first, "item_count_upper": last, "value": "10", "value_type": "percent", "value_cap": cap}


_GIVING: dict[str, Any] = _NO_VALUE | {"benefit_item_count": 1, "item_value": Decimal(0)}
_EMI = {
    "provider": "Bank", "method": "EMI", "months": 6, "annual_percent": "12", "subvention_percent": "0",
}  # fmt: skip
#: What an offer gives, and of a budget of ₹73.39 with ₹50.00 per redemption how much may be used for one more to fit.
ROOM: dict[str, tuple[dict[str, Any], str]] = {
    "per cent": ({"value_cap": None}, "23.39"),
    "per cent with a lower cap": ({"value_cap": Decimal(40)}, "33.39"),
    "per cent with a higher cap": ({"value_cap": Decimal(60)}, "23.39"),
    "an amount": ({"value_type": "amount", "value": Decimal(30), "value_cap": None}, "43.39"),
    "an amount above the cap": ({"value_type": "amount", "value": Decimal(70), "value_cap": None}, "23.39"),
    "per kWh": ({"value_type": "per_kwh", "value": Decimal(3), "value_cap": None}, "23.39"),
    "slabs": (_NO_VALUE | {"benefit_kind": "slab", "slabs": [_slab(1, 9, "45"), _slab(10, None, "9")]}, "28.39"),
    "more kWh": (
        _GIVING | {"benefit_kind": "buyXgetY", "item_unit": "KWH", "qualifier_item_count": 5}, "23.39",
    ),
    "off the fee": ({"benefit_kind": "delivery", "value_cap": Decimal(20)}, "53.39"),
    "financing": (_NO_VALUE | {"benefit_kind": "financing", "finance_terms": [_EMI]}, "73.39"),
}  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize("limited", ["budget", "budget_per_day"])
@pytest.mark.parametrize(("said", "most"), ROOM.values(), ids=ROOM)
def test_an_offer_is_used_up_when_no_redemption_fits_into_what_is_left(
    said: dict[str, Any], most: str, limited: str
) -> None:
    """The state, its filter, what prices reserve and what catalogues list say so at the same paisa."""
    cpo = make_world().cpo
    make_offer(cpo, valid_from=NOW - DAY, valid_until=NOW + DAY, redemption_cap=CAP, **{limited: BUDGET}, **said)
    with cpo_scope(cpo):
        for used, expected in ((Decimal(most), "LIVE"), (Decimal(most) + PAISA, "EXHAUSTED")):
            if used > BUDGET:
                continue
            if limited == "budget":
                OfferCounter.objects.update(budget_committed=used - 1, budget_reserved=1)
            else:
                DayCounter.objects.all().delete()
                DayCounter.objects.create(
                    offer=Offer.objects.get(), day=NOW.date(), limit_budget=BUDGET, budget_committed=used - 1,
                    budget_reserved=1,
                )  # fmt: skip
            offer = Offer.objects.select_related("cpo", "live_version", "counter").get()
            live = offer.live_version
            assert live is not None
            assert derived_state(offer, live, counter_of(offer), NOW) == expected
            found = [x for x in ("LIVE", "EXHAUSTED") if Offer.objects.filter(state_condition(x, NOW)).exists()]
            assert found == [expected]
            usage = Usage(budget_used=used) if limited == "budget" else Usage(budget_used_today=used)
            assert is_shown(offer_terms(offer, live), {offer.offer_id: usage}, NOW) is (expected == "LIVE")
