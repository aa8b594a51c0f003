"""Two CPOs with people, tokens and a small network each."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import include, path

from tests.network.places import Net, make_net


@pytest.fixture
def net(db: None) -> Net:
    """Voltway: an owner, a colleague, an analyst, one site with a charger and two connectors."""
    return make_net("cpo1.com", "Voltway")


@pytest.fixture
def other(db: None) -> Net:
    """Gridgo, the outsider's CPO, with the same ids for everything."""
    return make_net("cpo2.com", "Gridgo")


@pytest.fixture
def api(settings: Any) -> Client:
    """A client of addresses that hold the admin and this room's API."""
    urls = ModuleType("network_test_urls")
    urls.urlpatterns = [  # type: ignore[attr-defined]
        path("admin/", admin.site.urls),
        path("api/", include("cpo_portal.network.urls")),
    ]
    settings.ROOT_URLCONF = urls
    return Client()
