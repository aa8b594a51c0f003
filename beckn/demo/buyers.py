"""Registers the demonstration's buyer apps and writes what they need to know into files of mode 0600."""

from __future__ import annotations

import base64
import binascii
import json
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings
from django.db.models import Q

from beckn.demo.campaigns import ANY_DAY, WEEKEND
from beckn.demo.tables import BUYERS, JOURNEY_ITEM, BuyerRow
from beckn.keys import own_key
from beckn.models import SigningKey, Subscriber, SubscriberRole
from beckn.protocol.signing import public_key_of
from beckn.subscribers import add_subscriber
from cpo_portal.accounts.models import ApiToken, Cpo, TokenScope
from cpo_portal.accounts.sealing import unseal
from cpo_portal.accounts.tokens import create_token, find_token, revoke_token
from cpo_portal.charging.models import PaymentGateway
from cpo_portal.network.models import ChargingSystem, ChargingSystemToken, Connector, Location

TOKEN_NAME = "Demo charger"  # noqa: S105  a name, no secret

Known = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BuyerFile:
    """What a buyer app's file says now, and what it is to say."""

    path: Path
    known: Known
    content: dict[str, Any]

    def write(self) -> None:
        """Write the file complete or not at all; an unchanged one is left alone."""
        if self.known == self.content and self.path.stat().st_mode & 0o777 == 0o600:
            return
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft = self.path.with_name(f".{self.path.name}.{secrets.token_hex(4)}")
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            json.dump(self.content, file, indent=2)
            file.write("\n")
        draft.replace(self.path)


def make_buyers(cpo: Cpo, system: ChargingSystem, folder: Path, buyer_url: str, now: datetime) -> list[BuyerFile]:
    """Register both buyer apps under their current addresses, in the scope of the journey's CPO; return their files.

    A seed or token that its file has lost is replaced by a new one; nothing secret can be read back from here.
    """
    paths = [folder / row.file_name for row in BUYERS]
    known = [_read(path) for path in paths]
    token = _charging_token(cpo, system, known, now)
    shared = _shared(cpo, token)
    files = []
    for row, path, before in zip(BUYERS, paths, known, strict=True):
        url = _shifted(buyer_url, row.port_offset)
        content = shared | _own(row, before, url, now)
        files.append(BuyerFile(path, before, content))
    return files


def _read(path: Path) -> Known:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _shared(cpo: Cpo, token: str) -> dict[str, Any]:
    """Return what every buyer app of the demonstration knows of the portal, the gateway and the charger."""
    key = own_key()
    gateway = PaymentGateway.objects.get(cpo=cpo)
    location = Location.objects.get(chargers__connectors=Connector.objects.get(item_id=JOURNEY_ITEM))
    return {
        "portal_url": settings.BASE_URL,
        "bpp_id": settings.BECKN_BPP_ID,
        "bpp_uri": settings.BECKN_BPP_URI,
        "bpp_key_id": key.key_id,
        "bpp_public_key": base64.b64encode(key.public_key).decode(),
        "provider_id": cpo.provider_id,
        "item_id": JOURNEY_ITEM,
        "offer_id": ANY_DAY,
        "weekend_offer_id": WEEKEND,
        "gps": location.gps,
        "city_code": location.city_code,
        "payment_notice_url": f"{settings.BASE_URL}/api/payments/{cpo.provider_id}/notices",
        "payment_secret": unseal(bytes(gateway.sealed_secret)).decode(),
        "charging_token": token,
        "charging_base": f"{settings.BASE_URL}/api/charging",
    }


def _own(row: BuyerRow, known: Known, url: str, now: datetime) -> dict[str, Any]:
    """Register the buyer app with its address and a live key of which the file holds the seed."""
    seed = _seed(known)
    public_key = public_key_of(seed) if seed else b""
    live = SigningKey.objects.filter(
        Q(valid_until=None) | Q(valid_until__gt=now),
        subscriber__subscriber_id=row.bap_id,
        revoked_at=None,
        public_key=public_key,
    ).first()
    if live is None:
        seed = secrets.token_bytes(32)
        public_key = public_key_of(seed)
    # Named after the key itself, so that a new key never meets an old name.
    key_id = live.key_id if live else f"key-{public_key[:4].hex()}"
    there = Subscriber.objects.filter(subscriber_id=row.bap_id).first()
    if live is None or there is None or there.callback_url != url:
        add_subscriber(
            row.bap_id,
            url=url,
            role=SubscriberRole.BAP,
            key_id=key_id,
            public_key=public_key,
            sandbox=there.sandbox if there else False,
        )
    return {
        "bap_id": row.bap_id,
        "key_id": key_id,
        "seed": base64.b64encode(seed).decode(),
        "callback_url": url,
    }


def _seed(known: Known) -> bytes:
    try:
        seed = base64.b64decode(str(known.get("seed", "")), validate=True)
    except binascii.Error:
        return b""
    return seed if len(seed) == 32 else b""


def _charging_token(cpo: Cpo, system: ChargingSystem, files: list[Known], now: datetime) -> str:
    """Return the token of the demonstration's charger: the files' while it lives, else a new one in its place."""
    for known in files:
        text = str(known.get("charging_token", ""))
        token = find_token(text, now) if text else None
        if token is not None and ChargingSystemToken.objects.filter(token=token, system=system).exists():
            return text
    for lost in ApiToken.objects.filter(name=TOKEN_NAME, revoked_at=None, system_link__system=system):
        revoke_token(lost, now)
    token, text = create_token(cpo, name=TOKEN_NAME, scope=TokenScope.CHARGING_SYSTEM)
    ChargingSystemToken.objects.create(token=token, system=system)
    return text


def _shifted(url: str, offset: int) -> str:
    """Return the address with its port moved."""
    parts = urlsplit(url)
    if not offset:
        return url
    port = (parts.port or (443 if parts.scheme == "https" else 80)) + offset
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    return urlunsplit(parts._replace(netloc=f"{host}:{port}"))
