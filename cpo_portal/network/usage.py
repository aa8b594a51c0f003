"""Deleting what nobody refers to; what is in use is refused with a sentence that says by what.

Rooms above tell what they need of a row without a foreign key, and what a change of it leads to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.db import models, router
from django.db.models.deletion import Collector, ProtectedError, RestrictedError


class InUse(Exception):
    """The row is referred to, so that it cannot be deleted; `message` says by what and what to do instead.

    `users` are what refers to it, such as "3 chargers".
    """

    def __init__(self, row: models.Model, users: list[str]) -> None:
        self.users = users
        self.message = (
            f"{row} is used by {' and '.join(users)} and cannot be deleted; take it out of the shop instead "
            "(is_published: false)."
        )
        super().__init__(self.message)

    def on_page(self, row: models.Model, instead: str) -> str:
        """Return the refusal for the row's page, where `instead` says what else its buttons can do."""
        return f"“{row}” still has {' and '.join(self.users)}. {instead}"


class Needed(InUse):
    """Something in a room above needs the row; `message` names it and says what to do there first."""

    def __init__(self, message: str) -> None:
        Exception.__init__(self, message)
        self.users: list[str] = []
        self.message = message

    def on_page(self, row: models.Model, instead: str) -> str:
        """Return the refusal; what else the row's page can do would not help what needs it."""
        return self.message


#: Rooms above say here why a row must stay: functions of the row that return a sentence, "" where it need not.
NEEDS: list[Callable[[Any], str]] = []
#: Rooms above say here what a row that has just been saved does to what they have: functions of the row and of what was
#: kept of it before, None where it is new, that return sentences.
EFFECTS: list[Callable[[Any, Any], list[str]]] = []
#: What goes with its owner without being asked about: states, counters and plain links.
ALONG = frozenset({"ConnectorStatus", "ProductStock", "ChargingSystemToken", "DemandState"})


def effects_of(row: models.Model, before: Any) -> list[str]:
    """Return sentences on what of the rooms above does not work any more since the row was saved.

    `before` is what was kept of the row until then, of a product its `Sold`, None where it is new.
    """
    return [sentence for find in EFFECTS for sentence in find(row, before)]


def lock_for_delete(row: models.Model) -> None:
    """Let nobody begin to need the row until the transaction ends: who does so locks it too."""
    type(row)._default_manager.select_for_update(of=("self",)).filter(pk=row.pk).first()


def refuse_used(row: models.Model) -> None:
    """Raise InUse where a delete would be refused, would take rows of other rooms along, or leave others in need."""
    for needs in NEEDS:
        if sentence := needs(row):
            raise Needed(sentence)
    collector = Collector(using=router.db_for_write(type(row)))
    try:
        collector.collect([row])
    except (ProtectedError, RestrictedError) as error:
        blocking: Any = getattr(error, "protected_objects", None) or getattr(error, "restricted_objects", ())
        raise InUse(row, _named(Counter(type(item) for item in blocking))) from error
    taken: Counter[type[models.Model]] = Counter()
    for model, items in collector.data.items():
        taken[model] += len(items)
    for queryset in collector.fast_deletes:
        taken[queryset.model] += queryset.count()
    taken[type(row)] -= 1
    others = Counter(
        {
            model: count
            for model, count in taken.items()
            if count > 0 and model.__name__ not in ALONG and not model._meta.auto_created
        }
    )
    if others:
        raise InUse(row, _named(others))


def _named(counts: Counter[type[models.Model]]) -> list[str]:
    return [
        f"{count} {model._meta.verbose_name if count == 1 else model._meta.verbose_name_plural}"
        for model, count in counts.items()
    ]
