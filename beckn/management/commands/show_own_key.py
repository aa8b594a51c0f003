"""Show what other participants need to know about this platform."""

from __future__ import annotations

import base64
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from beckn.keys import own_key


class Command(BaseCommand):
    help = "Show this platform's subscriber id, address, key id and public key."

    def handle(self, *args: Any, **options: Any) -> None:
        key = own_key()
        self.stdout.write(f"subscriber id  {key.subscriber_id}")
        self.stdout.write(f"address        {settings.BECKN_BPP_URI}")
        self.stdout.write(f"key id         {key.key_id}")
        self.stdout.write(f"public key     {base64.b64encode(key.public_key).decode()}")
