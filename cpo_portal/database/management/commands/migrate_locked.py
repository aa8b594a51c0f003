"""Migrate under an advisory lock, so that several machines may start at once, and never at the cost of the traffic."""

from __future__ import annotations

import time

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection

LOCK = 0x43504F  # "CPO": any number that nothing else locks
#: A migration that waits for a table makes everybody behind it wait as well, so it gives up soon, and tries again.
LOCK_TIMEOUT = "2s"
TRIES = 10
LONGEST_PAUSE = 20
#: After a power cut the server may come up later than we do, and nothing of the portal starts before this command ends.
SERVER_SECONDS, SERVER_PAUSE = 60, 2


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tries", type=int, default=TRIES, help="how often a busy table is tried")

    def handle(self, *args: object, **options: int) -> None:
        self.await_server()
        with connection.cursor() as cursor:
            # Another machine's migration may take long, and is waited for.
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("SET lock_timeout = 0")
            cursor.execute("SET idle_in_transaction_session_timeout = 0")
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
            cursor.execute(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
        try:
            self.migrate(options["tries"], options["verbosity"])
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])

    def await_server(self) -> None:
        """Wait until the server takes a connection; raises its last refusal after a minute."""
        end = time.monotonic() + SERVER_SECONDS
        while True:
            try:
                connection.ensure_connection()
            except OperationalError as error:
                if time.monotonic() >= end:
                    raise
                self.stderr.write(f"The database takes no connection yet: {str(error).splitlines()[0]}")
                time.sleep(SERVER_PAUSE)
            else:
                return

    def migrate(self, tries: int, verbosity: int) -> None:
        """Apply what is missing; each migration is applied whole or not at all, so trying again goes on from there."""
        for attempt in range(1, tries + 1):
            try:
                call_command("migrate", interactive=False, verbosity=verbosity)
            except OperationalError as error:
                if getattr(error.__cause__, "sqlstate", "") != "55P03":
                    raise
                if attempt == tries:
                    raise CommandError(
                        f"A table was busy {tries} times for {LOCK_TIMEOUT}: migrate again when there is less traffic,"
                        " or end the session that holds it (docs/operations.md, “A migration does not get its lock”)."
                    ) from error
                pause = min(2 ** (attempt - 1), LONGEST_PAUSE)
                self.stderr.write(f"A table is busy; trying again in {pause} s ({attempt} of {tries}).")
                time.sleep(pause)
            else:
                return
