"""Versions that begin or end at a time: which one prices a session, and which tariff has a place when."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from cpo_portal.accounts.models import Role
from cpo_portal.accounts.tenancy import cpo_scope
from pricing import authoring
from pricing.authoring import Place, TariffContent
from pricing.authoring.claims import claims_with, coming_of, live_now
from pricing.mapping import tariff_with_draft, tariffs_for
from pricing.models import Tariff, TariffAssignment, TariffStateChange, TariffVersion
from tests.people import make_member, signed_in
from tests.processes import run_at_once
from tests.world import World, make_world

pytestmark = pytest.mark.django_db

NOW = timezone.now().replace(microsecond=0)
OWN = Place(item_id="pe-charging-01")
PLAIN = TariffContent(rate=Decimal(20), places=(OWN,))
MINUTE = timedelta(minutes=1)


def day(number: float) -> datetime:
    return NOW + timedelta(days=number)


@pytest.fixture
def tariff(world: World) -> Tariff:
    return authoring.create_tariff(world.cpo, "own", "Own", PLAIN)


def publish(tariff: Tariff, content: TariffContent) -> Tariff:
    authoring.save_draft(tariff, content)
    return authoring.publish(tariff)


def rate_at(world: World, at: datetime, as_of: datetime | None = None) -> str:
    """Return the tariff and its price per kWh for a session that starts then."""
    with cpo_scope(world.cpo):
        version = tariffs_for([world.connector], at=at, as_of=as_of).get(world.connector.pk)
        if version is None:
            return "none"
        return f"{version.tariff.tariff_id} {authoring.content_of(version).rate:f}"


def test_a_version_that_begins_later_prices_the_sessions_that_start_from_then_on(world: World, tariff: Tariff) -> None:
    publish(tariff, PLAIN)
    publish(tariff, replace(PLAIN, rate=Decimal(24), valid_from=day(2)))
    at = {at: rate_at(world, at) for at in (day(-1), NOW, day(2) - MINUTE, day(2), day(400))}
    assert list(at.values()) == ["own 20", "own 20", "own 20", "own 24", "own 24"]
    with cpo_scope(world.cpo):
        tariff.refresh_from_db()
        today, spans = live_now(tariff, NOW), coming_of(tariff, NOW)
    assert today is not None
    assert today.number == 1
    assert [(x.version.number, x.period.valid_from, x.period.valid_until) for x in spans] == [
        (1, None, day(2)),
        (2, day(2), None),
    ]


def test_a_version_that_ends_gives_way_to_the_one_before(world: World, tariff: Tariff) -> None:
    publish(tariff, PLAIN)
    publish(tariff, replace(PLAIN, rate=Decimal(24), valid_from=day(2), valid_until=day(5)))
    at = {at: rate_at(world, at) for at in (NOW, day(2), day(5) - MINUTE, day(5))}
    assert list(at.values()) == ["own 20", "own 24", "own 24", "own 20"]


def test_where_no_version_holds_a_less_specific_tariff_does(world: World, tariff: Tariff) -> None:
    publish(tariff, replace(PLAIN, valid_from=day(2), valid_until=day(5)))
    assert [rate_at(world, at) for at in (NOW, day(2), day(5))] == ["standard 18", "own 20", "standard 18"]


def test_a_version_without_bounds_replaces_all_that_were_to_come(world: World, tariff: Tariff) -> None:
    publish(tariff, PLAIN)
    publish(tariff, replace(PLAIN, rate=Decimal(24), valid_from=day(2)))
    publish(tariff, replace(PLAIN, rate=Decimal(22)))
    assert [rate_at(world, at) for at in (NOW, day(2))] == ["own 22", "own 22"]
    with cpo_scope(world.cpo):
        rows = TariffAssignment.objects.filter(tariff=tariff)
        assert [(row.valid_from, row.valid_until, row.version) for row in rows] == [(None, None, None)]
        tariff.refresh_from_db()
        assert coming_of(tariff, NOW) == ()


def test_a_later_version_may_apply_elsewhere(world: World, tariff: Tariff) -> None:
    publish(tariff, PLAIN)
    publish(tariff, replace(PLAIN, valid_from=day(2), places=(Place(connector_type="TYPE2"),)))
    assert [rate_at(world, at) for at in (NOW, day(2))] == ["own 20", "standard 18"]


def test_an_ended_tariff_does_not_come_back_with_its_next_version(world: World, tariff: Tariff) -> None:
    publish(tariff, PLAIN)
    authoring.end(tariff)
    assert rate_at(world, NOW) == "standard 18"
    publish(tariff, replace(PLAIN, rate=Decimal(24), valid_from=day(2)))
    assert [rate_at(world, at) for at in (NOW, day(2))] == ["standard 18", "own 24"]
    with cpo_scope(world.cpo):
        tariff.refresh_from_db()
        assert live_now(tariff, NOW) is None


def test_one_tariff_follows_another_at_a_place(world: World, tariff: Tariff) -> None:
    publish(tariff, replace(PLAIN, valid_until=day(2)))
    after = authoring.create_tariff(world.cpo, "after", "After", replace(PLAIN, rate=Decimal(30), valid_from=day(2)))
    authoring.publish(after)
    assert [rate_at(world, at) for at in (day(2) - MINUTE, day(2))] == ["own 20", "after 30"]
    longer = replace(PLAIN, valid_until=day(2) + MINUTE)
    authoring.save_draft(tariff, longer)
    with pytest.raises(ValidationError) as refused:
        authoring.publish(tariff)
    assert refused.value.message_dict == {
        "places": ["“After” already applies at pe-charging-01 at that time: take it off there first."]
    }
    assert rate_at(world, day(2)) == "after 30"


def test_what_would_be_over_already_is_not_published(world: World, tariff: Tariff) -> None:
    authoring.save_draft(tariff, replace(PLAIN, valid_until=day(-1)))
    with pytest.raises(ValidationError) as refused:
        authoring.publish(tariff)
    assert refused.value.message_dict == {
        "valid_until": ["It would have ended already: give a later end or leave it empty."]
    }
    with cpo_scope(world.cpo):
        assert not TariffAssignment.objects.filter(tariff=tariff).exists()


def test_stretches_that_are_over_claim_nothing_any_more(world: World, tariff: Tariff) -> None:
    publish(tariff, replace(PLAIN, valid_until=day(2)))
    with cpo_scope(world.cpo):
        draft = authoring.save_draft(tariff, replace(PLAIN, rate=Decimal(24), valid_from=day(3)))
        claims = {now: claims_with(tariff, draft, now=now) for now in (day(2) - MINUTE, day(2))}
    assert [[x.period.valid_until for x in found] for found in claims.values()] == [[day(2), None], [None]]


def test_the_page_opens_while_a_version_older_than_those_it_lists_is_the_price(world: World, tariff: Tariff) -> None:
    publish(tariff, PLAIN)
    with cpo_scope(world.cpo):
        first = TariffVersion.objects.get(tariff=tariff)
        for number in range(2, 53):
            first.pk, first.number, first.valid_from = None, number, day(number)
            first.save(force_insert=True)
        Tariff.objects.filter(pk=tariff.pk).update(live_version=first)
    owner = make_member(world.cpo, "owner", Role.OWNER)
    page = signed_in(owner).get(f"/admin/pricing/tariff/{tariff.pk}/change/")
    assert page.status_code == 200
    assert "₹20.00/kWh" in page.content.decode()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("seed", range(6))
def test_of_two_tariffs_published_at_once_for_one_place_and_time_one_has_it(seed: int) -> None:
    world = make_world()
    rivals = [
        authoring.create_tariff(
            world.cpo, f"rival-{n}", f"Rival {n}", replace(PLAIN, valid_from=day(n + seed % 3), valid_until=day(9))
        )
        for n in range(4)
    ]

    def race(number: int) -> bool:
        try:
            authoring.publish(rivals[number])
        except ValidationError as refusal:
            assert list(refusal.message_dict) == ["places"]
            return False
        return True

    assert sorted(run_at_once(4, race)) == [False, False, False, True]
    with cpo_scope(world.cpo):
        assert TariffAssignment.objects.filter(connector=world.connector).count() == 1


def test_a_price_as_of_an_instant_knows_what_was_to_come_then(world: World, tariff: Tariff) -> None:
    publish(tariff, PLAIN)
    publish(tariff, replace(PLAIN, rate=Decimal(24), valid_from=day(2)))
    authoring.end(tariff)
    publish(tariff, replace(PLAIN, rate=Decimal(30), valid_from=day(4)))
    with cpo_scope(world.cpo):
        first, second, end, third = TariffStateChange.objects.filter(tariff=tariff).exclude(move="edit").order_by("id")
    # The world's own tariff has no history: as of an instant it was never there.
    said = [[rate_at(world, at, change.at) for at in (NOW, day(2), day(4))] for change in (first, second, end, third)]
    assert said == [
        ["own 20", "own 20", "own 20"],
        ["own 20", "own 24", "own 24"],
        ["none", "none", "none"],
        ["none", "none", "own 30"],
    ]


def test_a_draft_is_tried_at_the_time_of_the_session(world: World, tariff: Tariff) -> None:
    publish(tariff, PLAIN)
    draft = authoring.save_draft(tariff, replace(PLAIN, rate=Decimal(24), valid_from=day(2), valid_until=day(5)))
    with cpo_scope(world.cpo):
        found = [tariff_with_draft(world.connector, draft, at=at) for at in (NOW, day(2), day(5))]
    assert [version.number for version in found if version is not None] == [1, 2, 1]


def test_the_database_refuses_what_could_never_hold(world: World, tariff: Tariff) -> None:
    with cpo_scope(world.cpo):
        version = TariffVersion.objects.filter(tariff=tariff)
        bad = [
            {"valid_from": day(2), "valid_until": day(2)},
            {"minimum_price": Decimal(2), "maximum_price": Decimal("1.99")},
        ]
        for values in bad:
            with pytest.raises(IntegrityError), transaction.atomic():
                version.update(**values)
        publish(tariff, PLAIN)
        with pytest.raises(DatabaseError, match="its rows are history"), transaction.atomic():
            version.update(valid_from=day(2))
        row = TariffAssignment.objects.get(tariff=tariff)
        row.pk = None
        with pytest.raises(IntegrityError), transaction.atomic():
            row.save(force_insert=True)


def test_the_number_of_queries_does_not_depend_on_when(world: World, tariff: Tariff, django_assert_num_queries) -> None:
    publish(tariff, PLAIN)
    publish(tariff, replace(PLAIN, rate=Decimal(24), valid_from=day(2)))
    with cpo_scope(world.cpo):
        with django_assert_num_queries(1):
            tariffs_for([world.connector], at=day(2))
        with django_assert_num_queries(3):
            tariffs_for([world.connector], at=day(2), as_of=timezone.now())
