"""Erase what is kept about one person, and say what stays and why."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from beckn.management.persons import add_person_arguments, read_person_arguments
from beckn.persons import Forgotten, StillOpen, forget
from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.people.traces import find_person


class Command(BaseCommand):
    help = "Erase a person's contacts, vehicle, texts and messages. Safe to run twice; refused while something is open."

    def add_arguments(self, parser: CommandParser) -> None:
        add_person_arguments(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        wanted, cpos = read_person_arguments(options)
        known, refused = False, []
        for cpo in cpos:
            with cpo_scope(cpo):
                try:
                    found = find_person(cpo, wanted)
                    if found.is_empty:
                        continue
                    known = True
                    self._tell(cpo, forget(cpo, found))
                except ValueError as error:
                    raise CommandError(str(error)) from error
                except StillOpen as error:
                    refused.append(f"{cpo.provider_id}: nothing was erased. {error}")
        if refused:
            raise CommandError("\n".join(refused))
        if not known:
            self.stdout.write("Nothing is kept about this person.")

    def _tell(self, cpo: Cpo, done: Forgotten) -> None:
        kept = ", ".join(f"{name} ({count})" for name, count in done.kept.items() if count)
        self.stdout.write(
            f"{cpo.provider_id}: erased the contacts, vehicles and texts of orders ({done.orders}) and bodies of "
            f"messages ({done.bodies})."
        )
        if kept:
            self.stdout.write(f"  Kept, without names, because they are accounts: {kept}; ids and hashes of messages.")
        if done.guarded:
            self.stdout.write(
                f"  Kept: the keyed hash of the contact, while limits per customer ({done.guarded}) could be used up "
                "once more."
            )
        if done.waiting:
            self.stdout.write(f"  Kept: messages that are not finished ({done.waiting}). Run this again once they are.")
