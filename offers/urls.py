"""The addresses of offers that anybody may open."""

from django.urls import re_path

from offers.public import public_offer

#: What a provider's and an offer's id may be; anything else is no id and is not found.
ID = r"[A-Za-z0-9][A-Za-z0-9._:-]{0,99}"

urlpatterns = [re_path(rf"^o/(?P<provider_id>{ID})/(?P<offer_id>{ID})$", public_offer, name="public-offer")]
