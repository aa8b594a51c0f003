"""The portal's settings, with a null view beside the portal's own addresses: in the messages' lane and outside it."""

from cpo_portal.settings import *  # noqa: F403
from cpo_portal.settings import MIDDLEWARE

MIDDLEWARE = ["tests.bench.null_urls.NullLane", *MIDDLEWARE]
ROOT_URLCONF = "tests.bench.null_urls"
