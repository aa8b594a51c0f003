"""The tenant scope: every query on a CPO's rows happens inside one CPO, or raises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from django.db import models
from django_scopes import ScopedManager, get_scope, scope, scopes_disabled

if TYPE_CHECKING:
    from cpo_portal.accounts.models import Cpo


@contextmanager
def cpo_scope(cpo: Cpo) -> Iterator[None]:
    """See only this CPO's rows. None is refused: django-scopes would take it for "all"."""
    if cpo is None:
        raise ValueError("cpo_scope() needs a CPO; use every_cpo() where a platform job means all of them")
    with scope(cpo=cpo):
        yield


def every_cpo() -> AbstractContextManager[None]:
    """See all CPOs' rows: for platform jobs and for messages whose CPO is not known yet."""
    return scopes_disabled()


def current_cpo() -> Any:
    """Return the CPO of the active scope, or None."""
    return get_scope().get("cpo")


class TenantModel(models.Model):
    """A row of one CPO; `objects` raises outside `cpo_scope()`."""

    cpo = models.ForeignKey("accounts.Cpo", on_delete=models.PROTECT, related_name="+", editable=False)

    objects = ScopedManager(cpo="cpo")

    class Meta:
        abstract = True
