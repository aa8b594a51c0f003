"""Django's PostgreSQL backend, which tells the server whose rows a statement may touch before it runs (ADR 0014).

The server keeps the answer in the setting `portal.cpo`: a CPO's number, "every", or "" for none, in which case the
policies of protected tables raise. A connection outlives the scope it was told, so each statement that names a
protected table compares; statements on other tables cost nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.backends.postgresql import base, operations
from django_scopes import get_scope

#: What the server answers: a protected table is one whose owner has enabled row-level security.
PROTECTED = """
SELECT relname FROM pg_class WHERE relrowsecurity AND relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
"""
TELL = "SELECT set_config('portal.cpo', %s, false)"
EVERY, NONE = "every", ""


def tenant_of_scope() -> str:
    """Return what the active scope means to the server."""
    scope = get_scope()
    if not scope.get("_enabled", True):
        return EVERY
    cpo = scope.get("cpo")
    return NONE if cpo is None else str(cpo.pk)


class DatabaseOperations(operations.DatabaseOperations):
    """Django's, that names a prepared statement too where queries are captured or logged."""

    def last_executed_query(self, cursor: Any, sql: Any, params: Any) -> str:
        """Return what was sent, or the statement as it was written: psycopg keeps no text of what is prepared."""
        sent = super().last_executed_query(cursor, sql, params)
        return str(sql) if sent is None else sent


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection that knows which tenant its server has been told."""

    ops_class = DatabaseOperations
    protected: tuple[str, ...] = ()
    #: Whether a prepared statement's answer has another type than when it was planned: a migration went by.
    has_stale_plans: bool = False
    #: None after a rollback, which takes back what was told inside the transaction.
    told: str | None = NONE

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.execute_wrappers.append(self._tell_first)

    def init_connection_state(self) -> None:
        super().init_connection_state()
        with self.connection.cursor() as cursor:
            self.protected = tuple(name for (name,) in cursor.execute(PROTECTED))
        self.told = NONE
        self.has_stale_plans = False

    def tell_tenant(self, sql: Any) -> None:
        """Tell the server the active scope if the statement names a protected table and the server knows another."""
        wanted = tenant_of_scope()
        if wanted == self.told:
            return
        text = sql if isinstance(sql, str) else sql.as_string(self.connection)
        if not any(name in text for name in self.protected):
            return
        self.validate_no_broken_transaction()
        with self.wrap_database_errors:
            self.connection.execute(TELL, [wanted])
        self.told = wanted

    def prepared_cursor(self) -> Any:
        """Return a cursor that binds on the server: what runs often is planned once, which Django's own never is."""
        self.close_if_health_check_failed()  # type: ignore[misc]
        self.ensure_connection()
        with self.wrap_database_errors:
            return self._prepare_cursor(base.ServerBindingCursor(self.connection))  # type: ignore[attr-defined,call-arg]

    def is_usable(self) -> bool:
        """Ask whether the server is there, once per request or task, and let it forget the last one's tenant."""
        if self.connection is None or self.has_stale_plans:
            return False
        try:
            self.connection.execute(TELL, [NONE])
        except self.Database.Error:
            return False
        self.told = NONE
        return True

    def _tell_first(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        self.tell_tenant(sql)
        return execute(sql, params, many, context)

    def _rollback(self) -> None:
        self.told = None
        super()._rollback()  # type: ignore[misc]

    def _savepoint_rollback(self, sid: str) -> None:
        super()._savepoint_rollback(sid)  # type: ignore[misc]
        self.told = None
