"""The addresses of offers and receipts that anybody may open."""

from django.urls import re_path

from offers.public import public_offer
from offers.receipts.views import receipt

#: What a provider's and an offer's id may be; anything else is no id and is not found.
ID = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}"
#: What a receipt's link may be: the order, when it expires, and the signature.
RECEIPT = r"[0-9a-f]{32}\.[0-9a-f]{1,10}~[A-Za-z0-9_-]{20,100}"

urlpatterns = [
    re_path(rf"^o/(?P<provider_id>{ID})/(?P<offer_id>{ID})$", public_offer, name="public-offer"),
    re_path(rf"^r/(?P<token>{RECEIPT})$", receipt, name="receipt"),
]
