"""The staff API's addresses of tariffs and surges."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from pricing.api.calendars import HolidayCalendarViewSet
from pricing.api.ceilings import PriceCeilingViewSet
from pricing.api.demand import DemandPolicyViewSet
from pricing.api.signals import SignalViewSet
from pricing.api.surge_policy import SurgePolicyView
from pricing.api.surges import SurgeScheduleViewSet
from pricing.api.views import TariffViewSet

router = SimpleRouter(trailing_slash=False)
router.register("tariffs", TariffViewSet, basename="tariff")
router.register("holiday-calendars", HolidayCalendarViewSet, basename="holiday-calendar")
router.register("price-ceilings", PriceCeilingViewSet, basename="price-ceiling")
router.register("surge-schedules", SurgeScheduleViewSet, basename="surge-schedule")
router.register("demand-policies", DemandPolicyViewSet, basename="demand-policy")
router.register("signals", SignalViewSet, basename="signal")
urlpatterns = [*router.urls, path("surge-policy", SurgePolicyView.as_view(), name="surge-policy")]
