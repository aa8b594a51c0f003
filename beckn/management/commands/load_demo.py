"""Load the demonstration: two CPOs with sites, prices and offers, buyer apps with keys, and people who sign in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from beckn.demo.load import load_demo


class Command(BaseCommand):
    help = "Load demo data; safe to run again: what is there stays as it is, only changed addresses are written."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--force", action="store_true", help="Load it in production as well.")

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION and not options["force"]:
            raise CommandError("This portal is in production: add --force if it shall hold demo data all the same.")
        self.stdout.write(load_demo(settings.PORTAL_HOME / "demo", timezone.now()))
