"""The portal's settings, with a null view beside the portal's own addresses."""

from cpo_portal.settings import *  # noqa: F403

ROOT_URLCONF = "tests.bench.null_urls"
