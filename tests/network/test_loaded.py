"""Kept connectors: whatever changes in whichever of their rows is seen at once, and rows are read once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import every_cpo
from cpo_portal.database.rows import KeptRows
from cpo_portal.network.loaded import load_connectors
from cpo_portal.network.models import Charger, Connector, ConnectorStatus, Location
from tests.network.places import Net

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 1, 5, 6, 30, tzinfo=UTC)


def shown(net: Net) -> list[tuple[str, str, str, str, str]]:
    """Return one word of each row that a connector is shown with."""
    return [
        (
            c.connector_type,
            c.status_row.status if hasattr(c, "status_row") else "",
            c.charger.name,
            c.charger.location.name,
            c.cpo.name,
        )
        for c in load_connectors([connector.pk for connector in net.connectors])
    ]


CHANGES: dict[str, tuple[int, str, Callable[[], object]]] = {
    "connector": (0, "CHADEMO", lambda: Connector.objects.update(connector_type="CHADEMO")),
    "status": (1, "CHARGING", lambda: ConnectorStatus.objects.update(status="CHARGING")),
    "charger": (2, "Renamed", lambda: Charger.objects.update(name="Renamed")),
    "location": (3, "Renamed", lambda: Location.objects.update(name="Renamed")),
    "cpo": (4, "Renamed", lambda: Cpo.objects.update(name="Renamed")),
}


@pytest.mark.parametrize("row", CHANGES)
def test_a_change_of_any_row_is_seen(net: Net, row: str) -> None:
    """All within one transaction, whose rows only their place tells apart."""
    place, value, change = CHANGES[row]
    with every_cpo():
        for connector in net.connectors:
            ConnectorStatus.objects.create(connector=connector, status="AVAILABLE", reported_at=NOW)
        before = shown(net)
        change()
        after = shown(net)
    assert before != after
    assert after == [(*line[:place], value, *line[place + 1 :]) for line in before]


def test_a_first_and_a_deleted_state_are_seen(net: Net) -> None:
    with every_cpo():
        assert [line[1] for line in shown(net)] == ["", ""]
        ConnectorStatus.objects.create(connector=net.connectors[0], status="AVAILABLE", reported_at=NOW)
        assert [line[1] for line in shown(net)] == ["AVAILABLE", ""]
        ConnectorStatus.objects.all().delete()
        assert [line[1] for line in shown(net)] == ["", ""]


def test_a_deleted_connector_is_left_out_and_the_order_kept(net: Net) -> None:
    chosen = [connector.pk for connector in reversed(net.connectors)]
    assert [connector.pk for connector in load_connectors(chosen)] == chosen
    with every_cpo():
        Connector.objects.filter(pk=chosen[0]).delete()
    assert [connector.pk for connector in load_connectors(chosen)] == chosen[1:]


def test_kept_rows_start_over_when_they_are_full() -> None:
    asked: list[list[int]] = []

    def load(keys: list[int]) -> dict[int, str]:
        asked.append(keys)
        return {key: str(key) for key in keys if key != 9}

    rows: KeptRows[int, str] = KeptRows(limit=3)
    assert rows.get([1, 2, 1], load) == {1: "1", 2: "2"}
    assert rows.get([2, 3, 9], load) == {2: "2", 3: "3"}
    assert rows.get([1, 2, 3], load) == {1: "1", 2: "2", 3: "3"}
    assert rows.get([4], load) == {4: "4"}
    assert rows.get([1, 4], load) == {1: "1", 4: "4"}
    assert asked == [[1, 2], [3, 9], [4], [1]]
