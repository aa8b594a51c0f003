"""Loads the demonstration in one transaction; what is there already is left as people have made it since."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction

from beckn.demo.authoring import make_offers
from beckn.demo.buyers import make_buyers
from beckn.demo.packages import make_packages
from beckn.demo.people import logins_in_words, make_people
from beckn.demo.prices import make_prices
from beckn.demo.sites import make_sites
from beckn.demo.sold_out import sell_opening_gift
from beckn.demo.tables import BUYERS, CPOS, HIGHWAY, MAIN, CpoRow
from cpo_portal import env
from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from cpo_portal.charging.models import PaymentGateway
from cpo_portal.charging.payments.reports import create_gateway
from cpo_portal.network.models import ChargingSystem

SYSTEM_NAME = "Demo charging system"


def load_demo(folder: Path, now: datetime) -> str:
    """Make what is missing, write the buyer apps' files into `folder`, and return what to tell about logins."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('beckn.demo'))")
        cpos = {row.provider_id: _make_cpo(row) for row in CPOS}
        made = make_people(cpos)
        systems = {row.provider_id: _fill(cpos[row.provider_id], row, now) for row in CPOS}
        with cpo_scope(cpos[MAIN]):
            files = make_buyers(cpos[MAIN], systems[MAIN], folder, buyer_url(), now)
        with cpo_scope(cpos[HIGHWAY]):
            # Its charger reports simulated time, which production refuses.
            if settings.ALLOW_SIMULATED_CHARGING:
                sell_opening_gift(cpos[HIGHWAY], systems[HIGHWAY], BUYERS[1].bap_id, now)
    for file in files:
        file.write()
    return logins_in_words(made)


def buyer_url() -> str:
    """Return where the journey's buyer app takes callbacks: PORTAL_DEMO_BUYER_URL, else the portal's port + 1."""
    parts = urlsplit(settings.BASE_URL)
    port = (parts.port or (443 if parts.scheme == "https" else 80)) + 1
    return env.text("PORTAL_DEMO_BUYER_URL", f"http://127.0.0.1:{port}/beckn").rstrip("/")


def _make_cpo(row: CpoRow) -> Cpo:
    there = Cpo.objects.filter(provider_id=row.provider_id).first()
    if there is not None:
        return there
    names = ("provider_id", "name", "short_desc", "image_url", "support_phone", "support_email", "support_url")
    cpo = Cpo(**{name: getattr(row, name) for name in names})
    cpo.full_clean()
    cpo.save()
    return cpo


def _fill(cpo: Cpo, row: CpoRow, now: datetime) -> ChargingSystem:
    """Make the CPO's missing sites, prices and offers; return its charging system."""
    with cpo_scope(cpo):
        system, _ = ChargingSystem.objects.get_or_create(
            cpo=cpo, name=SYSTEM_NAME, defaults={"is_simulated": settings.ALLOW_SIMULATED_CHARGING}
        )
        make_sites(cpo, row, system, now)
        make_prices(cpo)
        if not PaymentGateway.objects.exists():
            create_gateway(
                cpo, name="Demo gateway", pay_url=row.pay_url, bank_code=row.bank[0], bank_account_number=row.bank[1]
            )
        make_offers(cpo)
        make_packages(cpo, now)
    return system
