"""Show what other participants need to know about this platform."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from beckn.data_keys import needed_now
from beckn.key_rotation import Duty, standing_keys
from beckn.keys import own_key
from cpo_portal.accounts.sealing import SealBroken

SENTENCES = {
    Duty.WAITS: "Signs from {until:%Y-%m-%d %H:%M} UTC; register it before that:",
    Duty.KNOWN: "Signs no more; keep it registered until {until:%Y-%m-%d %H:%M} UTC:",
}


class Command(BaseCommand):
    help = (
        "Show this platform's subscriber id, address, and the key that signs; then the keys that follow it or went "
        "before it. Fails where a data key is missing."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        with suppress(SealBroken):  # told below, with everything else that cannot be opened
            own_key()  # makes the first one
        self.stdout.write(f"subscriber id  {settings.BECKN_BPP_ID}")
        self.stdout.write(f"address        {settings.BECKN_BPP_URI}")
        for key in standing_keys():
            if key.duty in SENTENCES:
                self.stdout.write("\n" + SENTENCES[key.duty].format(until=key.until))
            self.stdout.write(f"key id         {key.key_id}")
            self.stdout.write(f"public key     {base64.b64encode(key.public_key).decode()}")
        complaints = needed_now().complaints()
        if complaints:
            raise CommandError("\n".join(complaints))
