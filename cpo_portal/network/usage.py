"""Deleting what nobody refers to; what is in use is refused with a sentence that says by what."""

from __future__ import annotations

from collections import Counter
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


#: What goes with its owner without being asked about: states, counters and plain links.
ALONG = frozenset({"ConnectorStatus", "ProductStock", "ChargingSystemToken"})


def refuse_used(row: models.Model) -> None:
    """Raise InUse where a delete would be refused, or would take rows of other rooms along."""
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
