"""A CPO whose books are kept: the token of its bookkeeping, and its owner in a browser."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from cpo_portal.accounts.models import Role, TokenScope
from cpo_portal.accounts.tokens import create_token
from tests.people import make_member
from tests.world import World


@pytest.fixture
def api(world: World) -> Client:
    _, text = create_token(world.cpo, name="books", scope=TokenScope.STAFF)
    return Client(headers={"Authorization": f"Bearer {text}"})


@pytest.fixture
def owner(world: World) -> Client:
    client = Client()
    client.force_login(make_member(world.cpo, "owner", Role.OWNER), backend="django.contrib.auth.backends.ModelBackend")
    return client


def post(client: Client, path: str, body: dict[str, Any]) -> Any:
    return client.post(f"/api/{path}", body, content_type="application/json")
