"""The whole journey: a buyer app in a process without Django against a live web, worker and scheduler."""

from __future__ import annotations

import base64
import json
import re
import secrets
import socket
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from beckn.models import InboundMessage, NetworkProfile, OutboundCallback
from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope, every_cpo
from cpo_portal.charging.models import ChargingSession, Order, PricedSlice, Refund
from offers.models import LedgerEntry, SurgeConsent
from pricing.authoring import content_of, publish, save_draft
from pricing.models import Tariff
from pricing.surges import schedules
from tests.journey.processes import LivePortal
from tests.pricing.surges.samples import make_schedule, no_notice
from tests.pricing.surges.samples import publish as publish_surge

BUYER = "demo-bap.example"


@pytest.fixture(scope="module")
def travelled(portal: LivePortal) -> str:
    """Return what the buyer app printed on its journey."""
    done = portal.buy()
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{portal.logs()}"
    return done.stdout


def test_the_journey_ends_with_the_receipt_of_the_rules(travelled: str) -> None:
    receipt = travelled[travelled.index("Receipt of order") :]
    amounts = re.findall(r"-?\d+\.\d{2}$", receipt, re.MULTILINE)
    assert amounts == ["93.60", "10.00", "-23.40", "14.44", "94.64", "91.45", "3.19"]
    assert receipt.endswith("journey complete\n")


def test_each_step_is_told_with_its_figures(travelled: str) -> None:
    said = re.findall(r"^  [0-9a-f]{8}  (on_\w+)\s+(.*)$", travelled, re.MULTILINE)
    assert [action for action, _ in said[:15]] == [
        "on_search",
        "on_select",
        "on_init",
        "on_status",
        "on_confirm",
        "on_update",
        "on_update",
        "on_update",
        "on_status",
        "on_track",
        "on_update",
        "on_update",
        "on_rating",
        "on_support",
        "on_select",
    ]
    assert said[1][1] == "INR 91.45 = 90.00 + 10.00 − 22.50 + 13.95"
    assert said[8][1] == "so far INR 59.59 = 54.00 + 10.00 − 13.50 + 9.09"
    assert said[11][1] == "unasked: COMPLETED, INR 94.64 = 93.60 + 10.00 − 23.40 + 14.44"


def test_weekend25_is_applied_on_one_day_and_refused_on_another(travelled: str) -> None:
    verdicts = re.findall(r"on_select\s+(\w+day): (applied|refused, OUTSIDE_WEEKLY_WINDOW); INR (\S+)", travelled)
    assert len(verdicts) == 2
    for day, verdict, total in verdicts:
        weekend = day in {"Saturday", "Sunday"}
        assert (verdict, total) == (("applied", "91.45") if weekend else ("refused, OUTSIDE_WEEKLY_WINDOW", "118.00"))
    assert len({verdict for _, verdict, _ in verdicts}) == 2


@pytest.mark.usefixtures("travelled", "database")
def test_the_order_is_billed_by_the_register_and_the_offer_is_committed() -> None:
    with every_cpo():
        order = Order.objects.get(bap_id=BUYER, state="COMPLETE")
        session = ChargingSession.objects.get(order=order)
        ledger = list(LedgerEntry.objects.filter(redemption__order=order).values_list("kind", "amount"))
        slices = sum(PricedSlice.objects.filter(order=order).values_list("energy_wh", flat=True))
    assert (order.quoted_amount, order.billed_amount) == (Decimal("91.4500"), Decimal("94.6400"))
    assert session.last_register_wh - session.start_register_wh == slices == 5200
    assert (session.stopped_at - session.started_at).total_seconds() == 20 * 60  # type: ignore[operator]
    assert ledger == [("RESERVE", Decimal("22.50")), ("COMMIT", Decimal("23.40"))]


@pytest.mark.usefixtures("travelled", "database")
def test_the_cancelled_order_is_refunded_by_the_terms_and_its_offer_released() -> None:
    with every_cpo():
        order = Order.objects.get(bap_id=BUYER, state="CANCELLED")
        refund = Refund.objects.get(order=order)
        ledger = list(LedgerEntry.objects.filter(redemption__order=order).values_list("kind", flat=True))
    assert (refund.reason, refund.amount) == ("CANCELLATION", Decimal("77.7300"))
    assert ledger == ["RESERVE", "RELEASE"]


@pytest.mark.usefixtures("travelled", "database")
def test_every_message_was_handled_and_every_callback_delivered() -> None:
    assert set(InboundMessage.objects.values_list("state", flat=True)) == {"DONE"}
    assert set(OutboundCallback.objects.values_list("state", "attempts")) == {("DELIVERED", 1)}


@pytest.mark.usefixtures("travelled")
def test_no_process_of_the_portal_logged_an_error(portal: LivePortal) -> None:
    bad = ('"level": "error"', '"level": "critical"', "Traceback")
    errors = [line for line in portal.logs().splitlines() if any(word in line for word in bad)]
    # Until everything runs, /readyz says so with a 503.
    assert [line for line in errors if "/readyz" not in line] == []


def test_a_second_journey_goes_the_same_way_quietly(portal: LivePortal) -> None:
    done = portal.buy("--quiet")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("\nReceipt of order")


@pytest.mark.slow
def test_the_second_buyer_app_can_travel_as_well(portal: LivePortal) -> None:
    done = portal.buy("--quiet", "--credentials", str(portal.home / "demo/second-buyer.json"))
    assert done.returncode == 0, done.stdout


def test_a_callback_that_another_key_signed_ends_the_journey_with_a_clear_line(
    portal: LivePortal, tmp_path: Path
) -> None:
    content = json.loads((portal.home / "demo/buyer.json").read_text())
    content["bpp_public_key"] = base64.b64encode(secrets.token_bytes(32)).decode()
    changed = tmp_path / "buyer.json"
    changed.write_text(json.dumps(content))
    done = portal.buy("--quiet", "--wait", "3", "--credentials", str(changed))
    assert done.returncode == 1
    assert "✗ on_search came with a bad signature: it does not match the body and the key" in done.stdout
    assert "journey complete" not in done.stdout


def test_a_taken_callback_port_is_one_sentence(portal: LivePortal) -> None:
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", portal.port + 1))
        taken.listen()
        done = portal.buy()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"journey: Port {portal.port + 1} for callbacks")
    assert done.stderr.count("\n") == 1


@pytest.mark.slow
@pytest.mark.usefixtures("database")
def test_surcharges_that_ask_for_consent_are_agreed_to_with_a_word_only(portal: LivePortal) -> None:
    cpo = Cpo.objects.get(provider_id="cpo1.com")
    no_notice(cpo)
    with cpo_scope(cpo):
        NetworkProfile.objects.update(surge_consent_required=True)
        fee = publish_surge(make_schedule(cpo, schedule_id="all-day"))
    refused, agreed = portal.buy(), portal.buy("--agree")
    with cpo_scope(cpo):
        schedules.perform(schedules.Move.END, fee)
        NetworkProfile.objects.update(surge_consent_required=False)
        consents = list(SurgeConsent.objects.values_list("order__bap_id", "required", "amount"))
    assert "consent is needed: “Congestion fee (5 kWh @ ₹1.00/kWh): ₹5.00." in refused.stdout
    assert "on_init answers 40000: The driver has not agreed to Congestion fee of ₹5.00" in refused.stdout
    assert (refused.returncode, "on_confirm" in refused.stdout) == (1, False)
    # The order that is billed, and the one that is cancelled.
    assert consents == [(BUYER, True, Decimal("5.0000"))] * 2
    assert "unasked: COMPLETED, INR 100.77 = 93.60 + 10.00 + 5.20 − 23.40 + 15.37" in agreed.stdout


@pytest.mark.usefixtures("database")
def test_another_price_is_a_deviation_by_name_and_exit_code_1(portal: LivePortal) -> None:
    """Last: it changes the demonstration's tariff."""
    with every_cpo():
        tariff = Tariff.objects.select_related("cpo", "live_version").get(
            cpo__provider_id="cpo1.com", tariff_id="standard"
        )
    content = content_of(tariff.live_version)  # type: ignore[arg-type]
    save_draft(tariff, replace(content, rate=Decimal(19)))
    publish(tariff)
    done = portal.buy("--quiet")
    assert done.returncode == 1
    deviations = [line.strip() for line in done.stdout.splitlines() if "✗" in line]
    assert deviations[0] == "✗ on_search: the price per kWh: ('18', 'INR/kWh') expected, ('19', 'INR/kWh') came"
    assert "✗ on_select: the total: “91.45” expected, “91.43” came" in deviations
    assert "journey complete" not in done.stdout
