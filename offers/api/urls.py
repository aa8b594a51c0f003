"""The staff API's addresses of offers and of the price check."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from offers.api.backtests import BacktestViewSet
from offers.api.price_check import PriceCheckView
from offers.api.views import OfferViewSet

router = SimpleRouter(trailing_slash=False)
router.register("offers", OfferViewSet, basename="offer")
backtests = SimpleRouter(trailing_slash=False, use_regex_path=False)
backtests.register("backtests", BacktestViewSet, basename="backtest")
urlpatterns = [*router.urls, *backtests.urls, path("price-check", PriceCheckView.as_view(), name="price-check")]
