"""The book in memory after changes: read again is what changed, and it is what a new process would read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from offers import authoring, book
from offers.engine.values import OfferLimits
from offers.models import Offer, OfferPolicy
from tests.people import WEEKEND, make_people, weekend

pytestmark = pytest.mark.django_db


@pytest.fixture
def cpo() -> Cpo:
    """Return a CPO with eight published offers, whose book is in memory."""
    found = make_people().here.cpo
    for number in range(8):
        authoring.publish(authoring.create_offer(found, f"offer-{number}", weekend(display_code=f"CODE{number}")))
    with cpo_scope(found):
        book.book_for(found)
    return found


def anew(cpo: Cpo) -> book.LoadedBook:
    """Return the book as a process reads it that has none."""
    kept = book._books.pop(cpo.pk)
    found = book.book_for(cpo)
    book._books[cpo.pk] = kept
    return found


def one(cpo: Cpo) -> Offer:
    return Offer.objects.get(offer_id="offer-3")


def publish_again(cpo: Cpo) -> None:
    authoring.save_draft(one(cpo), replace(WEEKEND, value=Decimal(30), display_code="NEW3"))
    authoring.publish(one(cpo))


def end_and_archive(cpo: Cpo) -> None:
    authoring.end(one(cpo))
    authoring.archive(one(cpo))


def make_another(cpo: Cpo) -> None:
    authoring.publish(authoring.create_offer(cpo, "a-new-one", weekend(display_code="")))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda cpo: authoring.pause(one(cpo)), id="paused"),
        pytest.param(lambda cpo: authoring.withdraw(one(cpo)), id="withdrawn"),
        pytest.param(lambda cpo: authoring.set_limits(one(cpo), OfferLimits(total_uses=3)), id="limited"),
        pytest.param(publish_again, id="a-new-version"),
        pytest.param(end_and_archive, id="archived"),
        pytest.param(make_another, id="a-new-offer"),
        pytest.param(
            lambda cpo: authoring.save_draft(one(cpo), replace(WEEKEND, value=Decimal(30))),
            id="a-draft",
        ),
        pytest.param(lambda cpo: OfferPolicy.objects.create(cpo=cpo), id="the-policy"),
    ],
)
def test_the_refreshed_book_is_the_one_read_anew(cpo: Cpo, change: Callable[[Cpo], object]) -> None:
    with cpo_scope(cpo):
        change(cpo)
        found, expected = book.book_for(cpo), anew(cpo)
        assert found.book.all() == expected.book.all()
        assert (found.keys, found.rows) == (expected.keys, expected.rows)
        assert found.book.revision == expected.book.revision
        codes = ["code3", "new3", "code4"]
        assert [found.book.by_code(x) for x in codes] == [expected.book.by_code(x) for x in codes]


def test_only_the_offer_that_changed_is_read_again(cpo: Cpo) -> None:
    with cpo_scope(cpo):
        before = book.book_for(cpo).book
        authoring.pause(one(cpo))
        with CaptureQueriesContext(connection) as captured:
            after = book.book_for(cpo).book
        # The revision, the calendars, the segments, the rows, what changed of them, the policy.
        assert len(captured) == 6
        assert [x.offer_id for x in after.all() if x is not before.get(x.offer_id)] == ["offer-3"]
        with CaptureQueriesContext(connection) as captured:
            assert book.book_for(cpo).book is after
        assert len(captured) == 1


def test_a_book_of_which_most_has_changed_is_read_as_a_whole(cpo: Cpo) -> None:
    with cpo_scope(cpo):
        for offer in Offer.objects.all():
            authoring.pause(offer)
        found = book.book_for(cpo)
        assert {x.state for x in found.book.all()} == {"PAUSED"}
        assert found.book.all() == anew(cpo).book.all()


def test_nothing_else_moves_the_book_than_what_a_refresh_looks_at() -> None:
    """A table that offers are made of must be looked at by a refresh, or a changed row of it would be missed.

    Versions are looked at by which of them is live, for a published one never changes; the policy is read by itself,
    and segments and calendars whole.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT tgrelid::regclass::text FROM pg_trigger WHERE tgfoid = 'portal_bump_revision'::regproc "
            "AND encode(tgargs, 'escape') LIKE 'offers_bookrevision%%' ORDER BY 1"
        )
        tables = [table for (table,) in cursor.fetchall()]
    assert tables == [
        "charging_segment",
        "offers_offer",
        "offers_offerpolicy",
        "offers_offerversion",
        "pricing_holidaycalendar",
    ]


def test_a_policy_is_read_again_when_it_changed(cpo: Cpo) -> None:
    """It stays with the book, which is read again whenever the policy is."""
    with cpo_scope(cpo):
        assert book.book_for(cpo).policy.max_stack is None
        OfferPolicy.objects.update_or_create(cpo=cpo, defaults={"max_stack": 3})
        assert book.book_for(cpo).policy.max_stack == 3
        OfferPolicy.objects.filter(cpo=cpo).update(max_stack=2)
        assert book.book_for(cpo).policy.max_stack == 2
        OfferPolicy.objects.filter(cpo=cpo).delete()
        assert book.book_for(cpo).policy.max_stack is None
