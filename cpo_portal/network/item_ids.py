"""One space of ids for all that buyer apps order or decline by id: connectors, products, and what rooms above sell."""

from __future__ import annotations

from collections.abc import Callable

from django.apps import apps
from django.db import connection, models

from cpo_portal.accounts.tenancy import cpo_scope, current_cpo

#: Rooms above say here what has an id already: functions of the id, inside the CPO's scope, that return such as "an
#: offer", "" where none of theirs has it.
HELD: list[Callable[[str], str]] = []
_OWN = {"Connector": ("item_id", "a connector"), "Product": ("product_id", "a product")}


def id_fault(row: models.Model) -> dict[str, str]:
    """Return why a new connector or product cannot have its id, by field; nothing for one that has it already, and for
    rows of other kinds.

    Inside a transaction the answer holds until it ends. PostgreSQL refuses what was written without asking.
    """
    own = type(row).__name__
    if own not in _OWN:
        return {}
    field, name = _OWN[own]
    item_id, cpo = getattr(row, field), row.cpo if row.cpo_id is not None else current_cpo()  # type: ignore[attr-defined]
    if not row._state.adding or not item_id or cpo is None:
        return {}
    with cpo_scope(cpo):
        lock_item_ids(cpo.pk)
        holder = _other_item(own, item_id) or next(filter(None, (held(item_id) for held in HELD)), "")
    sentence = f"“{item_id}” is the id of {holder}: give the {name.split()[1]} an id of its own."
    return {field: sentence} if holder else {}


def lock_item_ids(cpo_id: int) -> None:
    """Keep everybody else from giving out an id of this CPO until the transaction ends; outside of one nothing is kept.

    Where codes are locked too, they are first.
    """
    if not connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        # The trigger of the tables takes the same.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('network.item_ids'), %s)", [cpo_id])


def _other_item(own: str, item_id: str) -> str:
    for model, (field, name) in _OWN.items():
        rows = apps.get_model("network", model)._default_manager
        if model != own and rows.filter(**{f"{field}__iexact": item_id}).exists():
            return name
    return ""
