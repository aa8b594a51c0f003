"""Say which data keys the stored rows need, and fail where one is missing."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from beckn.data_keys import give_up_unreadable, in_words, needed_by_all
from cpo_portal.accounts.sealing import known_keys


class Command(BaseCommand):
    help = (
        "Say what each key of PORTAL_DATA_KEY has sealed; fails where a key is missing that stored rows need. Reads "
        "every message body's row, so it takes its time."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--give-up", action="store_true", help="end what waits and needs a missing key, which is lost for good"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["give_up"]:
            self.stdout.write(f"Given up, for no key opens them: {give_up_unreadable()} messages and callbacks.")
        use = needed_by_all()
        for number, key in enumerate(known_keys()):
            duty = "writes and reads" if number == 0 else "reads"
            self.stdout.write(f"key {key.id} {duty}: {in_words(use.rows[key.id]) or 'nothing needs it'}")
        complaints = use.complaints()
        if complaints:
            raise CommandError("\n".join(complaints))
        self.stdout.write("Everything that is sealed can be opened.")
