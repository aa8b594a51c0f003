"""What the demo's buyer app knows: who it is, whom it talks to, and what it plays besides (gateway, charger)."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, fields, replace
from pathlib import Path
from urllib.parse import urlsplit


class Unusable(Exception):
    """The journey cannot begin; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """One buyer app's file, written by `load_demo`; keys and seed are base64, `gps` is "latitude,longitude"."""

    portal_url: str
    bpp_id: str
    bpp_uri: str
    bpp_key_id: str
    bpp_public_key: str
    bap_id: str
    key_id: str
    seed: str
    callback_url: str
    provider_id: str
    item_id: str
    offer_id: str
    weekend_offer_id: str
    gps: str
    city_code: str
    payment_notice_url: str
    payment_secret: str
    charging_token: str
    charging_base: str

    def at(self, url: str) -> Credentials:
        """Return the same with the portal at another address; callbacks still name the registered one."""
        url = url.rstrip("/")
        moved = {
            name: url + getattr(self, name).removeprefix(self.portal_url)
            for name in ("payment_notice_url", "charging_base")
            if getattr(self, name).startswith(self.portal_url)
        }
        return replace(self, portal_url=url, **moved)

    @property
    def port(self) -> int:
        parts = urlsplit(self.callback_url)
        return parts.port or (443 if parts.scheme == "https" else 80)


def read_credentials(path: Path) -> Credentials:
    """Return the file's content; raises Unusable in one sentence."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Unusable(
            f"{path} cannot be read ({error.strerror}): `./portal up` writes it, or name another with --credentials."
        ) from None
    except ValueError:
        raise Unusable(f"{path} is no JSON: remove it, and `./portal up` writes it anew.") from None
    names = [field.name for field in fields(Credentials)]
    missing = [name for name in names if not isinstance(content, dict) or content.get(name) in (None, "")]
    if missing:
        raise Unusable(f"{path} lacks {', '.join(missing)}: remove it, and `./portal up` writes it anew.")
    credentials = Credentials(**{name: content[name] for name in names})
    for name in ("seed", "bpp_public_key"):
        if len(decoded(getattr(credentials, name))) != 32:
            raise Unusable(f"{name} in {path} is not 32 bytes in base64.")
    return credentials


def decoded(text: str) -> bytes:
    """Return base64's bytes, or none where it is no base64."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
