"""What the journey's messages must say: ₹100 at ₹18/kWh with a ₹10 fee, 25 % off the energy and 18 % GST."""

from __future__ import annotations

from dataclasses import dataclass

from beckn.buyer.checks import Findings, lines_of, price_of
from beckn.buyer.server import Body


@dataclass(frozen=True, slots=True)
class Bill:
    """A total with its lines by kind."""

    total: str
    lines: tuple[tuple[str, str], ...]

    def compare(self, findings: Findings, what: str, order: Body) -> None:
        """Note where an order's quote is another."""
        quote = order.get("quote", {})
        findings.equal(f"{what}: the total", price_of(quote)[0], self.total)
        findings.equal(f"{what}: the lines", lines_of(order), list(self.lines))


def _bill(energy: str, discount: str, tax: str, total: str) -> Bill:
    lines = (("ENERGY", energy), ("FEE", "10.00"), ("DISCOUNT", discount), ("TAX", tax))
    return Bill(total, tuple(line for line in lines if line[1]))


QUOTED = _bill("90.00", "-22.50", "13.95", "91.45")
WITHOUT_OFFER = _bill("90.00", "", "18.00", "118.00")
RUNNING = _bill("54.00", "-13.50", "9.09", "59.59")
BILLED = _bill("93.60", "-23.40", "14.44", "94.64")
RATE, DISCOUNTED_RATE = "18", "13.50"
RUNNING_KWH, BILLED_KWH = "3", "5.2"
SAVING, USED, SAVED_PERCENT = "22.50", "23.40", "25"
SHORTFALL = "3.19"
#: 85 % of 91.45, for a cancellation at least four hours ahead.
REFUND = "77.73"
