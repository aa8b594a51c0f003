"""Who finds the public page of an offer, until when and by which links; one answer for what may not be shown."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from beckn.presenting.catalogue import catalog_view
from beckn.protocol.catalog_views import OfferView
from beckn.protocol.deg_v1.render_catalog import offer_head
from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.rates import Buckets
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Connector
from offers import authoring
from offers.engine.values import OfferLimits
from offers.links import offer_page_url
from offers.models import OfferCounter
from offers.public import limits as public_limits
from offers.public import offer as public
from tests.offers.public.asking import PAGE, make, words
from tests.people import People, signed_in, weekend

pytestmark = pytest.mark.django_db

END = datetime(2035, 1, 1, tzinfo=UTC)


def test_it_is_cached_for_a_minute_and_confirmed_by_its_tag(people: People) -> None:
    offer = make(people)
    first = Client().get(PAGE)
    assert first.headers["Cache-Control"] == "public, max-age=60"
    again = Client(headers={"If-None-Match": first.headers["ETag"]}).get(PAGE)
    assert (again.status_code, again.content) == (304, b"")
    authoring.save_draft(offer, weekend(name="Another name"))
    authoring.publish(offer)
    changed = Client(headers={"If-None-Match": first.headers["ETag"]}).get(PAGE)
    assert (changed.status_code, "Another name" in changed.content.decode()) == (200, True)


PAUSED = "It is paused: nobody gets it at present, and whoever has it in an order keeps it."
OVER = "It is over: nobody gets it any more, and whoever has it in an order keeps it."


@pytest.mark.parametrize(
    ("move", "said"), [(authoring.pause, PAUSED), (authoring.end, OVER)], ids=["paused", "ended early"]
)
def test_what_is_given_no_more_says_so_and_not_by_which_code_it_went(people: People, move: Any, said: str) -> None:
    offer = make(people)
    assert "WEEKEND25" in words(Client().get(PAGE))
    move(offer)
    answer = Client().get(PAGE)
    assert (answer.status_code, "25 % off energy and add-ons" in words(answer)) == (200, True)
    assert said in words(answer)
    assert "WEEKEND25" not in words(answer)


HIDDEN = {
    "withdrawn": authoring.withdraw,
    "archived": lambda offer: authoring.archive(authoring.end(offer)),
}


@pytest.mark.parametrize("move", HIDDEN.values(), ids=HIDDEN)
def test_what_is_not_given_has_no_page(people: People, move: Any) -> None:
    move(make(people))
    assert answers_like_nothing(PAGE)


@pytest.mark.parametrize(
    "path",
    ["/o/cpo1.com/unknown", "/o/nobody.com/weekend", "/o/cpo2.com/weekend", "/o/cpo1.com/planned"],
    ids=["unknown", "nobody's", "another CPO's", "a draft"],
)
def test_what_may_not_be_seen_is_answered_alike(people: People, path: str) -> None:
    make(people)
    authoring.create_offer(people.here.cpo, "planned", weekend())
    assert answers_like_nothing(path)


CODED: dict[str, tuple[dict[str, Any], str]] = {
    "one code for all": ({"display_code": "SECRET"}, "Applied with a code that you were given."),
    "codes of their own": (
        {"display_code": "", "single_use_codes": True},
        "Applied with a code that you were given, once.",
    ),
}


def test_a_short_code_is_hidden_where_it_stands_alone(people: People) -> None:
    texts = {"name": "TEN or TENTH", "short_desc": "_ten_ TENके, कोड:TEN, often"}
    make(people, "coded", requires_code=True, display_code="TEN", **texts)
    text = words(Client().get("/o/cpo1.com/coded"))
    assert "… or TENTH" in text
    assert "_…_ …के, कोड:…, often" in text


@pytest.mark.parametrize(("said", "condition"), CODED.values(), ids=CODED)
def test_an_offer_for_a_code_has_a_page_that_does_not_name_it(
    people: People, said: dict[str, Any], condition: str
) -> None:
    texts = {
        "name": "Flyer (Secret)",
        "short_desc": "Send SECRET in your app",
        "long_desc": "Say _secret_ or secretnow",
        "terms_text": "Only with Secret.",
    }
    named = texts if said["display_code"] else {"name": "Flyer"}
    offer = make(people, "coded", requires_code=True, **named, **said)
    answer = Client().get("/o/cpo1.com/coded")
    text = words(answer)
    assert (answer.status_code, condition in text, "Your app may call it" in text) == (200, True, False)
    assert '<meta name="robots" content="noindex">' in answer.content.decode()
    if said["display_code"]:
        assert "secret" not in answer.content.decode().lower()
        assert "Flyer (…)" in text
        assert "Send … in your app Say _…_ or …now" in text
    link = f'href="{offer_page_url("cpo1.com", "coded")}"'
    assert link in signed_in(people.analyst).get(f"/admin/offers/offer/{offer.pk}/change/").content.decode()
    authoring.withdraw(offer)
    assert answers_like_nothing("/o/cpo1.com/coded")


def test_the_page_of_an_offer_for_everybody_may_be_found(people: People) -> None:
    make(people)
    assert "noindex" not in Client().get(PAGE).content.decode()


def answers_like_nothing(path: str) -> bool:
    answer, nothing = Client().get(path), Client().get("/o/none.example/none")
    assert (answer.status_code, answer.content, dict(answer.headers)) == (404, nothing.content, dict(nothing.headers))
    assert "There is no offer here" in words(answer)
    # It may be published the next moment.
    assert answer.headers["Cache-Control"] == "no-cache"
    return True


def test_an_offer_is_over_at_its_last_instant(people: People) -> None:
    make(people, valid_until=END)
    last = public.page_of("cpo1.com", "weekend", END - timedelta(microseconds=1))
    over = public.page_of("cpo1.com", "weekend", END)
    assert (last and last.note, over and over.note) == ("", OVER)


def test_what_was_paused_is_over_at_its_end_as_well(people: People) -> None:
    authoring.pause(make(people, valid_until=END))
    notes = [public.page_of("cpo1.com", "weekend", at) for at in (END - timedelta(microseconds=1), END)]
    assert [page and page.note for page in notes] == [PAUSED, OVER]


def test_a_cpo_that_left_has_no_pages(people: People) -> None:
    make(people)
    Cpo.objects.filter(pk=people.here.cpo.pk).update(is_active=False)
    assert answers_like_nothing(PAGE)


def test_an_offer_that_has_not_begun_and_one_that_is_given_out_say_so(people: People) -> None:
    make(people, valid_from=datetime(2035, 1, 1, tzinfo=UTC))
    offer = make(people, "full", limits=OfferLimits(total_uses=1), display_code="")
    with cpo_scope(people.here.cpo):
        OfferCounter.objects.filter(offer=offer).update(uses_committed=1)
    assert "It has not begun yet." in words(Client().get(PAGE))
    assert "All of it is given out at the moment." in words(Client().get("/o/cpo1.com/full"))
    budget = OfferLimits(budget=Decimal("73.39"), redemption_cap=Decimal(50))
    nearly = make(people, "nearly", limits=budget, display_code="")
    with cpo_scope(people.here.cpo):
        OfferCounter.objects.filter(offer=nearly).update(budget_committed=Decimal("23.40"))
    assert "All of it is given out at the moment." in words(Client().get("/o/cpo1.com/nearly"))


@pytest.mark.parametrize("path", ["/o/cpo1.com/%00", "/o/cpo1.com/a%20b", "/o//weekend", "/o/cpo1.com/" + "x" * 200])
def test_what_is_no_id_is_not_found(path: str) -> None:
    assert Client(raise_request_exception=False).get(path).status_code == 404


def test_only_reading_is_answered(people: People) -> None:
    make(people)
    assert Client().head(PAGE).status_code == 200
    assert Client().post(PAGE).status_code == 405


def test_an_address_that_asks_too_often_waits(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(public_limits, "addresses", Buckets(rate=0.5, burst=2, clock=lambda: 0.0))
    answers = [Client(REMOTE_ADDR="10.1.1.1").get("/o/cpo1.com/unknown") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [404, 404, 429]
    assert answers[2].headers["Retry-After"] == "2"
    assert Client(REMOTE_ADDR="10.1.1.2").get("/o/cpo1.com/unknown").status_code == 404


@override_settings(BASE_URL="https://portal.example")
def test_the_catalogue_links_to_the_page_and_not_for_who_has_no_code(people: People) -> None:
    from beckn.presenting import parts

    parts.offer_view.cache_clear()
    make(people)
    with cpo_scope(people.here.cpo):
        connector = Connector.objects.select_related("cpo", "charger__location").get()
    provider = catalog_view([connector], starts_at=None, ends_at=None, now=timezone.now()).providers[0]
    parts.offer_view.cache_clear()
    expected = "https://portal.example/o/cpo1.com/weekend"
    assert [offer.page_url for offer in provider.offers] == [expected]
    assert [inline.offer.page_url for inline in provider.items[0].offers] == [expected]


def test_the_link_stands_in_the_descriptors_additional_description() -> None:
    written = offer_head(OfferView("weekend", "Weekend", page_url="https://portal.example/o/a/weekend"), in_order=True)
    assert written["descriptor"]["additional_desc"] == {
        "url": "https://portal.example/o/a/weekend",
        "content_type": "text/html",
    }
    assert "additional_desc" not in offer_head(OfferView("weekend", "Weekend"), in_order=True)["descriptor"]


def test_the_offers_own_page_links_to_it_while_it_is_public(people: People) -> None:
    offer = make(people, value=Decimal(25))
    address = f"/admin/offers/offer/{offer.pk}/change/"
    link = f'href="{offer_page_url("cpo1.com", "weekend")}"'
    assert link in signed_in(people.analyst).get(address).content.decode()
    authoring.pause(offer)
    assert link in signed_in(people.analyst).get(address).content.decode()
    authoring.withdraw(offer)
    assert link not in signed_in(people.analyst).get(address).content.decode()
