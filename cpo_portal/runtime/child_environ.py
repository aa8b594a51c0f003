"""The environment variables that the portal's processes start with; settings.py reads exactly these."""

from __future__ import annotations

import os

from cpo_portal.runtime.cluster import DatabaseUrls
from cpo_portal.runtime.environment import plain_environ
from cpo_portal.runtime.home import Home, Refusal

EXTERNAL = ("DATABASE_URL", "CELERY_BROKER_URL")


def external() -> bool:
    """Whether the user brings a database: then nothing embedded starts."""
    return bool(os.environ.get("DATABASE_URL"))


def require_external(*names: str) -> None:
    """The commands for many machines never start anything embedded."""
    missing = [name for name in names if not os.environ.get(name)]
    if missing:
        raise Refusal(
            f"Set {' and '.join(missing)}: this command is one process of a portal on many machines"
            " (on one machine, `./portal up` starts everything)."
        )


def external_environ(home: Home) -> dict[str, str]:
    """For the user's own database. Keys, mode and addresses are the user's duty; settings say what is missing."""
    own = {"PORTAL_HOME": str(home.path), "PYTHONUNBUFFERED": "1"}
    return {"PORTAL_STATIC_ROOT": str(home / "static")} | plain_environ() | own


def external_urls() -> DatabaseUrls:
    app = os.environ["DATABASE_URL"]
    return DatabaseUrls(app=app, owner=os.environ.get("DATABASE_OWNER_URL") or app)


def embedded_environ(home: Home, urls: DatabaseUrls, *, mode: str = "embedded", port: int = 8000) -> dict[str, str]:
    """For the embedded database, as the app's role; keys come from the home unless the caller set them."""
    # libpq's own variables (PGPORT, PGOPTIONS …) would lead to another server.
    environ = {name: value for name, value in external_environ(home).items() if not name.startswith("PG")}
    environ.pop("DATABASE_OWNER_URL", None)
    environ.setdefault("PORTAL_SECRET_KEY", home.secret("django_secret_key"))
    environ.setdefault("PORTAL_DATA_KEY", home.secret("data_key"))
    return environ | {
        "DATABASE_URL": urls.app,
        "PORTAL_MODE": mode,
        "PORTAL_STATIC_ROOT": str(home / "static"),
        "PORTAL_BASE_URL": f"http://127.0.0.1:{port}",
        "PORTAL_DEMO_BUYER_URL": f"http://127.0.0.1:{port + 1}/beckn",
        **file_broker(home),
    }


def test_environ(home: Home, urls: DatabaseUrls) -> dict[str, str]:
    """For a throw-away database: both roles, and no broker, so that no test leans on one by accident."""
    environ = embedded_environ(home, urls, mode="test") | urls.environ()
    del environ["CELERY_BROKER_URL"]
    return environ


def file_broker(home: Home) -> dict[str, str]:
    """The broker that needs no server: files under the home."""
    return {"CELERY_BROKER_URL": "filesystem://", "PORTAL_BROKER_DIR": str(home / "broker")}


def as_owner(environ: dict[str, str], urls: DatabaseUrls) -> dict[str, str]:
    """For what changes the schema."""
    return environ | {"DATABASE_URL": urls.owner, "DATABASE_OWNER_URL": urls.owner}
