"""Who wrote, published, restored and stopped an offer, a tariff or a surge, by a token too: its name and maker."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from cpo_portal.accounts.models import ApiToken, TokenScope
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.accounts.tokens import create_token
from offers import authoring
from offers.files.runs import import_offers
from offers.models import Offer
from pricing.authoring import TariffContent, create_tariff
from pricing.models import SurgeSchedule, Tariff
from pricing.versions.review import Actor
from tests.offers.api.asking import send
from tests.offers.files.sheets import ROW, sheet
from tests.people import People, signed_in, weekend
from tests.pricing.authoring.test_tariff_form import FORM as TARIFF_FORM

pytestmark = pytest.mark.django_db

OFFER = {
    "offer_id": "own",
    "content": {"name": "Own", "value": "10", "valid_from": "2026-01-01T00:00Z", "valid_until": "2040-01-01T00:00Z"},
}
TARIFF = {"tariff_id": "own", "name": "Own", "content": {"rate": "18"}, "assignments": [{"location_id": "cp-station"}]}
SURGE = {"schedule_id": "own", "name": "Own", "kind": "RUSH_HOURS", "content": {"basis": "PER_KWH", "value": "1"}}


@dataclass(frozen=True, slots=True)
class Kind:
    """Where a thing lies, how it is made over the API, and its moves with the states that they lead to."""

    path: str
    key: str
    model: type[Any]
    body: dict[str, Any]
    moves: tuple[tuple[str, str], ...]
    #: Another value, and another name where what it is called is not of the draft.
    change: dict[str, Any]
    name: dict[str, Any] | None = None


STOPPED = (("publish", "APPROVED"), ("pause", "PAUSED"), ("withdraw", "WITHDRAWN"))
ENDED = (("publish", "APPROVED"), ("end", "ENDED"))
KINDS = {
    "offer": Kind("offers", "offer_id", Offer, OFFER, STOPPED, {"content": {"value": "11"}}),
    "tariff": Kind("tariffs", "tariff_id", Tariff, TARIFF, ENDED, {"content": {"rate": "19"}}, {"name": "Other"}),
    "surge": Kind(
        "surge-schedules", "schedule_id", SurgeSchedule, SURGE, ENDED, {"content": {"value": "2"}}, {"name": "Other"}
    ),
}


def night_job(people: People, *, made_by: bool = True) -> tuple[Client, ApiToken]:
    """Return a client with a token that the owner, or nobody in particular, has made."""
    maker = people.owner if made_by else None
    token, text = create_token(people.here.cpo, name="Night job", scope=TokenScope.STAFF, created_by=maker)
    return Client(headers={"Authorization": f"Bearer {text}"}), token


def make(client: Client, people: People, kind: Kind) -> Any:
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
    moves = (("edit", "DRAFT"), *kind.moves)
    maker = str(people.owner) if made_by else ""
    entries = client.get(f"/api/{kind.path}/own/history").json()
    assert [(x["to_state"], x["by"], x["by_token"], x["token_name"], x["token_made_by"]) for x in entries] == [
        (state, None, token.prefix, "Night job", maker) for _, state in reversed(moves)
    ]
    assert [x["move"] for x in reversed(entries)] == [move for move, _ in moves]
    said = f"API token Night job ({token.prefix}…)" + (f", made by {maker}" if made_by else "")
    page = page_of(people, thing)
    assert [x["who"] for x in page["history"]] == [said] * len(moves)
    assert [(x["by"], x["published_by"]) for x in page["versions"]] == [(said, said)]


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_change_of_a_draft_is_told_once_and_what_changes_nothing_is_not(people: People, kind: Kind) -> None:
    client, token = night_job(people)
    thing = make(client, people, kind)
    before = [("edit", "Draft 1 was made.")]
    bodies = (kind.change, {"limits": {"total_uses": 5}} if kind.name is None else kind.name)
    told = (
        ("edit", "Draft 1 was changed."),
        (
            ("limits", "Limits: uses in total: no limit → 5")
            if kind.name is None
            else ("edit", "Its name or kind was changed." if kind.key == "schedule_id" else "Its name was changed.")
        ),
    )
    for body, entry in zip(bodies, told, strict=True):
        for _ in range(2):
            assert send(client, f"{kind.path}/own", body, "patch").status_code == 200
        before.append(entry)
        entries = client.get(f"/api/{kind.path}/own/history").json()
        assert [(x["move"], x["note"]) for x in reversed(entries)] == before
    # What is refused is no entry; the draft of what is published is told as the state is then.
    assert send(client, f"{kind.path}/own", {"content": {"valid_until": "never"}}, "patch").status_code == 400
    assert send(client, f"{kind.path}/own/publish", {}).status_code == 200
    again = {"content": dict.fromkeys(kind.change["content"], "3")}
    assert send(client, f"{kind.path}/own", again, "patch").status_code == 200
    newest, *rest = client.get(f"/api/{kind.path}/own/history").json()
    assert len(rest) == len(before) + 1
    assert [newest[x] for x in ("move", "from_state", "to_state", "version", "note", "token_made_by")] == [
        "edit", "APPROVED", "APPROVED", 1, "Draft 2 was made.", str(people.owner),
    ]  # fmt: skip
    page = page_of(people, thing)
    assert (page["history"][0]["what"], page["history"][0]["who"]) == (
        "Edited",
        f"API token Night job ({token.prefix}…), made by {people.owner}",
    )


def test_a_form_tells_who_wrote_and_renamed(people: People) -> None:
    tariff = create_tariff(people.here.cpo, "own", "Own", TariffContent(rate=Decimal(18)), actor=Actor(people.owner))
    change = TARIFF_FORM | {"name": "Other", "rate": "19", "_save": "1"}
    address = f"/admin/pricing/tariff/{tariff.pk}/change/"
    for _ in range(2):
        assert signed_in(people.colleague).post(address, change).status_code == 302
    page = page_of(people, tariff)
    assert [(x["what"], x["who"], x["note"]) for x in page["history"]] == [
        ("Edited", str(people.colleague), "Its name was changed."),
        ("Edited", str(people.colleague), "Draft 1 was changed."),
        ("Edited", str(people.owner), "Draft 1 was made."),
    ]
    assert [x["by"] for x in page["versions"]] == [str(people.colleague)]


@pytest.mark.parametrize("with_token", [True, False], ids=["by-a-token", "by-a-person"])
def test_a_file_of_offers_tells_who_made_each(people: People, with_token: bool) -> None:
    _, token = night_job(people)
    actor = Actor(by_token=token.prefix) if with_token else Actor(people.colleague)
    report = import_offers(people.here.cpo, sheet(ROW.format("own")).encode(), dry_run=False, actor=actor)
    assert report.made == ("own",)
    with cpo_scope(people.here.cpo):
        page = page_of(people, Offer.objects.get())
    who = f"API token Night job ({token.prefix}…), made by {people.owner}" if with_token else str(people.colleague)
    assert [(x["what"], x["who"], x["note"]) for x in page["history"]] == [("Edited", who, "Draft 1 was made.")]
    assert [x["by"] for x in page["versions"]] == [who]


def test_what_a_person_did_is_told_by_name(people: People) -> None:
    offer = authoring.create_offer(people.here.cpo, "own", weekend(), by=people.colleague)
    authoring.publish(offer, by=people.owner)
    client, _ = night_job(people)
    entry, made = client.get("/api/offers/own/history").json()
    assert (made["move"], made["by"], made["token_name"]) == ("edit", str(people.colleague), "")
    assert (entry["by"], entry["token_name"], entry["token_made_by"]) == (str(people.owner), "", "")
    page = page_of(people, offer)
    [version] = page["versions"]
    assert (version["by"], version["published_by"]) == (str(people.colleague), str(people.owner))
    assert [x["who"] for x in page["history"]] == [str(people.owner), str(people.colleague)]


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
    # The draft is the work of the token, and nobody has published it.
    assert [(x["number"], x["by"], x["published_by"]) for x in page["versions"]] == [
        (3, f"API token Night job ({token.prefix}…), made by {people.owner}", ""),
        (2, str(people.colleague), str(people.colleague)),
        (1, str(people.colleague), ""),
    ]
    # Once more changes nothing, and is no entry.
    assert send(client, "offers/own/restore", {"version": 1}).status_code == 200
    assert send(client, "offers/own/restore", {"version": 4}).status_code == 400
    moves = [x["move"] for x in client.get("/api/offers/own/history").json()]
    assert moves == ["restore", "publish", "edit", "publish", "edit"]


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
