"""The staff API's addresses of offers, of their policy and of the price check."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from offers.api.codes import CodeBatchViewSet
from offers.api.policy import PolicyView
from offers.api.price_check import PriceCheckView
from offers.api.views import OfferViewSet

router = SimpleRouter(trailing_slash=False)
router.register("offers", OfferViewSet, basename="offer")
router.register("code-batches", CodeBatchViewSet, basename="code-batch")
urlpatterns = [
    *router.urls,
    path("price-check", PriceCheckView.as_view(), name="price-check"),
    path("offer-policy", PolicyView.as_view(), name="offer-policy"),
]
