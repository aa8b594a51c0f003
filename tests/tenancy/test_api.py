"""Every API route × every kind of token × an own row, another CPO's row and one that does not exist."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from cpo_portal.accounts.models import TokenScope
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import ContactImport
from cpo_portal.network.api_strict import NO_SUCH
from tests.hostile.described import described
from tests.tenancy.routes import Route, api_routes, every_route
from tests.tenancy.rules import API, OPEN
from tests.tenancy.stage import NO_NAME, Side, Stage, all_tables, masked, text_of

CALLS = [
    pytest.param(route, method, id=f"{route.key} {method}")
    for route in api_routes()
    if route.key not in OPEN
    for method in route.methods
]
#: What an address names, by parameter: how to find it among a CPO's rows.
KEYS = {
    "location_id": lambda side: f"{side.name}-place",
    "evse_id": lambda side: f"{side.name}-evse",
    "item_id": lambda side: f"{side.name}-item",
    "product_id": lambda side: f"{side.name}-tea",
    "tariff_id": lambda side: f"{side.name}-tariff",
    "offer_id": lambda side: f"{side.name}-offer",
    "ceiling_id": lambda side: f"{side.name}-cap",
    "calendar_id": lambda side: f"{side.name}-days",
    "schedule_id": lambda side: f"{side.name}-surge",
    "policy_id": lambda side: f"{side.name}-busy",
    "signal_id": lambda side: f"{side.name}-storm",
    "batch": lambda side: side.rows["offers.codebatch"].pk,
    "code": lambda side: side.rows["offers.referralcode"].code,
    "backtest_id": lambda side: str(side.rows["offers.backtestrun"].pk),
    "offer_import_id": lambda side: str(side.rows["offers.offerimport"].pk),
    "session_id": lambda side: f"{side.name}-session",
    "segment_id": lambda side: f"{side.name}-drivers",
    "list_id": lambda side: f"{side.name}-fleet",
    "import_id": lambda side: str(import_of(side)),
    "order_id": lambda side: str(side.rows["charging.order"].pk),
    "balance_id": lambda side: side.rows["charging.balance"].pk,
    "group_id": lambda side: side.rows["charging.customergroup"].pk,
}


def import_of(side: Side) -> Any:
    with cpo_scope(side.cpo):
        return ContactImport.objects.order_by("created_at")[0].pk


TOKENS = ("STAFF", "STAFF_READ", "CHARGING_SYSTEM", "SYSTEM", "REVOKED", "EXPIRED")


def call(bearer: str | None, route: Route, method: str, key: Any, body: Any = None) -> Any:
    """Call the route with a token and the address's parameter."""
    values = dict.fromkeys(route.parameters, key)
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    send = getattr(Client(headers=headers, raise_request_exception=False), method.lower())
    at = route.address(**values)
    return send(at) if method == "GET" else send(at, body or {}, content_type="application/json")


def own_key(route: Route, side: Side) -> Any:
    return KEYS[route.parameters[0]](side) if route.parameters else None


def rule(route: Route, method: str) -> Any:
    name = f"{route.key} {method}"
    assert name in API, f"{name} has no rule: say in tests/tenancy/rules.py (API) which tokens may call it."
    return API[name]


@pytest.mark.parametrize(("route", "method"), CALLS)
def test_a_route_answers_the_tokens_that_its_rule_names_and_no_other_changes_anything(
    stage: Stage, route: Route, method: str
) -> None:
    may, own = rule(route, method), own_key(route, stage.here)
    expected = {token: 401 if token in {"REVOKED", "EXPIRED"} else 403 for token in TOKENS}
    found = {
        token: call(stage.here.tokens[token], route, method, own).status_code
        for token in TOKENS
        if token not in may.tokens
    }
    found["none"] = call(None, route, method, own).status_code
    found["wrong"] = call("cpo_00000000_" + "x" * 43, route, method, own).status_code
    found["a person's session"] = (
        stage.browser("owner").generic(method, route.address(**_values(route, own))).status_code
    )
    assert found == {token: code for token, code in expected.items() if token not in may.tokens} | {
        "none": 401,
        "wrong": 401,
        "a person's session": 401,
    }
    assert all_tables() == stage.tables
    for token in sorted(may.tokens):
        answer = call(stage.here.tokens[token], route, method, own)
        assert (token, answer.status_code) == (token, may.answer)
        assert leaks(stage, answer) == []


def _values(route: Route, key: Any) -> dict[str, Any]:
    return dict.fromkeys(route.parameters, key)


def leaks(stage: Stage, answer: Any) -> list[str]:
    text = text_of(answer).lower()
    return [secret for secret in stage.secrets if secret in text]


@pytest.mark.parametrize(("route", "method"), [call for call in CALLS if call.values[0].parameters])
def test_another_cpos_row_answers_a_token_like_one_that_does_not_exist(stage: Stage, route: Route, method: str) -> None:
    may, theirs = rule(route, method), own_key(route, stage.there)
    for token in sorted(may.tokens):
        for sent in ({}, BODIES.get(route.key, {})):
            foreign, nobodys = (call(stage.here.tokens[token], route, method, key, sent) for key in (theirs, NO_NAME))
            assert (foreign.status_code, masked(text_of(foreign), theirs)) == (
                nobodys.status_code,
                masked(text_of(nobodys), NO_NAME),
            )
        assert foreign.status_code == (400 if f"{route.key} {method}" in MADE_BY_PUT else 404)
    assert all_tables() == stage.tables


#: Makes a row of the token's own CPO where it has none of the id, so that the body alone is refused.
MADE_BY_PUT = {"signal-detail PUT"}
#: Bodies that are right in form, for routes that look at the body before the row.
AT = "2026-01-01T00:00:00+00:00"
BODIES: dict[str, Any] = {
    "connector-status": {"status": "AVAILABLE", "at": AT},
    "readings": {"readings": [{"at": AT, "register_wh": 1}]},
    "interrupt": {"at": AT},
    "resume": {"at": AT},
    "stop": {"at": AT, "register_wh": 1, "reason": "Remote"},
}


LEVEL = {"levels": [{"on": "70", "off": "50", "percent": "10"}], "cap_percent": "10"}


def surge_relations(n: str) -> dict[str, tuple[str, str, dict[str, Any], str]]:
    """Return the relations of surges, as `foreign_relations` does."""

    def surge(content: dict[str, Any], theirs: str) -> tuple[str, str, dict[str, Any], str]:
        named = {"schedule_id": "s9", "name": "S", "kind": "NIGHT"}
        return "surge-schedules", "STAFF", named | {"content": {"value": "20"} | content}, theirs

    return {
        "surge-location": surge({"scope": {"location_ids": [f"{n}-place"]}}, f"{n}-place"),
        "surge-item": surge({"scope": {"item_ids": [f"{n}-item"]}}, f"{n}-item"),
        "surge-charger": surge({"scope": {"charger_ids": [f"{n}-evse"]}}, f"{n}-evse"),
        "surge-product": surge({"scope": {"product_ids": [f"{n}-tea"]}}, f"{n}-tea"),
        "surge-calendar": surge({"holiday_calendar": f"{n}-days"}, f"{n}-days"),
        "demand-location": (
            "demand-policies",
            "STAFF",
            {"policy_id": "p9", "name": "P", "location_ids": [f"{n}-place"], "rules": LEVEL},
            f"{n}-place",
        ),
        "surge-segment": surge({"exemptions": {"segment_ids": [f"{n}-drivers"]}}, f"{n}-drivers"),
    }


def foreign_relations(side: Side) -> dict[str, tuple[str, str, dict[str, Any], str]]:
    """Return, by name: route, method, a body that names another CPO's row, and the text that stands for it."""
    n = side.name
    place = {"content": {"rate": "18"}, "tariff_id": "t9", "name": "T"}
    at = "2026-06-01T10:00:00+05:30"
    check = {"measure": {"value": "10", "unit": "kWh"}, "starts_at": at}
    order = str(side.rows["charging.order"].pk)
    customer = str(side.rows["charging.customer"].pk)
    start = {"session_id": "s9", "started_at": at, "register_wh": 1}
    return surge_relations(n) | {
        "codes-offer": ("code-batches", "STAFF", {"offer_id": f"{n}-offer", "count": 1}, f"{n}-offer"),
        "charger-location": (
            "chargers",
            "STAFF",
            {"evse_id": "e9", "name": "E", "location": f"{n}-place"},
            f"{n}-place",
        ),
        "charger-system": (
            "chargers",
            "STAFF",
            {"evse_id": "e9", "name": "E", "location": "voltway-place", "system": f"{n} csms"},
            f"{n} csms",
        ),
        "connector-charger": (
            "connectors",
            "STAFF",
            {"item_id": "i9", "charger": f"{n}-evse", "connector_type": "CCS2", "power_type": "DC", "max_power_w": 1},
            f"{n}-evse",
        ),
        "product-location": (
            "products",
            "STAFF",
            {"product_id": "p9", "name": "P", "price": "1", "locations": [f"{n}-place"]},
            f"{n}-place",
        ),
        "tariff-location": ("tariffs", "STAFF", place | {"assignments": [{"location_id": f"{n}-place"}]}, f"{n}-place"),
        "tariff-item": ("tariffs", "STAFF", place | {"assignments": [{"item_id": f"{n}-item"}]}, f"{n}-item"),
        "price-check-item": ("price-check", "STAFF", check | {"item_id": f"{n}-item"}, f"{n}-item"),
        "price-check-product": (
            "price-check",
            "STAFF",
            check | {"item_id": "voltway-item", "products": [{"product_id": f"{n}-tea", "count": 1}]},
            f"{n}-tea",
        ),
        "price-check-customer": (
            "price-check",
            "STAFF",
            check | {"item_id": "voltway-item", "customer": str(side.rows["charging.customer"].pk)},
            str(side.rows["charging.customer"].pk),
        ),
        "segment-list": (
            "segments",
            "STAFF",
            {"segment_id": "s9", "name": "S", "conditions": [{"fact": "LIST", "values": [f"{n}-fleet"]}]},
            f"{n}-fleet",
        ),
        "segment-segment": (
            "segments",
            "STAFF",
            {"segment_id": "s9", "name": "S", "conditions": [{"fact": "SEGMENT", "values": [f"{n}-drivers"]}]},
            f"{n}-drivers",
        ),
        "import-customer": ("customers/import", "STAFF", {"csv": f"customer,tier\n{customer},Gold"}, customer),
        "session-order": (
            "charging/sessions",
            "SYSTEM",
            start | {"order_id": order, "item_id": "voltway-item"},
            order,
        ),
    }


NAMES = (
    "charger-location", "charger-system", "connector-charger", "product-location", "tariff-location", "tariff-item",
    "codes-offer", "price-check-item", "price-check-product", "price-check-customer", "session-order", "segment-list",
    "segment-segment", "import-customer", "surge-location", "surge-item", "surge-charger", "surge-product",
    "surge-calendar", "surge-segment", "demand-location",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_body_that_names_another_cpos_row_is_refused_like_one_that_names_none(stage: Stage, name: str) -> None:
    route, token, body, theirs = foreign_relations(stage.there)[name]
    assert set(foreign_relations(stage.there)) == set(NAMES)
    client = Client(headers={"Authorization": f"Bearer {stage.here.tokens[token]}"}, raise_request_exception=False)
    nobodys = "00000000-0000-0000-0000-000000000007" if len(theirs) == 36 else NO_NAME
    foreign, missing = (
        client.post(f"/api/{route}", json.dumps(body).replace(theirs, key), content_type="application/json")
        for key in (theirs, nobodys)
    )
    assert foreign.status_code in {400, 404}
    assert (foreign.status_code, masked(text_of(foreign), theirs)) == (
        missing.status_code,
        masked(missing.content.decode(), nobodys),
    )
    assert all_tables() == stage.tables


LISTS = (
    "locations",
    "chargers",
    "connectors",
    "products",
    "tariffs",
    "surge-schedules",
    "demand-policies",
    "signals",
    "offers",
    "segments",
    "named-lists",
    "charging/commands",
)
FILTERS = ("location", "charger", "name", "city", "tag", "category")


@pytest.mark.parametrize("route", LISTS)
def test_a_list_and_its_filters_know_the_cpos_own_rows_alone(stage: Stage, route: str) -> None:
    token = "SYSTEM" if route.startswith("charging") else "STAFF_READ"
    client = Client(headers={"Authorization": f"Bearer {stage.here.tokens[token]}"})
    theirs = Client(headers={"Authorization": f"Bearer {stage.there.tokens[token]}"})
    assert leaks(stage, theirs.get(f"/api/{route}")) != []
    assert leaks(stage, client.get(f"/api/{route}")) == []
    for name in FILTERS:
        for value in ("gridgo-place", "gridgo-evse", "gridgo", "gridgo depot", "gridgo city"):
            answer = client.get(f"/api/{route}", {name: value})
            assert leaks(stage, answer) == []
    options = client.options(f"/api/{route}")
    assert leaks(stage, options) == []


def test_a_signal_of_another_cpos_place_is_refused_like_one_of_no_place(stage: Stage) -> None:
    client = Client(headers={"Authorization": f"Bearer {stage.here.tokens['STAFF']}"})
    times = {"starts_at": "2099-01-01T00:00:00Z", "ends_at": "2099-01-02T00:00:00Z"}
    answers = {}
    for place in ("gridgo-place", NO_NAME):
        body = {"kind": "EVENT", "title": "T", "source": "S", "location_ids": [place], **times}
        answer = client.put("/api/signals/s9", body, content_type="application/json")
        answers[place] = (answer.status_code, masked(text_of(answer), place))
    assert answers["gridgo-place"] == answers[NO_NAME]
    assert answers[NO_NAME][0] == 400
    assert all_tables() == stage.tables


def test_two_cpos_may_use_the_same_id_without_learning_of_each_other(stage: Stage) -> None:
    client = Client(headers={"Authorization": f"Bearer {stage.here.tokens['STAFF']}"})
    body = {"product_id": "gridgo-tea", "name": "T", "price": "1"}
    assert client.post("/api/products", body, content_type="application/json").status_code == 201


def test_a_system_of_the_same_cpo_knows_only_its_own_chargers(stage: Stage) -> None:
    """The CHARGING_SYSTEM token that no system was given speaks for none."""
    client = Client(headers={"Authorization": f"Bearer {stage.here.tokens['CHARGING_SYSTEM']}"})
    answer = client.get("/api/charging/commands")
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        403,
        "This token belongs to no charging system; make one on the system's page.",
    )


def test_the_addresses_without_a_token_are_these_and_name_no_cpos_rows(stage: Stage) -> None:
    found = {route.key for route in every_route() if route.model is None and not route.key.startswith("admin:")}
    named = {name.rpartition(" ")[0] for name in API} | set(OPEN) | {""}
    missing = sorted(found - named)
    assert missing == [], f"{missing} have no rule: say in tests/tenancy/rules.py (API or OPEN) who may call them."
    assert named - found == set()
    for at in ("/api/schema/", "/healthz", "/readyz"):
        assert leaks(stage, Client().get(at)) == []
    for at in ("/api/payments/gridgo.com/notices", "/beckn/select"):
        answer = Client().post(at, {}, content_type="application/json")
        assert (at, answer.status_code) == (at, 401)
    assert all_tables() == stage.tables


def test_every_api_rule_is_of_a_route_that_there_is() -> None:
    assert set(API) == {
        f"{route.key} {method}" for route in api_routes() if route.key not in OPEN for method in route.methods
    }


def test_every_route_refuses_by_name_what_staff_send_that_it_does_not_write(stage: Stage) -> None:
    found, without_body, described_paths = {}, set(), described()["paths"]
    for route, method in (call.values for call in CALLS):
        if TokenScope.STAFF not in rule(route, method).tokens or method not in {"POST", "PUT", "PATCH"}:
            continue
        at = route.address(**{name: f"{{{name}}}" for name in route.parameters})
        if "requestBody" not in described_paths[at][method.lower()]:
            without_body.add(f"{route.key} {method}")
        else:
            answer = call(stage.here.tokens["STAFF"], route, method, own_key(route, stage.here), {"surely_no": 1})
            fields = answer.json()["error"].get("fields", {})
            found[f"{route.key} {method}"] = answer.status_code, fields.get("surely_no")
    assert without_body == {
        "code-batch-cancel POST",
        "demand-policy-switch-off POST",
        "demand-policy-switch-on POST",
        "signal-withdraw POST",
    }
    assert {name: said for name, said in found.items() if said != (400, [NO_SUCH])} == {}
    assert all_tables() == stage.tables
