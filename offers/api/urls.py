"""The staff API's addresses of offers, of back-tests and of the price check."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from offers.api.backtests import BacktestViewSet
from offers.api.price_check import PriceCheckView
from offers.api.views import OfferViewSet

router = SimpleRouter(trailing_slash=False)
router.register("offers", OfferViewSet, basename="offer")
router.register("backtests", BacktestViewSet, basename="backtest")
urlpatterns = [*router.urls, path("price-check", PriceCheckView.as_view(), name="price-check")]
