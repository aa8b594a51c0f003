"""A CPO with an order that may start, its charging system's token, and the addresses of this room."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import include, path

from tests.charging.sales import Sale, make_sale
from tests.network.places import Net, make_net


@pytest.fixture
def net(db: None) -> Net:
    """Voltway, with people, one site, two connectors and a real charging system."""
    return make_net("cpo1.com", "Voltway")


@pytest.fixture
def other(db: None) -> Net:
    """Gridgo, the outsider's CPO, with the same ids for everything."""
    return make_net("cpo2.com", "Gridgo")


@pytest.fixture
def sale(net: Net) -> Sale:
    """A confirmed order for item-1 whose driver was let start."""
    return make_sale(net)


@pytest.fixture
def api(settings: Any) -> Client:
    """A client of addresses that hold the admin, this room's API and the schema."""
    from drf_spectacular.views import SpectacularAPIView

    urls = ModuleType("charging_test_urls")
    urls.urlpatterns = [  # type: ignore[attr-defined]
        path("admin/", admin.site.urls),
        path("api/", include("cpo_portal.network.urls")),
        path("api/", include("cpo_portal.charging.urls")),
        path("api/schema/", SpectacularAPIView.as_view()),
    ]
    settings.ROOT_URLCONF = urls
    return Client()
