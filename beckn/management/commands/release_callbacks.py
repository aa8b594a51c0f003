"""Let callbacks go out again after a restore."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from beckn.hold import release_callbacks


class Command(BaseCommand):
    help = "Send the callbacks that a restore, or hold_callbacks, has held back."

    def handle(self, *args: Any, **options: Any) -> None:
        if release_callbacks():
            self.stdout.write("Callbacks go out again.")
        else:
            self.stdout.write("No callback was held.")
