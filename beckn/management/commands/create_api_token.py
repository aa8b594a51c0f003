"""Make an API token of a CPO; its text is shown once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from cpo_portal.accounts.models import Cpo, TokenScope
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.accounts.tokens import create_token
from cpo_portal.network.models import ChargingSystem, ChargingSystemToken


class Command(BaseCommand):
    help = "Make an API token of a CPO and print it once."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--cpo", required=True, help="The CPO's provider id, such as cpo1.com.")
        parser.add_argument("--scope", required=True, choices=TokenScope.values)
        parser.add_argument("--name", required=True, help="What the token is for.")
        parser.add_argument("--days", type=int, help="How many days it is valid; without it, until it is revoked.")
        parser.add_argument("--system", help="For CHARGING_SYSTEM: the name of the charging system it speaks for.")

    def handle(self, *args: Any, **options: Any) -> None:
        cpo = Cpo.objects.filter(provider_id=options["cpo"], is_active=True).first()
        if cpo is None:
            raise CommandError(f"There is no active CPO with the provider id {options['cpo']}.")
        name, days = options["name"].strip(), options["days"]
        if not 0 < len(name) <= 100:
            raise CommandError("Give the token a name of 1 to 100 characters.")
        if days is not None and not 0 < days <= 3650:
            raise CommandError("Give --days from 1 to 3650, or leave it out.")
        system = _system(cpo, options["scope"], options["system"])
        expires_at = timezone.now() + timedelta(days=days) if days else None
        with cpo_scope(cpo):
            token, text = create_token(cpo, name=name, scope=TokenScope(options["scope"]), expires_at=expires_at)
            if system is not None:
                ChargingSystemToken.objects.create(token=token, system=system)
        self.stdout.write(text)


def _system(cpo: Cpo, scope: str, name: str | None) -> ChargingSystem | None:
    if scope != TokenScope.CHARGING_SYSTEM:
        if name:
            raise CommandError("--system goes with --scope CHARGING_SYSTEM only.")
        return None
    with cpo_scope(cpo):
        names = list(ChargingSystem.objects.order_by("name").values_list("name", flat=True))
        if name not in names:
            known = ", ".join(names) or "none yet: make one in the admin"
            raise CommandError(f"Name the charging system with --system; {cpo.provider_id} has: {known}.")
        return ChargingSystem.objects.get(name=name)
