"""The WSGI application that granian serves."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cpo_portal.settings")

from django.core.wsgi import get_wsgi_application

import cpo_portal.celery  # noqa: F401  the web process nudges workers

application = get_wsgi_application()
