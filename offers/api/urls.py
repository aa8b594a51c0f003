"""The staff API's addresses of offers with their policy, codes, files and back-tests, and of prices with reasons."""

from django.urls import path, re_path
from rest_framework.routers import SimpleRouter

from offers.api.adjustments import OrderExchangeView, OrderRefundView, OrderTakeBackView
from offers.api.backtests import BacktestViewSet
from offers.api.codes import CodeBatchViewSet
from offers.api.files import OfferFileView, OfferImportViewSet
from offers.api.orders import OrderExplainView, OrderProofView
from offers.api.policy import PolicyView
from offers.api.price_check import PriceCheckView
from offers.api.referrals import ReferralCodeViewSet
from offers.api.templates import TemplatesView
from offers.api.views import OfferViewSet

router = SimpleRouter(trailing_slash=False)
router.register("offers", OfferViewSet, basename="offer")
router.register("backtests", BacktestViewSet, basename="backtest")
router.register("offer-imports", OfferImportViewSet, basename="offer-import")
router.register("referral-codes", ReferralCodeViewSet, basename="referral-code")
router.register("code-batches", CodeBatchViewSet, basename="code-batch")
#: An id, or what is none and answers 404 like an id of nobody.
ORDER = r"orders/(?P<order_id>[A-Za-z0-9-]{1,64})"
urlpatterns = [
    *router.urls,
    path("offer-file", OfferFileView.as_view(), name="offer-file"),
    path("offer-templates", TemplatesView.as_view(), name="offer-templates"),
    path("price-check", PriceCheckView.as_view(), name="price-check"),
    path("offer-policy", PolicyView.as_view(), name="offer-policy"),
    re_path(rf"^{ORDER}/explain$", OrderExplainView.as_view(), name="order-explain"),
    re_path(rf"^{ORDER}/proof$", OrderProofView.as_view(), name="order-proof"),
    re_path(rf"^{ORDER}/take-back$", OrderTakeBackView.as_view(), name="order-take-back"),
    re_path(rf"^{ORDER}/refund$", OrderRefundView.as_view(), name="order-refund"),
    re_path(rf"^{ORDER}/exchange$", OrderExchangeView.as_view(), name="order-exchange"),
]
