"""Register a participant of the network and its public key."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from beckn.models import SubscriberRole
from beckn.subscribers import add_subscriber, read_public_key


class Command(BaseCommand):
    help = "Register a participant and its key, or add a key to one; safe to run twice."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--id", required=True, dest="subscriber_id", help="Its subscriber id, such as bap.example.")
        parser.add_argument("--url", required=True, help="Callbacks are posted to this address + /on_<action>.")
        parser.add_argument("--role", choices=SubscriberRole.values, default=SubscriberRole.BAP)
        parser.add_argument("--key-id", required=True)
        parser.add_argument("--public-key", required=True, help="Ed25519, 32 bytes in base64.")
        parser.add_argument("--sandbox", action="store_true", help="Its orders are trials.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            subscriber = add_subscriber(
                options["subscriber_id"],
                url=options["url"],
                role=options["role"],
                key_id=options["key_id"],
                public_key=read_public_key(options["public_key"]),
                sandbox=options["sandbox"],
            )
        except (ValidationError, ValueError) as error:
            sentences = error.messages if isinstance(error, ValidationError) else [str(error)]
            raise CommandError(" ".join(sentences)) from error
        self.stdout.write(f"{subscriber} ({subscriber.role}) is registered with key {options['key_id']}.")
