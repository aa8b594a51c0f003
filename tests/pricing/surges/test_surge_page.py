"""What the pages of surges say of what holds and what is announced, and their buttons, by role."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.messages import get_messages

from cpo_portal.accounts.tenancy import cpo_scope
from offers.public.surge import page_of as page_of_public
from pricing.models import CeilingMode, PriceCeiling, Signal, SurgeSchedule, SurgeStateChange
from pricing.surges.content import Exemptions, Scope, SurgeContent
from pricing.surges.kinds import SignalKind
from pricing.surges.schedules import Move, perform, save_draft
from pricing.surges.signals import announce
from tests.people import People, signed_in
from tests.pricing.surges.samples import DAY, EVENING, FIFTH, NOW, make_schedule, no_notice, publish, seen

pytestmark = pytest.mark.django_db

LIST = "/admin/pricing/surgeschedule/"
LOWER = SurgeContent(value=Decimal(15))
HIGHER = SurgeContent(value=Decimal(25))
SENTENCE = "Adds 20 % of the energy price, at all times, everywhere."
CALCULATION = (
    "20 % of what the energy costs that flows while the surcharge holds, before tax. It comes on top of the price of "
    "charging, and never on top of another surcharge."
)


def page_of(people: People, schedule: SurgeSchedule) -> dict[str, Any]:
    """Return what the templates show beside the form."""
    answer = signed_in(people.analyst).get(f"{LIST}{schedule.pk}/change/")
    found: dict[str, Any] = answer.context["draft_page"]
    for sentence in (found["sentence"], *found["notes"]):
        assert sentence in seen(answer.content.decode())
    return found


def standing(people: People, schedule: SurgeSchedule) -> list[str]:
    """Return the notes of the page but for how it is calculated."""
    return [x for x in page_of(people, schedule)["notes"] if not x.endswith("never on top of another surcharge.")]


def press(people: People, schedule: SurgeSchedule, move: str, **sent: Any) -> list[str]:
    answer = signed_in(people.colleague).post(
        f"{LIST}{schedule.pk}/{move}_surge/", {"_form_submitted": "True", "note": "why", **sent}
    )
    return [str(x) for x in get_messages(answer.wsgi_request)]


def asked(people: People, schedule: SurgeSchedule, move: str) -> str:
    return seen(signed_in(people.colleague).get(f"{LIST}{schedule.pk}/{move}_surge/").content.decode())


def state_of(schedule: SurgeSchedule) -> tuple[str, int | None]:
    with cpo_scope(schedule.cpo):
        row = SurgeSchedule.objects.select_related("live_version").get(pk=schedule.pk)
        return row.state, row.live_version.number if row.live_version is not None else None


def test_a_surge_is_announced_and_then_takes_effect(people: People, clock: Any) -> None:
    schedule = make_schedule(people.here.cpo, FIFTH)
    assert standing(people, schedule) == [
        "A draft: nobody pays it until it is published and its notice is over.",
        "Published now, draft 1 takes effect for sessions planned to start from Wed 3 Mar 2027, 17:30 IST, because "
        "drivers may pay more by it.",
    ]
    assert press(people, schedule, "publish", draft="1") == [
        "“Congestion fee” is published: version 1 takes effect for sessions planned to start from Wed 3 Mar 2027, "
        "17:30 IST."
    ]
    assert standing(people, schedule) == [
        "Nobody pays it yet.",
        "Version 1 takes effect for sessions planned to start from Wed 3 Mar 2027, 17:30 IST.",
    ]
    clock.now = NOW + DAY
    page = page_of(people, schedule)
    assert (page["sentence"], page["notes"]) == (
        SENTENCE,
        ["Sessions planned to start now have version 1.", CALCULATION],
    )


def test_a_fall_holds_at_once_and_a_rise_after_its_notice(people: People, clock: Any) -> None:
    schedule = publish(make_schedule(people.here.cpo, FIFTH))
    clock.now = NOW + 2 * DAY
    publish(schedule, LOWER)
    assert standing(people, schedule) == ["Sessions planned to start now have version 2."]
    publish(schedule, HIGHER)
    assert standing(people, schedule) == [
        "Sessions planned to start now have version 2.",
        "Version 3 takes effect for sessions planned to start from Fri 5 Mar 2027, 17:30 IST.",
    ]
    assert page_of(people, schedule)["sentence"] == "Adds 15 % of the energy price, at all times, everywhere."
    marks = [seen(str(x["chip"])) for x in page_of(people, schedule)["versions"]]
    assert marks == ["Coming", "Current", "Replaced"]
    words = [x["words"] for x in page_of(people, schedule)["versions"]]
    assert words[0] == ("25 % of the energy price · at all times · everywhere · takes effect Fri 5 Mar 2027, 17:30 IST")
    clock.now = NOW + 3 * DAY
    assert page_of(people, schedule)["sentence"] == "Adds 25 % of the energy price, at all times, everywhere."


APRIL = datetime(2027, 4, 1, 6, 30, tzinfo=UTC)
IN_APRIL = "for sessions planned to start from Thu 1 Apr 2027, 12:00 IST"


def test_a_version_that_says_from_when_it_holds_is_announced_from_then(people: People, clock: Any) -> None:
    schedule = make_schedule(people.here.cpo, replace(FIFTH, valid_from=APRIL))
    said = f"takes effect {IN_APRIL}, as it says. Quotes"
    assert f"Draft 1 is frozen as a version and {said}" in asked(people, schedule, "publish")
    published = [f"“Congestion fee” is published: version 1 takes effect {IN_APRIL}."]
    assert press(people, schedule, "publish", draft="1") == published
    entry = page_of(people, schedule)["history"][0]
    assert entry["what"] == "Draft → Published, for sessions from Thu 1 Apr 2027, 12:00 IST"
    page = page_of_public(people.here.cpo.provider_id, schedule.schedule_id, NOW)
    assert page is not None
    assert [(x.what, x.effect) for x in page.changes] == [
        ("Published: 20 % of the energy price", "from 1 Apr 2027 12:00 IST")
    ]
    assert standing(people, schedule) == ["Nobody pays it yet.", f"Version 1 takes effect {IN_APRIL}."]


def test_the_dialog_says_from_when_a_draft_holds_and_what_keeps_its_version(people: People, clock: Any) -> None:
    kept = "Quotes, orders and sessions keep the version that they have."
    start = "for sessions planned to start from Fri 5 Mar 2027, 17:30 IST, because drivers may pay more by it"
    schedule = publish(make_schedule(people.here.cpo, FIFTH))
    clock.now = NOW + 2 * DAY
    for content, effect in ((HIGHER, start), (LOWER, "at once, because nobody pays more by it")):
        save_draft(schedule, content)
        frozen = f"Draft 2 is frozen as a version and takes effect {effect}. {kept}"
        assert frozen in asked(people, schedule, "publish")
    no_notice(people.here.cpo)
    frozen = f"Draft 2 is frozen as a version and takes effect at once: your surge policy promises no notice. {kept}"
    assert frozen in asked(people, schedule, "publish")
    assert state_of(schedule) == ("APPROVED", 1)


def test_who_may_only_look_reads_every_part(people: People, clock: Any) -> None:
    schedule = make_schedule(people.here.cpo, replace(FIFTH, explanation="Busy."))
    assert page_of(people, schedule)["facts"] == (
        ("Adds", "20 % of the energy price"),
        ("Group", "–"),
        ("When", "at all times"),
        ("Holds", "at any time"),
        ("Where", "everywhere"),
        ("Does not pay", "nobody"),
        ("Explanation", "Busy."),
    )
    answer = signed_in(people.owner).get(f"{LIST}{schedule.pk}/change/")
    assert answer.context["draft_page"]["facts"] == ()


def test_the_form_says_from_when_what_it_publishes_holds(people: People, clock: Any) -> None:
    schedule = publish(make_schedule(people.here.cpo, FIFTH))
    clock.now = NOW + 2 * DAY
    form = {"name": "Congestion fee", "kind": "RUSH_HOURS", "basis": "PERCENT", "_publish": "1"}
    client, address = signed_in(people.owner), f"{LIST}{schedule.pk}/change/"
    text = seen(client.post(address, form | {"value": "15", "_version": "1"}, follow=True).content.decode())
    assert "“Congestion fee” is published: version 2 holds from now on." in text
    text = seen(client.post(address, form | {"value": "15", "_version": "2"}, follow=True).content.decode())
    assert "“Congestion fee” is saved; it says what was published already." in text
    assert state_of(schedule) == ("APPROVED", 2)


def test_a_draft_is_shown_beside_what_is_published_part_by_part(people: People, clock: Any) -> None:
    schedule = publish(make_schedule(people.here.cpo, FIFTH))
    clock.now = NOW + 2 * DAY
    changed = replace(
        FIFTH,
        value=Decimal(10),
        stacking_group="peak",
        weekly_windows=(EVENING,),
        scope=Scope(location_ids=("cp-station",), min_power_w=50_000),
        exemptions=Exemptions(organisations=("Acme",), first_session=True),
        explanation="Busy.",
        valid_until=datetime(2027, 4, 1, tzinfo=UTC),
    )
    save_draft(schedule, changed)
    page = page_of(people, schedule)
    assert [tuple(x.values()) for x in page["changes"]] == [
        ("Adds", "20 % of the energy price", "10 % of the energy price"),
        ("Group", "–", "peak"),
        (
            "When",
            "at all times",
            "every day 18:00–21:00",
        ),
        ("Holds", "at any time", "for sessions that start before 1 Apr 2027 05:30 IST"),
        ("Where", "everywhere", "at Connaught Place Station, at connectors from 50 kW"),
        ("Does not pay", "nobody", "drivers of Acme, a driver's first session"),
        ("Explanation", "–", "Busy."),
    ]
    assert page["number"] == 2


def test_what_waits_for_a_signal_says_whether_one_counts(people: People, clock: Any) -> None:
    cpo = people.here.cpo
    schedule = publish(make_schedule(cpo, replace(FIFTH, signal_kinds=(SignalKind.WEATHER,))))
    clock.now = NOW + DAY
    assert standing(people, schedule)[1:] == ["No such signal counts now, so nobody pays it."]
    said = {"source": "IMD", "starts_at": NOW, "ends_at": NOW + 2 * DAY}
    announce(Signal(cpo=cpo, signal_id="storm", kind="WEATHER", title="Storm", **said), NOW)
    announce(Signal(cpo=cpo, signal_id="fair", kind="EVENT", title="Fair", **said), NOW)
    announce(Signal(cpo=people.there.cpo, signal_id="fog", kind="WEATHER", title="Fog", **said), NOW)
    assert standing(people, schedule)[1:] == ["Signalled now: “Storm”."]


def test_the_buttons_say_what_happens_to_quotes_and_when_it_is_back(people: People, clock: Any) -> None:
    schedule = publish(make_schedule(people.here.cpo, FIFTH))
    clock.now = NOW + 2 * DAY
    kept = "Quotes, orders and sessions that have it keep it."
    assert f"No new quote has this surge until you resume it, and then after a notice. {kept}" in asked(
        people, schedule, "pause"
    )
    assert press(people, schedule, "pause") == ["“Congestion fee” is paused."]
    back = "Fri 5 Mar 2027, 17:30 IST"
    assert standing(people, schedule) == [
        f"Paused: no new quote has it. Resumed now, it is back for sessions planned to start from {back}."
    ]
    assert f"Sessions planned to start from {back} have it again" in asked(people, schedule, "resume")
    assert press(people, schedule, "resume") == [
        f"“Congestion fee” is resumed: it is back for sessions planned to start from {back}."
    ]
    assert standing(people, schedule)[0] == "Nobody pays it yet."
    assert f"No new quote has this surge any more. {kept}" in asked(people, schedule, "end")
    assert press(people, schedule, "end") == ["“Congestion fee” has ended."]
    assert press(people, schedule, "archive") == ["“Congestion fee” is archived."]
    assert standing(people, schedule) == ["Archived: it is kept for its history alone."]
    assert signed_in(people.owner).get(f"{LIST}{schedule.pk}/change/").context["may_author"] is False
    assert [x["what"] for x in page_of(people, schedule)["history"]] == [
        "Ended → Archived",
        "Published → Ended",
        f"Paused → Published, for sessions from {back}",
        "Published → Paused",
        "Draft → Published, for sessions from Wed 3 Mar 2027, 17:30 IST",
        "Edited",
    ]
    with cpo_scope(people.here.cpo):
        changes = SurgeStateChange.objects.exclude(by=None).values_list("by__email", "note").distinct()
        assert list(changes.order_by()) == [("colleague@example.com", "why")]


def test_a_paused_surge_takes_a_new_version_and_stays_paused(people: People, clock: Any) -> None:
    schedule = publish(make_schedule(people.here.cpo, FIFTH))
    perform(Move.PAUSE, schedule)
    save_draft(schedule, LOWER)
    assert "draft 2 takes effect when the surge is resumed" in " ".join(standing(people, schedule))
    assert press(people, schedule, "publish", draft="2") == [
        "“Congestion fee” has its new version and stays paused: resume it when drivers are to pay it."
    ]
    assert state_of(schedule) == ("PAUSED", 2)


def test_a_draft_that_another_published_is_not_published_again(people: People, clock: Any) -> None:
    schedule = publish(make_schedule(people.here.cpo, FIFTH))
    save_draft(schedule, LOWER)
    text = signed_in(people.owner).post(
        f"{LIST}{schedule.pk}/publish_surge/", {"_form_submitted": "True", "draft": "1"}
    )
    assert "Someone else has published this surge schedule since you opened it" in text.content.decode()
    assert state_of(schedule) == ("APPROVED", 1)


MOVES = [
    pytest.param((), {"publish", "archive"}, id="draft"),
    pytest.param((Move.PUBLISH,), {"pause", "end"}, id="published"),
    pytest.param((Move.PUBLISH, Move.PAUSE), {"resume", "end"}, id="paused"),
    pytest.param((Move.PUBLISH, Move.END), {"archive"}, id="ended"),
    pytest.param((Move.ARCHIVE,), set(), id="archived"),
]


@pytest.mark.parametrize(("moves", "offered"), MOVES)
def test_the_page_offers_the_moves_of_the_state_and_refuses_others(
    people: People, moves: tuple[Move, ...], offered: set[str]
) -> None:
    schedule = make_schedule(people.here.cpo, FIFTH)
    for move in moves:
        perform(move, schedule)
    before = state_of(schedule)
    client = signed_in(people.owner)
    text = client.get(f"{LIST}{schedule.pk}/change/").content.decode()
    assert {x.value for x in Move if f"{x.value}_surge" in text} == offered
    for move in set(Move) - {Move(x) for x in offered}:
        press(people, schedule, move.value)
        assert client.get(f"{LIST}{schedule.pk}/{move.value}_surge/").status_code == 302
    assert state_of(schedule) == before


Person = Callable[[People], Any]
STRANGERS: list[Any] = [
    pytest.param(lambda people: people.analyst, 403, id="analyst"),
    pytest.param(lambda people: people.outsider, 302, id="outsider"),
]


@pytest.mark.parametrize("move", list(Move))
@pytest.mark.parametrize(("person", "status"), STRANGERS)
def test_who_may_not_author_moves_nothing(people: People, person: Person, status: int, move: Move) -> None:
    schedule = make_schedule(people.here.cpo, FIFTH)
    if move in {Move.PAUSE, Move.END, Move.RESUME}:
        perform(Move.PUBLISH, schedule)
    if move is Move.RESUME:
        perform(Move.PAUSE, schedule)
    before = state_of(schedule)
    answer = signed_in(person(people)).post(f"{LIST}{schedule.pk}/{move.value}_surge/", {"_form_submitted": "True"})
    assert answer.status_code == status
    assert state_of(schedule) == before


def test_the_page_warns_of_what_its_author_may_not_have_meant(people: People, clock: Any) -> None:
    cpo = people.here.cpo
    schedule = make_schedule(cpo, replace(FIFTH, scope=Scope(min_power_w=50_000)))
    nowhere = "Warning: No connector in your shop fits where it applies: nobody pays it until one does."
    assert standing(people, schedule)[2:] == [nowhere]


def test_a_surge_above_a_ceiling_is_told_of_and_not_published(people: People, clock: Any) -> None:
    cpo = people.here.cpo
    with cpo_scope(cpo):
        PriceCeiling.objects.create(
            cpo=cpo, ceiling_id="cap", name="Cap of Delhi", maximum_rate=Decimal(20), mode=CeilingMode.BLOCK
        )
    schedule = make_schedule(cpo, FIFTH)
    (told,) = standing(people, schedule)[2:]
    assert told.startswith("Before you publish: ")
    assert "Cap of Delhi" in told
    form = {"name": "Congestion fee", "kind": "RUSH_HOURS", "basis": "PERCENT", "value": "20", "_publish": "1"}
    client = signed_in(people.owner)
    answer = client.post(f"{LIST}{schedule.pk}/change/", form | {"_version": "1"})
    assert answer.context["adminform"].form.errors == {"value": [told.removeprefix("Before you publish: ")]}
    assert state_of(schedule) == ("DRAFT", None)
