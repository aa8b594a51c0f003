"""How a reader of a public page reaches its provider."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from cpo_portal.accounts.models import Cpo


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach the provider, and the address that a reader's phone or mail program opens."""

    text: str
    url: str


def support_of(cpo: Cpo) -> tuple[Contact, ...]:
    """Return the phone and the mail address that the provider has given."""
    number = "".join(x for x in cpo.support_phone if x.isdigit() or x == "+")
    reached = (
        (cpo.support_phone, f"tel:{number}" if number else ""),
        (cpo.support_email, f"mailto:{quote(cpo.support_email, safe='@')}"),
    )
    return tuple(Contact(text, url) for text, url in reached if text)
