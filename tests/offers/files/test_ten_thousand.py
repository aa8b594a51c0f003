"""Ten thousand offers are checked and imported in the time and memory that were promised."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from cpo_portal.accounts.models import Cpo
from cpo_portal.accounts.tenancy import cpo_scope
from offers.files.reading import read_offers
from offers.files.runs import run_offer_imports
from offers.models import Offer, OfferImport
from tests.offers.files.sheets import import_offers_of
from tests.offers.files.twins import make_twin

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

HEAD = (
    "Offer id,Name,Type,Value type,Value,At most,Minimum session value,Valid from,Valid until,Locations,Segments,"
    "Location tags,Cities,Product categories,Weekly windows,Display code,The buyer must send the code,Slabs,"
    "Ways to pay over time,Together with,Uses in total,Budget,Most per redemption,Connectors and products"
)
PERIOD = "2026-01-01T00:00,2040-01-01T00:00"
#: A row of each type, with everything that has to be looked up.
ROWS = (
    "{},Ten off,Discount,Percent,10,50,20," + PERIOD + ",cp-station,gold,highway,New Delhi,FOOD,Sat 18:00-21:00,"
    "CODE{},yes,,,,100,5000,50,pe-charging-01",
    "{},Slabs,Slabs of kWh,,,,," + PERIOD + ",cp-station,gold; fleet,,,,,SHOWN{},,10-19: 5% max 50; 20+: 10% max 90,"
    ",,100,,,",
    "{},Both,Combination,Percent,10,50,," + PERIOD + ",,,,,,,SHOWN{},,,,coffee; pe-charging-01,,,,",
    "{},No fee,Off the fee,Percent,100,,," + PERIOD + ",,,,,,Mon-Fri 09:00-17:00,SHOWN{},,,,,,,,",
    "{},Cable,Exchange,,,,," + PERIOD + ",,,,,,,SHOWN{},,,,,,,,",
    "{},Later,Financing,,,,," + PERIOD + ",,,,,,,SHOWN{},,,Some Bank: EMI 6 months 12%,,,,,",
)
COUNT = 10_000


def file_with(count: int) -> bytes:
    rows = (ROWS[number % len(ROWS)].format(f"offer-{number}", number) for number in range(count))
    return "\r\n".join([HEAD, *rows]).encode()


def test_ten_thousand_offers_are_checked_and_imported_within_a_minute_of_one_core() -> None:
    cpo, data = make_twin("cpo1.com"), file_with(COUNT)
    spent = {}
    for dry_run in (True, False):
        job = import_offers_of(cpo, data, dry_run=dry_run)
        assert job is not None
        begin = time.process_time(), time.monotonic()
        assert run_offer_imports() == 1
        spent[dry_run] = time.process_time() - begin[0], time.monotonic() - begin[1]
        with cpo_scope(cpo):
            found = OfferImport.objects.get(pk=job.pk)
            assert (found.state, found.done, found.fault_count) == ("CHECKED" if dry_run else "DONE", COUNT, 0)
            assert Offer.objects.count() == (0 if dry_run else COUNT)
    print(f"dry run {spent[True]}, import {spent[False]} s (processor, clock)")
    assert max(processor for processor, _ in spent.values()) < 60


def test_a_thousand_offers_more_take_at_most_four_megabytes_more() -> None:
    cpo = make_twin("cpo1.com")
    peak_of(cpo, 10)
    few, many = peak_of(cpo, 500), peak_of(cpo, 1500)
    assert many - few < 4 << 20


def peak_of(cpo: Cpo, count: int) -> int:
    data = file_with(count)
    with cpo_scope(cpo):
        tracemalloc.start()
        try:
            offers, faults = read_offers(cpo, data)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert (len(offers), faults.count) == (count, 0)
    print(f"peak {peak >> 10} KB for a file of {len(data) >> 10} KB")
    return peak
