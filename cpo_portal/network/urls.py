"""Addresses of the network's staff API, below /api/."""

from rest_framework.routers import SimpleRouter

from cpo_portal.network import api, api_schema  # noqa: F401  the schema is for every API

router = SimpleRouter(trailing_slash=False)
router.register("locations", api.LocationViewSet, "location")
router.register("chargers", api.ChargerViewSet, "charger")
router.register("connectors", api.ConnectorViewSet, "connector")
router.register("products", api.ProductViewSet, "product")

urlpatterns = router.urls
