"""The staff API's addresses of offers, of the price check, and of what an order's price was made of."""

from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from offers.api.orders import OrderExplainView, OrderProofView
from offers.api.price_check import PriceCheckView
from offers.api.views import OfferViewSet

router = SimpleRouter(trailing_slash=False)
router.register("offers", OfferViewSet, basename="offer")
#: An id, or what is none and answers 404 like an id of nobody.
ORDER = r"orders/(?P<order_id>[A-Za-z0-9-]{1,64})"
urlpatterns = [
    *router.urls,
    path("price-check", PriceCheckView.as_view(), name="price-check"),
    re_path(rf"^{ORDER}/explain$", OrderExplainView.as_view(), name="order-explain"),
    re_path(rf"^{ORDER}/proof$", OrderProofView.as_view(), name="order-proof"),
]
