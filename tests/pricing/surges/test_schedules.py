"""Surge schedules as staff write them: drafts, refusals by field, moves between states, and when a version holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, transaction
from django.utils import timezone

from cpo_portal.accounts.tenancy import cpo_scope
from pricing.engine.values import SurgeBasis
from pricing.models import SurgePolicy, SurgeSchedule, SurgeState, SurgeStateChange, SurgeVersion
from pricing.surges import schedules
from pricing.surges.content import Exemptions, Scope, SurgeContent, content_of
from pricing.surges.layers import layers_of
from pricing.surges.schedules import Move, perform
from pricing.surges.timeline import timeline_of
from tests.pricing.surges.samples import DAY, EVENING, FIFTH, RUPEE, make_schedule, no_notice, publish
from tests.world import World, make_world

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def at(**changes: Any) -> SurgeContent:
    return replace(FIFTH, **changes)


IN_A_GROUP = (
    "Surges of a group are compared per kWh: choose percent or an amount per kWh without a most per session, or leave "
    "the group empty."
)
REFUSED: dict[str, tuple[SurgeContent, dict[str, list[str]]]] = {
    "nothing": (
        at(value=Decimal(0)),
        {"value": ["Give a number above 0 and up to 1,000 with at most four decimals."]},
    ),
    "negative": (
        at(basis=SurgeBasis.PER_KWH, value=Decimal(-1)),
        {"value": ["Give a number above 0 and up to 10,000 with at most four decimals."]},
    ),
    "above": (
        at(value=Decimal("1000.0001")),
        {"value": ["Give a number above 0 and up to 1,000 with at most four decimals."]},
    ),
    "no-number": (
        at(value=Decimal("NaN")),
        {"value": ["Give a number above 0 and up to 1,000 with at most four decimals."]},
    ),
    "parts-of-a-paisa": (
        at(basis=SurgeBasis.FIXED, value=Decimal("10.005")),
        {"value": ["Give an amount per session with at most two decimals."]},
    ),
    "cap": (
        at(maximum_amount=Decimal("0.001")),
        {"maximum_amount": ["Give an amount above 0 with at most two decimals, or leave it empty."]},
    ),
    "cap-below-the-amount": (
        at(basis=SurgeBasis.FIXED, value=Decimal(10), maximum_amount=Decimal("9.99")),
        {"maximum_amount": ["It is below the amount per session: lower that, or leave this empty."]},
    ),
    "midnight": (
        at(weekly_windows=(EVENING | {"end": "24:00"},)),
        {"weekly_windows": ["Window 1: write 00:00 instead of 24:00; as an end it is the end of the day."]},
    ),
    "ends-first": (
        at(valid_from=timezone.now(), valid_until=timezone.now() - MINUTE),
        {"valid_until": ["It ends before it begins: give a later end or leave it empty."]},
    ),
    "no-calendar": (
        at(holiday_calendar="delhi"),
        {"holiday_calendar": ["You have no holiday calendar “delhi”: make it first, or choose one of yours."]},
    ),
    "places": (
        at(scope=Scope(location_ids=("a",), item_ids=("b",), charger_ids=("c",), product_ids=("d",))),
        {
            "location_ids": ["You have no location “a”: name one of yours."],
            "item_ids": ["You have no connector “b”: name one of yours."],
            "charger_ids": ["You have no charger “c”: name one of yours."],
            "product_ids": ["You have no product “d”: name one of yours."],
        },
    ),
    "type": (
        at(scope=Scope(connector_types=("PLUG",))),
        {"connector_types": ["“PLUG” is no connector type: choose one of the list."]},
    ),
    "power": (
        at(scope=Scope(min_power_w=0, max_power_w=10_000_001)),
        {
            "min_power_w": ["Give a power between 1 W and 10 MW, or leave it empty."],
            "max_power_w": ["Give a power between 1 W and 10 MW, or leave it empty."],
        },
    ),
    "power-swapped": (
        at(scope=Scope(min_power_w=2, max_power_w=1)),
        {"max_power_w": ["The most is below the least: raise it or leave it empty."]},
    ),
    "bounded-in-a-group": (
        at(stacking_group="peak", maximum_amount=Decimal(10)),
        {"stacking_group": [IN_A_GROUP]},
    ),
    "once-in-a-group": (
        at(basis=SurgeBasis.FIXED, value=Decimal(10), stacking_group="peak"),
        {"stacking_group": [IN_A_GROUP]},
    ),
    "segment": (
        at(exemptions=Exemptions(segment_ids=("gold",))),
        {"segment_ids": ["You have no segment “gold”: name one of yours."]},
    ),
    "battery": (
        at(exemptions=Exemptions(below_charge_percent=101)),
        {"below_charge_percent": ["Give a percentage between 1 and 100, or leave it empty."]},
    ),
    "long": (
        at(stacking_group="g" * 41, explanation="e" * 301),
        {
            "stacking_group": ["Shorten the group to 40 characters."],
            "explanation": ["Shorten the explanation to 300 characters."],
        },
    ),
}


@pytest.mark.parametrize(("content", "faults"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_hold_is_refused_at_its_field(
    world: World, content: SurgeContent, faults: dict[str, list[str]]
) -> None:
    with pytest.raises(ValidationError) as refused:
        make_schedule(world.cpo, content)
    assert refused.value.message_dict == faults
    with cpo_scope(world.cpo):
        assert not SurgeSchedule.objects.exists()


def test_an_id_is_taken_once(world: World) -> None:
    make_schedule(world.cpo)
    with pytest.raises(ValidationError) as refused:
        make_schedule(world.cpo)
    sentence = "You already have a surge schedule “congestion”: choose another id."
    assert refused.value.message_dict == {"schedule_id": [sentence]}
    other = make_world("cpo2.com", item_id="other")
    assert make_schedule(other.cpo).schedule_id == "congestion"


def test_content_comes_back_as_it_was_written_in_its_normal_form(world: World) -> None:
    said = at(
        stacking_group=" peak ",
        explanation="Evenings  are busy.",
        weekly_windows=(EVENING, EVENING),
        scope=Scope(location_tags=("airport", " airport ", "")),
        exemptions=Exemptions(vehicle_makes=("Tata", "MG"), first_session=True),
    )
    schedule = make_schedule(world.cpo, said)
    with cpo_scope(world.cpo):
        kept = content_of(SurgeVersion.objects.get(schedule=schedule))
    assert kept == replace(
        said,
        stacking_group="peak",
        explanation="Evenings are busy.",
        weekly_windows=(EVENING,),
        scope=Scope(location_tags=("airport",)),
        exemptions=Exemptions(vehicle_makes=("MG", "Tata"), first_session=True),
    )


def test_a_first_version_takes_effect_when_its_notice_is_over(world: World) -> None:
    schedule = publish(make_schedule(world.cpo))
    with cpo_scope(world.cpo):
        version = SurgeVersion.objects.get(schedule=schedule)
        assert version.published_at is not None
        assert version.effective_from == schedule.prices_from == version.published_at + DAY
        times = (version.effective_from - MINUTE, version.effective_from, version.effective_from + 400 * DAY)
        assert [current(schedule, x) for x in times] == [None, version, version]


def test_before_the_first_notice_is_over_a_rise_waits_and_its_reverse_does_not(world: World) -> None:
    schedule = publish(make_schedule(world.cpo, FIFTH))
    assert numbers(publish(schedule, at(value=Decimal(30)))) == [1, 2]
    # It takes effect as the first one would have, and goes before both.
    assert numbers(publish(schedule, FIFTH)) == [3, 3]


def current(schedule: SurgeSchedule, at: datetime) -> SurgeVersion | None:
    """Return the version that prices sessions planned to start at an instant."""
    held = timeline_of(schedule, layers_of([schedule]).get(schedule.pk, []), at).now
    return held.version.version if held is not None else None


def numbers(schedule: SurgeSchedule) -> list[int | None]:
    """Return which version prices just after the first notice is over, and after the last one is."""
    with cpo_scope(schedule.cpo):
        last = SurgeVersion.objects.filter(schedule=schedule).order_by("-number")[0]
        assert last.effective_from is not None
        first = SurgeVersion.objects.get(schedule=schedule, number=1)
        assert first.effective_from is not None
        found = [current(schedule, x) for x in (first.effective_from, last.effective_from)]
        return [x.number if x is not None else None for x in found]


def test_without_a_notice_a_fall_and_a_rise_are_at_once(world: World) -> None:
    no_notice(world.cpo)
    schedule = publish(make_schedule(world.cpo, FIFTH))
    with cpo_scope(world.cpo):
        SurgePolicy.objects.update(notice_hours=24)
    lower = publish(schedule, at(value=Decimal(10)))
    with cpo_scope(world.cpo):
        versions = list(SurgeVersion.objects.filter(schedule=lower).order_by("number"))
        assert [x.effective_from == x.published_at for x in versions] == [True, True]
    higher = publish(lower, FIFTH)
    with cpo_scope(world.cpo):
        last = SurgeVersion.objects.get(schedule=higher, number=3)
        assert last.published_at is not None
        assert last.effective_from == last.published_at + DAY


def test_an_announced_rise_is_taken_back_at_once(world: World) -> None:
    no_notice(world.cpo)
    schedule = publish(make_schedule(world.cpo, FIFTH))
    with cpo_scope(world.cpo):
        SurgePolicy.objects.update(notice_hours=24)
    publish(schedule, at(value=Decimal(30)))
    publish(schedule, FIFTH)
    with cpo_scope(world.cpo):
        last = SurgeVersion.objects.get(schedule=schedule, number=3)
        assert last.effective_from == last.published_at


def test_a_fall_beside_an_announced_end_is_a_rise(world: World) -> None:
    no_notice(world.cpo)
    schedule = publish(make_schedule(world.cpo, at(valid_until=timezone.now() + DAY / 2)))
    with cpo_scope(world.cpo):
        SurgePolicy.objects.update(notice_hours=24)
    longer = publish(schedule, at(value=Decimal(10)))
    with cpo_scope(world.cpo):
        version = SurgeVersion.objects.get(schedule=longer, number=2)
        assert version.published_at is not None
        assert version.effective_from == version.published_at + DAY


ALLOWED = {
    (SurgeState.DRAFT, Move.PUBLISH): SurgeState.APPROVED,
    (SurgeState.DRAFT, Move.ARCHIVE): SurgeState.ARCHIVED,
    (SurgeState.APPROVED, Move.PAUSE): SurgeState.PAUSED,
    (SurgeState.APPROVED, Move.END): SurgeState.ENDED,
    (SurgeState.PAUSED, Move.RESUME): SurgeState.APPROVED,
    (SurgeState.PAUSED, Move.END): SurgeState.ENDED,
    (SurgeState.ENDED, Move.ARCHIVE): SurgeState.ARCHIVED,
}
WAYS = {
    SurgeState.DRAFT: (),
    SurgeState.APPROVED: (Move.PUBLISH,),
    SurgeState.PAUSED: (Move.PUBLISH, Move.PAUSE),
    SurgeState.ENDED: (Move.PUBLISH, Move.END),
    SurgeState.ARCHIVED: (Move.ARCHIVE,),
}


@pytest.mark.parametrize("move", Move, ids=str)
@pytest.mark.parametrize("state", WAYS, ids=str)
def test_moves_lead_where_the_table_says_and_nowhere_else(world: World, state: SurgeState, move: Move) -> None:
    schedule = make_schedule(world.cpo)
    for step in WAYS[state]:
        schedule = perform(step, schedule)
    assert schedule.state == state
    expected = ALLOWED.get((state, move))
    if expected is not None:
        moved = perform(move, schedule, note="because")
        with cpo_scope(world.cpo):
            last = SurgeStateChange.objects.filter(schedule=schedule).first()
        assert last is not None
        assert (moved.state, last.from_state, last.to_state, last.note) == (expected, state, expected, "because")
        return
    with pytest.raises(ValidationError):
        perform(move, schedule)
    with cpo_scope(world.cpo):
        schedule.refresh_from_db()
    assert schedule.state == state


def test_what_is_paused_prices_nothing_and_what_is_resumed_waits_again(world: World) -> None:
    schedule = publish(make_schedule(world.cpo))
    later = timezone.now() + 3 * DAY
    paused = perform(Move.PAUSE, schedule)
    with cpo_scope(world.cpo):
        assert current(paused, later) is None
    resumed = perform(Move.RESUME, paused)
    with cpo_scope(world.cpo):
        change = SurgeStateChange.objects.filter(schedule=schedule).first()
        assert change is not None
        assert resumed.prices_from == change.prices_from == change.at + DAY
        assert current(resumed, change.at + DAY - MINUTE) is None
        assert current(resumed, change.at + DAY) == resumed.live_version


def test_what_has_ended_begins_anew_with_its_next_version(world: World) -> None:
    schedule = perform(Move.END, publish(make_schedule(world.cpo, FIFTH)))
    with pytest.raises(
        ValidationError, match=r"^\['There is no draft to publish: change the surge schedule first.'\]$"
    ):
        perform(Move.PUBLISH, schedule)
    again = publish(schedule, at(value=Decimal(10)))
    with cpo_scope(world.cpo):
        last = SurgeVersion.objects.get(schedule=again, number=2)
        assert last.published_at is not None
        assert (again.prices_from, last.effective_from) == (last.published_at + DAY, last.published_at + DAY)
        assert current(again, last.published_at + DAY - MINUTE) is None


def test_a_published_version_never_changes(world: World) -> None:
    schedule = publish(make_schedule(world.cpo))
    with cpo_scope(world.cpo), pytest.raises(DatabaseError), transaction.atomic():
        SurgeVersion.objects.filter(schedule=schedule).update(value=Decimal(2))
    with cpo_scope(world.cpo), pytest.raises(DatabaseError), transaction.atomic():
        SurgeStateChange.objects.filter(schedule=schedule).delete()


def test_who_saw_another_draft_is_told_so(world: World) -> None:
    schedule = publish(make_schedule(world.cpo))
    with pytest.raises(ValidationError, match="Someone else has published this surge schedule"):
        schedules.save_draft(schedule, FIFTH, expected=2)
    version = schedules.save_draft(schedule, FIFTH, expected=1)
    assert version.number == 2
    with pytest.raises(ValidationError, match="Someone else has published this surge schedule"):
        schedules.publish(schedule, expected=1)
    assert schedules.publish(schedule, expected=2).live_version == version


def test_an_archived_schedule_is_not_written_any_more(world: World) -> None:
    schedule = perform(Move.ARCHIVE, make_schedule(world.cpo))
    with pytest.raises(ValidationError, match=r"^\['This surge schedule is archived: make a new one.'\]$"):
        schedules.save_draft(schedule, FIFTH)


def test_content_that_says_the_same_makes_no_draft(world: World) -> None:
    schedule = publish(make_schedule(world.cpo, RUPEE))
    assert schedules.save_draft(schedule, RUPEE).number == 1
    with cpo_scope(world.cpo):
        assert SurgeVersion.objects.filter(schedule=schedule).count() == 1
