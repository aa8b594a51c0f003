"""Compare every counter with the ledger now."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from offers.reconcile import compare_with_ledger


class Command(BaseCommand):
    help = "Compare all counters and balances with their entries; fails and names those that differ."

    def handle(self, *args: Any, **options: Any) -> None:
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
