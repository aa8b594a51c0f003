"""Pages neither repeat nor skip rows: whatever a list is sorted by, rows that share it stand in one order."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.db.models import QuerySet, UniqueConstraint
from django.test import RequestFactory
from django.utils import timezone

from cpo_portal.accounts.models import TokenScope, User
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.network.api_filters import Pages
from cpo_portal.network.models import ProductKind, StatusChoice
from offers.engine.codec import offer_to_json
from offers.models import BacktestRun, Offer, OfferState
from pricing.models import SignalKindChoice, SurgeKindChoice, TariffState
from tests.offers.engine.samples import offer
from tests.people import api_client
from tests.tenancy.routes import Route, api_routes
from tests.tenancy.rules import API, READERS, WRITERS
from tests.world import World, make_offer

pytestmark = pytest.mark.django_db

TERMS = offer_to_json(offer())
#: Lists of everything that a token may see.
LISTS = [
    route
    for route in api_routes()
    if not route.parameters and API.get(f"{route.key} GET") is not None and route.key.endswith("-list")
]

#: A word that no row of the list is called by: the filter, and the words that it takes.
WORDS = {
    "products?kind=MOON": ("kind", "MOON", ProductKind.values),
    "connectors?status=BUSY": ("status", "BUSY", StatusChoice.values),
    "offers?state=LIV": ("state", "LIV", sorted({*OfferState.values, "ENDED", "EXHAUSTED", "LIVE", "SCHEDULED"})),
    "tariffs?state=OVER": ("state", "OVER", TariffState.values),
    "surge-schedules?kind=MOON": ("kind", "MOON", SurgeKindChoice.values),
    "signals?kind=MOON": ("kind", "MOON", SignalKindChoice.values),
}


def sorted_by(rows: QuerySet[Any]) -> set[str]:
    """Return the columns that a list is sorted by."""
    query = rows.query
    names = query.order_by or (query.get_meta().ordering if query.default_ordering else ())
    return {str(getattr(name, "expression", name)).removeprefix("-") for name in names if isinstance(name, str)}


def is_total(rows: QuerySet[Any]) -> bool:
    """Tell whether no two rows of one CPO share all that the list is sorted by."""
    meta, names = rows.model._meta, sorted_by(rows)
    if names & {"pk", meta.pk.name} or any(field.unique for field in meta.concrete_fields if field.name in names):
        return True
    unique = [set(x.fields) for x in meta.constraints if isinstance(x, UniqueConstraint) and x.condition is None]
    return any(fields - {"cpo"} <= names for fields in unique if fields - {"cpo"})


def test_there_are_lists() -> None:
    assert {"location-list", "offer-list", "backtest-list", "balance-list"} <= {route.key for route in LISTS}


@pytest.mark.parametrize("route", LISTS, ids=lambda route: route.key)
def test_every_list_of_the_staff_api_has_one_order(world: World, route: Route, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[QuerySet[Any]] = []
    cut = Pages.get_count

    def noted(self: Pages, rows: QuerySet[Any]) -> int:
        seen.append(rows)
        return cut(self, rows)

    monkeypatch.setattr(Pages, "get_count", noted)
    allowed = API[f"{route.key} GET"].tokens
    assert allowed in (READERS, WRITERS)
    answer = api_client(world.cpo, TokenScope.STAFF).get(route.address())
    assert answer.status_code == 200
    assert len(seen) == 1, "It answers more than a page: page it, or say here why it is short."
    assert is_total(seen[0]), f"{seen[0].model.__name__}s may share {sorted_by(seen[0])}: sort by the key as well."


def test_pages_of_rows_that_share_their_instant_have_each_row_once(world: World) -> None:
    at, client = timezone.now(), api_client(world.cpo)
    offers = [make_offer(world.cpo, f"o{n:02}", display_code="") for n in range(23)]
    with cpo_scope(world.cpo):
        Offer.objects.update(created_at=at)
        said = {"version_number": 1, "since": at, "until": at, "terms": TERMS, "state": "FAILED"}
        BacktestRun.objects.bulk_create([BacktestRun(cpo=world.cpo, offer=x, **said) for x in offers])
        BacktestRun.objects.update(requested_at=at)
    for path, key in (("offers", "offer_id"), ("backtests", "id")):
        pages = [client.get(f"/api/{path}?limit=4&offset={n}").json()["results"] for n in range(0, 24, 4)]
        found = [row[key] for page in pages for row in page]
        assert (len(found), len(set(found))) == (23, 23)
        # A row more in the middle of another page: the order does not depend on where a page is cut.
        assert [row[key] for row in client.get(f"/api/{path}?limit=23").json()["results"]] == found


@pytest.mark.parametrize(
    "model", sorted(admin.site._registry, key=lambda x: x._meta.label), ids=lambda x: x._meta.label
)
def test_every_list_of_the_admin_has_one_order(model: Any) -> None:
    request = RequestFactory().get("/")
    request.user = User.objects.create_superuser("root@example.com")
    with every_cpo():
        rows = admin.site._registry[model].get_changelist_instance(request).queryset
    assert is_total(rows), f"{model.__name__}s may share {sorted_by(rows)}: sort by the key as well."


@pytest.mark.parametrize("query", WORDS)
def test_a_word_that_nothing_is_called_is_refused_with_all_that_are(world: World, query: str) -> None:
    name, word, words = WORDS[query]
    answer = api_client(world.cpo).get(f"/api/{query}")
    sentence = f"There is no “{word}”: use one of {', '.join(words)}."
    assert (answer.status_code, answer.json()["error"]["fields"]) == (400, {name: [sentence]})
