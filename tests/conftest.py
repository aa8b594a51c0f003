"""The database of the tests, made by the owner and used by the app role as in production; and whom most tests need."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connections

from cpo_portal import env
from cpo_portal.accounts import tokens
from tests import processes
from tests.people import People, make_people
from tests.world import World, make_world


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests whose own processes keep every processor busy: nothing should run beside them."""
    starters = (processes.run_at_once, processes.kill_before_statement)
    for item in items:
        used = vars(item.module).values() if isinstance(item, pytest.Function) else ()
        if any(value is starter for value in used for starter in starters):
            item.add_marker("race")


@pytest.fixture(autouse=True)
def _no_wrong_tokens_of_other_tests() -> None:
    """Wrong tokens of one address are counted; all tests have the same."""
    tokens.forget_failures()
    cache.clear()  # the API's throttles count there


@pytest.fixture
def people(db: None) -> People:
    return make_people()


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_modify_db_settings: None, django_db_blocker: pytest.FixtureRequest, request: pytest.FixtureRequest
) -> Iterator[None]:
    """Create and migrate as the owner; then every connection of the tests is the app role's.

    Tests that run side by side have a database each (`django_db_modify_db_settings`).
    """
    from django.test.utils import setup_databases, teardown_databases

    database = settings.DATABASES["default"]
    app = {key: database[key] for key in ("USER", "PASSWORD")}
    owner = env.database("DATABASE_OWNER_URL")
    connection = connections["default"]

    def become(who: dict[str, str]) -> None:
        connection.close()
        for settings_dict in (database, connection.settings_dict):
            settings_dict.update({key: who[key] for key in ("USER", "PASSWORD")})

    with django_db_blocker.unblock():
        become(owner)
        old = setup_databases(verbosity=0, interactive=False, serialized_aliases=set())
        with connection.cursor() as cursor:
            # Django empties tables between tests by TRUNCATE, which the app role may not do in production.
            cursor.execute(f'GRANT TRUNCATE ON ALL TABLES IN SCHEMA public TO "{settings.DATABASE_APP_ROLE}"')
        become(app)
    # Worker and web processes that a test starts find the test database here.
    os.environ["DATABASE_URL"] = _url(connection.settings_dict)
    yield
    with django_db_blocker.unblock():
        become(owner)
        teardown_databases(old, verbosity=0)


def _url(s: dict[str, str]) -> str:
    from urllib.parse import quote

    if str(s["HOST"]).startswith("/"):
        return f"postgresql://{quote(s['USER'])}:{quote(s['PASSWORD'])}@/{s['NAME']}?host={quote(s['HOST'])}"
    return f"postgresql://{quote(s['USER'])}:{quote(s['PASSWORD'])}@{s['HOST']}:{s['PORT'] or 5432}/{s['NAME']}"
