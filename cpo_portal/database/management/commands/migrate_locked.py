"""Migrate under an advisory lock, so that several machines may start at once."""

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import connection

LOCK = 0x43504F  # "CPO": any number that nothing else locks


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: object, **options: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [LOCK])
        try:
            call_command("migrate", interactive=False, verbosity=options["verbosity"])
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [LOCK])
