"""The staff API's addresses of tariffs."""

from rest_framework.routers import SimpleRouter

from pricing.api.views import TariffViewSet

router = SimpleRouter(trailing_slash=False)
router.register("tariffs", TariffViewSet, basename="tariff")
urlpatterns = router.urls
