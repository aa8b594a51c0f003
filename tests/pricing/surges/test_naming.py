"""What a surge names is not deleted under it: segments and products, of drafts and of versions that still price."""

from __future__ import annotations

from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import transaction

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import Segment
from cpo_portal.charging.segments.stored import SegmentContent, delete_segment, save_segment
from cpo_portal.network.models import Product
from cpo_portal.network.usage import Needed, lock_for_delete, refuse_used
from pricing.models import SurgeSchedule
from pricing.surges.content import Exemptions, Scope, SurgeContent
from pricing.surges.naming import names_of
from pricing.surges.schedules import Move, perform, save_draft
from tests.people import api_client, make_people, signed_in
from tests.pricing.surges.samples import RUPEE, make_schedule, no_notice, publish
from tests.processes import run_at_once
from tests.world import World, make_world

pytestmark = pytest.mark.django_db

NAMES = SurgeContent(value=Decimal(5), scope=Scope(product_ids=("wash",)), exemptions=Exemptions(segment_ids=("gold",)))
KEPT = "“Gold” is used by the surge congestion: take it out there before you delete it."


def furnished(world: World) -> World:
    with cpo_scope(world.cpo):
        save_segment(world.cpo, SegmentContent("gold", "Gold", ({"fact": "NEW"},)))
        Product.objects.create(cpo=world.cpo, product_id="wash", name="Car wash", price=Decimal(90))
    return world


@pytest.fixture
def world() -> World:
    return furnished(make_world())


def why_kept(world: World) -> str:
    """Return why the segment is not deleted; "" where it was, which is undone."""
    with cpo_scope(world.cpo):
        row = Segment.objects.get(segment_id="gold")
        try:
            delete_segment(row)
        except ValidationError as refusal:
            assert Segment.objects.filter(pk=row.pk).exists()
            return " ".join(refusal.messages)
        row.save(force_insert=True)
    return ""


def test_a_segment_stays_while_a_draft_or_a_version_that_prices_names_it(world: World) -> None:
    schedule = make_schedule(world.cpo, NAMES)
    assert why_kept(world) == KEPT
    publish(schedule)
    assert why_kept(world) == KEPT
    publish(schedule, RUPEE)
    assert why_kept(world) == KEPT  # the version before holds until the notice of the rise is over
    perform(Move.PAUSE, schedule)
    assert why_kept(world) == KEPT
    perform(Move.END, schedule)
    assert why_kept(world) == ""
    save_draft(schedule, NAMES)
    assert why_kept(world) == KEPT
    perform(Move.ARCHIVE, schedule)
    assert why_kept(world) == ""


def test_a_segment_may_go_once_the_version_that_named_it_prices_no_more(world: World) -> None:
    no_notice(world.cpo)
    schedule = publish(make_schedule(world.cpo, NAMES))
    publish(schedule, RUPEE)
    assert why_kept(world) == ""


def test_another_cpo_s_surge_keeps_nothing(world: World) -> None:
    other = furnished(make_world("cpo2.com", item_id="there-01"))
    make_schedule(other.cpo, NAMES)
    assert why_kept(world) == ""
    assert why_kept(other) == KEPT


PRODUCT = (
    "“Car wash” cannot be deleted: the surge “Congestion fee” (congestion) is for sessions that order it. Take it out "
    "there or end it, then delete the product."
)
PRODUCTS = (
    "“Car wash” cannot be deleted: the surges “Congestion fee” (congestion) and “Wash fee” (wash-fee) are for sessions "
    "that order it. Take it out there or end them, then delete the product."
)


def test_a_product_is_kept_on_its_page_and_by_the_api() -> None:
    people = make_people()
    furnished(people.here)
    cpo = people.here.cpo
    make_schedule(cpo, NAMES)
    client = signed_in(people.owner)
    with cpo_scope(cpo):
        product = Product.objects.get(product_id="wash")
    page = f"/admin/network/product/{product.pk}/delete/"
    assert PRODUCT in client.post(page, {"post": "yes"}, follow=True).content.decode()
    make_schedule(cpo, NAMES, schedule_id="wash-fee", name="Wash fee")
    answer: Any = api_client(cpo).delete("/api/products/wash")
    assert (answer.status_code, answer.json()["error"]["message"]) == (409, PRODUCTS)
    with cpo_scope(cpo):
        assert Product.objects.filter(product_id="wash").exists()


def test_what_is_named_has_its_own_words(world: World) -> None:
    scope = Scope(("cp-station",), ("delhi",), ("pe-charging-01",), ("EVSE-1",), product_ids=("wash",))
    content = SurgeContent(scope=scope, exemptions=Exemptions(segment_ids=("gold", "gone")))
    with cpo_scope(world.cpo):
        assert names_of([content]) == {
            "cp-station": "Connaught Place Station",
            "EVSE-1": "EV Charger #1 (AC Fast Charger)",
            "wash": "Car wash",
            "gold": "Gold",
            "pe-charging-01": "pe-charging-01 (CCS2, 30 kW)",
        }


def _answer(world: World, number: int) -> str:
    """Write a draft that names the segment and the product, or delete one of them; return what came of it."""
    try:
        if number == 0:
            make_schedule(world.cpo, NAMES)
        elif number == 1:
            with cpo_scope(world.cpo):
                delete_segment(Segment.objects.get(segment_id="gold"))
        else:
            with cpo_scope(world.cpo), transaction.atomic():
                row = Product.objects.get(product_id="wash")
                lock_for_delete(row)
                refuse_used(row)
                row.delete()
    except (ValidationError, Needed):
        return "refused"
    return "done"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("turn", range(3))
def test_a_surge_written_while_what_it_names_is_deleted_wins_or_is_refused(world: World, turn: int) -> None:
    written, *deleted = run_at_once(3, partial(_answer, world))
    with cpo_scope(world.cpo):
        there = [Segment.objects.exists(), Product.objects.exists()]
        assert SurgeSchedule.objects.exists() is (written == "done")
    assert [x == "refused" for x in deleted] == there
    assert (written == "done") is (there == [True, True])
