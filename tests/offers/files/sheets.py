"""Sheets of offers as tests send them, and what is there afterwards."""

from __future__ import annotations

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from offers.authoring import Actor
from offers.files import runs
from offers.models import Offer, OfferImport

HEAD = "Offer id,Name,Value,Valid from,Valid until"
ROW = "{},Ten off,10,2026-01-01T00:00,2040-01-01T00:00"


def offers_there(cpo: Cpo) -> list[str]:
    with cpo_scope(cpo):
        return list(Offer.objects.order_by("offer_id").values_list("offer_id", flat=True))


def sheet(*rows: str, head: str = HEAD) -> str:
    return "\r\n".join([head, *rows])


def many(count: int, begin: int = 0) -> str:
    return sheet(*(ROW.format(f"offer-{number:05}") for number in range(begin, begin + count)))


def import_offers_of(cpo: Cpo, data: bytes, *, dry_run: bool = False) -> OfferImport | None:
    return runs.import_offers(cpo, data, dry_run=dry_run, actor=Actor(by_token="abc")).job
