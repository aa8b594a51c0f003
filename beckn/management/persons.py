"""What the commands about one person have in common: whom they mean, and at which CPOs."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.management.base import CommandError, CommandParser

from cpo_portal.accounts.models import Cpo
from cpo_portal.charging.people.traces import Wanted


def add_person_arguments(parser: CommandParser) -> None:
    """Add --phone, --email, --customer and --cpo."""
    parser.add_argument("--phone", default="", help="A phone number, however it is spelt.")
    parser.add_argument("--email", default="", help="An e-mail address.")
    parser.add_argument("--customer", type=uuid.UUID, help="The id on the customer's page.")
    parser.add_argument("--cpo", help="The CPO's provider id, such as cpo1.com; without it, every CPO.")


def read_person_arguments(options: dict[str, Any]) -> tuple[Wanted, list[Cpo]]:
    """Return whom and where; raises CommandError."""
    cpos = Cpo.objects.order_by("provider_id")
    if options["cpo"]:
        cpos = cpos.filter(provider_id=options["cpo"])
        if not cpos:
            raise CommandError(f"There is no CPO with the provider id {options['cpo']}.")
    return Wanted(options["phone"], options["email"], options["customer"]), list(cpos)
