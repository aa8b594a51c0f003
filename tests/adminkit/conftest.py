"""The people and rows of the admin's tests: two CPOs, and an admin site that shows every model under test."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import path

from cpo_portal.accounts.models import Cpo, Membership, Role, User
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.accounts.tokens import create_token
from cpo_portal.adminkit.actions import object_action
from cpo_portal.adminkit.bases import ReadOnlyMixin, TenantAdmin, TenantExportMixin, TenantTabularInline
from cpo_portal.adminkit.site import PortalAdminSite
from cpo_portal.network.models import Charger, ChargingSystem, ChargingSystemToken, Location, Product


def make_person(email: str, **fields: Any) -> User:
    return User.objects.create_user(email, None, **fields)


def join(cpo: Cpo, user: User, role: str) -> Membership:
    with cpo_scope(cpo):
        return Membership.objects.create(cpo=cpo, user=user, role=role)


def make_location(cpo: Cpo, key: str, name: str, city: str) -> Location:
    with cpo_scope(cpo):
        return Location.objects.create(
            cpo=cpo, location_id=key, name=name, address="1 Road", city=city, latitude="12.97", longitude="77.59"
        )


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    return client


@pytest.fixture(autouse=True)
def _quick_hashes(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def world(db: None) -> SimpleNamespace:
    """Voltway with an owner, a colleague (manager) and an analyst; Gridgo with an outsider; an operator."""
    w = SimpleNamespace()
    w.voltway = Cpo.objects.create(provider_id="cpo1.com", name="Voltway")
    w.gridgo = Cpo.objects.create(provider_id="cpo2.com", name="Gridgo")
    w.owner = make_person("owner@cpo1.com", first_name="Asha", last_name="Rao")
    w.colleague = make_person("colleague@cpo1.com", first_name="Ravi", last_name="Iyer")
    w.analyst = make_person("analyst@cpo1.com")
    w.outsider = make_person("outsider@cpo2.com", first_name="Zubin", last_name="Mehta")
    w.operator = make_person("operator@platform.example", is_superuser=True)
    w.members = {
        "owner": join(w.voltway, w.owner, Role.OWNER),
        "colleague": join(w.voltway, w.colleague, Role.MANAGER),
        "analyst": join(w.voltway, w.analyst, Role.ANALYST),
        "outsider": join(w.gridgo, w.outsider, Role.OWNER),
    }
    w.token, _ = create_token(w.voltway, name="Voltway reports", scope="STAFF_READ", created_by=w.owner)
    w.foreign_token, _ = create_token(w.gridgo, name="Gridgo secret", scope="STAFF", created_by=w.outsider)
    w.place = make_location(w.voltway, "v1", "Voltway Hub", "Bengaluru")
    w.foreign_place = make_location(w.gridgo, "g1", "Gridgo Depot", "Surat")
    return w


@pytest.fixture
def visit(world: SimpleNamespace) -> Any:
    """Return a function that opens a page as one of the people and returns the answer."""

    def open_page(person: str, url: str, data: dict[str, Any] | None = None, **extra: Any) -> Any:
        client = client_of(getattr(world, person))
        return client.get(url, **extra) if data is None else client.post(url, data, **extra)

    return open_page


class ChargerInline(TenantTabularInline):
    model = Charger
    fields = ("evse_id", "name", "system")


class LocationAdmin(TenantExportMixin, TenantAdmin):
    list_display = ("name", "city")
    list_filter = ("city", "chargers__system")
    search_fields = ("name",)
    inlines = (ChargerInline,)
    fields = ("location_id", "name", "address", "city", "latitude", "longitude")
    export_fields = ("location_id", "name", "city")
    actions = ("hide",)
    actions_detail = ("publish",)

    @admin.action(description="Hide from buyer apps")
    def hide(self, request: Any, queryset: Any) -> None:
        queryset.update(is_published=False)

    @object_action(description="Close", confirm="Drivers no longer see it.")
    def publish(self, request: Any, obj: Location) -> str:
        obj.is_published = False
        obj.save()
        return "Closed."


class ChargerAdmin(TenantAdmin):
    list_display = ("name",)
    list_filter = ("location", "system")
    autocomplete_fields = ("location",)
    fields = ("location", "evse_id", "name", "system")


class ProductAdmin(TenantAdmin):
    fields = ("product_id", "name", "price", "locations")


class SystemAdmin(TenantAdmin):
    search_fields = ("name",)


class SystemTokenAdmin(TenantAdmin):
    """A model without a column of its own that says whose row it is."""

    list_display = ("token", "system")
    list_filter = ("system",)
    autocomplete_fields = ("system",)


class ReadOnlySystemAdmin(ReadOnlyMixin, TenantAdmin):
    pass


@pytest.fixture
def shelf(settings: Any) -> PortalAdminSite:
    """Put an admin site at /admin/ that has pages of the network's models, written here."""
    site = PortalAdminSite(name="admin")
    pages = {
        Location: LocationAdmin,
        Charger: ChargerAdmin,
        Product: ProductAdmin,
        ChargingSystem: SystemAdmin,
        ChargingSystemToken: SystemTokenAdmin,
    }
    for model, model_admin in admin.site._registry.items():
        pages.setdefault(model, type(model_admin))
    for model, admin_class in pages.items():
        site.register(model, admin_class)
    urls = ModuleType("shelf_urls")
    urls.urlpatterns = [path("admin/", site.urls)]  # type: ignore[attr-defined]
    settings.ROOT_URLCONF = urls
    return site
