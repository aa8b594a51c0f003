"""The buyer app of the measurements: registered, and with signed messages made before any clock starts."""

from __future__ import annotations

import copy
import json
import uuid
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.utils import timezone

from beckn.protocol.signing import public_key_of, sign
from beckn.subscribers import add_subscriber

GOLDEN = Path(__file__).parents[1] / "beckn/protocol/golden"
SUBSCRIBER_ID, KEY_ID, SEED = "bap.bench.example", "k1", b"b" * 32
TEMPLATES = {action: json.loads((GOLDEN / f"{action}.json").read_text())["body"] for action in ("search", "select")}


@dataclass(frozen=True, slots=True)
class Message:
    """The bytes of a body and of its signature header."""

    action: str
    message_id: str
    raw: bytes
    authorization: str

    def request(self, port: int, path: str = "") -> bytes:
        """Return the whole HTTP request."""
        head = (
            f"POST {path or f'/beckn/{self.action}'} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(self.raw)}\r\n"
            f"Authorization: {self.authorization}\r\n\r\n"
        )
        return head.encode() + self.raw


def register(url: str = "http://127.0.0.1:9/nowhere", *, bap_id: str = SUBSCRIBER_ID) -> None:
    """Enter the buyer app in the registry; its callbacks go to `url`."""
    add_subscriber(bap_id, url=url, role="BAP", key_id=KEY_ID, public_key=public_key_of(SEED), sandbox=True)


def select(provider_id: str = "cpo1.com", item_id: str = "pe-charging-01", *, bap_id: str = SUBSCRIBER_ID) -> Message:
    """Ask for ₹100 worth of charging in an hour, with a transaction of its own."""
    body = _body("select", bap_id)
    order = body["message"]["order"]
    order["provider"]["id"], order["items"][0]["id"] = provider_id, item_id
    for hours, stop in enumerate(order["fulfillments"][0]["stops"], start=1):
        stop["time"]["timestamp"] = _in(hours)
    return _signed("select", body)


def search(gps: str, radius_km: str = "5") -> Message:
    """Look for chargers around a point that are open for six hours from the next on."""
    body = _body("search")
    stop = body["message"]["intent"]["fulfillment"]["stops"][0]
    stop["location"]["circle"]["gps"], stop["location"]["circle"]["radius"]["value"] = gps, radius_km
    stop["time"]["range"] = {"start": _in(1), "end": _in(7)}
    return _signed("search", body)


def _in(hours: int) -> str:
    return (timezone.now() + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def _body(action: str, bap_id: str = SUBSCRIBER_ID) -> dict[str, Any]:
    body: dict[str, Any] = copy.deepcopy(TEMPLATES[action])
    ids = {name: str(uuid.uuid4()) for name in ("transaction_id", "message_id")}
    body["context"] |= ids | {"bap_id": bap_id, "timestamp": _in(0), "ttl": "PT10M"}
    if action != "search":
        body["context"] |= {"bpp_id": settings.BECKN_BPP_ID, "bpp_uri": settings.BECKN_BPP_URI}
    return body


def _signed(action: str, body: dict[str, Any]) -> Message:
    raw = json.dumps(body).encode()
    created = int(timezone.now().timestamp())
    who = {"subscriber_id": body["context"]["bap_id"], "key_id": KEY_ID, "seed": SEED}
    header = sign(raw, created=created, expires=created + 600, **who)
    return Message(action, body["context"]["message_id"], raw, header)
