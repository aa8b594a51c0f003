"""Freezes the answers of new cases: `python -m tests.offers.frozen.freeze`; what is frozen is never written again.

Where an engine is meant to answer otherwise, raise ENGINE_VERSION, remove the files that change, and freeze them anew.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from offers.engine.codec import trace_to_json
from offers.engine.proof import Evidence, price_again
from pricing.engine.codec import encode, line_to_json
from tests.offers.frozen.cases import CASES

QUOTES = Path(__file__).parent / "quotes"


def frozen(evidence: Evidence) -> dict[str, Any]:
    """Return what a file holds: what the price depends on, and the answer."""
    quote = price_again(evidence)
    return {
        "evidence": encode(evidence),
        "energy_wh": quote.energy_wh,
        "engine_version": quote.engine_version,
        "flags": list(quote.flags),
        "lines": [line_to_json(line) for line in quote.lines],
        "trace": trace_to_json(quote.trace),
    }


def main() -> None:
    for name, evidence in CASES.items():
        path = QUOTES / f"{name}.json"
        if not path.exists():
            path.write_text(json.dumps(frozen(evidence), indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
