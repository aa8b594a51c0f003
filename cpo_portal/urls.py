"""Every address of the portal."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/schema/", SpectacularAPIView.as_view(permission_classes=[], authentication_classes=[]), name="schema"),
    path("api/", include("cpo_portal.network.urls")),
    path("api/", include("cpo_portal.charging.urls")),
    path("api/", include("pricing.api.urls")),
    path("api/", include("offers.api.urls")),
    path("", include("offers.urls")),
    path("", include("beckn.urls")),
]

handler500 = "cpo_portal.faults.server_error"
handler404 = "cpo_portal.faults.not_found"
