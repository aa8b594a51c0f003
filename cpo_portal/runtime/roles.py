"""The roles of a portal on many machines: one table, from which deploy/ is written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Role:
    """One process. `command` follows `./portal`; `memory` is its bound; `stop_seconds` is what it needs to end well."""

    name: str
    title: str
    command: str
    memory: str
    stop_seconds: int
    #: A role that runs once, before the others, as the owner of the tables.
    once: bool = False

    @property
    def unit(self) -> str:
        return f"cpo-portal-{self.name}"


ROLES = (
    Role("migrate", "brings the database up to date, then ends", "migrate", "512M", 600, once=True),
    Role("web", "answers HTTP on 127.0.0.1:8000, behind nginx", "web --port 8000 --workers 2", "1G", 15),
    Role("worker", "works messages off and delivers callbacks", "worker", "1G", 30),
    Role("bulk-worker", "does the long work", "worker --bulk", "1G", 30),
    Role("beat", "schedules periodic work; a second one does no harm", "beat", "256M", 15),
)

#: What every role needs to know, and a value that says what goes there. `./portal web` and the others read these.
VARIABLES = {
    "DATABASE_URL": "postgresql://cpo_portal_app:PASSWORD@db.example:5432/cpo_portal",
    "CELERY_BROKER_URL": "amqp://portal:PASSWORD@broker.example:5672//",
    "PORTAL_SECRET_KEY": "FIFTY-RANDOM-CHARACTERS-OR-MORE",
    "PORTAL_DATA_KEY": "32-RANDOM-BYTES-IN-BASE64",
    "PORTAL_BASE_URL": "https://portal.example",
    "PORTAL_ALLOWED_HOSTS": "portal.example",
    "PORTAL_BPP_ID": "portal.example",
    "PORTAL_METRICS_TOKEN": "FORTY-RANDOM-HEX-DIGITS",
    "PORTAL_BEHIND_PROXY": "yes",
    "PORTAL_PROXY_COUNT": "1",
}
#: For `migrate`, `backup` and `restore` alone.
OWNER_VARIABLES = {"DATABASE_OWNER_URL": "postgresql://cpo_portal_owner:PASSWORD@db.example:5432/cpo_portal"}
