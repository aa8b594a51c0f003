"""The staff API's addresses of offers, of their policy and of the price check."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from offers.api.policy import PolicyView
from offers.api.price_check import PriceCheckView
from offers.api.views import OfferViewSet

router = SimpleRouter(trailing_slash=False)
router.register("offers", OfferViewSet, basename="offer")
urlpatterns = [
    *router.urls,
    path("price-check", PriceCheckView.as_view(), name="price-check"),
    path("offer-policy", PolicyView.as_view(), name="offer-policy"),
]
