"""Four eyes over copies: whoever wrote what is copied is an author of the copy, whoever copies it."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from cpo_portal.accounts.models import User
from cpo_portal.accounts.tenancy import cpo_scope
from offers import authoring
from offers.authoring import Actor
from offers.models import Offer, OfferVersion
from tests.offers.authoring.test_review import SOMEBODY_ELSE, refused, require, state, token_of
from tests.people import People, make_people, weekend

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> People:
    found = make_people()
    require(found, review=True)
    return found


def reviewed(offer: Offer, machine: str, by: User) -> Offer:
    return authoring.approve(authoring.submit(offer, by_token=machine), by=by)


def of_a_draft(offer: Offer, people: People, machine: str) -> Offer:
    return authoring.duplicate(offer, "copy", actor=Actor(by_token=machine))


def of_a_published_version(offer: Offer, people: People, machine: str) -> Offer:
    return authoring.duplicate(reviewed(offer, machine, people.owner), "copy", actor=Actor(by_token=machine))


def of_an_older_version(offer: Offer, people: People, machine: str) -> Offer:
    reviewed(offer, machine, people.owner)
    authoring.save_draft(offer, weekend(name="Second", value=Decimal(30)), by=people.owner)
    reviewed(offer, machine, people.colleague)
    authoring.restore(offer, 1, actor=Actor(by_token=machine))
    return offer


@pytest.mark.parametrize("token", [True, False], ids=["their token", "themselves"])
@pytest.mark.parametrize("copied", [of_a_draft, of_a_published_version, of_an_older_version])
def test_nobody_approves_a_copy_of_their_own_words(
    people: People, copied: Callable[[Offer, People, str], Offer], token: bool
) -> None:
    machine, writer = token_of(people, None), token_of(people, people.colleague)
    offer = authoring.create_offer(people.here.cpo, "weekend", weekend(), by_token=writer)
    copy = authoring.submit(copied(offer, people, machine), by_token=machine)
    before = state(copy)
    who = {"by_token": writer} if token else {"by": people.colleague}
    assert refused(authoring.approve, copy, **who) == SOMEBODY_ELSE
    assert state(copy) == before
    authoring.approve(copy, by=people.owner)
    assert state(copy)[:2] == ("APPROVED", False)


def test_a_copy_of_a_copy_is_still_whose_words_it_says(people: People) -> None:
    machine = Actor(by_token=token_of(people, None))
    offer = authoring.create_offer(people.here.cpo, "weekend", weekend(), by=people.colleague)
    copy = authoring.duplicate(authoring.duplicate(offer, "copy", actor=machine), "again", actor=machine)
    authoring.submit(copy, by=people.owner)
    assert refused(authoring.approve, copy, by=people.colleague) == SOMEBODY_ELSE
    assert state(copy) == ("IN_REVIEW", True, "")


def test_whoever_submitted_what_is_copied_wrote_nothing_of_it(people: People) -> None:
    machine = Actor(by_token=token_of(people, None))
    offer = authoring.create_offer(people.here.cpo, "weekend", weekend(), by=people.colleague)
    authoring.submit(offer, by=people.owner)
    copy = authoring.duplicate(offer, "copy", actor=machine)
    authoring.approve(authoring.submit(copy, by_token=machine.by_token), by=people.owner)
    assert state(copy) == ("APPROVED", False, "Weekend Special – 25 % off (copy)")


def test_a_draft_that_says_what_an_older_version_says_stays_whose_it_is(people: People) -> None:
    machine = token_of(people, None)
    offer = authoring.create_offer(people.here.cpo, "weekend", weekend(), by=people.colleague)
    reviewed(offer, machine, people.owner)
    authoring.save_draft(offer, weekend(value=Decimal(30)), by=people.owner)
    reviewed(offer, machine, people.colleague)
    authoring.save_draft(offer, weekend(), by=people.owner)
    authoring.restore(offer, 1, actor=Actor(by_token=machine))
    with cpo_scope(people.here.cpo):
        assert OfferVersion.objects.get(offer=offer, published_at=None).authors == [f"user:{people.owner.pk}"]
