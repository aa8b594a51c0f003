"""The addresses of the network's side, and those that say whether the portal is well."""

from django.urls import path

from beckn.health import healthz, readyz
from beckn.metrics.views import metrics
from beckn.views import ReceiveView

urlpatterns = [
    path("beckn/<str:action>", ReceiveView.as_view(), name="beckn-receive"),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
