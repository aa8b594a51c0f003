"""What the staff API does not write is refused where it stands, beside the other faults, and nothing is written."""

from __future__ import annotations

from typing import Any

import pytest

from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.network.models import Connector, Location
from pricing.models import Tariff, TariffVersion
from tests.offers.api.asking import fields, send
from tests.people import api_client
from tests.world import make_world

pytestmark = pytest.mark.django_db

REMOVE, READ = "There is no such property: remove it.", "This can be read and not written: leave it out."
MISSING = "This field is required."
TARIFF = {"tariff_id": "new", "name": "New", "content": {"rate": "18"}}


def meant(name: str) -> list[str]:
    return [f"There is no such property: did you mean “{name}”?"]


@pytest.mark.parametrize(
    ("method", "path", "body", "said"),
    [
        pytest.param("post", "tariffs", TARIFF | {"nam": "X"}, {"nam": meant("name")}, id="misspelt"),
        pytest.param("post", "tariffs", TARIFF | {"surge": 1}, {"surge": [REMOVE]}, id="unknown"),
        pytest.param(
            "post",
            "tariffs",
            TARIFF | {"content": {"Rate": "18"}},
            {"content": {"Rate": meant("rate")}},
            id="in-a-part",
        ),
        pytest.param(
            "post",
            "tariffs",
            TARIFF | {"content": {"components": [{"dimension": "TIME", "rate": "1", "grace": 5}]}},
            {"content": {"components": {"0": {"grace": [REMOVE]}}}},
            id="in-an-entry-of-a-list",
        ),
        pytest.param(
            "post",
            "tariffs",
            {"tariff_id": "new", "titel": "New", "content": {"rate": "x"}},
            {
                "titel": [REMOVE],
                "name": ["This field is required."],
                "content": {"rate": ["A valid number is required."]},
            },
            id="beside-other-faults",
        ),
        pytest.param(
            "patch",
            "connectors/pe-charging-01",
            {"location": "x", "max_power_w": 7000},
            {"location": [READ]},
            id="only-read",
        ),
        pytest.param(
            "patch",
            "locations/cp-station",
            {f"p{number:02}": 1 for number in range(12)},
            {f"p{number:02}": [REMOVE] for number in range(10)},
            id="the-first-ten",
        ),
    ],
)
def test_what_is_not_written_is_refused(method: str, path: str, body: dict[str, Any], said: Any) -> None:
    world = make_world()

    def rows() -> list[Any]:
        with cpo_scope(world.cpo):
            return [list(x.objects.order_by("pk").values()) for x in (Connector, Location, Tariff, TariffVersion)]

    before = rows()
    assert fields(send(api_client(world.cpo), path, body, method)) == said
    assert rows() == before
