"""Every page of the admin × every person × an own row, another CPO's row and one that does not exist."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages

from tests.tenancy.routes import Route, every_route, model_routes
from tests.tenancy.rules import ELSEWHERE, MODELS, OWN_PAGES, SITE, TRIED, USUAL_PAGES
from tests.tenancy.stage import MEMBERS, PEOPLE, Side, Stage, all_tables, masked, missing_key, text_of

PAGES = model_routes()
OBJECT_PAGES = [route for route in PAGES if route.parameters]
#: What says when a page was made, or how long its row's key is.
TIMED = {"Expires", "Content-Length"}
#: Says yes to every confirmation and fills in what a button's dialog asks.
YES = {"post": "yes", "_form_submitted": "on", "note": "why", "reason": "why", "index": "0"}


def allowed(route: Route) -> frozenset[str]:
    """Return who may open the page, by the rules."""
    label = route.key.partition(" ")[0]
    if route.key in OWN_PAGES:
        return OWN_PAGES[route.key]
    assert label in MODELS, (
        f"{route.key} has no rule: say in tests/tenancy/rules.py (MODELS) who may see and change it."
    )
    assert route.page in USUAL_PAGES, (
        f"{route.key} has no rule: say in tests/tenancy/rules.py (OWN_PAGES) who may open or press it."
    )
    return MODELS[label].of(route.page)


def writers(route: Route) -> frozenset[str]:
    """Return who may send the page's form, by the rules."""
    return MODELS[route.key.partition(" ")[0]].change if route.page == "change" else allowed(route)


def address(route: Route, side: Side | None) -> str:
    """Return the page's address for a CPO's row, or for one that does not exist."""
    if not route.parameters:
        return route.address()
    assert route.model is not None
    label = TRIED.get(route.page, route.model._meta.label_lower)
    key = missing_key(route.model) if side is None else side.rows[label].pk
    return route.address(object_id=key)


def expected(route: Route, person: str) -> int:
    """Return the status of the page of an own row."""
    if person == "anonymous":
        return 302
    if route.page == "short":
        return 403 if person == "stranger" else 302
    if person not in allowed(route):
        return 403
    if route.key in ELSEWHERE:
        return 302
    return 302 if route.page == "changelist" and MODELS[route.key.partition(" ")[0]].single else 200


@pytest.mark.parametrize("route", PAGES, ids=lambda route: route.key)
def test_a_page_opens_for_those_whom_its_rule_names_and_shows_nothing_of_another_cpo(
    stage: Stage, route: Route
) -> None:
    answers = {person: stage.browser(person).get(address(route, stage.here)) for person in PEOPLE}
    assert {person: answer.status_code for person, answer in answers.items()} == {
        person: expected(route, person) for person in PEOPLE
    }
    for person in (*MEMBERS, "stranger", "anonymous"):
        text = text_of(answers[person]).lower()
        assert [secret for secret in stage.secrets if secret in text] == []
    assert all_tables() == stage.tables


def seen(answer: Any, *keys: Any) -> tuple[Any, ...]:
    """Return everything that a person learns from an answer, with the row's key masked."""
    told = [masked(str(message), *keys) for message in get_messages(answer.wsgi_request)]
    headers = {name: masked(value, *keys) for name, value in answer.headers.items() if name not in TIMED}
    return answer.status_code, masked(text_of(answer), *keys), told, headers


@pytest.mark.parametrize(
    "people",
    [
        pytest.param(("owner",), id="owner"),
        pytest.param(("manager", "analyst", "operator"), id="others", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("route", OBJECT_PAGES, ids=lambda route: route.key)
def test_another_cpos_row_answers_like_one_that_does_not_exist_and_nothing_is_written(
    stage: Stage, route: Route, people: tuple[str, ...]
) -> None:
    label = route.key.partition(" ")[0]
    keys = (stage.there.rows[label].pk, missing_key(type(stage.there.rows[label])))
    for person in people:
        if person == "operator" and MODELS[label].all_cpos:
            continue
        for sent in (None, YES):
            theirs, nobodys = (
                seen(visit(stage, person, address(route, side), sent), *keys) for side in (stage.there, None)
            )
            assert (person, theirs) == (person, nobodys)
    assert all_tables() == stage.tables


def visit(stage: Stage, person: str, at: str, sent: dict[str, str] | None) -> Any:
    """Open a page in a new browser, or send its form."""
    browser = stage.browser(person)
    return browser.get(at) if sent is None else browser.post(at, sent)


@pytest.mark.slow
@pytest.mark.parametrize("route", PAGES, ids=lambda route: route.key)
def test_a_form_or_button_sent_by_those_who_may_not_changes_nothing(stage: Stage, route: Route) -> None:
    at, may = address(route, stage.here), writers(route)
    outsiders = ("outsider",) if route.parameters else ()  # a list or an empty form is their own CPO's
    for person in [name for name in (*PEOPLE, *outsiders) if name not in may]:
        answer = stage.browser(person).post(at, YES)
        if route.page in {"changelist", "export", "history", "short"}:
            assert answer.status_code < 500, person
        elif person == "outsider":
            assert answer.status_code in {302, 403, 404}
        else:
            assert (person, answer.status_code) == (person, 302 if person == "anonymous" else 403)
    assert all_tables() == stage.tables
    for person in sorted(may - {"operator"} or may)[:1]:
        assert stage.browser(person).post(at, YES).status_code in {200, 302}


def test_every_page_of_the_site_has_a_rule_and_keeps_it(stage: Stage) -> None:
    fill = {"app_label": "charging", "url": "nowhere", "uidb64": "MQ", "token": "x-y"}
    pages = [r for r in every_route() if r.model is None and (r.key.startswith("admin:") or not r.key)]
    found = {
        route.key: tuple(stage.browser(person).get(route.address(**fill)).status_code for person in PEOPLE)
        for route in pages
    }
    missing = sorted(set(found) - set(SITE))
    assert missing == [], f"{missing} have no rule: say in tests/tenancy/rules.py (SITE) what each person gets there."
    assert found == SITE


def test_every_rule_is_of_a_page_that_there_is() -> None:
    keys = {route.key for route in every_route()}
    assert {label for label in MODELS if f"{label} changelist" not in keys} == set()
    assert {key for key in OWN_PAGES if key not in keys} == set()
