"""Compare every counter with the ledger now, and mend stocks where asked."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from cpo_portal.accounts.tenancy import every_cpo
from offers.reconcile import compare_with_ledger
from offers.stock_check import mend_stock


class Command(BaseCommand):
    help = "Compare all counters and balances with their entries; fails and names those that differ."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--mend-stock", action="store_true", help="first let every stock call held what orders hold of it"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["mend_stock"]:
            with every_cpo(), transaction.atomic():
                mended = mend_stock()
            for stock in mended:
                self.stdout.write(f"Stock of {stock.product_id}: {stock.before} were called held, now {stock.held}")
        check = compare_with_ledger()
        for found in check.drifted:
            if "balance" in found:
                self.stdout.write(f"Balance {found['balance']}: {found['amount']} off, {found['held']} of the held off")
                continue
            if "product" in found:
                self.stdout.write(
                    f"Stock of {found['product']}: {found['units']} held that no order holds, or not held"
                )
                continue
            whose = f" for customer {found['customer']}" if found["customer"] else ""
            when = f" in {found['period']}" if found.get("period") else ""
            self.stdout.write(f"{found['offer']}{whose}{when}: {found['uses']} uses, {found['amount']} off")
        if check.drifting:
            raise CommandError(f"{check.drifting} of {check.counters} counters differ from the ledger.")
        self.stdout.write(f"All {check.counters} counters agree with the ledger.")
