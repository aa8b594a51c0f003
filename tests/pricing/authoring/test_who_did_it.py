"""Who published, restored and stopped an offer, a tariff or a surge by a token: its name, and who made it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cpo_portal.accounts.models import ApiToken, TokenScope
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.accounts.tokens import create_token
from offers import authoring
from offers.models import Offer
from pricing.models import SurgeSchedule, Tariff
from tests.offers.api.asking import send
from tests.people import People, make_people, signed_in, weekend

pytestmark = pytest.mark.django_db

TARIFF = {"tariff_id": "own", "name": "Own", "content": {"rate": "18"}, "assignments": [{"location_id": "cp-station"}]}
SURGE = {"schedule_id": "own", "name": "Own", "kind": "RUSH_HOURS", "content": {"basis": "PER_KWH", "value": "1"}}


@dataclass(frozen=True, slots=True)
class Kind:
    """Where a thing lies, how it is made over the API, and its moves with the states that they lead to."""

    path: str
    key: str
    model: type[Any]
    body: dict[str, Any] | None
    moves: tuple[tuple[str, str], ...]


STOPPED = (("publish", "APPROVED"), ("pause", "PAUSED"), ("withdraw", "WITHDRAWN"))
KINDS = {
    "offer": Kind(
        "offers", "offer_id", Offer, None, (("publish", "APPROVED"), ("pause", "PAUSED"), ("withdraw", "WITHDRAWN"))
    ),
    "tariff": Kind("tariffs", "tariff_id", Tariff, TARIFF, (("publish", "APPROVED"), ("end", "ENDED"))),
    "surge": Kind("surge-schedules", "schedule_id", SurgeSchedule, SURGE, (("publish", "APPROVED"), ("end", "ENDED"))),
}


@pytest.fixture
def people() -> People:
    return make_people()


def night_job(people: People, *, made_by: bool = True) -> tuple[Client, ApiToken]:
    """Return a client with a token that the owner, or nobody in particular, has made."""
    maker = people.owner if made_by else None
    token, text = create_token(people.here.cpo, name="Night job", scope=TokenScope.STAFF, created_by=maker)
    return Client(headers={"Authorization": f"Bearer {text}"}), token


def make(client: Client, people: People, kind: Kind) -> Any:
    if kind.body is None:
        authoring.create_offer(people.here.cpo, "own", weekend())
    else:
        assert send(client, kind.path, kind.body).status_code == 201
    with cpo_scope(people.here.cpo):
        return kind.model.objects.get(**{kind.key: "own"})


def page_of(people: People, thing: Any) -> dict[str, Any]:
    label = f"{thing._meta.app_label}/{thing._meta.model_name}"
    found: dict[str, Any] = signed_in(people.owner).get(f"/admin/{label}/{thing.pk}/change/").context["draft_page"]
    return found


@pytest.mark.parametrize("made_by", [True, False], ids=["of-the-owner", "of-nobody-in-particular"])
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_a_token_did_is_told_with_its_name_and_its_maker(people: People, kind: Kind, made_by: bool) -> None:
    client, token = night_job(people, made_by=made_by)
    thing = make(client, people, kind)
    for move, _ in kind.moves:
        assert send(client, f"{kind.path}/own/{move}", {"note": "at night"}).status_code == 200
    maker = str(people.owner) if made_by else ""
    entries = client.get(f"/api/{kind.path}/own/history").json()
    assert [(x["to_state"], x["by"], x["by_token"], x["token_name"], x["token_made_by"]) for x in entries] == [
        (state, None, token.prefix, "Night job", maker) for _, state in reversed(kind.moves)
    ]
    said = f"API token Night job ({token.prefix}…)" + (f", made by {maker}" if made_by else "")
    page = page_of(people, thing)
    assert [x["who"] for x in page["history"]] == [said] * len(kind.moves)
    assert [x["published_by"] for x in page["versions"]] == [said]


def test_what_a_person_did_is_told_by_name(people: People) -> None:
    offer = authoring.create_offer(people.here.cpo, "own", weekend(), by=people.colleague)
    authoring.publish(offer, by=people.owner)
    client, _ = night_job(people)
    [entry] = client.get("/api/offers/own/history").json()
    assert (entry["by"], entry["token_name"], entry["token_made_by"]) == (str(people.owner), "", "")
    page = page_of(people, offer)
    [version] = page["versions"]
    assert (version["by"], version["published_by"]) == (str(people.colleague), str(people.owner))
    assert [x["who"] for x in page["history"]] == [str(people.owner)]


def test_a_version_that_a_token_restored_stands_in_the_history(people: People) -> None:
    client, token = night_job(people)
    offer = authoring.publish(authoring.create_offer(people.here.cpo, "own", weekend(), by=people.colleague))
    authoring.save_draft(offer, weekend(name="Another"), by=people.colleague)
    authoring.publish(offer, by=people.colleague)
    assert send(client, "offers/own/restore", {"version": 1}).status_code == 200
    newest = client.get("/api/offers/own/history").json()[0]
    assert (newest["move"], newest["from_state"], newest["to_state"], newest["version"], newest["note"]) == (
        "restore", "APPROVED", "APPROVED", 2, "Version 1 was put into draft 3.",
    )  # fmt: skip
    assert (newest["token_name"], newest["token_made_by"]) == ("Night job", str(people.owner))
    page = page_of(people, offer)
    assert (page["history"][0]["what"], page["history"][0]["who"]) == (
        "Version restored as a draft",
        f"API token Night job ({token.prefix}…), made by {people.owner}",
    )
    # The draft is the work of whoever made the token, and nobody has published it.
    assert [(x["number"], x["by"], x["published_by"]) for x in page["versions"]] == [
        (3, str(people.owner), ""),
        (2, str(people.colleague), str(people.colleague)),
        (1, str(people.colleague), ""),
    ]
    # Once more changes nothing, and is no entry.
    assert send(client, "offers/own/restore", {"version": 1}).status_code == 200
    assert send(client, "offers/own/restore", {"version": 4}).status_code == 400
    assert len(client.get("/api/offers/own/history").json()) == 3


def test_many_entries_are_named_in_as_many_queries_as_one(people: People) -> None:
    client, _ = night_job(people)
    authoring.create_offer(people.here.cpo, "own", weekend())
    counts = []
    for moves in (("publish",), ("pause", "resume") * 4):
        for move in moves:
            assert send(client, f"offers/own/{move}", {}).status_code == 200
        with CaptureQueriesContext(connection) as queries:
            assert client.get("/api/offers/own/history").status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]
