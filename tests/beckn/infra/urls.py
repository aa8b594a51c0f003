"""The portal's addresses and, until the portal includes them itself, the network's."""

from beckn.urls import urlpatterns as network
from cpo_portal.urls import urlpatterns as portal

urlpatterns = [*network, *portal]
