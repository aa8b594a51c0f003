"""Send no callback until release_callbacks."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from beckn.hold import hold_callbacks


class Command(BaseCommand):
    help = "Hold all callbacks back, whoever they are for, until release_callbacks."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", required=True, help="why, for those who will release them")

    def handle(self, *args: Any, **options: Any) -> None:
        made = hold_callbacks("operator", options["reason"])
        self.stdout.write("Callbacks are held." if made else "Callbacks were held already.")
