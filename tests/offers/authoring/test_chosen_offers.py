"""Chosen offers of the list are paused and resumed together, each as its own button would."""

from __future__ import annotations

import pytest
from django.contrib.messages import get_messages

from cpo_portal.accounts.tenancy import cpo_scope
from offers import authoring
from offers.admin import moves
from offers.engine.values import OfferLimits
from offers.models import Offer, OfferCounter, OfferStateChange
from tests.offers.authoring.test_offer_admin import LIST
from tests.people import People, signed_in, weekend

pytestmark = pytest.mark.django_db


def drafts(people: People, *ids: str) -> list[Offer]:
    limits = OfferLimits(total_uses=10)
    return [authoring.create_offer(people.here.cpo, x, weekend(name=x, display_code=""), limits=limits) for x in ids]


def make(people: People, *ids: str) -> list[int]:
    """Publish these offers."""
    return [authoring.publish(offer).pk for offer in drafts(people, *ids)]


def choose(people: People, action: str, keys: list[int]) -> list[tuple[str, str]]:
    """Run the action as the manager; return what the page says, with its level."""
    answer = signed_in(people.colleague).post(LIST, {"action": action, "_selected_action": keys})
    assert answer.status_code == 302
    return [(message.level_tag, str(message)) for message in get_messages(answer.wsgi_request)]


def states(people: People) -> dict[str, tuple[str, bool]]:
    """Return each offer's state, and whether the ledger gives none of it."""
    with cpo_scope(people.here.cpo):
        paused = dict(OfferCounter.objects.values_list("offer__offer_id", "paused"))
        return {row.offer_id: (row.state, paused[row.offer_id]) for row in Offer.objects.all()}


def test_chosen_offers_are_paused_and_resumed_with_a_history_each(people: People) -> None:
    first, second, _ = make(people, "a", "b", "c")
    assert choose(people, "pause_chosen", [first, second]) == [("success", "2 offers are paused.")]
    assert states(people) == {"a": ("PAUSED", True), "b": ("PAUSED", True), "c": ("APPROVED", False)}
    with cpo_scope(people.here.cpo):
        last = OfferStateChange.objects.filter(offer_id=second).order_by("-pk")[0]
    assert (last.from_state, last.to_state, last.by) == ("APPROVED", "PAUSED", people.colleague)
    assert choose(people, "resume_chosen", [second]) == [("success", "1 offer is resumed.")]
    assert states(people)["b"] == ("APPROVED", False)


def test_what_cannot_be_paused_is_named_with_the_reason_and_the_others_are(people: People) -> None:
    (live,) = make(people, "live")
    unpublished = [offer.pk for offer in drafts(people, "d1", "d2", "d3", "d4")]
    why = "Only a published offer can be paused; this one is a draft."
    assert choose(people, "pause_chosen", [*unpublished, live]) == [
        ("success", "1 offer is paused."),
        ("warning", f"Left as they are: “d1”: {why} “d2”: {why} “d3”: {why} And 1 more."),
    ]
    assert states(people)["live"] == ("PAUSED", True)


def test_more_than_can_be_done_at_once_are_left_whole(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moves, "MOST_CHOSEN", 2)
    keys = make(people, "a", "b", "c")
    assert choose(people, "pause_chosen", keys) == [
        ("error", "Choose 2 offers or fewer at a time; nothing has changed.")
    ]
    assert {state for state, _ in states(people).values()} == {"APPROVED"}
