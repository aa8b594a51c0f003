"""Addresses of the charging-system API, the payment webhook, segments, lists and imports, below /api/."""

from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from cpo_portal.charging.api import balances as api_balances
from cpo_portal.charging.api import segments as api_segments
from cpo_portal.charging.api import systems as api

#: What BECKN_ID allows; anything else is no id and answers 404.
ID = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}"

router = SimpleRouter(trailing_slash=False)
router.register("segments", api_segments.SegmentViewSet, "segment")
router.register("named-lists", api_segments.NamedListViewSet, "named-list")
router.register("balances", api_balances.BalanceViewSet, "balance")
router.register("customer-groups", api_balances.GroupViewSet, "customer-group")

urlpatterns = [
    *router.urls,
    path("customers/import", api_segments.CustomerImportView.as_view(), name="customer-import"),
    re_path(rf"^imports/(?P<import_id>{ID})$", api_segments.ImportView.as_view(), name="import-state"),
    re_path(rf"^charging/connectors/(?P<item_id>{ID})/status$", api.StatusView.as_view(), name="connector-status"),
    path("charging/commands", api.CommandsView.as_view(), name="charging-commands"),
    path("charging/sessions", api.SessionsView.as_view(), name="charging-sessions"),
    re_path(rf"^charging/sessions/(?P<session_id>{ID})/readings$", api.ReadingsView.as_view(), name="readings"),
    re_path(rf"^charging/sessions/(?P<session_id>{ID})/interrupt$", api.InterruptView.as_view(), name="interrupt"),
    re_path(rf"^charging/sessions/(?P<session_id>{ID})/resume$", api.ResumeView.as_view(), name="resume"),
    re_path(rf"^charging/sessions/(?P<session_id>{ID})/stop$", api.StopView.as_view(), name="stop"),
    re_path(rf"^payments/(?P<provider_id>{ID})/notices$", api.NoticeView.as_view(), name="payment-notices"),
]
