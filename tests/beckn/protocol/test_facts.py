"""The published example requests of DEG v1 and of the UEI guide: each is read, or refused for a known reason."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from beckn.protocol import envelope, jsontext
from beckn.protocol import values as v
from beckn.protocol.deg_v1 import DIALECT
from beckn.protocol.values import ProtocolFault
from tests.beckn.protocol import schemas

EXAMPLES = schemas.FACTS / "examples"
#: An excerpt of a guide, whose context is nothing but the action.
NOT_GIVEN = (
    *("domain", "version", "bap_id", "bap_uri", "transaction_id", "message_id", "timestamp"),
    *("bpp_id", "bpp_uri"),
)
#: Of these requests each is refused, at these paths, because the example itself is incomplete or of another version.
REFUSED = {
    "uei-ev-1.5/L0953_select.json": tuple(f"$.context.{name}" for name in NOT_GIVEN),
    "uei-ev-1.5/L2832_track.json": ("$.context.version",),
}
#: What is read of some of them.
READ = {
    "deg-v1/select__select-request.json": v.SelectRequest(
        "chargezone.in",
        "pe-charging-01",
        v.Measure(Decimal(4), v.MeasureUnit.KWH),
        (v.ProductChoice("pe-charging-01-addon-1", 1),),
        fulfillment_id="1",
    ),
    "deg-v1/update__update-request-charging-start.json": v.UpdateRequest(
        v.SessionChange.START, fulfillment_id="1", update_target="order.fulfillments[0].state"
    ),
    "deg-v1/update__update-request-charging-end.json": v.UpdateRequest(
        v.SessionChange.STOP, fulfillment_id="1", update_target="order.fulfillments[0].state"
    ),
    "deg-v1/cancel__cancel-request.json": v.CancelRequest("6743e9e2-4fb5-487c-92b7", "5", "can't attend booking"),
    "deg-v1/rating__rating-request.json": v.RatingRequest((v.Rating("Item", "6743e9e2-4fb5-487c-92b7", Decimal(5)),)),
    "uei-ev-1.5/L2470_update.json": v.UpdateRequest(
        v.SessionChange.START,
        "123e4567-e89b-12d3-a456-426614174000",
        "fulfillment-001",
        "7484",
        "order.fulfillments[0].state",
    ),
    "uei-ev-1.5/L3941_search.json": v.SearchIntent(names=("loyalty programs",)),
    "uei-ev-1.5/L4460_select.json": v.SelectRequest(
        "cpo1.com", "loyalty-gold-pass", None, fulfillment_id="fulfillment-002"
    ),
}


def requests() -> dict[str, dict[str, Any]]:
    """Return the example requests by "folder/file"."""
    found = {}
    for path in sorted(EXAMPLES.glob("*/*.json")):
        body = json.loads(path.read_text())
        if not body["context"]["action"].startswith("on_"):
            found[f"{path.parent.name}/{path.name}"] = body
    return found


@pytest.mark.skipif(not EXAMPLES.exists(), reason="24 example requests not read: the facts are not here")
def test_every_published_request_is_read_or_refused_for_a_known_reason() -> None:
    refused, read = {}, {}
    for name, body in requests().items():
        try:
            raw = jsontext.read_json(json.dumps(body).encode(), refuse_duplicates=True)
            read[name] = DIALECT.parse(envelope.read_context(raw["context"]).action, raw)
        except ProtocolFault as fault:
            assert fault.code == "30000"
            refused[name] = fault.paths
    assert refused == REFUSED
    assert len(read) + len(refused) == 24
    assert {name: read[name] for name in READ} == READ
