"""Four eyes: who may submit, approve and send back, and that nobody publishes past the review."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from cpo_portal.accounts.models import ApiToken, TokenScope, User
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.accounts.tokens import create_token
from offers import authoring
from offers.book import book_for
from offers.engine.values import OfferLimits
from offers.models import Offer, OfferPolicy, OfferStateChange, OfferVersion
from tests.people import People, make_people, weekend
from tests.processes import run_at_once

pytestmark = pytest.mark.django_db

SOMEBODY_ELSE = "You wrote or submitted this draft: somebody else approves it."


@pytest.fixture
def people() -> People:
    found = make_people()
    require(found, review=True)
    return found


def require(people: People, *, review: bool) -> None:
    with cpo_scope(people.here.cpo):
        OfferPolicy.objects.update_or_create(cpo=people.here.cpo, defaults={"review_required": review})


def draft(people: People, by: User | None = None, **changes: Any) -> Offer:
    return authoring.create_offer(people.here.cpo, "weekend", weekend(**changes), by=by or people.colleague)


def state(offer: Offer) -> tuple[str, bool, str]:
    """Return the stored state, whether a draft is in review, and what buyers get."""
    with cpo_scope(offer.cpo):
        row = Offer.objects.select_related("live_version").get(pk=offer.pk)
        waiting = OfferVersion.objects.filter(offer=row, published_at=None, submitted_at__isnull=False).exists()
        return row.state, waiting, row.live_version.name if row.live_version else ""


def refused(call: Any, *arguments: Any, **named: Any) -> str:
    with pytest.raises(ValidationError) as refusal:
        call(*arguments, **named)
    return " ".join(refusal.value.messages)


def test_a_draft_is_submitted_by_its_author_and_approved_by_somebody_else(people: People) -> None:
    offer = authoring.submit(draft(people), by=people.colleague, note="for the weekend")
    assert state(offer) == ("IN_REVIEW", True, "")
    authoring.approve(offer, by=people.owner, note="fine")
    assert state(offer) == ("APPROVED", False, "Weekend Special – 25 % off")
    with cpo_scope(people.here.cpo):
        history = list(
            OfferStateChange.objects.order_by("id").values_list("move", "from_state", "to_state", "by__email", "note")
        )
        assert book_for(people.here.cpo).book.get("weekend") is not None
    assert history == [
        ("edit", "DRAFT", "DRAFT", "colleague@example.com", "Draft 1 was made."),
        ("submit", "DRAFT", "IN_REVIEW", "colleague@example.com", "for the weekend"),
        ("approve", "IN_REVIEW", "APPROVED", "owner@example.com", "fine"),
    ]


@pytest.mark.parametrize("move", ["publish", "submit then approve"])
def test_nobody_publishes_past_the_review(people: People, move: str) -> None:
    offer = draft(people, people.owner)
    if move == "publish":
        said = refused(authoring.publish, offer, by=people.colleague)
        assert said == (
            "Offers are reviewed here before they are published: submit the draft, and somebody else approves it."
        )
        assert state(offer) == ("DRAFT", False, "")
    else:
        authoring.submit(offer, by=people.owner)
        assert refused(authoring.approve, offer, by=people.owner) == SOMEBODY_ELSE
        assert state(offer) == ("IN_REVIEW", True, "")


def test_whoever_wrote_a_word_of_the_draft_or_submitted_it_does_not_approve_it(people: People) -> None:
    offer = draft(people, people.colleague)
    authoring.save_draft(offer, weekend(value=Decimal(30)), by=people.owner)
    authoring.submit(offer, by=people.colleague)
    for person in (people.owner, people.colleague):
        assert refused(authoring.approve, offer, by=person) == SOMEBODY_ELSE
    third = User.objects.create_superuser("operator@example.com")
    authoring.approve(offer, by=third)
    assert state(offer)[0] == "APPROVED"


def test_saving_without_a_change_makes_nobody_an_author(people: People) -> None:
    offer = draft(people, people.colleague)
    authoring.save_draft(offer, weekend(), by=people.owner)
    authoring.submit(offer, by=people.colleague)
    authoring.approve(offer, by=people.owner)
    assert state(offer)[0] == "APPROVED"


def test_what_buyers_get_stays_while_its_next_version_is_reviewed(people: People) -> None:
    offer = authoring.approve(authoring.submit(draft(people), by=people.colleague), by=people.owner)
    authoring.save_draft(offer, weekend(name="Better"), by=people.colleague)
    authoring.submit(offer, by=people.colleague)
    assert state(offer) == ("APPROVED", True, "Weekend Special – 25 % off")
    authoring.pause(offer, by=people.owner)
    authoring.approve(offer, by=people.owner)
    assert state(offer) == ("PAUSED", False, "Better")


def test_a_reviewer_sends_it_back_with_a_note(people: People) -> None:
    offer = authoring.submit(draft(people), by=people.colleague)
    assert refused(authoring.reject, offer, by=people.owner, note=" ") == (
        "Say what is to be changed: the author reads it."
    )
    authoring.reject(offer, by=people.owner, note="25 % is too much")
    assert state(offer) == ("DRAFT", False, "")
    with cpo_scope(people.here.cpo):
        last = OfferStateChange.objects.latest("id")
    assert (last.move, last.by, last.note) == ("reject", people.owner, "25 % is too much")
    assert refused(authoring.approve, offer, by=people.owner) == (
        "Nothing of this offer is in review: its draft is submitted first."
    )


@pytest.mark.parametrize("what", ["content", "limits"])
def test_what_is_changed_in_review_is_submitted_anew(people: People, what: str) -> None:
    offer = authoring.submit(draft(people), by=people.colleague)
    if what == "content":
        authoring.save_draft(offer, weekend(value=Decimal(90)), by=people.colleague)
    else:
        authoring.set_limits(offer, OfferLimits(total_uses=10**6), by=people.colleague)
    assert state(offer) == ("DRAFT", False, "")
    with cpo_scope(people.here.cpo):
        assert OfferStateChange.objects.latest("id").note.endswith("while it was in review: submit it again.")


def test_an_approval_of_what_was_read_before_is_refused(people: People) -> None:
    offer = authoring.submit(draft(people), by=people.colleague)
    with cpo_scope(people.here.cpo):
        seen = OfferVersion.objects.get(offer=offer).submitted_at
    authoring.save_draft(offer, weekend(value=Decimal(90)), by=people.colleague)
    authoring.submit(offer, by=people.colleague)
    assert refused(authoring.approve, offer, by=people.owner, seen=seen) == (
        "It was submitted anew since you read it: read it again, then approve it."
    )
    assert state(offer) == ("IN_REVIEW", True, "")


def token_of(people: People, maker: User | None) -> str:
    token, _ = create_token(people.here.cpo, name="ERP", scope=TokenScope.STAFF, created_by=maker)
    return token.prefix


@pytest.mark.parametrize(
    ("maker", "said"),
    [
        pytest.param("owner", "", id="of another person"),
        pytest.param("colleague", SOMEBODY_ELSE, id="of the author"),
        pytest.param(
            None, "A person approves it: sign in, or use a token that a person has made.", id="of nobody in particular"
        ),
    ],
)
def test_a_token_speaks_for_whoever_made_it(people: People, maker: str | None, said: str) -> None:
    offer = authoring.submit(draft(people), by=people.colleague)
    prefix = token_of(people, getattr(people, maker) if maker else None)
    if said:
        assert refused(authoring.approve, offer, by_token=prefix) == said
    else:
        authoring.approve(offer, by_token=prefix)
    assert state(offer)[0] == ("IN_REVIEW" if said else "APPROVED")


def test_the_maker_of_the_token_that_wrote_a_draft_does_not_approve_it(people: People) -> None:
    prefix = token_of(people, people.owner)
    offer = authoring.create_offer(people.here.cpo, "weekend", weekend(), by_token=prefix)
    authoring.submit(offer, by=people.colleague)
    assert refused(authoring.approve, offer, by=people.owner) == SOMEBODY_ELSE


@pytest.mark.parametrize(
    ("prepare", "move", "said"),
    [
        pytest.param("published", "submit", "There is no draft to submit: change the offer first.", id="no draft"),
        pytest.param("submitted", "submit", "It is in review already.", id="twice"),
        pytest.param("over", "submit", "The offer is over already: choose a later end.", id="over already"),
        pytest.param("archived", "submit", "An offer that is archived is not reviewed: make a new one.", id="archived"),
    ],
)
def test_what_cannot_be_reviewed_says_why(people: People, prepare: str, move: str, said: str) -> None:
    past = {"valid_until": timezone.now() - timedelta(days=1)} if prepare == "over" else {}
    offer = draft(people, **past)
    if prepare in {"published", "submitted"}:
        authoring.submit(offer, by=people.colleague)
    if prepare == "published":
        authoring.approve(offer, by=people.owner)
    if prepare == "archived":
        authoring.archive(offer, by=people.owner)
    before = state(offer)
    assert refused(authoring.perform, authoring.moves.Move(move), offer, by=people.colleague) == said
    assert state(offer) == before


def test_without_the_setting_offers_are_published_as_ever(people: People) -> None:
    require(people, review=False)
    offer = draft(people)
    assert refused(authoring.submit, offer, by=people.colleague) == (
        "Offers are published here without a review: publish it."
    )
    authoring.publish(offer, by=people.colleague)
    assert state(offer)[0] == "APPROVED"


def test_a_version_is_restored_as_a_draft(people: People) -> None:
    require(people, review=False)
    offer = authoring.publish(draft(people))
    authoring.save_draft(offer, weekend(name="Second", value=Decimal(30)))
    authoring.publish(offer)
    made = authoring.restore(offer, 1, actor=authoring.Actor(people.owner))
    assert (made.number, made.name, made.value, made.published_at) == (
        3,
        "Weekend Special – 25 % off",
        Decimal(25),
        None,
    )
    assert state(offer) == ("APPROVED", False, "Second")
    said = refused(authoring.restore, offer, 9, actor=authoring.Actor(people.owner))
    assert said == "This offer has no version 9: choose one of its versions."


def test_the_version_that_is_published_is_no_draft_to_restore(people: People) -> None:
    require(people, review=False)
    offer = authoring.publish(draft(people))
    said = refused(authoring.restore, offer, 1, actor=authoring.Actor(people.owner))
    assert said == "Version 1 is what the offer says already."
    with cpo_scope(people.here.cpo):
        assert OfferVersion.objects.count() == 1


def test_a_duplicate_is_a_draft_that_says_the_same_within_the_same_limits(people: People) -> None:
    limits = OfferLimits(total_uses=7)
    offer = authoring.create_offer(
        people.here.cpo, "weekend", weekend(requires_code=True), limits=limits, by=people.colleague
    )
    made = authoring.duplicate(offer, "weekend-2", actor=authoring.Actor(people.owner))
    with cpo_scope(people.here.cpo):
        content = authoring.content_of(OfferVersion.objects.get(offer=made))
    assert (made.state, authoring.limits_of(made)) == ("DRAFT", limits)
    assert (content.name, content.display_code, content.requires_code) == (
        "Weekend Special – 25 % off (copy)",
        "WEEKEND25-2",
        True,
    )
    assert (content.value, content.weekly_windows) == (Decimal(25), weekend().weekly_windows)
    said = refused(authoring.duplicate, offer, "weekend-2", actor=authoring.Actor(people.owner))
    assert said == "You already have an offer “weekend-2”: choose another id."


@pytest.mark.parametrize(
    ("offer_id", "said", "copy_id", "code"),
    [
        pytest.param("WEEKEND25", {}, "again", "", id="a-label-that-is-its-id-stays-with-it"),
        pytest.param("first", {}, "again", "WEEKEND25", id="another-label-is-copied"),
        pytest.param(
            "first",
            {"requires_code": True, "display_code": "DIWALI"},
            "diwali-2",
            "DIWALI-3",
            id="not-the-copys-own-id",
        ),
    ],
)
def test_a_duplicate_gets_a_code_that_it_may_have(
    people: People, offer_id: str, said: dict[str, Any], copy_id: str, code: str
) -> None:
    offer = authoring.create_offer(people.here.cpo, offer_id, weekend(**said))
    made = authoring.duplicate(offer, copy_id, actor=authoring.Actor(people.owner))
    with cpo_scope(people.here.cpo):
        assert authoring.content_of(OfferVersion.objects.get(offer=made)).display_code == code


def test_an_offer_with_codes_of_their_own_is_duplicated_without_one(people: People) -> None:
    content = weekend(requires_code=True, single_use_codes=True, display_code="")
    offer = authoring.create_offer(people.here.cpo, "weekend", content, by=people.colleague)
    made = authoring.duplicate(offer, "weekend-2", actor=authoring.Actor(people.owner))
    with cpo_scope(people.here.cpo):
        copied = authoring.content_of(OfferVersion.objects.get(offer=made))
    assert (copied.display_code, copied.requires_code, copied.single_use_codes) == ("", True, True)


@pytest.mark.django_db(transaction=True)
def test_of_an_approval_and_a_change_at_the_same_moment_nothing_unread_is_published() -> None:
    people = make_people()
    require(people, review=True)
    offer = authoring.submit(draft(people), by=people.colleague)

    def work(number: int) -> str:
        try:
            if number:
                authoring.save_draft(offer, weekend(value=Decimal(90)), by=people.colleague)
            else:
                authoring.approve(offer, by=people.owner)
        except ValidationError:
            return "refused"
        return "done"

    answers = run_at_once(2, work)
    with cpo_scope(people.here.cpo):
        live = Offer.objects.select_related("live_version").get(pk=offer.pk).live_version
    assert answers in (["done", "done"], ["refused", "done"])
    assert (live.value if live else None) == (Decimal(25) if answers[0] == "done" else None)


def test_reviews_name_people_and_tokens(people: People) -> None:
    from pricing.versions.review import names_of

    with cpo_scope(people.here.cpo):
        assert ApiToken.objects.count() == 0
        assert names_of([f"user:{people.owner.pk}", "token:abcd1234"]) == ["API token abcd1234…", "Owner"]
