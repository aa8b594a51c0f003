"""Which codec speaks which dialect: a new dialect is a folder in `beckn.protocol` and a line here."""

from __future__ import annotations

from collections.abc import Mapping

from beckn.protocol import deg_v1
from beckn.protocol.codec import Codec

_CODECS: Mapping[str, Codec] = {codec.name: codec for codec in (deg_v1.DIALECT,)}


def dialect_of(name: str) -> Codec:
    """Return the codec of a dialect; a name that is stored but not spoken any more is a LookupError."""
    return _CODECS[name]
