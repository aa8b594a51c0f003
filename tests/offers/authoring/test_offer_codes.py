"""Codes of offers, asked for and shown: each means one thing, and can be told from every other."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from cpo_portal.accounts.tenancy import cpo_scope
from offers import authoring
from offers.authoring import OfferContent
from offers.models import Offer
from tests.people import WEEKEND, weekend
from tests.world import World, make_world

pytestmark = pytest.mark.django_db


CODED = weekend(requires_code=True, display_code="Secret25")


ASKED = "The offer first already asks for this code: choose another."
SHOWN = "The offer first shows this code to everybody: choose another."
AN_ID = "“{}” is the id of an offer, by which everybody may ask for it: choose another code."
UNSEEN = "The code holds a sign that nobody sees: type it anew, such as WEEKEND25."


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        pytest.param(CODED, {"requires_code": True, "display_code": "sECRET25"}, ASKED, id="two-that-are-asked-for"),
        pytest.param(CODED, {"display_code": "SECRET25"}, ASKED, id="a-label-that-tells-a-secret"),
        pytest.param(WEEKEND, {"requires_code": True, "display_code": "weekend25"}, SHOWN, id="a-secret-that-is-shown"),
        pytest.param(WEEKEND, {"display_code": "WEEKEND25"}, "", id="two-labels"),
        pytest.param(CODED, {"requires_code": True, "display_code": "Secret26"}, "", id="two-secrets"),
        pytest.param(CODED, {"display_code": "FIRST"}, AN_ID.format("FIRST"), id="the-id-of-another-as-a-label"),
        pytest.param(
            CODED, {"requires_code": True, "display_code": "First"}, AN_ID.format("First"), id="the-id-of-another"
        ),
        pytest.param(
            CODED, {"requires_code": True, "display_code": "SECOND"}, AN_ID.format("SECOND"), id="its-own-id-asked-for"
        ),
        pytest.param(CODED, {"display_code": "SECOND"}, "", id="its-own-id-as-a-label"),
        pytest.param(CODED, {"display_code": "TEN\u200bOFF"}, UNSEEN, id="a-sign-that-nobody-sees"),
        pytest.param(CODED, {"display_code": "TEN\x07OFF"}, UNSEEN, id="a-sign-that-nobody-types"),
        *(
            pytest.param(CODED, {"display_code": f"TENOFF{sign}"}, UNSEEN, id=f"looks-like-another-{ord(sign):x}")
            for sign in "\u034f\ufe0f\u3164\u115f\u2800\u17b4\uffa0\U000e0100"
        ),
        pytest.param(CODED, {"display_code": "दिवाली25"}, "", id="a-code-with-marks"),
    ],
)
def test_what_opens_an_offer_is_shown_by_none_and_means_nothing_else(
    world: World, first: OfferContent, second: dict[str, Any], sentence: str
) -> None:
    authoring.publish(authoring.create_offer(world.cpo, "first", first))
    wanted = weekend(**second)
    if not sentence:
        authoring.create_offer(world.cpo, "second", wanted)
        return
    with pytest.raises(ValidationError) as refused:
        authoring.create_offer(world.cpo, "second", wanted)
    assert refused.value.message_dict == {"display_code": [sentence]}
    with cpo_scope(world.cpo):
        assert Offer.objects.count() == 1


def test_a_live_secret_is_no_label_of_a_later_draft(world: World) -> None:
    authoring.publish(authoring.create_offer(world.cpo, "first", CODED))
    later = authoring.create_offer(world.cpo, "second", weekend(display_code=""))
    with pytest.raises(ValidationError) as refused:
        authoring.save_draft(later, weekend(display_code="SECRET25"))
    assert refused.value.message_dict == {"display_code": [ASKED]}


@pytest.mark.parametrize("coded", [CODED, weekend(display_code="Secret25")], ids=["asked-for", "shown"])
def test_a_code_is_no_id_of_another_offer(world: World, coded: OfferContent) -> None:
    authoring.create_offer(world.cpo, "first", coded)
    with pytest.raises(ValidationError) as refused:
        authoring.create_offer(world.cpo, "secret25", WEEKEND)
    assert refused.value.message_dict == {
        "offer_id": ["“secret25” is the code of the offer first: give this one another id."]
    }


def test_two_ids_differ_by_more_than_capitals(world: World) -> None:
    authoring.create_offer(world.cpo, "night-10", WEEKEND)
    with pytest.raises(ValidationError) as refused:
        authoring.create_offer(world.cpo, "Night-10", WEEKEND)
    assert refused.value.message_dict == {
        "offer_id": ["“Night-10” is but for capitals the id of “night-10”: choose another id."]
    }
    authoring.create_offer(world.cpo, "night-11", WEEKEND)
    with cpo_scope(world.cpo):
        assert Offer.objects.count() == 2


def test_another_cpo_may_ask_for_the_same_code(world: World) -> None:
    other = make_world("cpo2.com", item_id="there-01")
    authoring.create_offer(world.cpo, "first", CODED)
    authoring.create_offer(other.cpo, "third", CODED)
    with cpo_scope(other.cpo):
        assert Offer.objects.count() == 1


def test_an_archived_offer_frees_its_code(world: World) -> None:
    authoring.archive(authoring.create_offer(world.cpo, "first", CODED))
    authoring.create_offer(world.cpo, "second", CODED)
    with cpo_scope(world.cpo):
        assert list(Offer.objects.order_by("pk").values_list("offer_id", "state")) == [
            ("first", "ARCHIVED"),
            ("second", "DRAFT"),
        ]


def test_an_archived_offers_id_may_be_a_code(world: World) -> None:
    authoring.archive(authoring.create_offer(world.cpo, "weekend-9", weekend(display_code="")))
    authoring.create_offer(world.cpo, "second", weekend(requires_code=True, display_code="WEEKEND-9"))
    with cpo_scope(world.cpo):
        assert Offer.objects.count() == 2
