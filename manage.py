#!/usr/bin/env python
"""Django's command line; `./portal manage …` runs it against the portal's own database."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cpo_portal.settings")
    from django.core.management import execute_from_command_line

    import cpo_portal.celery  # noqa: F401  tasks sent from a command must find the configured broker

    execute_from_command_line(sys.argv)
