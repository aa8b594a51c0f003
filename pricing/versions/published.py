"""The published versions of things that can be ended and published anew: those since each was last ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

#: The stored state of what has ended, of tariffs and of surges.
ENDED = "ENDED"


def since_last_ended(versions: QuerySet[Any], owner: str, *, upto: datetime | None = None) -> dict[int, list[Any]]:
    """Return the published ones of these versions by the key of their owner, the newest first, each with its owner;
    as of `upto`."""
    changes = versions.model._meta.get_field(owner).related_model._meta.get_field("state_changes").related_model
    # A draft that is edited after the end has an entry too, which ends nothing.
    ends = changes._default_manager.exclude(from_state=ENDED).filter(
        **{owner: OuterRef(owner), "to_state": ENDED, "at__gte": OuterRef("published_at")}
    )
    rows = versions.filter(published_at__isnull=False)
    if upto is not None:
        rows, ends = rows.filter(published_at__lte=upto), ends.filter(at__lte=upto)
    found: dict[int, list[Any]] = {}
    for version in rows.filter(~Exists(ends)).select_related(owner).order_by("-number"):
        found.setdefault(getattr(version, f"{owner}_id"), []).append(version)
    return found
