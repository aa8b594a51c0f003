"""Drafts and versions: a draft changes in place, a published version never, and bad content is refused by field."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone

from cpo_portal.accounts.models import User
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Product
from offers import authoring
from offers.engine.values import OfferLimits
from offers.models import Offer, OfferState, OfferStateChange, OfferVersion
from tests.people import WEEKEND, weekend
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def author() -> User:
    return User.objects.create_user("author@example.com")


def test_a_new_offer_is_a_draft_with_one_version(world: World, author: User) -> None:
    offer = authoring.create_offer(world.cpo, "weekend-25", WEEKEND, by=author)
    with cpo_scope(world.cpo):
        version = OfferVersion.objects.get(offer=offer)
    assert (offer.state, offer.live_version, version.number, version.published_at) == ("DRAFT", None, 1, None)
    assert authoring.content_of(version) == replace(WEEKEND, currency="INR")
    assert version.created_by == author


def test_saving_again_changes_the_draft_in_place(world: World) -> None:
    offer = authoring.create_offer(world.cpo, "weekend-25", WEEKEND)
    authoring.save_draft(offer, weekend(value=Decimal(30)))
    with cpo_scope(world.cpo):
        assert [(row.number, row.value) for row in OfferVersion.objects.all()] == [(1, Decimal("30.00"))]


def test_publishing_freezes_the_draft_and_writes_the_history(world: World, author: User) -> None:
    offer = authoring.create_offer(world.cpo, "weekend-25", WEEKEND)
    published = authoring.publish(offer, by=author, note="go")
    with cpo_scope(world.cpo):
        change = OfferStateChange.objects.get(offer=offer, move="publish")
        assert published.live_version is not None
        assert (published.state, published.live_version.number) == ("APPROVED", 1)
        assert published.live_version.published_at == change.at
        assert (change.from_state, change.to_state, change.version.number, change.by, change.note) == (
            "DRAFT",
            "APPROVED",
            1,
            author,
            "go",
        )


def test_editing_a_published_offer_makes_a_second_version_and_leaves_the_first(world: World) -> None:
    offer = authoring.create_offer(world.cpo, "weekend-25", WEEKEND)
    authoring.publish(offer)
    draft = authoring.save_draft(offer, weekend(value=Decimal(30)))
    with cpo_scope(world.cpo):
        live = Offer.objects.get(pk=offer.pk).live_version
        assert live is not None
        assert (draft.number, draft.published_at, draft.value) == (2, None, Decimal(30))
        assert (live.number, live.value) == (1, Decimal("25.00"))


def test_saving_what_is_published_makes_no_draft(world: World) -> None:
    offer = authoring.create_offer(world.cpo, "weekend-25", WEEKEND)
    authoring.publish(offer)
    authoring.save_draft(offer, WEEKEND)
    with cpo_scope(world.cpo):
        assert OfferVersion.objects.filter(offer=offer).count() == 1


def test_discarding_a_draft_goes_back_to_the_published_version(world: World) -> None:
    offer = authoring.create_offer(world.cpo, "weekend-25", WEEKEND)
    authoring.publish(offer)
    authoring.save_draft(offer, weekend(value=Decimal(30)))
    authoring.discard_draft(offer)
    with cpo_scope(world.cpo):
        assert [row.number for row in OfferVersion.objects.filter(offer=offer)] == [1]


@pytest.mark.parametrize("change", [{"value": Decimal(99)}, {"published_at": None}, {"name": "Another"}], ids=str)
def test_the_database_refuses_to_change_a_published_version(world: World, change: dict[str, Any]) -> None:
    offer = authoring.create_offer(world.cpo, "weekend-25", WEEKEND)
    authoring.publish(offer)
    with cpo_scope(world.cpo):
        with pytest.raises(DatabaseError, match="its rows are history"), transaction.atomic():
            OfferVersion.objects.filter(offer=offer).update(**change)
        version = OfferVersion.objects.get(offer=offer)
        assert (version.value, version.name) == (Decimal("25.00"), WEEKEND.name)


def test_the_database_refuses_to_delete_a_published_version_and_a_history_entry(world: World) -> None:
    offer = authoring.create_offer(world.cpo, "weekend-25", WEEKEND)
    authoring.publish(offer)
    with cpo_scope(world.cpo):
        Offer.objects.filter(pk=offer.pk).update(live_version=None)
        for rows in (OfferStateChange.objects.filter(offer=offer), OfferVersion.objects.filter(offer=offer)):
            with pytest.raises(DatabaseError, match="its rows are history"), transaction.atomic():
                rows._raw_delete(rows.db)
        assert OfferVersion.objects.filter(offer=offer).count() == 1
        assert OfferStateChange.objects.filter(offer=offer).count() == 2


def test_an_author_who_started_from_an_older_version_is_refused(world: World) -> None:
    offer = authoring.create_offer(world.cpo, "weekend-25", WEEKEND)
    authoring.publish(offer)
    authoring.save_draft(offer, weekend(value=Decimal(30)))
    with pytest.raises(ValidationError, match="since you opened it"):
        authoring.save_draft(offer, weekend(value=Decimal(40)), expected=1)
    with cpo_scope(world.cpo):
        assert OfferVersion.objects.get(offer=offer, number=2).value == Decimal("30.00")


def window(**changes: Any) -> dict[str, Any]:
    return {"weekdays": [6, 7], "start": "18:00", "end": "21:00"} | changes


BAD = [
    pytest.param({"name": " "}, "name", "Give the offer a name.", id="no name"),
    pytest.param(
        {"value": Decimal("100.01")}, "value", "A percentage is at most 100: lower it, or choose an amount.", id="101 %"
    ),
    pytest.param({"value": Decimal(0)}, "value", "Give a percentage above 0.", id="0 %"),
    pytest.param({"value": Decimal(-5)}, "value", "Give a percentage above 0.", id="-5 %"),
    pytest.param({"value": Decimal(-5), "value_type": "amount"}, "value", "Give an amount above 0.", id="₹-5"),
    pytest.param({"value": Decimal("1.234")}, "value", "Use a number with at most two decimals.", id="decimals"),
    pytest.param({"value": Decimal("NaN")}, "value", "Use a number with at most two decimals.", id="not a number"),
    pytest.param(
        {"value_cap": Decimal(-100)},
        "value_cap",
        "The cap is the most the driver saves: write it without a minus, or leave it empty.",
        id="negative cap",
    ),
    pytest.param(
        {"value_type": "amount", "value": Decimal(50), "value_cap": Decimal(49)},
        "value_cap",
        "The cap is below the amount: raise it or leave it empty.",
        id="cap below amount",
    ),
    pytest.param(
        {"min_value": Decimal(-1)},
        "min_value",
        "A minimum cannot be negative: write 0 or leave it empty.",
        id="negative minimum",
    ),
    pytest.param(
        {"valid_until": WEEKEND.valid_from},
        "valid_until",
        "The offer ends when it starts: choose a later end.",
        id="empty validity",
    ),
    pytest.param(
        {"valid_from": datetime(2026, 1, 1)},
        "valid_from",
        "Give the time with its offset, such as 2026-01-03T00:00:00+05:30.",
        id="naive instant",
    ),
    pytest.param(
        {"location_ids": ("nowhere",)},
        "location_ids",
        "You have no location “nowhere”: give the id of one of yours.",
        id="unknown location",
    ),
    pytest.param(
        {"item_ids": ("there-01",)},
        "item_ids",
        "You have no connector or product “there-01”: give the id of one of yours.",
        id="another CPO's connector",
    ),
    *(
        pytest.param(
            {"priority": number},
            "priority",
            "Give a priority from -32,768 to 32,767: the larger goes first.",
            id=f"priority {number}",
        )
        for number in (-32_769, 32_768)
    ),
    pytest.param(
        {"requires_code": True, "display_code": " "},
        "display_code",
        "Give the code that the buyer must send.",
        id="required code missing",
    ),
    pytest.param(
        {"display_code": "WEEKEND 25"},
        "display_code",
        "Write the code without spaces, such as WEEKEND25.",
        id="space in the code",
    ),
    pytest.param(
        {"currency": "EUR"}, "currency", "Your offers are in INR: leave the currency out.", id="foreign currency"
    ),
    pytest.param(
        {"weekly_windows": (window(end="24:00"),)},
        "weekly_windows",
        "Window 1: write 00:00 instead of 24:00; as an end it is the end of the day.",
        id="24:00",
    ),
    pytest.param(
        {"weekly_windows": (window(weekdays=[]),)}, "weekly_windows", "Window 1: tick at least one day.", id="no day"
    ),
    pytest.param(
        {"weekly_windows": (window(weekdays=[0]),)},
        "weekly_windows",
        "Window 1: weekdays are numbers from 1 (Monday) to 7 (Sunday).",
        id="day 0",
    ),
    pytest.param(
        {"weekly_windows": (window(), window(start="6pm"))},
        "weekly_windows",
        "Window 2: give both times as HH:MM, such as 18:00.",
        id="6pm",
    ),
    pytest.param(
        {"weekly_windows": (window(start="18:00", end="18:00"),)},
        "weekly_windows",
        "Window 1: 18:00 to 18:00 is the whole day: write 00:00 to 00:00.",
        id="whole day by accident",
    ),
    pytest.param(
        {"weekly_windows": ("always",)},
        "weekly_windows",
        'Window 1: write it as {"weekdays": [6, 7], "start": "18:00", "end": "21:00"}.',
        id="not a window",
    ),
]


@pytest.mark.parametrize(("changes", "field", "sentence"), BAD)
def test_bad_content_is_refused_at_its_field_and_nothing_is_made(
    world: World, changes: dict[str, Any], field: str, sentence: str
) -> None:
    make_world("cpo2.com", item_id="there-01")
    with pytest.raises(ValidationError) as refused:
        authoring.create_offer(world.cpo, "weekend-25", weekend(**changes))
    assert refused.value.message_dict == {field: [sentence]}
    with cpo_scope(world.cpo):
        assert not Offer.objects.exists()


GOOD = [
    pytest.param({"value": Decimal(100)}, id="100 %"),
    pytest.param({"value": Decimal("0.01")}, id="a hundredth of a percent"),
    pytest.param({"value_type": "amount", "value": Decimal(50), "value_cap": Decimal(50)}, id="cap equals amount"),
    pytest.param({"min_value": Decimal(0)}, id="minimum 0"),
    pytest.param({"priority": -32_768}, id="lowest priority"),
    pytest.param({"priority": 32_767}, id="highest priority"),
    pytest.param({"valid_until": WEEKEND.valid_from + timedelta(microseconds=1)}, id="shortest validity"),
    pytest.param({"location_ids": ("cp-station",), "item_ids": ("pe-charging-01", "coffee")}, id="own places"),
    pytest.param({"weekly_windows": (window(start="22:00", end="06:00"),)}, id="past midnight"),
]


@pytest.mark.parametrize("changes", GOOD)
def test_content_on_the_right_side_of_the_boundary_is_saved(world: World, changes: dict[str, Any]) -> None:
    with cpo_scope(world.cpo):
        Product.objects.create(cpo=world.cpo, product_id="coffee", name="Coffee", price=120)
    offer = authoring.create_offer(world.cpo, "weekend-25", weekend(**changes))
    with cpo_scope(world.cpo):
        saved = authoring.content_of(OfferVersion.objects.get(offer=offer))
    expected = weekend(**changes, currency="INR")
    assert saved == replace(expected, item_ids=tuple(sorted(expected.item_ids)))


@pytest.mark.parametrize("taken", ["pe-charging-01", "coffee"])
def test_an_offer_id_that_names_an_item_is_refused(world: World, taken: str) -> None:
    with cpo_scope(world.cpo):
        Product.objects.create(cpo=world.cpo, product_id="coffee", name="Coffee", price=120)
    with pytest.raises(ValidationError) as refused:
        authoring.create_offer(world.cpo, taken, WEEKEND)
    assert refused.value.message_dict == {
        "offer_id": [f"“{taken}” is the id of an item: give the offer an id of its own."]
    }


def test_an_offer_id_is_unique_per_cpo_alone(world: World) -> None:
    other = make_world("cpo2.com", item_id="there-01")
    authoring.create_offer(world.cpo, "weekend-25", WEEKEND)
    authoring.create_offer(other.cpo, "weekend-25", WEEKEND)
    with pytest.raises(ValidationError) as refused:
        authoring.create_offer(world.cpo, "weekend-25", WEEKEND)
    assert refused.value.message_dict == {"offer_id": ["You already have an offer “weekend-25”: choose another id."]}


def test_all_faults_are_named_at_once(world: World) -> None:
    with pytest.raises(ValidationError) as refused:
        authoring.create_offer(
            world.cpo, "no spaces", weekend(value=Decimal(120), name=""), limits=OfferLimits(budget=Decimal(1))
        )
    assert set(refused.value.message_dict) == {"offer_id", "value", "name", "redemption_cap"}


def test_publishing_checks_again_what_may_have_gone_since_the_draft(world: World) -> None:
    offer = authoring.create_offer(world.cpo, "weekend-25", weekend(location_ids=("cp-station",)))
    with cpo_scope(world.cpo):
        type(world.location).objects.update(location_id="renamed")
    with pytest.raises(ValidationError) as refused:
        authoring.publish(offer)
    assert refused.value.message_dict == {
        "location_ids": ["You have no location “cp-station”: give the id of one of yours."]
    }
    offer.refresh_from_db()
    assert offer.state == OfferState.DRAFT


def test_an_offer_that_is_over_cannot_be_published(world: World) -> None:
    past = weekend(valid_from=datetime(2020, 1, 1, tzinfo=UTC), valid_until=timezone.now() - timedelta(seconds=1))
    offer = authoring.create_offer(world.cpo, "weekend-25", past)
    with pytest.raises(ValidationError) as refused:
        authoring.publish(offer)
    assert refused.value.message_dict == {"valid_until": ["The offer is over already: choose a later end."]}


REFUSED_MOVES = [
    pytest.param((), authoring.pause, "Only a published offer can be paused; this one is a draft.", id="pause a draft"),
    pytest.param((), authoring.resume, "Only a paused offer can be resumed.", id="resume a draft"),
    pytest.param(
        (authoring.publish,),
        authoring.publish,
        "There is no draft to publish: change the offer first.",
        id="publish twice",
    ),
    pytest.param((authoring.publish,), authoring.archive, "End the offer before you archive it.", id="archive live"),
    pytest.param(
        (authoring.publish, authoring.withdraw),
        authoring.resume,
        "Only a paused offer can be resumed.",
        id="resume a withdrawn offer",
    ),
    pytest.param(
        (authoring.publish, authoring.withdraw),
        authoring.publish,
        "An offer that is withdrawn cannot be published: make a new one.",
        id="publish a withdrawn offer",
    ),
]


@pytest.mark.parametrize(("before", "move", "sentence"), REFUSED_MOVES)
def test_a_move_that_the_state_does_not_allow_changes_nothing(
    world: World, before: tuple[Any, ...], move: Any, sentence: str
) -> None:
    offer = authoring.create_offer(world.cpo, "weekend-25", WEEKEND)
    for step in before:
        step(offer)
    offer.refresh_from_db()
    state = offer.state
    with pytest.raises(ValidationError) as refused:
        move(offer)
    assert refused.value.messages == [sentence]
    offer.refresh_from_db()
    assert offer.state == state
    with cpo_scope(world.cpo):
        assert OfferStateChange.objects.exclude(move="edit").count() == len(before)


def test_a_withdrawn_offer_takes_no_draft(world: World) -> None:
    offer = authoring.create_offer(world.cpo, "weekend-25", WEEKEND)
    authoring.publish(offer)
    authoring.withdraw(offer)
    with pytest.raises(ValidationError, match="This offer is withdrawn: make a new one"):
        authoring.save_draft(offer, weekend(value=Decimal(10)))
