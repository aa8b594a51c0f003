"""The addresses of offers, surges and receipts that anybody may open."""

from django.urls import re_path

from offers.public.offer import public_offer
from offers.public.surge import public_surge
from offers.receipts.views import receipt

#: What the id of a provider, an offer or a surge may be; anything else is no id and is not found.
ID = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}"
#: What a receipt's link may be: the order, when it expires, and the signature.
RECEIPT = r"[0-9a-f]{32}\.[0-9a-f]{1,10}~[A-Za-z0-9_-]{20,100}"

urlpatterns = [
    re_path(rf"^o/(?P<provider_id>{ID})/(?P<offer_id>{ID})$", public_offer, name="public-offer"),
    re_path(rf"^s/(?P<provider_id>{ID})/(?P<schedule_id>{ID})$", public_surge, name="public-surge"),
    re_path(rf"^r/(?P<token>{RECEIPT})$", receipt, name="receipt"),
]
