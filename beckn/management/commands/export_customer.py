"""Write everything that is kept about one person as one JSON document."""

from __future__ import annotations

import json
import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.utils import timezone

from beckn.management.persons import add_person_arguments, read_person_arguments
from beckn.persons import export
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.people.traces import find_person


class Command(BaseCommand):
    help = "Write everything that is kept about a person: customer, contacts, orders, sessions, payments, messages."

    def add_arguments(self, parser: CommandParser) -> None:
        add_person_arguments(parser)
        parser.add_argument("--output", help="A new file that only you can read; without it, standard output.")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted, cpos = read_person_arguments(options)
        kept = []
        for cpo in cpos:
            with cpo_scope(cpo):
                try:
                    found = find_person(cpo, wanted)
                except ValueError as error:
                    raise CommandError(str(error)) from error
                if not found.is_empty:
                    kept.append({"provider_id": cpo.provider_id, "name": cpo.name, **export(found)})
        document = {"exported_at": timezone.now(), "cpos": kept}
        text = json.dumps(document, cls=DjangoJSONEncoder, indent=2, ensure_ascii=False)
        if options["output"]:
            _write(options["output"], text)
        else:
            self.stdout.write(text)
        if not kept:
            self.stderr.write("Nothing is kept about this person.")


def _write(path: str, text: str) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CommandError(f"{path} cannot be made ({error.strerror}): name a new file.") from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text + "\n")
