"""What the house promises of itself: words that agree, locks without addresses, settings that fail loudly."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from cpo_portal.charging.models import OrderLineKind
from offers.engine import values as offer_values
from offers.models import BasisChoice, BenefitKindChoice, DiscountBaseChoice, ObjectiveChoice, ValueTypeChoice
from pricing.engine import values as price_values

ROOT = Path(__file__).parents[1]

PRODUCTION = {
    "PORTAL_MODE": "production",
    "PORTAL_SECRET_KEY": "k" * 30 + "3f9a2b7c8d1e" * 3,
    "PORTAL_DATA_KEY": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "PORTAL_BASE_URL": "https://portal.example",
    "PORTAL_ALLOWED_HOSTS": "portal.example",
    "PORTAL_BPP_ID": "portal.example",
    "CELERY_BROKER_URL": "amqp://broker.example//",
    "DATABASE_URL": "postgresql://app:secret@db.example/portal",
}

PAIRS = [
    pytest.param(OrderLineKind, price_values.LineKind, id="line-kinds"),
    pytest.param(BenefitKindChoice, offer_values.BenefitKind, id="benefit-kinds"),
    pytest.param(ValueTypeChoice, offer_values.ValueType, id="value-types"),
    pytest.param(DiscountBaseChoice, offer_values.DiscountBase, id="discount-bases"),
    pytest.param(ObjectiveChoice, offer_values.Objective, id="objectives"),
    pytest.param(BasisChoice, price_values.Basis, id="amount-bases"),
]


@pytest.mark.parametrize(("stored", "engine"), PAIRS)
def test_what_is_stored_is_what_the_engines_know(stored: type, engine: type) -> None:
    assert [choice.value for choice in stored] == [member.value for member in engine]  # type: ignore[attr-defined]


def manage(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "HOME": "/nonexistent", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_the_deployment_check_is_clean() -> None:
    result = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert (result.returncode, "no issues" in result.stdout) == (0, True), result.stderr


@pytest.mark.parametrize(
    "missing", ["PORTAL_SECRET_KEY", "PORTAL_DATA_KEY", "PORTAL_BASE_URL", "PORTAL_BPP_ID", "DATABASE_URL"]
)
def test_production_does_not_start_without(missing: str) -> None:
    result = manage("check", **{name: value for name, value in PRODUCTION.items() if name != missing})
    assert result.returncode != 0
    assert f"Set the environment variable {missing}." in result.stderr


def test_locks_hold_hashes_and_no_address() -> None:
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert [lock.name for lock in locks] == ["app.txt", "buyer.txt", "dev.txt"]
    for lock in locks:
        text = lock.read_text()
        assert "://" not in text
        assert "--hash=sha256:" in text
