"""Let a new key sign in place of this platform's present one."""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from beckn import key_rotation
from beckn.keys import CACHE_SECONDS
from beckn.models import SigningKey
from cpo_portal.accounts.sealing import SealBroken

NOTICE_HOURS = 24.0
MOST_HOURS = 24.0 * 365
OVERLAP_HOURS = f"{key_rotation.OVERLAP.total_seconds() / 3600:.0f} hours"


class Command(BaseCommand):
    help = (
        "Make the next signing key and show it, so that it can be registered before it signs; the present key goes on "
        f"until then and stays known for {OVERLAP_HOURS} after. Run again, it shows the key that waits."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--in", dest="hours", type=float, default=NOTICE_HOURS, help="hours until it signs (24 if not given)"
        )
        what.add_argument("--now", action="store_true", help="let the key that waits sign from now on")
        what.add_argument("--give-up", action="store_true", help="drop the key that waits; the present one goes on")
        what.add_argument(
            "--revoke", action="store_true",
            help="the present key is known to somebody or cannot be opened: end it now, and sign with another",
        )  # fmt: skip

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._do(options)
        except SealBroken as error:
            raise CommandError(
                f"{error} Nothing was changed; where that key is lost for good, `--revoke` replaces what it sealed."
            ) from error

    def _do(self, options: dict[str, Any]) -> None:
        if options["now"]:
            self._now()
        elif options["give_up"]:
            self._give_up()
        elif options["revoke"]:
            self._revoke()
        else:
            self._announce(options["hours"])

    def _announce(self, hours: float) -> None:
        least = key_rotation.SHORTEST_NOTICE.total_seconds() / 3600
        if not least <= hours <= MOST_HOURS:
            raise CommandError(
                f"--in is {hours:g} hours; give {least:.2f} to {MOST_HOURS:g}, so that every process knows it in time."
            )
        key, made = key_rotation.announce_key(starts_in=timedelta(hours=hours))
        self.stdout.write("The next key is made." if made else "A key waits already; it was left as it is.")
        self._show(key)
        self.stdout.write(
            f"It signs from {key.valid_from:%Y-%m-%d %H:%M} UTC: register it in the network's registry before that, "
            f"beside the present one, which stays known for {OVERLAP_HOURS} after."
        )

    def _now(self) -> None:
        key = key_rotation.let_waiting_key_sign()
        if key is None:
            raise CommandError("No key waits: make one with `./portal manage rotate_own_key`, and register it.")
        self._show(key)
        self.stdout.write(
            f"It signs now, in every process within {CACHE_SECONDS:.0f} s; the one before it stays known for "
            f"{OVERLAP_HOURS}."
        )

    def _give_up(self) -> None:
        key = key_rotation.give_up_waiting_key()
        if key is None:
            raise CommandError("No key waits; the present one goes on.")
        self.stdout.write(f"{key.key_id} is revoked before it has signed; the present key goes on.")

    def _revoke(self) -> None:
        key, revoked = key_rotation.replace_at_once()
        self._show(key)
        self.stdout.write(
            f"It signs now, in every process within {CACHE_SECONDS:.0f} s, and keys were revoked ({revoked}): register "
            "it at once and take the others out of the network's registry."
        )

    def _show(self, key: SigningKey) -> None:
        self.stdout.write(f"key id         {key.key_id}")
        self.stdout.write(f"public key     {base64.b64encode(bytes(key.public_key)).decode()}")
