"""Renders the golden callbacks as the platform would, from the golden requests and the sample views."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from beckn.protocol import envelope, jsontext
from beckn.protocol.deg_v1 import DIALECT
from beckn.protocol.values import Context
from tests.beckn.protocol import sale, samples

#: golden refusal -> (request, code, message)
REFUSALS = {
    "on_init_consent_missing": (
        "init",
        "40000",
        "The driver has not agreed to Morning congestion of ₹18.00: send init again with the tag group "
        "surcharge-acknowledgement, accepted = yes and quote-id = 5f3f2f4e-58a5-4a3e-9c0d-0a3a6f1c7a11.",
    ),
    "on_rating_error": ("rating", "30014", "There is no order or session 1 in this transaction."),
}


def context_of(request: str) -> Context:
    """Return the context of a golden request."""
    return envelope.read_context(samples.golden(request)["context"])


def rendered(name: str) -> dict[str, Any]:
    """Return the callback as its receiver parses it."""
    if name in REFUSALS:
        request, code, message = REFUSALS[name]
        context = context_of(request)
        outer = envelope.callback_context(
            context, bpp_id=samples.BPP_ID, bpp_uri=samples.BPP_URI, timestamp=samples.at("04:06:00")
        )
        body = {"context": outer, **DIALECT.render_refusal(context.action, code, message)}
    else:
        request, view, sent_at, message_id = sale.CALLBACKS[name]
        context = context_of(request)
        if message_id:
            context = replace(context, message_id=message_id)
        outer = envelope.callback_context(context, bpp_id=samples.BPP_ID, bpp_uri=samples.BPP_URI, timestamp=sent_at)
        body = {"context": outer, "message": DIALECT.render(context.action, view)}
    parsed: dict[str, Any] = json.loads(jsontext.write_json(body))
    return parsed
