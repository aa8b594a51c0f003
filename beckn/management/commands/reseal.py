"""Bring what is sealed and hashed under the newest data key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from beckn.resealing import reseal
from cpo_portal.accounts.sealing import newest_key

SHOWN = 20


class Command(BaseCommand):
    help = (
        "Re-encrypt secrets and message bodies with the first key of PORTAL_DATA_KEY, and recognise customers by it. "
        "Safe to run twice and while the portal runs."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        done = reseal()
        self.stdout.write(
            f"Brought under the key {newest_key().id}: secrets ({done.secrets}), message bodies ({done.bodies}), "
            f"customers ({done.customers})."
        )
        if done.broken:
            shown = "\n".join(done.broken[:SHOWN])
            raise CommandError(f"Values that no key opens stay as they are ({len(done.broken)}):\n{shown}")
        if done.customers_left:
            self.stdout.write(
                f"Known under older keys only, until they buy again: customers ({done.customers_left}). Keep those "
                "keys in PORTAL_DATA_KEY, or their limits begin anew."
            )
        else:
            self.stdout.write("Nothing needs an older key but orders that wait for their OTP.")
