"""DEG v1: EV charging over Beckn core 1.1.0, as the DEG use cases 6 and 7 show it."""

from beckn.protocol.codec import Codec
from beckn.protocol.deg_v1.parse import parse_request
from beckn.protocol.deg_v1.render import render_error, render_message, render_refusal
from beckn.protocol.values import Dialect

DIALECT = Codec(
    name=Dialect.DEG_V1,
    parse=parse_request,
    render=render_message,
    render_error=render_error,
    render_refusal=render_refusal,
)

__all__ = ["DIALECT"]
