"""Price stored quotes and bills again from what was kept with them, and compare."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from offers.engine.proof import Verdict
from offers.models import Quote
from offers.proofs import Reproof, reprove
from pricing.engine import ENGINE_VERSION

BATCH = 500


class Command(BaseCommand):
    help = "Prove stored quotes and bills again; fails and names those whose price would be another."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--cpo", help="The CPO's provider id, such as cpo1.com; without it, every CPO.")
        parser.add_argument(
            "--since", type=_instant, help="Quotes made then or later: 2026-01-31 or 2026-01-31T18:00+05:30."
        )
        parser.add_argument("--until", type=_instant, help="Quotes made before then.")
        parser.add_argument("--bills", action="store_true", help="Bills only.")

    def handle(self, *args: Any, **options: Any) -> None:
        counts: Counter[Verdict] = Counter()
        for cpo in _cpos(options["cpo"]):
            with cpo_scope(cpo):
                for quote in _quotes(options):
                    answer = reprove(quote)
                    counts[answer.verdict] += 1
                    if answer.verdict is Verdict.DIFFERS:
                        self._tell(cpo, quote, answer)
        total = sum(counts.values())
        if counts[Verdict.NOT_KEPT]:
            older = "older than proofs, or of a customer who was forgotten"
            self.stdout.write(f"{counts[Verdict.NOT_KEPT]} cannot be proven: they are {older}.")
        if counts[Verdict.DIFFERS]:
            raise CommandError(f"{counts[Verdict.DIFFERS]} of {total} quotes and bills differ.")
        same = counts[Verdict.IDENTICAL]
        self.stdout.write(f"{same} of {total} quotes and bills proven: IDENTICAL by engine {ENGINE_VERSION}.")

    def _tell(self, cpo: Cpo, quote: Quote, answer: Reproof) -> None:
        kind = "bill" if quote.is_bill else "quote"
        whose = f" of order {quote.order_id}" if quote.order_id else ""
        engines = f"engine {answer.stored_engine} → {answer.engine}"
        self.stdout.write(f"{cpo.provider_id}: {kind} {quote.pk}{whose} DIFFERS ({engines})")
        for found in answer.differences:
            self.stdout.write(f"  {found.what} {found.name}: {found.stored or 'nothing'} → {found.now or 'nothing'}")


def _cpos(provider_id: str | None) -> list[Cpo]:
    cpos = Cpo.objects.order_by("provider_id")
    if provider_id:
        cpos = cpos.filter(provider_id=provider_id)
        if not cpos:
            raise CommandError(f"There is no CPO with the provider id {provider_id}.")
    return list(cpos)


def _quotes(options: dict[str, Any]) -> Any:
    """Yield the quotes of the active scope, oldest first, a batch at a time."""
    rows = Quote.objects.order_by("created_at", "pk")
    bounds = {"created_at__gte": options["since"], "created_at__lt": options["until"]}
    rows = rows.filter(**{name: value for name, value in bounds.items() if value is not None})
    if options["bills"]:
        rows = rows.filter(is_bill=True)
    keys = list(rows.values_list("pk", flat=True))
    for start in range(0, len(keys), BATCH):
        found = Quote.objects.in_bulk(keys[start : start + BATCH])
        yield from (found[key] for key in keys[start : start + BATCH] if key in found)


def _instant(text: str) -> datetime:
    """Return the instant; a day alone begins at midnight UTC."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as fault:
        raise ArgumentTypeError(f"write {text!r} as 2026-01-31 or 2026-01-31T18:00+05:30.") from fault
    return found if found.tzinfo else found.replace(tzinfo=UTC)
