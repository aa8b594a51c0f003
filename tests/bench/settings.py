"""The portal's settings, with a null view beside the portal's own addresses: in the messages' lane and outside it."""

from cpo_portal.settings import *  # noqa: F403
from cpo_portal.settings import MIDDLEWARE

MIDDLEWARE = ["tests.bench.null_urls.NullLane", *MIDDLEWARE]
# The measurements want to know how much is answered, not how much is refused; counting costs the same.
BECKN_ADDRESS_RATE = BECKN_SUBSCRIBER_RATE = 1_000_000
ROOT_URLCONF = "tests.bench.null_urls"
